//! What all branches of a run share: variables, signals, the counter, what has been heard, what has been commanded.

use resurgam_formats::command::Command;
use resurgam_formats::program::{Expr, Failure, Output, Var};
use resurgam_formats::time::Millis;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The outcome of something numbered.
#[derive(Clone, Debug)]
pub(super) enum News {
    /// A timer fired.
    Fired,
    /// An activity, child or local activity completed with a value.
    Completed(i64),
    /// It failed, timed out, was terminated or could not be started.
    Failed(Failure),
    /// It was cancelled.
    Cancelled,
}

/// The shared state. Terms are rewritten against it.
#[derive(Debug)]
pub(super) struct World {
    pub(super) workflow_id: String,
    pub(super) variables: Vec<i64>,
    /// The last number given; 0 before the first.
    pub(super) last: u32,
    /// Commands since the last completed task.
    pub(super) commands: Vec<Command>,
    /// Outcomes by number; the first one stays.
    pub(super) news: BTreeMap<u32, News>,
    /// Children whose start is known.
    pub(super) started: BTreeSet<u32>,
    /// Local activities that wait for their result.
    pub(super) locals: BTreeSet<u32>,
    /// Signals that no wait has taken, by name.
    pub(super) signals: BTreeMap<String, VecDeque<i64>>,
    /// How many signals arrived, by name.
    pub(super) arrived: BTreeMap<String, u32>,
    /// Something was rewritten in this pass.
    pub(super) moved: bool,
}

impl World {
    pub(super) fn number(&mut self) -> u32 {
        self.last += 1;
        self.last
    }

    pub(super) fn issue(&mut self, command: Command) {
        self.commands.push(command);
    }

    pub(super) fn start_timer(&mut self, ms: Millis) -> u32 {
        let seq = self.number();
        self.issue(Command::StartTimer { seq, ms });
        seq
    }

    /// Asks a child to cancel.
    pub(super) fn ask_child(&mut self, seq: u32) {
        let workflow_id = format!("{}/{seq}", self.workflow_id);
        self.issue(Command::RequestCancelChild { seq, workflow_id });
    }

    /// Cancels a timer, unless it has fired already.
    pub(super) fn cancel_timer(&mut self, seq: u32) {
        if !self.news.contains_key(&seq) {
            self.issue(Command::CancelTimer { seq });
        }
    }

    pub(super) fn fired(&self, timer: Option<u32>) -> bool {
        timer.is_some_and(|seq| self.news.contains_key(&seq))
    }

    /// Takes note of an outcome. If a cancel command for it has not been sent with a completed task yet, the command is
    /// removed: the server would refuse it.
    pub(super) fn hear(&mut self, seq: u32, news: News) {
        self.commands.retain(|command| {
            !matches!(command, Command::CancelTimer { seq: s } | Command::RequestCancelActivity { seq: s } if *s == seq)
        });
        self.news.entry(seq).or_insert(news);
    }

    fn index(&self, var: Var) -> usize {
        usize::from(var) % self.variables.len()
    }

    pub(super) fn get(&self, var: Var) -> i64 {
        self.variables[self.index(var)]
    }

    pub(super) fn set(&mut self, var: Var, value: i64) {
        let index = self.index(var);
        self.variables[index] = value;
    }

    pub(super) fn value(&self, expr: &Expr) -> i64 {
        match expr {
            Expr::Const(value) => *value,
            Expr::Var(var) => self.get(*var),
            Expr::Sum(parts) => parts.iter().fold(0, |sum, part| sum.wrapping_add(self.value(part))),
        }
    }

    pub(super) fn output(&self, result: &Expr) -> Output {
        Output { value: self.value(result), variables: self.variables.clone(), signals: self.arrived.clone() }
    }
}
