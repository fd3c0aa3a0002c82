//! Connections that hold a place and say nothing: our server has few file descriptors and more guests than those, or thousands of guests
//! that never begin, or a client with more calls at a time than it may have.

use crate::calls::{Caller, Problem, within};
use crate::server::{Which, cpu, program, resident};
use resurgam_api::temporal::workflowservice::v1::PollWorkflowTaskQueueRequest;
use resurgam_harness::target::{NAMESPACE, Started, own_server};
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// The beginning of the first bytes of HTTP/2.
const BEGUN: &[u8] = b"PRI * HTTP/2.0\r\n";
/// The most of a core that a server may take that can let nobody in.
const LEISURE: f64 = 0.2;

/// How many connect, and for how long they are watched.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// File descriptors of the server that has few.
    #[arg(long, default_value_t = 256)]
    descriptors: usize,
    /// Silent connections to it.
    #[arg(long, default_value_t = 371)]
    crowd: usize,
    /// Silent connections to another one.
    #[arg(long, default_value_t = 2_000)]
    silent: usize,
    /// Connections to that one on which only the beginning of a greeting is said.
    #[arg(long, default_value_t = 500)]
    half: usize,
    /// Calls at a time on one connection.
    #[arg(long, default_value_t = 20_000)]
    streams: usize,
    /// Seconds after which everything has to be as it was.
    #[arg(long, default_value_t = 60)]
    patience: u64,
}

/// Tries all three, and prints what was seen.
///
/// # Errors
/// The server did not do what it is to do.
pub(crate) async fn measure(options: &Options) -> Result<(), Problem> {
    let patience = Duration::from_secs(options.patience);
    few_descriptors(options, patience).await?;
    thousands(options, patience).await?;
    streams(options).await
}

async fn few_descriptors(options: &Options, patience: Duration) -> Result<(), Problem> {
    let server = own_server::start_released(&program("resurgam-server")?, &[], 1).await?;
    let limit = format!("--nofile={0}:{0}", options.descriptors);
    let limited = Command::new("prlimit").args(["--pid", &server.pid().to_string(), &limit]).status()?;
    if !limited.success() {
        return Err("prlimit did not limit the server".into());
    }
    let crowd = guests(&server, options.crowd, &[]).await?;
    sleep(Duration::from_secs(1)).await;
    let (begun, before) = (Instant::now(), cpu(&server)?);
    sleep(Duration::from_secs(5)).await;
    let share = (cpu(&server)? - before).as_secs_f64() / begun.elapsed().as_secs_f64();
    let said = fs::read_to_string(server.directory().join("server.log"))?;
    let lines = said.lines().filter(|line| line.contains("cannot accept a connection")).count();
    let came = loop {
        if let Ok(caller) = Caller::connect(&server).await
            && caller.describe("nobody").await.is_ok()
        {
            break begun.elapsed();
        }
        if begun.elapsed() > patience {
            return Err("nobody is let in any more".into());
        }
    };
    println!(
        "{} silent connections and {} descriptors: {:.0} % of a core, {lines} lines in the log, somebody else is let in after {:.0} s",
        crowd.len(),
        options.descriptors,
        share * 100.0,
        came.as_secs_f64()
    );
    match lines {
        0 => Err("it does not say that it can let nobody in".into()),
        _ if share > LEISURE => Err("it is busy with letting nobody in".into()),
        _ => Ok(()),
    }
}

async fn thousands(options: &Options, patience: Duration) -> Result<(), Problem> {
    let server = Which::Builtin.start().await?;
    let before = resident(&server)?;
    let begun = Instant::now();
    let mut guests_there = guests(&server, options.silent, &[]).await?;
    guests_there.extend(guests(&server, options.half, BEGUN).await?);
    let most = resident(&server)?;
    let count = guests_there.len();
    let mut waiting = JoinSet::new();
    for mut guest in guests_there {
        // What is read before the end does not matter: a server greets, too.
        waiting.spawn(async move { while guest.read(&mut [0; 256]).await.is_ok_and(|read| read > 0) {} });
    }
    let gone = async { while waiting.join_next().await.is_some() {} };
    if timeout(patience, gone).await.is_err() {
        return Err("silent connections stay".into());
    }
    println!(
        "{count} connections that never begin: {} MB more, and all are closed after {:.0} s",
        most.saturating_sub(before) >> 20,
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

async fn streams(options: &Options) -> Result<(), Problem> {
    let server = Which::Builtin.start().await?;
    let (caller, other) = (Caller::connect(&server).await?, Caller::connect(&server).await?);
    let before = resident(&server)?;
    let mut polls = JoinSet::new();
    for _ in 0..options.streams {
        let mut service = caller.service.clone();
        polls.spawn(async move {
            let request = PollWorkflowTaskQueueRequest {
                namespace: NAMESPACE.to_owned(),
                task_queue: Some(resurgam_api::temporal::taskqueue::v1::TaskQueue {
                    name: "nothing here".to_owned(),
                    ..Default::default()
                }),
                ..PollWorkflowTaskQueueRequest::default()
            };
            // Whether it is answered does not matter.
            drop(service.poll_workflow_task_queue(within(request)).await);
        });
    }
    sleep(Duration::from_secs(3)).await;
    let most = resident(&server)?;
    timeout(Duration::from_secs(5), other.describe("nobody")).await??;
    println!(
        "{} calls at a time on one connection: {} MB more, and another connection is answered",
        options.streams,
        most.saturating_sub(before) >> 20
    );
    Ok(())
}

/// So many connections on which only this is said.
async fn guests(server: &Started, count: usize, said: &[u8]) -> Result<Vec<TcpStream>, Problem> {
    let address = server.endpoint().uri.trim_start_matches("http://").to_owned();
    let mut guests = Vec::new();
    for _ in 0..count {
        let mut guest = timeout(Duration::from_secs(5), TcpStream::connect(&address)).await??;
        guest.write_all(said).await?;
        guests.push(guest);
    }
    Ok(guests)
}
