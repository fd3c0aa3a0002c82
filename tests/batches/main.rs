//! The same batch operations on our server and on the real one: what becomes of each workflow, what each operation says of itself,
//! and what is refused, word for word. Where they differ, and why, stands here too.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../beside/mod.rs"]
mod beside;
mod scenes;
mod server;

use beside::same;
use resurgam_harness::real;
use resurgam_harness::target::{own_server, temporal};
use server::Server;
use std::path::Path;

/// Three refusals that the real server makes without a class.
const MASKED: &str = "the real server takes its own refusal for a mistake inside, and hides what it says behind a hash";

/// Lines in which the two differ, by how they begin, and why that stays so.
const OTHERWISE: [(&str, &str); 5] = [
    (
        "signal ended",
        "who terminates for a batch operation is a worker of the system there, and who has asked for it here",
    ),
    ("two selections", MASKED),
    ("no signal", MASKED),
    ("no options", MASKED),
    ("stop ordinary", "the real server terminates any workflow as if it was a batch operation"),
];

#[tokio::test]
async fn both_servers_do_the_same_to_many_workflows() {
    if !real::wanted("batch operations on the real Temporal server") {
        return;
    }
    let own = own_server::start(Path::new(env!("CARGO_BIN_EXE_resurgam")), 2).await.unwrap();
    let real = temporal::start(&temporal::Options::default()).await.unwrap();
    let (ours, theirs) = tokio::join!(seen(Server::at(own.endpoint())), seen(Server::at(real.endpoint())));
    same(&ours, &theirs, &OTHERWISE, 30);
}

async fn seen(server: impl Future<Output = Server>) -> Vec<String> {
    let mut server = server.await;
    scenes::refusals(&mut server).await;
    scenes::operations(&mut server).await;
    scenes::resets(&mut server).await;
    scenes::endings(&mut server).await;
    server.lines
}
