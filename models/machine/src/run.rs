//! A run of a program: its main branch, its handlers, the passes that move them, and its end.

use super::branch::Branch;
use super::wait::{End, News};
use super::world::World;
use resurgam_formats::command::Command;
use resurgam_formats::program::{Expr, Failure, Handler, Input, Output, Program, Statement};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A program that is being executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Run {
    terms: Terms,
    stage: Stage,
    handlers: Vec<Handling>,
    /// Every update that was accepted.
    pub(super) updates: BTreeSet<String>,
    /// Every local activity whose marker was issued.
    pub(super) recorded: BTreeSet<u32>,
    pub(super) world: World,
}

/// What of the program is needed beside its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Terms {
    result: Expr,
    queries: BTreeMap<String, Expr>,
    updates: BTreeMap<String, Handler>,
    drain_updates: bool,
    continue_as: Option<Box<Program>>,
}

/// How far the main branch is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    Runs(Branch),
    /// It has ended, handlers have not.
    Drains(End),
    /// The last command was issued.
    Closed,
}

/// An update handler that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Handling {
    id: String,
    result: Expr,
    branch: Branch,
}

impl Run {
    /// Begins a program and takes its first steps.
    pub(super) fn new(workflow_id: &str, input: Input) -> Self {
        let Input { program, variables } = input;
        let mut run = Self {
            world: World::new(workflow_id, usize::from(program.variables.max(1)), &variables),
            stage: Stage::Runs(Branch::new(program.body, false)),
            handlers: vec![],
            updates: BTreeSet::new(),
            recorded: BTreeSet::new(),
            terms: Terms {
                result: program.result,
                queries: program.queries,
                updates: program.updates,
                drain_updates: program.drain_updates,
                continue_as: program.continue_as,
            },
        };
        run.settle();
        run
    }

    pub(super) fn is_closed(&self) -> bool {
        self.stage == Stage::Closed
    }

    pub(super) fn signal(&mut self, name: &str, value: i64) {
        self.world.signal(name, value);
        self.settle();
    }

    /// Cancels the whole run: the main branch, then every handler.
    pub(super) fn cancel(&mut self) {
        if let Stage::Runs(main) = &mut self.stage {
            main.cancel(&mut self.world);
        }
        for handling in &mut self.handlers {
            handling.branch.cancel(&mut self.world);
        }
        self.settle();
    }

    /// Brings news about a number to whatever waits for it; late news is ignored.
    pub(super) fn deliver(&mut self, about: u32, news: &News) {
        self.world.withdraw(about);
        let world = &mut self.world;
        let taken = match &mut self.stage {
            Stage::Runs(main) => main.deliver(about, news, world),
            Stage::Drains(_) | Stage::Closed => false,
        };
        let _late = taken || self.handlers.iter_mut().any(|handling| handling.branch.deliver(about, news, world));
        self.settle();
    }

    /// True if the update is accepted; its handler has then taken its first steps.
    pub(super) fn update(&mut self, id: &str, name: &str, argument: i64) -> bool {
        let Some(handler) = self.terms.updates.get(name) else { return false };
        if self.is_closed() || argument < handler.at_least || !self.updates.insert(id.to_owned()) {
            return false;
        }
        let mut body = vec![Statement::Set { into: handler.into, value: Expr::Const(argument) }];
        body.extend_from_slice(&handler.body);
        let result = handler.result.clone();
        self.world.issue(Command::AcceptUpdate { id: id.to_owned() });
        self.handlers.push(Handling { id: id.to_owned(), result, branch: Branch::new(body, false) });
        self.settle();
        true
    }

    /// The local activities that wait: number and base, in order of number.
    pub(super) fn locals(&self) -> Vec<(u32, i64)> {
        let mut found = vec![];
        if let Stage::Runs(main) = &self.stage {
            main.locals(&mut found);
        }
        self.handlers.iter().for_each(|handling| handling.branch.locals(&mut found));
        found.sort_unstable();
        found
    }

    /// The result of a local activity; false if none of this number waits.
    pub(super) fn local(&mut self, seq: u32, value: i64) -> bool {
        if !self.locals().iter().any(|(waiting, _)| *waiting == seq) {
            return false;
        }
        self.recorded.insert(seq);
        self.world.issue(Command::RecordLocalActivity { seq, value });
        self.deliver(seq, &News::Completed(value));
        true
    }

    /// The present value of a query.
    pub(super) fn query(&self, name: &str) -> Option<i64> {
        self.terms.queries.get(name).map(|expr| self.world.value(expr))
    }

    /// Passes until a whole pass moves nothing.
    fn settle(&mut self) {
        while !self.is_closed() && self.pass() {}
    }

    /// Visits all branches from left to right; true if something moved and the run goes on.
    fn pass(&mut self) -> bool {
        let mut moved = false;
        if let Stage::Runs(main) = &mut self.stage {
            let (main_moved, end) = main.visit(&mut self.world);
            moved |= main_moved;
            if let Some(end) = end {
                self.stage = Stage::Drains(end);
                if self.close_if_due() {
                    return false;
                }
            }
        }
        let mut index = 0;
        while let Some(handling) = self.handlers.get_mut(index) {
            let (handler_moved, end) = handling.branch.visit(&mut self.world);
            moved |= handler_moved;
            let Some(end) = end else {
                index += 1;
                continue;
            };
            let Handling { id, result, .. } = self.handlers.remove(index);
            let outcome = match end {
                End::Done => Ok(self.world.value(&result)),
                End::Failed(failure) => Err(failure),
                End::Cancelled => Err(Failure::Cancelled),
            };
            self.world.issue(Command::CompleteUpdate { id, outcome });
            if self.close_if_due() {
                return false;
            }
        }
        moved
    }

    /// Issues the last command if nothing is left to wait for.
    fn close_if_due(&mut self) -> bool {
        let Stage::Drains(end) = &self.stage else { return false };
        if self.terms.drain_updates && !self.handlers.is_empty() {
            return false;
        }
        let variables = self.world.variables().to_vec();
        let command = match (end, &self.terms.continue_as) {
            (End::Failed(failure), _) => Command::FailWorkflow { failure: failure.clone() },
            (End::Cancelled, _) => Command::CancelWorkflow,
            (End::Done, Some(program)) => {
                Command::ContinueAsNew { input: Box::new(Input { program: (**program).clone(), variables }) }
            }
            (End::Done, None) => {
                let value = self.world.value(&self.terms.result);
                Command::CompleteWorkflow { output: Output { value, variables, signals: self.world.signals().clone() } }
            }
        };
        self.world.issue(command);
        self.stage = Stage::Closed;
        self.handlers.clear();
        true
    }
}
