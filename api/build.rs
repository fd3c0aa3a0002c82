//! Generates what the official crate leaves out: the server side of the workflow service, our own internal services, and
//! a copy of the official descriptors for JSON and reflection. Messages of the API are never generated twice: the code
//! refers to those of `temporalio-protos`.

use prost::Message;
use prost_types::FileDescriptorSet;
use protox::Compiler;
use protox::file::{ChainFileResolver, DescriptorSetFileResolver, GoogleFileResolver, IncludeFileResolver};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

const WORKFLOW_SERVICE: &str = "temporal/api/workflowservice/v1/service.proto";
const INTERNAL: &str = "resurgam/internal/v1/internal.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=proto");
    // temporalio-protos publishes where its build left the descriptors (`links = "temporalio_protos"`).
    let from = env::var("DEP_TEMPORALIO_PROTOS_DESCRIPTOR_PATH")?;
    println!("cargo:rerun-if-changed={from}");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let bytes = fs::read(&from).map_err(|problem| format!("{from}: {problem}"))?;
    fs::write(out.join("descriptors.bin"), &bytes)?;
    workflow_service(&bytes)?;
    internal(&bytes, &out)?;
    Ok(())
}

/// The server trait of the workflow service; calls that nobody overrides answer UNIMPLEMENTED.
fn workflow_service(bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let mut official = FileDescriptorSet::decode(bytes)?;
    official.file.retain(|file| file.name() == WORKFLOW_SERVICE);
    tonic_prost_build::configure()
        .build_client(false)
        .build_server(true)
        .generate_default_stubs(true)
        .extern_path(".temporal.api", "::temporalio_protos::protos::temporal::api")
        .compile_fds(official)?;
    Ok(())
}

/// Our own services, with clients and servers; their messages carry those of the official API.
fn internal(bytes: &[u8], out: &Path) -> Result<(), Box<dyn Error>> {
    let mut resolver = ChainFileResolver::new();
    resolver.add(IncludeFileResolver::new("proto".into()));
    resolver.add(DescriptorSetFileResolver::decode(bytes)?);
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).open_file(INTERNAL)?;
    let set = compiler.file_descriptor_set();
    fs::write(out.join("internal.bin"), set.encode_to_vec())?;
    tonic_prost_build::configure()
        .compile_well_known_types(true)
        .extern_path(".google.protobuf", "::prost_wkt_types")
        .extern_path(".temporal.api", "::temporalio_protos::protos::temporal::api")
        .compile_fds(set)?;
    Ok(())
}
