//! A branch: the program that remains, as a stack of blocks, and what it waits for.
//!
//! No statement is executed twice, so a branch consumes its blocks; what is left of them is the whole state, and a
//! snapshot is that remainder. Blocks are kept in reverse, the next statement last.

use super::wait::{Aim, End, News, Wait};
use super::world::World;
use resurgam_formats::command::Command;
use resurgam_formats::program::{Block, Failure, Statement, Until};
use serde::{Deserialize, Serialize};

/// One of the threads of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Branch {
    /// Innermost last, never empty while the branch lives.
    frames: Vec<Frame>,
    now: Now,
}

/// What a branch does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Now {
    /// It can take its next statement.
    Free,
    Waits(Wait),
    Split(Split),
}

/// A `Parallel` that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Split {
    until: Until,
    decided: Option<End>,
    /// Those that have not ended, left to right.
    children: Vec<Branch>,
}

/// A block that is being executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Frame {
    rest: Block,
    cancelled: bool,
    role: Role,
}

/// What a block is to the statement it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    /// The whole of a branch.
    Root,
    Scope {
        timer: Option<u32>,
        expired: bool,
    },
    Try {
        catch: Option<Block>,
        finally: Block,
    },
    Catch {
        finally: Block,
    },
    /// Shielded; the end of what came before it.
    Finally {
        before: End,
    },
}

/// What follows a block that ended.
enum Next {
    Block(Block, Role),
    Ended(End),
}

fn finally(block: Block, before: End) -> Next {
    if block.is_empty() { Next::Ended(before) } else { Next::Block(block, Role::Finally { before }) }
}

impl Role {
    fn after(self, end: End, world: &mut World) -> Next {
        match self {
            Self::Root => Next::Ended(end),
            Self::Scope { timer, expired } => {
                if let Some(seq) = timer {
                    world.issue(Command::CancelTimer { seq });
                }
                Next::Ended(if expired { End::Done } else { end })
            }
            Self::Try { catch: Some(catch), finally } if matches!(end, End::Failed(_)) => {
                Next::Block(catch, Self::Catch { finally })
            }
            Self::Try { finally: block, .. } | Self::Catch { finally: block } => finally(block, end),
            Self::Finally { before } => Next::Ended(if end == End::Done { before } else { end }),
        }
    }
}

impl Branch {
    pub(super) fn new(body: Block, cancelled: bool) -> Self {
        let mut branch = Self { frames: vec![], now: Now::Free };
        branch.enter(body, cancelled, Role::Root);
        branch
    }

    fn enter(&mut self, mut block: Block, cancelled: bool, role: Role) {
        block.reverse();
        self.frames.push(Frame { rest: block, cancelled, role });
    }

    /// True if a blocking statement that begins now is cancelled at once.
    fn cancelled(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.cancelled)
    }

    /// Visits the branch: it moves until it blocks or ends. Says whether anything moved, and how it ended if it did.
    pub(super) fn visit(&mut self, world: &mut World) -> (bool, Option<End>) {
        let mut moved = false;
        loop {
            let end = match &mut self.now {
                Now::Free => None,
                Now::Waits(wait) => match wait.visit(world) {
                    None => return (moved, None),
                    end => end,
                },
                Now::Split(split) => {
                    moved |= split.visit(world);
                    match split.end() {
                        None => return (moved, None),
                        end => end,
                    }
                }
            };
            self.now = Now::Free;
            moved = true;
            let ended = match end {
                None | Some(End::Done) => self.step(world),
                Some(end) => self.leave(end, world),
            };
            if ended.is_some() {
                return (true, ended);
            }
        }
    }

    /// Takes the next statement, or leaves the block; the end of the branch if that was it.
    fn step(&mut self, world: &mut World) -> Option<End> {
        let Some(statement) = self.frames.last_mut().and_then(|frame| frame.rest.pop()) else {
            return self.leave(End::Done, world);
        };
        let cancelled = self.cancelled();
        match statement {
            Statement::Set { into, value } => {
                let value = world.value(&value);
                world.set(into, value);
            }
            Statement::Fail { kind, non_retryable } => {
                return self.leave(End::Failed(Failure::Application { kind, non_retryable }), world);
            }
            Statement::Parallel { until, branches } => {
                let children = branches.into_iter().map(|block| Self::new(block, cancelled)).collect();
                self.now = Now::Split(Split { until, decided: None, children });
            }
            Statement::Scope { cancel_after_ms, body } => {
                let timer = cancel_after_ms.filter(|_| !cancelled).map(|ms| world.start_timer(ms));
                self.enter(body, cancelled, Role::Scope { timer, expired: false });
            }
            Statement::Try { body, catch, finally } => self.enter(body, cancelled, Role::Try { catch, finally }),
            _ if cancelled => return self.leave(End::Cancelled, world),
            Statement::Activity(call) => self.now = Now::Waits(Wait::activity(call, world)),
            Statement::LocalActivity { value, into } => self.now = Now::Waits(Wait::local(value, into, world)),
            Statement::Timer { ms } => self.now = Now::Waits(Wait::timer(ms, world)),
            Statement::AwaitSignal { name, into, timeout_ms } => {
                self.now = Now::Waits(Wait::until(Aim::Signal { name }, into, timeout_ms, world));
            }
            Statement::Condition { var, at_least, timeout_ms, into } => {
                self.now = Now::Waits(Wait::until(Aim::Variable { var, at_least }, into, timeout_ms, world));
            }
            Statement::Child(call) => self.now = Now::Waits(Wait::child(call, world)),
        }
        None
    }

    /// Ends the innermost block and every block that ends with it; the end of the branch if that was all.
    fn leave(&mut self, mut end: End, world: &mut World) -> Option<End> {
        while let Some(frame) = self.frames.pop() {
            match frame.role.after(end, world) {
                Next::Block(block, role) => {
                    let cancelled = self.cancelled() && !matches!(role, Role::Finally { .. });
                    self.enter(block, cancelled, role);
                    return None;
                }
                Next::Ended(End::Done) if !self.frames.is_empty() => return None,
                Next::Ended(outcome) => end = outcome,
            }
        }
        Some(end)
    }

    /// Cancels the branch from outside.
    pub(super) fn cancel(&mut self, world: &mut World) {
        self.cancel_from(0, world);
    }

    /// Cancels the blocks from the `first` (counted from the outermost) inwards, up to one that is shielded.
    fn cancel_from(&mut self, first: usize, world: &mut World) {
        for frame in self.frames.iter_mut().skip(first) {
            match &mut frame.role {
                Role::Finally { .. } => return,
                Role::Scope { timer, .. } => {
                    if let Some(seq) = timer.take() {
                        world.issue(Command::CancelTimer { seq });
                    }
                }
                _ => {}
            }
            frame.cancelled = true;
        }
        match &mut self.now {
            Now::Free => {}
            Now::Waits(wait) => wait.cancel(world),
            Now::Split(split) => split.children.iter_mut().for_each(|child| child.cancel(world)),
        }
    }

    /// Brings news about a number to the statement that waits for it; false if none does.
    pub(super) fn deliver(&mut self, about: u32, news: &News, world: &mut World) -> bool {
        if *news == News::Fired {
            for index in 0..self.frames.len() {
                if let Role::Scope { timer, expired } = &mut self.frames[index].role
                    && *timer == Some(about)
                {
                    (*timer, *expired) = (None, true);
                    self.cancel_from(index, world);
                    return true;
                }
            }
        }
        match &mut self.now {
            Now::Free => false,
            Now::Waits(wait) => wait.deliver(about, news, world),
            Now::Split(split) => split.children.iter_mut().any(|child| child.deliver(about, news, world)),
        }
    }

    /// Adds the local activities that wait: number and base.
    pub(super) fn locals(&self, found: &mut Vec<(u32, i64)>) {
        match &self.now {
            Now::Waits(Wait::Local { seq, value, .. }) => found.push((*seq, *value)),
            Now::Split(split) => split.children.iter().for_each(|child| child.locals(found)),
            _ => {}
        }
    }
}

impl Split {
    fn end(&self) -> Option<End> {
        self.children.is_empty().then(|| self.decided.clone().unwrap_or(End::Done))
    }

    fn visit(&mut self, world: &mut World) -> bool {
        let mut moved = false;
        let mut index = 0;
        while let Some(child) = self.children.get_mut(index) {
            let (child_moved, end) = child.visit(world);
            moved |= child_moved;
            let Some(end) = end else {
                index += 1;
                continue;
            };
            self.children.remove(index);
            if self.decided.is_none() && (self.until == Until::First || end != End::Done) {
                self.decided = Some(end);
                self.children.iter_mut().for_each(|child| child.cancel(world));
            }
        }
        moved
    }
}
