//! The official Temporal API as an orchestrator and a harness need it: message types, clients, and its JSON.
//!
//! Types and clients are those of the official `temporalio-protos`, passed on so that the whole workspace speaks one
//! version of the protocol. Nothing here connects, retries or interprets.

pub mod json;

pub use temporal::operatorservice::v1::operator_service_client::OperatorServiceClient;
pub use temporal::workflowservice::v1::workflow_service_client::WorkflowServiceClient;
pub use temporalio_protos::protos::temporal::api as temporal;
