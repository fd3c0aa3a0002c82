//! `resurgam server` as a process: up at once, a usable target, and gone with whoever started it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_harness::target::own_server;
use std::path::Path;

#[tokio::test]
async fn the_server_comes_at_once_and_goes_with_its_starter() {
    let server = own_server::start(Path::new(env!("CARGO_BIN_EXE_resurgam")), 2).await.unwrap();
    let endpoint = server.endpoint();
    assert_eq!((endpoint.target.as_str(), endpoint.version.as_str()), ("builtin", env!("CARGO_PKG_VERSION")));
    let process = Path::new("/proc").join(server.pid().to_string());
    let here = process.exists();
    drop(server);
    assert!(!process.exists(), "it outlives its starter");
    assert!(here || !Path::new("/proc/self").exists(), "the test looks at nothing");
}

#[tokio::test]
async fn a_server_that_cannot_serve_says_why() {
    let problem = own_server::start(Path::new("/bin/false"), 1).await.unwrap_err().to_string();
    assert!(problem.contains("ended at once"), "{problem}");
}

#[test]
fn what_cannot_be_asked_of_a_server_is_bad_input() {
    for arguments in [["--address", "nowhere"], ["--nodes", "0"]] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_resurgam"));
        let refused = command.arg("server").args(arguments).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
    }
}
