//! gRPC reflection of what a node serves. The descriptors are large, so they are read once in a process, not by every
//! start of every node.

use resurgam_api::DESCRIPTORS;
use std::sync::OnceLock;
use tonic::codec::CompressionEncoding::Gzip;
use tonic::service::Routes;
use tonic_reflection::server::{Builder, Error};

static ROUTES: OnceLock<Routes> = OnceLock::new();

/// The reflection service. Whoever simulates calls this before, so that the first node of a process does not do more than
/// the others.
///
/// # Errors
/// The descriptors are not well-formed.
pub fn routes() -> Result<Routes, Error> {
    if let Some(routes) = ROUTES.get() {
        return Ok(routes.clone());
    }
    let service = Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?
        .accept_compressed(Gzip)
        .send_compressed(Gzip);
    Ok(ROUTES.get_or_init(|| Routes::new(service)).clone())
}
