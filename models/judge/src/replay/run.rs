//! A run: the main branch, the handler branches to the right of it, and the passes over them.

use super::term::{End, Term, block, cancel};
use super::visit::visit;
use super::world::{News, World};
use resurgam_formats::command::Command;
use resurgam_formats::program::{Failure, Handler, Input, Program};
use std::collections::{BTreeMap, BTreeSet};

/// A root of the tree of branches.
struct Root<'p> {
    term: Term<'p>,
    cancelled: bool,
}

/// A handler branch.
struct Running<'p> {
    id: String,
    handler: &'p Handler,
    /// The argument, until the handler first moves.
    argument: Option<i64>,
    root: Root<'p>,
}

/// A run of a program that has seen some inputs.
pub(super) struct Run<'p> {
    program: &'p Program,
    main: Root<'p>,
    handlers: Vec<Running<'p>>,
    world: World,
    closed: bool,
}

impl<'p> Root<'p> {
    fn visit(&mut self, world: &mut World) {
        self.term = visit(self.take(), self.cancelled, world);
    }
    fn cancel(&mut self, world: &mut World) {
        self.term = cancel(self.take(), world);
        self.cancelled = true;
    }
    fn take(&mut self) -> Term<'p> {
        std::mem::replace(&mut self.term, Term::End(End::Done))
    }
}

impl<'p> Run<'p> {
    /// Takes the first steps.
    pub(super) fn new(workflow_id: &str, input: &'p Input) -> Self {
        let program = &input.program;
        let mut variables = input.variables.clone();
        variables.resize(usize::from(program.variables.max(1)), 0);
        let world = World {
            workflow_id: workflow_id.to_owned(),
            variables,
            last: 0,
            commands: Vec::new(),
            news: BTreeMap::new(),
            started: BTreeSet::new(),
            locals: BTreeSet::new(),
            signals: BTreeMap::new(),
            arrived: BTreeMap::new(),
            moved: false,
        };
        let main = Root { term: block(&program.body), cancelled: false };
        let mut run = Self { program, main, handlers: Vec::new(), world, closed: false };
        run.settle();
        run
    }

    /// Visits all branches from left to right, again and again, until nothing changes.
    fn settle(&mut self) {
        self.world.moved = true;
        while self.world.moved && !self.closed {
            self.world.moved = false;
            self.main.visit(&mut self.world);
            self.close_if_over();
            let mut at = 0;
            while at < self.handlers.len() && !self.closed {
                let running = &mut self.handlers[at];
                if let Some(argument) = running.argument.take() {
                    self.world.set(running.handler.into, argument);
                    self.world.moved = true;
                }
                running.root.visit(&mut self.world);
                let outcome = match &running.root.term {
                    Term::End(End::Done) => Ok(self.world.value(&running.handler.result)),
                    Term::End(End::Failed(failure)) => Err(failure.clone()),
                    Term::End(End::Cancelled) => Err(Failure::Cancelled),
                    _ => {
                        at += 1;
                        continue;
                    }
                };
                self.world.moved = true;
                let id = self.handlers.remove(at).id;
                self.world.issue(Command::CompleteUpdate { id, outcome });
                self.close_if_over();
            }
        }
    }

    /// The last command, when the main branch has ended and nothing else is waited for.
    fn close_if_over(&mut self) {
        let Term::End(end) = &self.main.term else { return };
        if self.closed || (self.program.drain_updates && !self.handlers.is_empty()) {
            return;
        }
        self.closed = true;
        let command = match (end, &self.program.continue_as) {
            (End::Failed(failure), _) => Command::FailWorkflow { failure: failure.clone() },
            (End::Cancelled, _) => Command::CancelWorkflow,
            (End::Done, None) => Command::CompleteWorkflow { output: self.world.output(&self.program.result) },
            (End::Done, Some(next)) => Command::ContinueAsNew {
                input: Box::new(Input { program: next.as_ref().clone(), variables: self.world.variables.clone() }),
            },
        };
        self.world.issue(command);
    }

    /// The commands since the last call.
    pub(super) fn take_commands(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.world.commands)
    }

    /// True if the program has given this number.
    pub(super) fn has_issued(&self, seq: u32) -> bool {
        (1..=self.world.last).contains(&seq)
    }

    /// Input: the outcome of something numbered.
    pub(super) fn tell(&mut self, seq: u32, news: News) {
        self.world.hear(seq, news);
        self.settle();
    }

    /// Input: a child has started.
    pub(super) fn child_started(&mut self, seq: u32) {
        self.world.started.insert(seq);
        self.settle();
    }

    /// Input: a signal.
    pub(super) fn signal(&mut self, name: &str, value: i64) {
        *self.world.arrived.entry(name.to_owned()).or_default() += 1;
        self.world.signals.entry(name.to_owned()).or_default().push_back(value);
        self.settle();
    }

    /// Input: the run is asked to cancel.
    pub(super) fn cancel(&mut self) {
        if self.closed {
            return;
        }
        self.main.cancel(&mut self.world);
        for running in &mut self.handlers {
            running.root.cancel(&mut self.world);
        }
        self.settle();
    }

    /// Input: an accepted update. The error says why the program cannot have accepted it.
    pub(super) fn accept(&mut self, id: &str, name: &str, argument: i64) -> Result<(), &'static str> {
        if self.closed {
            return Err("the program had ended before");
        }
        let handler = self.program.updates.get(name).ok_or("the program has no such handler")?;
        if argument < handler.at_least {
            return Err("the validator refuses its argument");
        }
        self.world.issue(Command::AcceptUpdate { id: id.to_owned() });
        self.handlers.push(Running {
            id: id.to_owned(),
            handler,
            argument: Some(argument),
            root: Root { term: block(&handler.body), cancelled: false },
        });
        self.settle();
        Ok(())
    }

    /// Input: the result of a local activity. The error says why the program cannot have recorded it.
    pub(super) fn local(&mut self, seq: u32, value: i64) -> Result<(), &'static str> {
        if self.closed {
            return Err("the program had ended before");
        }
        if !self.world.locals.remove(&seq) {
            return Err("the program does not wait for such a local activity");
        }
        self.world.issue(Command::RecordLocalActivity { seq, value });
        self.tell(seq, News::Completed(value));
        Ok(())
    }
}
