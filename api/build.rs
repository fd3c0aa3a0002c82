//! Generates what the official crate leaves out: the server side of the workflow service, our own internal services, and
//! a copy of the official descriptors for JSON and reflection. Messages of the API are never generated twice: the code
//! refers to those of `temporalio-protos`.

use heck::ToSnakeCase as _;
use prost::Message;
use prost_types::{FileDescriptorSet, MethodDescriptorProto};
use protox::Compiler;
use protox::file::{ChainFileResolver, DescriptorSetFileResolver, GoogleFileResolver, IncludeFileResolver};
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The official services that an orchestrator serves: their files, and the packages of those.
const SERVICES: [(&str, &str); 2] = [
    ("temporal/api/workflowservice/v1/service.proto", "temporal.api.workflowservice.v1"),
    ("temporal/api/operatorservice/v1/service.proto", "temporal.api.operatorservice.v1"),
];
/// How a call that is not served is generated.
const STUB: &str = "unimplemented(\"Not yet implemented\")";
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
    for (file, package) in SERVICES {
        official(&bytes, &out, file, package)?;
    }
    internal(&bytes, &out)?;
    Ok(())
}

/// The server trait of an official service; calls that nobody overrides answer UNIMPLEMENTED, and say which they are.
fn official(bytes: &[u8], out: &Path, file: &str, package: &str) -> Result<(), Box<dyn Error>> {
    let mut official = FileDescriptorSet::decode(bytes)?;
    official.file.retain(|known| known.name() == file);
    tonic_prost_build::configure()
        .build_client(false)
        .build_server(true)
        .generate_default_stubs(true)
        .extern_path(".temporal.api", "::temporalio_protos::protos::temporal::api")
        .compile_fds(official.clone())?;
    let path = out.join(format!("{package}.rs"));
    let mut generated = fs::read_to_string(&path)?;
    for method in official.file.iter().flat_map(|file| &file.service).flat_map(|service| &service.method) {
        // The stubs stand in the order of the methods.
        let named = format!("unimplemented(\"{} is not served\")", method.name());
        generated = generated.replacen(STUB, &named, 1);
    }
    if generated.contains(STUB) {
        return Err(format!("a stub of {package} has no name").into());
    }
    Ok(fs::write(path, generated)?)
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
    fs::write(out.join("calls.rs"), calls(&set)?)?;
    tonic_prost_build::configure()
        .compile_well_known_types(true)
        .extern_path(".google.protobuf", "::prost_wkt_types")
        .extern_path(".temporal.api", "::temporalio_protos::protos::temporal::api")
        .compile_fds(set)?;
    Ok(())
}

/// For every call of our own services, what it is routed by, what answers it, and how it is sent; for history also a macro
/// that serves all of them by one function. See `src/calls.rs`.
fn calls(set: &FileDescriptorSet) -> Result<String, Box<dyn Error>> {
    let file = set.file.iter().find(|file| file.name() == INTERNAL).ok_or("no internal services")?;
    let fields = |name: &str| -> Vec<&str> {
        let message = file.message_type.iter().find(|message| name.ends_with(&format!(".{}", message.name())));
        message.into_iter().flat_map(|message| &message.field).map(|field| field.name()).collect()
    };
    let mut code = String::new();
    let mut served = String::new();
    for service in &file.service {
        let name = service.name();
        for method in &service.method {
            let (request, answer) = types(method);
            let has = fields(method.input_type());
            let (route, found) = match name {
                "History" if has.contains(&"target") => {
                    ("target(&self) -> Option<internal::Target>", "self.target.clone()")
                }
                "History" => {
                    ("target(&self) -> Option<internal::Target>", "self.task.as_ref().map(internal::Target::of)")
                }
                _ if has.contains(&"task_queue") => {
                    ("queue(&self) -> Option<internal::TaskQueue>", "self.task_queue.clone()")
                }
                _ => (
                    "queue(&self) -> Option<internal::TaskQueue>",
                    "self.task.as_ref().and_then(|task| task.task_queue.clone())",
                ),
            };
            let (module, function) = (name.to_snake_case(), method.name().to_snake_case());
            write!(
                code,
                "impl {name}Call for {request} {{
                    type Answer = {answer};
                    fn {route} {{ {found} }}
                    async fn send(request: Request<Self>, mut client: internal::{module}_client::{name}Client<impl Transport>) -> Result<Response<Self::Answer>, Status> {{
                        client.{function}(request).await
                    }}
                }}\n"
            )?;
            if name == "History" {
                write!(
                    served,
                    "async fn {function}(&self, request: $crate::tonic::Request<$crate::{request}>) -> Result<$crate::tonic::Response<$crate::{answer}>, $crate::tonic::Status> {{
                        self.serve(request).await
                    }}\n"
                )?;
            }
        }
    }
    write!(
        code,
        "/// Serves every call of the history service by the type's own `serve`.
        #[macro_export]
        macro_rules! serve_history {{
            ($service:ty) => {{
                #[$crate::tonic::async_trait]
                impl $crate::internal::history_server::History for $service {{
                    {served}
                }}
            }};
        }}"
    )?;
    Ok(code)
}

/// The types of a call in Rust, as paths in the crate.
fn types(method: &MethodDescriptorProto) -> (String, String) {
    let path = |name: &str| {
        let name = name.trim_start_matches(".resurgam.").trim_start_matches(".temporal.api.");
        match name.strip_prefix("internal.v1.") {
            Some(own) => format!("internal::{own}"),
            None => format!("temporal::{}", name.replace('.', "::")),
        }
    };
    (path(method.input_type()), path(method.output_type()))
}
