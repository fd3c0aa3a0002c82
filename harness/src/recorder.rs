//! The recorder of one case: it numbers operations and tasks, stamps every line with the case's own clock, and keeps
//! the lines in the order in which they were seen. It never looks into them.
//!
//! Times are nanoseconds since the case began on the monotone clock, so a recording holds no wall time.

use resurgam_formats::recording::{Answer, Call, Entry, OperationId, TaskId, What};
use resurgam_formats::time::At;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

/// Collects the recording of one case.
#[derive(Debug)]
pub struct Recorder {
    began: Instant,
    lines: Mutex<Vec<Entry>>,
    operations: AtomicU32,
    tasks: AtomicU32,
    watcher: OnceLock<Watcher>,
}

/// Whoever looks at lines as they are recorded.
struct Watcher(Box<dyn Fn(&What) + Send + Sync>);

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher")
    }
}

impl Recorder {
    /// An empty recording that begins now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            began: Instant::now(),
            lines: Mutex::new(Vec::new()),
            operations: AtomicU32::new(0),
            tasks: AtomicU32::new(0),
            watcher: OnceLock::new(),
        }
    }

    /// Nanoseconds since the case began.
    #[must_use]
    pub fn now(&self) -> At {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// When the case began, for sleeping until a time of the plan.
    #[must_use]
    pub fn began(&self) -> Instant {
        self.began
    }

    /// From now on every line is shown to this before it is recorded.
    ///
    /// # Panics
    /// Somebody watches already.
    pub(crate) fn watch(&self, watcher: impl Fn(&What) + Send + Sync + 'static) {
        assert!(self.watcher.set(Watcher(Box::new(watcher))).is_ok(), "a recorder has one watcher");
    }

    /// Appends a line.
    pub fn record(&self, what: What) {
        if let Some(Watcher(watcher)) = self.watcher.get() {
            watcher(&what);
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        // Stamped under the lock, so that the order of the lines is the order of their times.
        let at = self.now();
        lines.push(Entry { at, what });
    }

    /// A new logical operation.
    pub fn operation(&self, by: impl Into<String>, call: Call) -> Operation<'_> {
        let id = self.operations.fetch_add(1, Ordering::Relaxed) + 1;
        Operation { recorder: self, id, by: by.into(), call, attempts: AtomicU32::new(0) }
    }

    /// The number of a new task.
    pub fn task(&self) -> TaskId {
        self.tasks.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Reads the lines recorded so far.
    pub fn with<T>(&self, read: impl FnOnce(&[Entry]) -> T) -> T {
        read(&self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends the recording and gives its lines.
    #[must_use]
    pub fn finish(&self) -> Vec<Entry> {
        std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

/// A logical operation whose attempts are recorded singly.
#[derive(Debug)]
pub struct Operation<'r> {
    recorder: &'r Recorder,
    id: OperationId,
    by: String,
    call: Call,
    attempts: AtomicU32,
}

impl Operation<'_> {
    /// Makes one attempt: records that it begins, awaits it, records what its answer proves, and passes that on.
    pub async fn attempt(&self, call: impl Future<Output = Answer>) -> Answer {
        let attempt = self.attempts.fetch_add(1, Ordering::Relaxed) + 1;
        let operation = self.id;
        let (by, what) = (self.by.clone(), Box::new(self.call.clone()));
        self.recorder.record(What::Invoke { operation, attempt, by, call: what });
        let answer = call.await;
        self.recorder.record(What::Return { operation, attempt, answer: answer.clone() });
        answer
    }
}

/// The lines of a recording as they stand in its file.
///
/// # Errors
/// If a line cannot be written as JSON, which would be a bug of the formats.
pub fn lines(entries: &[Entry]) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut out, entry)?;
        out.push(b'\n');
    }
    Ok(out)
}

/// The trace hash of a recording.
#[must_use]
pub fn hash(lines: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(lines)
}
