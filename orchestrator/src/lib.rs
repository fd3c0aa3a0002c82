//! An orchestrator for durable execution that speaks the Temporal API.
