//! The same schedules on our server and on the real one: what is kept and shown of them, which times they name, what they start,
//! and what is refused, word for word. Where they differ, and why, stands here too.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod drawn;
mod scenes;
mod server;

use resurgam_harness::real;
use resurgam_harness::target::{own_server, temporal};
use server::Server;
use std::path::Path;

#[tokio::test]
async fn both_servers_keep_the_same_schedules() {
    if !real::wanted("schedules on the real Temporal server") {
        return;
    }
    let own = own_server::start(Path::new(env!("CARGO_BIN_EXE_resurgam")), 2).await.unwrap();
    let real = temporal::start(&temporal::Options::default()).await.unwrap();
    let (ours, theirs) = tokio::join!(seen(Server::at(own.endpoint())), seen(Server::at(real.endpoint())));
    let lines = ours.len().max(theirs.len());
    let of = |all: &[String], line: usize| all.get(line).cloned().unwrap_or_default();
    let differ = (0..lines).filter(|line| ours.get(*line) != theirs.get(*line));
    let differ: Vec<_> = differ
        .map(|line| format!("line {line}\n  ours:   {}\n  theirs: {}", of(&ours, line), of(&theirs, line)))
        .collect();
    assert!(differ.is_empty(), "{} lines:\n{}", differ.len(), differ.join("\n"));
    assert!(lines > 300, "only {lines} lines were compared");
}

async fn seen(server: impl Future<Output = Server>) -> Vec<String> {
    let mut server = server.await;
    scenes::specifications(&mut server).await;
    drawn::specifications(&mut server).await;
    scenes::refusals(&mut server).await;
    scenes::actions(&mut server).await;
    scenes::changes(&mut server).await;
    server.lines
}
