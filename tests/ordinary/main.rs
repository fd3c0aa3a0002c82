//! Calls of ordinary use on our server and on the real one: the same answers, events and refusals, word for word.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../beside/mod.rs"]
mod beside;
mod cron;
mod names;
mod scenes;
mod server;

use beside::same;
use resurgam_harness::real;
use resurgam_harness::target::{own_server, temporal};
use server::Server;
use std::path::Path;

#[tokio::test]
async fn both_servers_answer_the_same() {
    if !real::wanted("ordinary calls on the real Temporal server") {
        return;
    }
    let own = own_server::start(Path::new(env!("CARGO_BIN_EXE_resurgam")), 2).await.unwrap();
    let real = temporal::start(&temporal::Options::default()).await.unwrap();
    let (ours, theirs) = tokio::join!(seen(Server::at(own.endpoint())), seen(Server::at(real.endpoint())));
    let otherwise =
        [("a namespace of the name: the server's", "the real server has a namespace for its own workflows")];
    same(&ours, &theirs, &otherwise, 200);
}

async fn seen(server: impl Future<Output = Server>) -> Vec<String> {
    let mut server = server.await;
    scenes::namespaces(&mut server).await;
    scenes::sizes(&mut server).await;
    scenes::options(&mut server).await;
    scenes::workers(&mut server).await;
    scenes::queues(&mut server).await;
    scenes::disabled(&mut server).await;
    scenes::timers(&mut server).await;
    cron::schedules(&mut server).await;
    names::namespaces(&mut server).await;
    names::others(&mut server).await;
    server.lines
}
