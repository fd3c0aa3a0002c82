//! The official Temporal API as an orchestrator and a harness need it: message types, clients, server trait, its JSON, and
//! what an orchestrator needs of the world.
//!
//! Types and clients are those of the official `temporalio-protos`, passed on so that the whole workspace speaks one
//! version of the protocol. Nothing here interprets what is said.

pub mod calls;
pub mod environment;
pub mod json;

/// For [`serve_history`], which names it.
#[doc(hidden)]
pub use tonic;

pub use operator_service::operator_service_server::{OperatorService, OperatorServiceServer};
pub use temporal::operatorservice::v1::operator_service_client::OperatorServiceClient;
pub use temporal::workflowservice::v1::workflow_service_client::WorkflowServiceClient;
pub use temporalio_protos::protos::google::rpc::Status as RpcStatus;
pub use temporalio_protos::protos::temporal::api as temporal;
pub use workflow_service::workflow_service_server::{WorkflowService, WorkflowServiceServer};

/// The descriptors of the official API, for reflection.
pub static DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

#[allow(missing_docs, clippy::all, unused_qualifications, unreachable_pub, reason = "generated")]
mod workflow_service {
    include!(concat!(env!("OUT_DIR"), "/temporal.api.workflowservice.v1.rs"));
}

#[allow(missing_docs, clippy::all, unused_qualifications, unreachable_pub, reason = "generated")]
mod operator_service {
    include!(concat!(env!("OUT_DIR"), "/temporal.api.operatorservice.v1.rs"));
}

/// What the services of our orchestrator say to each other (`api/proto`).
#[allow(missing_docs, clippy::all, unused_qualifications, unreachable_pub, reason = "generated")]
pub mod internal {
    include!(concat!(env!("OUT_DIR"), "/resurgam.internal.v1.rs"));
}
