//! The server as a process: what it says first, and what is there then.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_api::WorkflowServiceClient;
use resurgam_api::temporal::workflowservice::v1::{DescribeNamespaceRequest, StartBatchOperationRequest};
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use tonic::Code;

/// A server that ends with this.
struct Server {
    process: Child,
    address: String,
    /// Its first line.
    said: String,
}

impl Server {
    fn start(more: &[&str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let mut process = Command::new(env!("CARGO_BIN_EXE_resurgam-server"))
            .args(["--until-stdin-ends", "--address", &address])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut said).unwrap();
        Self { process, address, said }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

#[test]
fn it_warns_when_others_can_reach_it() {
    let said = |host: &str| {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut process = Command::new(env!("CARGO_BIN_EXE_resurgam-server"))
            .args(["--until-stdin-ends", "--address", &format!("{host}:{port}")])
            .env_remove("RUST_LOG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut String::new()).unwrap();
        // Ends as soon as its input does.
        drop(process.stdin.take());
        String::from_utf8(process.wait_with_output().unwrap().stderr).unwrap()
    };
    let open = said("0.0.0.0");
    assert!(open.contains("WARN") && open.contains("without TLS"), "{open}");
    for host in ["127.0.0.1", "localhost"] {
        assert!(!said(host).contains("WARN"), "{host}");
    }
}

#[tokio::test]
async fn it_says_where_it_listens_and_that_it_forgets_and_has_its_namespaces() {
    let server = Server::start(&["--namespace", "mine", "--namespace", "default"]);
    let wanted = format!("serves the Temporal API on {} (namespaces: default, mine)", server.address);
    assert!(server.said.contains(&wanted), "{}", server.said);
    assert!(server.said.contains("in memory and forgets it"), "{}", server.said);
    assert!(!server.said.contains("planted"), "{}", server.said);
    // It listens when it says so.
    let mut client = WorkflowServiceClient::connect(format!("http://{}", server.address)).await.unwrap();
    for (namespace, there) in [("default", true), ("mine", true), ("other", false)] {
        let request = DescribeNamespaceRequest { namespace: namespace.into(), ..Default::default() };
        assert_eq!(client.describe_namespace(request).await.is_ok(), there, "{namespace}");
    }
    let refused = client.start_batch_operation(StartBatchOperationRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
    assert_eq!(refused.message(), "StartBatchOperation is not served");
}
