//! The server as a process: what it says first, and what is there then.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_api::WorkflowServiceClient;
use resurgam_api::temporal::workflowservice::v1::{
    DeleteWorkerDeploymentRequest, DescribeNamespaceRequest, GetSystemInfoRequest, ListNamespacesRequest,
};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Code, Status};

/// A server that ends with this.
struct Server {
    process: Child,
    address: String,
    /// Its first line.
    said: String,
}

impl Server {
    fn start(more: &[&str]) -> Self {
        Self::start_by(Command::new(env!("CARGO_BIN_EXE_resurgam-server")), more, Stdio::null())
    }

    /// By a command to which the options of the server are added.
    fn start_by(mut command: Command, more: &[&str], log: Stdio) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let process = command.args(["--until-stdin-ends", "--address", &address]).args(more).env_remove("RUST_LOG");
        let mut process = process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut said).unwrap();
        Self { process, address, said }
    }

    async fn client(&self) -> WorkflowServiceClient<Channel> {
        WorkflowServiceClient::connect(format!("http://{}", self.address)).await.unwrap()
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
    let mut client = server.client().await;
    for (namespace, there) in [("default", true), ("mine", true), ("other", false)] {
        let request = DescribeNamespaceRequest { namespace: namespace.into(), ..Default::default() };
        assert_eq!(client.describe_namespace(request).await.is_ok(), there, "{namespace}");
    }
    let refused = client.delete_worker_deployment(DeleteWorkerDeploymentRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
    assert_eq!(refused.message(), "DeleteWorkerDeployment is not served");
}

/// With 64 file descriptors there are 48 connections for clients and nodes, of which one address may have 18 to the port of clients.
#[cfg(unix)]
#[tokio::test]
async fn it_lets_in_no_more_than_there_are_file_descriptors_for() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    let mut limited = Command::new("sh");
    let script = "ulimit -n 64 && exec \"$0\" \"$@\"";
    limited.args(["-c", script, env!("CARGO_BIN_EXE_resurgam-server")]);
    let server = Server::start_by(limited, &[], File::create(&log).unwrap().into());
    let guests: Vec<_> = (0..60).map(|_| TcpStream::connect(&server.address).unwrap()).collect();
    guests.iter().for_each(|guest| guest.set_nonblocking(true).unwrap());
    // Who is let in is greeted and then hears nothing; who is not is told by the end.
    let stays = |mut guest: &TcpStream| match guest.read(&mut [0; 64]) {
        Ok(read) => read > 0,
        Err(problem) => problem.kind() == io::ErrorKind::WouldBlock,
    };
    let mut left = guests.len();
    for _ in 0..100 {
        left = guests.iter().filter(|guest| stays(guest)).count();
        if left <= 18 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(left, 18);
    drop(guests);
    let mut answered = false;
    for _ in 0..100 {
        let asked = async {
            let mut client = WorkflowServiceClient::connect(format!("http://{}", server.address)).await.ok()?;
            client.get_system_info(GetSystemInfoRequest::default()).await.ok()
        };
        answered |= asked.await.is_some();
        if answered {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(answered, "when they have left others are let in");
    let said = fs::read_to_string(log).unwrap();
    assert_eq!(said.lines().filter(|line| line.contains("descriptors=64 each=48")).count(), 1, "{said}");
    assert!(said.contains("too many connections") && !said.contains("cannot accept a connection"), "{said}");
}

/// The token of the second page of the list of namespaces.
async fn page_token(client: &mut WorkflowServiceClient<Channel>) -> Vec<u8> {
    let request = ListNamespacesRequest { page_size: 1, ..Default::default() };
    let token = client.list_namespaces(request).await.unwrap().into_inner().next_page_token;
    assert!(!token.is_empty());
    token
}

async fn goes_on(client: &mut WorkflowServiceClient<Channel>, token: Vec<u8>) -> Result<usize, Status> {
    let request = ListNamespacesRequest { page_size: 1, next_page_token: token, ..Default::default() };
    Ok(client.list_namespaces(request).await?.into_inner().namespaces.len())
}

/// A key is replaced in three steps, and while one is made there are processes before and after it.
#[tokio::test]
async fn keys_of_tokens_are_replaced_while_processes_serve() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = ("0a".repeat(32), "0b".repeat(32));
    let (mut servers, mut clients) = (Vec::new(), Vec::new());
    for (step, keys) in [vec![&old], vec![&old, &new], vec![&new, &old], vec![&new]].iter().enumerate() {
        let file = directory.path().join(step.to_string());
        fs::write(&file, keys.iter().map(|key| format!("{key}\n")).collect::<String>()).unwrap();
        let server = Server::start(&["--namespace", "mine", "--token-keys", &file.display().to_string()]);
        clients.push(server.client().await);
        servers.push(server);
    }
    for step in 0..3 {
        for (from, to) in [(step, step + 1), (step + 1, step), (step, step)] {
            let token = page_token(&mut clients[from]).await;
            assert_eq!(goes_on(&mut clients[to], token).await.unwrap(), 1, "from {from} to {to}");
        }
    }
    for (from, to) in [(0, 3), (3, 0)] {
        let token = page_token(&mut clients[from]).await;
        assert_eq!(goes_on(&mut clients[to], token).await.unwrap_err().code(), Code::InvalidArgument);
    }
}
