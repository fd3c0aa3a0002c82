//! The official Temporal API as an orchestrator and a harness need it.
