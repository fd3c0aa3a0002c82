//! The same schedules on our server and on the real one: what is kept and shown of them, which times they name, what they start,
//! and what is refused, word for word. Where they differ, and why, stands here too.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../beside/mod.rs"]
mod beside;
mod drawn;
mod scenes;
mod server;

use beside::same;
use resurgam_harness::real;
use resurgam_harness::target::{own_server, temporal};
use server::Server;
use std::path::Path;

/// Lines in which the two differ, by how they begin, and why that stays so.
const OTHERWISE: [(&str, &str); 6] = [
    (
        "describe twice-east",
        "where clocks are ahead of UTC, the real server names the hour before the one that is shown twice, and that one once",
    ),
    ("times of twice-east", "as above"),
    ("list Nothing = 1", "refused in other words"),
    ("count Nothing = 1", "refused in other words"),
    ("list ScheduleId = 'changes' ORDER BY", "refused in other words"),
    ("count ScheduleId = 'changes' ORDER BY", "refused in other words"),
];

#[tokio::test]
async fn both_servers_keep_the_same_schedules() {
    if !real::wanted("schedules on the real Temporal server") {
        return;
    }
    let own = own_server::start(Path::new(env!("CARGO_BIN_EXE_resurgam")), 2).await.unwrap();
    let real = temporal::start(&temporal::Options::default()).await.unwrap();
    let (ours, theirs) = tokio::join!(seen(Server::at(own.endpoint())), seen(Server::at(real.endpoint())));
    same(&ours, &theirs, &OTHERWISE, 300);
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
