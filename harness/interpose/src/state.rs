//! What a simulated thread sees. Only cells of plain values: they have no destructor, so that the C functions may look
//! at them at any time in the life of a thread, also while it ends.

use crate::draw;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

/// What monotonic clocks show at simulated time zero: a machine that has been up for a day, so that code which
/// subtracts from now does not fall below zero.
pub const UPTIME: Duration = Duration::from_secs(86_400);

/// What a clock shows to whoever reads it now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Simulated time since the start.
    pub elapsed: Duration,
    /// How far the wall clock of the reader is off, in nanoseconds. Monotonic clocks do not feel it.
    pub offset: i64,
}

/// Tells who reads, by what it finds on its thread. It must not panic, and its own readings of clocks get the time of
/// [`Guard::set_now`].
pub type Source = fn(Clock) -> Option<Reading>;

/// The clocks that are simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Time of day.
    Wall,
    /// Time since the machine started.
    Monotonic,
}

/// How often the simulated thread asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Requests for random bytes.
    pub random: u64,
    /// Readings of the wall clock.
    pub wall: u64,
    /// Readings of a monotonic clock.
    pub monotonic: u64,
}

/// Why a thread cannot be simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no override for this platform; Linux with glibc has one.
    Unsupported,
    /// This thread is simulated already.
    Twice,
    /// The calls of the standard library do not arrive here: the linker bound them to the C library.
    Unreached,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsupported => "time and randomness can be simulated on Linux with glibc only",
            Self::Twice => "this thread is in a simulation already",
            Self::Unreached => "the program is linked so that calls for time and randomness are not intercepted",
        })
    }
}

impl std::error::Error for Refusal {}

#[derive(Clone, Copy)]
struct Thread {
    random: u64,
    epoch: Duration,
    now: Duration,
    source: Source,
    calls: Calls,
}

thread_local! {
    static THREAD: Cell<Option<Thread>> = const { Cell::new(None) };
    static ASKING: Cell<bool> = const { Cell::new(false) };
}

/// Keeps this thread simulated; the real clocks are back when it is dropped.
#[derive(Debug)]
pub struct Guard {
    /// It belongs to its thread.
    here: PhantomData<*const ()>,
}

impl Guard {
    /// Sets the simulated time since the start, for readers whom the source does not know.
    pub fn set_now(&self, now: Duration) {
        change(|thread| thread.now = now);
    }

    /// How often this thread asked since it entered.
    #[must_use]
    pub fn calls(&self) -> Calls {
        THREAD.get().map(|thread| thread.calls).unwrap_or_default()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        THREAD.set(None);
    }
}

/// Makes this thread a simulated one. Clocks show simulated time zero until somebody is listened to.
pub(crate) fn begin(seed: u64, epoch: Duration) -> Result<Guard, Refusal> {
    if THREAD.get().is_some() {
        return Err(Refusal::Twice);
    }
    THREAD.set(Some(Thread { random: seed, epoch, now: Duration::ZERO, source: |_| None, calls: Calls::default() }));
    Ok(Guard { here: PhantomData })
}

/// From here on the source tells who reads a clock, and calls are counted from none.
pub(crate) fn listen_to(source: Source) {
    change(|thread| {
        thread.source = source;
        thread.calls = Calls::default();
    });
}

fn change(edit: impl FnOnce(&mut Thread)) {
    if let Some(mut thread) = THREAD.get() {
        edit(&mut thread);
        THREAD.set(Some(thread));
    }
}

/// Whether this thread entered.
pub(crate) fn is_simulated() -> bool {
    THREAD.get().is_some()
}

/// Fills the buffer if this thread is simulated; otherwise says that it is not.
pub(crate) fn random(buffer: &mut [u8]) -> bool {
    let Some(mut thread) = THREAD.get() else { return false };
    thread.random = draw::fill(thread.random, buffer);
    // The crate getrandom asks once per process for nothing, to see whether there is an answer.
    thread.calls.random += u64::from(!buffer.is_empty());
    THREAD.set(Some(thread));
    true
}

/// What the clock shows if this thread is simulated.
pub(crate) fn read(clock: Clock) -> Option<Duration> {
    let mut thread = THREAD.get()?;
    match clock {
        Clock::Wall => thread.calls.wall += 1,
        Clock::Monotonic => thread.calls.monotonic += 1,
    }
    THREAD.set(Some(thread));
    let told = if ASKING.replace(true) {
        None
    } else {
        let told = (thread.source)(clock);
        ASKING.set(false);
        told
    };
    let reading = told.unwrap_or(Reading { elapsed: thread.now, offset: 0 });
    Some(match clock {
        Clock::Monotonic => UPTIME + reading.elapsed,
        Clock::Wall => shifted(thread.epoch + reading.elapsed, reading.offset),
    })
}

fn shifted(time: Duration, offset: i64) -> Duration {
    let by = Duration::from_nanos(offset.unsigned_abs());
    if offset < 0 { time.saturating_sub(by) } else { time + by }
}
