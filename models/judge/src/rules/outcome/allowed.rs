//! What a program can come to: an abstract execution that over-approximates values and ends.
//!
//! It knows the program and what clients asked for, never the history. Branches that run side by side are handled by
//! *interference*: all that the others may store can be there at any moment. What it says is impossible is impossible.

use super::values::Values;
use resurgam_formats::program::{
    ActEnd, ActivityCall, Block, ChildCall, ChildWait, Expr, Program, Statement, TIMED_OUT, Until,
};
use std::collections::BTreeMap;

/// What clients may have asked of a run. `None` where the evidence does not say: anything then.
#[derive(Clone, Debug, Default)]
pub(super) struct AskedOfWorkflow {
    /// Values of signals by name.
    pub(super) signals: Option<BTreeMap<String, Vec<i64>>>,
    /// Arguments of updates by name.
    pub(super) updates: Option<BTreeMap<String, Vec<i64>>>,
    /// The run may be asked to cancel.
    pub(super) cancel: bool,
}

/// Values of all variables.
type Vars = Vec<Values>;

/// How a block can end, each with the variables then; `None`: it cannot end so.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ends {
    pub(super) done: Option<Vars>,
    pub(super) failed: Option<Vars>,
    pub(super) cancelled: Option<Vars>,
}

/// Abstract statements executed before giving up: hostile programs nest scopes.
const FUEL: u32 = 200_000;
/// After so many rounds of interference every value is taken to be possible.
const ROUNDS: usize = 12;

struct Execution<'a> {
    asked: &'a AskedOfWorkflow,
    fuel: u32,
    /// All that anyone stored since this was last emptied.
    stored: Vars,
}

/// How the program can end, from these variables; `None` if that is too much to compute.
pub(super) fn ends(program: &Program, variables: &[Values], asked: &AskedOfWorkflow) -> Option<Ends> {
    let mut execution = Execution { asked, fuel: FUEL, stored: vec![] };
    execution.program(program, variables.to_vec(), asked.cancel)
}

/// Values of an expression.
pub(super) fn value(expr: &Expr, vars: &[Values]) -> Values {
    match expr {
        Expr::Const(value) => Values::one(*value),
        Expr::Var(var) => vars[usize::from(*var) % vars.len()].clone(),
        Expr::Sum(parts) => parts.iter().fold(Values::one(0), |sum, part| sum.plus(&value(part, vars))),
    }
}

fn join(a: &[Values], b: &[Values]) -> Vars {
    a.iter().zip(b).map(|(a, b)| a.or(b)).collect()
}

fn merge(a: Option<Vars>, b: Option<Vars>) -> Option<Vars> {
    match (a, b) {
        (Some(a), Some(b)) => Some(join(&a, &b)),
        (a, b) => a.or(b),
    }
}

impl Ends {
    fn or(self, other: Self) -> Self {
        Self {
            done: merge(self.done, other.done),
            failed: merge(self.failed, other.failed),
            cancelled: merge(self.cancelled, other.cancelled),
        }
    }
    fn any(self) -> Option<Vars> {
        merge(merge(self.done, self.failed), self.cancelled)
    }
    fn with(self, others: &[Values]) -> Self {
        let add = |vars: Option<Vars>| vars.map(|vars| join(&vars, others));
        Self { done: add(self.done), failed: add(self.failed), cancelled: add(self.cancelled) }
    }
}

impl Execution<'_> {
    fn program(&mut self, program: &Program, mut vars: Vars, cancel: bool) -> Option<Ends> {
        vars.resize(usize::from(program.variables.max(1)), Values::one(0));
        let outer = std::mem::replace(&mut self.stored, vec![Values::none(); vars.len()]);
        let ends = self.with_handlers(program, &vars, cancel);
        self.stored = outer;
        ends
    }

    fn with_handlers(&mut self, program: &Program, vars: &Vars, cancel: bool) -> Option<Ends> {
        let handlers: Vec<_> = program
            .updates
            .iter()
            .map(|(name, handler)| {
                let arguments = match &self.asked.updates {
                    None => Values::Any,
                    Some(known) => {
                        let given = known.get(name).into_iter().flatten().copied();
                        Values::of(given.filter(|argument| *argument >= handler.at_least))
                    }
                };
                (handler, arguments)
            })
            .filter(|(_, arguments)| !arguments.is_none())
            .collect();
        if handlers.is_empty() {
            let quiet = vec![Values::none(); vars.len()];
            return self.block(&program.body, vars.clone(), &quiet, cancel);
        }
        let mut others = vec![Values::none(); vars.len()];
        for round in 0..=ROUNDS {
            self.stored = vec![Values::none(); vars.len()];
            let main = self.block(&program.body, vars.clone(), &others, cancel)?;
            for (handler, arguments) in &handlers {
                // A handler begins at any moment, so with whatever anyone stored.
                let mut begin = join(vars, &others);
                self.set(handler.into, arguments, &mut begin);
                self.block(&handler.body, begin, &others, cancel)?;
            }
            let all = join(&others, &self.stored);
            if all == others {
                return Some(main.with(&others));
            }
            others = if round + 1 >= ROUNDS { vec![Values::Any; vars.len()] } else { all };
        }
        None
    }

    fn set(&mut self, var: u8, values: &Values, vars: &mut Vars) {
        let index = usize::from(var) % vars.len();
        self.stored[index] = self.stored[index].or(values);
        vars[index] = values.clone();
    }

    fn block(&mut self, block: &Block, vars: Vars, others: &Vars, cancel: bool) -> Option<Ends> {
        let mut ends = Ends { done: Some(vars), ..Ends::default() };
        for statement in block {
            let Some(vars) = ends.done.take() else { break };
            ends = ends.or(self.statement(statement, vars, others, cancel)?);
        }
        Some(ends)
    }

    /// `others`: what branches beside this one may store meanwhile. `cancel`: this may be cancelled from outside.
    fn statement(&mut self, statement: &Statement, vars: Vars, others: &Vars, cancel: bool) -> Option<Ends> {
        self.fuel = self.fuel.checked_sub(1)?;
        // It blocks, so it can be cancelled; otherwise it stores a value or fails.
        let blocks = |this: &mut Self, into: Option<u8>, values: &Values, fails: bool, cancelled: bool| {
            let mut after = vars.clone();
            if let Some(into) = into {
                this.set(into, values, &mut after);
            }
            Some(Ends {
                done: (!values.is_none()).then_some(after),
                failed: fails.then(|| vars.clone()),
                cancelled: (cancelled || cancel).then(|| vars.clone()),
            })
        };
        let timed = |values: Values, timeout: Option<u32>| match timeout {
            Some(_) => values.or(&Values::one(TIMED_OUT)),
            None => values,
        };
        match statement {
            Statement::Set { into, value: expr } => {
                let values = value(expr, &join(&vars, others));
                let mut vars = vars;
                self.set(*into, &values, &mut vars);
                Some(Ends { done: Some(vars), ..Ends::default() })
            }
            Statement::Fail { .. } => Some(Ends { failed: Some(vars), ..Ends::default() }),
            Statement::Activity(call) => blocks(self, Some(call.into), &returned(call), true, false),
            Statement::LocalActivity { into, .. } => blocks(self, Some(*into), &Values::Any, false, false),
            Statement::Timer { .. } => blocks(self, None, &Values::Any, false, false),
            Statement::AwaitSignal { name, into, timeout_ms } => {
                let values = match &self.asked.signals {
                    None => Values::Any,
                    Some(known) => Values::of(known.get(name).into_iter().flatten().copied()),
                };
                blocks(self, Some(*into), &timed(values, *timeout_ms), false, false)
            }
            Statement::Condition { into, timeout_ms, .. } => {
                blocks(self, Some(*into), &timed(Values::one(1), *timeout_ms), false, false)
            }
            Statement::Child(call) if call.wait == ChildWait::Started => blocks(self, None, &Values::Any, true, true),
            Statement::Child(call) => {
                let values = self.child(call)?;
                blocks(self, Some(call.into), &values, true, true)
            }
            Statement::Parallel { until, branches } => self.parallel(*until, branches, &vars, others, cancel),
            Statement::Scope { cancel_after_ms: None, body } => self.block(body, vars, others, cancel),
            Statement::Scope { cancel_after_ms: Some(_), body } => {
                let plain = self.block(body, vars.clone(), others, cancel)?;
                let expired = if cancel { plain.clone() } else { self.block(body, vars, others, true)? }.any();
                Some(Ends { done: merge(plain.done.clone(), expired), ..plain })
            }
            Statement::Try { body, catch, finally } => {
                let mut before = self.block(body, vars, others, cancel)?;
                if let Some(catch) = catch
                    && let Some(vars) = before.failed.take()
                {
                    before = before.or(self.block(catch, vars, others, cancel)?);
                }
                let mut ends = Ends::default();
                for (at, vars) in [before.done, before.failed, before.cancelled].into_iter().enumerate() {
                    let Some(vars) = vars else { continue };
                    let mut after = self.block(finally, vars, others, false)?;
                    let kept = after.done.take();
                    ends = ends.or(after).or(match at {
                        0 => Ends { done: kept, ..Ends::default() },
                        1 => Ends { failed: kept, ..Ends::default() },
                        _ => Ends { cancelled: kept, ..Ends::default() },
                    });
                }
                Some(ends)
            }
        }
    }

    fn parallel(&mut self, until: Until, branches: &[Block], vars: &Vars, others: &Vars, cancel: bool) -> Option<Ends> {
        let outer = std::mem::replace(&mut self.stored, vec![Values::none(); vars.len()]);
        let mut around = others.clone();
        let mut stable = None;
        for round in 0..=ROUNDS {
            let mut each = Vec::with_capacity(branches.len());
            for branch in branches {
                // Its own ends, and its ends if it is cancelled because another branch has ended.
                each.push(self.block(branch, vars.clone(), &around, cancel)?);
                if !cancel {
                    self.block(branch, vars.clone(), &around, true)?;
                }
            }
            let all = join(&around, &self.stored);
            if all == around {
                stable = Some(each);
                break;
            }
            around = if round + 1 >= ROUNDS { vec![Values::Any; vars.len()] } else { all };
        }
        let each = stable?;
        // Any mixture of what was there and what the branches stored.
        let after = join(vars, &self.stored);
        self.stored = join(&outer, &self.stored);
        let (mut all_done, mut one_done, mut failed, mut cancelled) = (true, branches.is_empty(), false, false);
        for ends in &each {
            all_done &= ends.done.is_some();
            one_done |= ends.done.is_some();
            failed |= ends.failed.is_some();
            cancelled |= ends.cancelled.is_some();
        }
        let done = if until == Until::All { all_done } else { one_done };
        let when = |possible: bool| possible.then(|| after.clone());
        Some(Ends { done: when(done), failed: when(failed), cancelled: when(cancelled) })
    }

    /// Results of a child: of the last run of its chain. Clients know nothing of children, so none gets signals or
    /// updates unless the evidence does not say who got any.
    fn child(&mut self, call: &ChildCall) -> Option<Values> {
        let nobody = |known: &Option<BTreeMap<String, Vec<i64>>>| known.as_ref().map(|_| BTreeMap::new());
        let asked = AskedOfWorkflow {
            signals: nobody(&self.asked.signals),
            updates: nobody(&self.asked.updates),
            cancel: true,
        };
        let mut inner = Execution { asked: &asked, fuel: self.fuel, stored: vec![] };
        let mut program = &call.program;
        let mut vars = vec![];
        let values = loop {
            match (inner.program(program, vars, true)?.done, &program.continue_as) {
                (Some(last), Some(next)) => (program, vars) = (next, last),
                (Some(last), None) => break value(&program.result, &last),
                (None, _) => break Values::none(),
            }
        };
        self.fuel = inner.fuel;
        Some(values)
    }
}

/// What an activity can return.
fn returned(call: &ActivityCall) -> Values {
    let most = match call.retry.maximum_attempts {
        0 => usize::MAX,
        most => usize::try_from(most).unwrap_or(usize::MAX),
    };
    Values::of(call.script.attempts.iter().take(most).filter_map(|act| match &act.end {
        ActEnd::Return(value) | ActEnd::CompleteById(value) => Some(*value),
        ActEnd::Fail { .. } | ActEnd::Hang => None,
    }))
}
