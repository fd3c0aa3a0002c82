//! The clocks of the hosts: simulated time, plus how wrong each host's wall clock is.
//!
//! Whoever asks the C library for the time on a simulated thread arrives at [`read`], which finds the host by the tokio
//! runtime it runs in: every incarnation of a host has a runtime of its own. Between steps there is none, and the time is
//! that of the kernel.
//!
//! One table per thread, because a C function has no other way to its data; a simulation has a thread of its own and
//! starts with an empty table.

use resurgam_interpose::{Clock, Reading};
use std::cell::{Cell, RefCell};
use std::time::Duration;
use tokio::runtime::{self, Handle};
use tokio::time::Instant;

thread_local! {
    /// The host that is stopped between two steps, if one is.
    static STOPPING: Cell<Option<usize>> = const { Cell::new(None) };
}

#[derive(Default)]
struct Host {
    /// The runtime of its present incarnation, what its timer showed at first, and the simulated time then.
    runtime: Option<(runtime::Id, Instant, Duration)>,
    /// Nanoseconds that its wall clock is ahead.
    offset: i64,
    /// How often its wall clock was read.
    reads: u64,
}

thread_local! {
    static HOSTS: RefCell<Vec<Host>> = const { RefCell::new(Vec::new()) };
}

fn with<R>(host: usize, use_it: impl FnOnce(&mut Host) -> R) -> R {
    HOSTS.with_borrow_mut(|hosts| {
        if hosts.len() <= host {
            hosts.resize_with(host + 1, Host::default);
        }
        use_it(&mut hosts[host])
    })
}

/// Says that the runtime which is entered now is the given host's, at the given simulated time.
pub(crate) fn belongs_to(host: usize, now: Duration) {
    let runtime = Some((Handle::current().id(), Instant::now(), now));
    with(host, |host| host.runtime = runtime);
}

/// Puts a host's wall clock ahead by so many nanoseconds, for good.
pub(crate) fn shift(host: usize, by: i64) {
    with(host, |host| host.offset = host.offset.saturating_add(by));
}

/// How often a host's wall clock was read so far.
pub(crate) fn reads(host: usize) -> u64 {
    with(host, |host| host.reads)
}

/// Says which host is being stopped: whatever runs meanwhile is its own.
pub(crate) fn set_stopping(host: Option<usize>) {
    STOPPING.set(host);
}

/// The host whose code runs now; `None`: none of a host, but of the simulation itself. It is called while something
/// panics and therefore never does.
pub(crate) fn here() -> Option<usize> {
    if let Some(host) = STOPPING.try_with(Cell::get).ok().flatten() {
        return Some(host);
    }
    let id = Handle::try_current().ok()?.id();
    let here = |host: &Host| host.runtime.is_some_and(|(runtime, ..)| runtime == id);
    HOSTS.try_with(|hosts| hosts.try_borrow().ok()?.iter().position(here)).ok().flatten()
}

/// What the clock shows to whom it runs in now. It is called by C functions and therefore never panics.
pub(crate) fn read(clock: Clock) -> Option<Reading> {
    let id = Handle::try_current().ok()?.id();
    let now = Instant::now();
    HOSTS
        .try_with(|hosts| {
            let mut hosts = hosts.try_borrow_mut().ok()?;
            let here = |host: &&mut Host| host.runtime.is_some_and(|(runtime, ..)| runtime == id);
            let host = hosts.iter_mut().find(here)?;
            let (_, began, since) = host.runtime?;
            host.reads += u64::from(clock == Clock::Wall);
            Some(Reading { elapsed: since + now.saturating_duration_since(began), offset: host.offset })
        })
        .ok()
        .flatten()
}
