//! What all branches of a run share: variables, signals, numbers, and the commands issued so far.

use resurgam_formats::command::Command;
use resurgam_formats::program::{Expr, Var};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// What a number was given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Activity,
    Timer,
    Child,
    Local,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Activity => "activity",
            Self::Timer => "timer",
            Self::Child => "child",
            Self::Local => "local activity",
        })
    }
}

/// The shared state of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct World {
    workflow_id: String,
    variables: Vec<i64>,
    /// The kind of number `n` at index `n - 1`.
    numbers: Vec<Kind>,
    /// Signals that no wait took yet, by name.
    inbox: BTreeMap<String, VecDeque<i64>>,
    arrived: BTreeMap<String, u32>,
    pub(super) commands: Vec<Command>,
}

impl World {
    /// `count` variables, not 0; `initial` values beyond them are ignored.
    pub(super) fn new(workflow_id: &str, count: usize, initial: &[i64]) -> Self {
        let mut variables = initial.to_vec();
        variables.resize(count, 0);
        Self {
            workflow_id: workflow_id.to_owned(),
            variables,
            numbers: vec![],
            inbox: BTreeMap::new(),
            arrived: BTreeMap::new(),
            commands: vec![],
        }
    }

    pub(super) fn variables(&self) -> &[i64] {
        &self.variables
    }

    pub(super) fn get(&self, var: Var) -> i64 {
        self.variables[usize::from(var) % self.variables.len()]
    }

    pub(super) fn set(&mut self, var: Var, value: i64) {
        let count = self.variables.len();
        self.variables[usize::from(var) % count] = value;
    }

    pub(super) fn value(&self, expr: &Expr) -> i64 {
        match expr {
            Expr::Const(value) => *value,
            Expr::Var(var) => self.get(*var),
            Expr::Sum(parts) => parts.iter().fold(0, |sum, part| sum.wrapping_add(self.value(part))),
        }
    }

    /// The next number.
    pub(super) fn number(&mut self, kind: Kind) -> u32 {
        self.numbers.push(kind);
        u32::try_from(self.numbers.len()).unwrap_or(u32::MAX)
    }

    /// What a number was given to, `None` if it was not given.
    pub(super) fn kind(&self, seq: u32) -> Option<Kind> {
        let index = usize::try_from(seq).ok()?.checked_sub(1)?;
        self.numbers.get(index).copied()
    }

    pub(super) fn child_id(&self, seq: u32) -> String {
        format!("{}/{seq}", self.workflow_id)
    }

    pub(super) fn issue(&mut self, command: Command) {
        self.commands.push(command);
    }

    pub(super) fn start_timer(&mut self, ms: u32) -> u32 {
        let seq = self.number(Kind::Timer);
        self.issue(Command::StartTimer { seq, ms });
        seq
    }

    /// Takes back the request to cancel a timer or activity that has ended by itself before the request was sent.
    pub(super) fn withdraw(&mut self, ended: u32) {
        self.commands.retain(|command| {
            !matches!(command, Command::CancelTimer { seq } | Command::RequestCancelActivity { seq } if *seq == ended)
        });
    }

    pub(super) fn signal(&mut self, name: &str, value: i64) {
        let count = self.arrived.entry(name.to_owned()).or_default();
        *count = count.saturating_add(1);
        self.inbox.entry(name.to_owned()).or_default().push_back(value);
    }

    /// The oldest signal of a name that no wait took yet.
    pub(super) fn take_signal(&mut self, name: &str) -> Option<i64> {
        self.inbox.get_mut(name)?.pop_front()
    }

    /// How many signals have arrived, by name.
    pub(super) fn signals(&self) -> &BTreeMap<String, u32> {
        &self.arrived
    }
}
