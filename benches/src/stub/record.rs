//! The recorder: two lines of JSON per call, kept in memory and put into the trace.

use resurgam_simulation::Node;
use serde_json::json;
use std::cell::RefCell;
use std::rc::Rc;

/// What was recorded.
#[derive(Clone)]
pub(super) struct Recorder {
    node: Node,
    lines: Rc<RefCell<Vec<Vec<u8>>>>,
}

impl Recorder {
    pub(super) fn new(node: Node) -> Self {
        Self { node, lines: Rc::default() }
    }

    /// About half a kilobyte.
    pub(super) fn line(&self, what: &str, operation: u64, subject: &str, detail: &str) {
        let at = u64::try_from(self.node.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let line = json!({
            "at": at, "what": what, "operation": operation, "subject": subject, "detail": detail, "padding": PADDING,
        });
        let line = line.to_string().into_bytes();
        self.node.note(&line);
        self.lines.borrow_mut().push(line);
    }

    pub(super) fn bytes(&self) -> u64 {
        self.lines.borrow().iter().map(|line| line.len() as u64).sum()
    }
}

/// As much as the rest of a real record.
const PADDING: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\
                       0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\
                       0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\
                       0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
