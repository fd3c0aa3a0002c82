//! A schedule at work: it meets the times that have passed, lets go what may go, and says when it has to look again.

use crate::buffer::{self, Decided};
use crate::stored::{Schedule, Start, Starting};
use crate::{BUFFER, STEP, millis, moment};
use resurgam_api::temporal::enums::v1::ScheduleOverlapPolicy as Overlap;
use resurgam_api::temporal::schedule::v1::schedule_action::Action;
use resurgam_api::temporal::schedule::v1::{Schedule as Definition, SchedulePolicies, ScheduleState};
use resurgam_calendar::Compiled;
use resurgam_calendar::Millis;

const SECOND: Millis = 1_000;
const DAY: Millis = 24 * 3600 * SECOND;
/// How late a time may be met, unless it is said: so long, and this at least.
const CATCHUP: Millis = 365 * DAY;
const LEAST_CATCHUP: Millis = 10 * SECOND;
/// A schedule that has nothing more to do is kept for so long.
const RETENTION: Millis = 7 * DAY;
/// Starts that one step takes of backfills.
const BACKFILLED: usize = 10;

/// What is to be done for a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Start the workflow of this number.
    Start(i64),
    /// Ask the workflow of this number to cancel.
    Cancel(i64),
    /// Terminate the workflow of this number.
    Terminate(i64),
    /// The schedule is over.
    Complete,
}

/// Its specification, ready to be asked.
pub struct Clock {
    /// `None`: it cannot be understood any more.
    compiled: Option<Compiled>,
    seed: String,
}

impl Clock {
    /// Of a schedule with this id, in this namespace.
    pub fn new(definition: &Definition, namespace_id: &str, schedule_id: &str) -> Self {
        let compiled = Compiled::new(&definition.spec.clone().unwrap_or_default()).ok();
        Self { compiled, seed: format!("{namespace_id}-{schedule_id}") }
    }

    /// The nominal and the actual one of the first times after this one.
    pub(super) fn next(&self, after: Millis) -> Option<(Millis, Millis)> {
        let next = self.compiled.as_ref()?.next(&self.seed, after)?;
        Some((next.nominal, next.actual))
    }

    /// By how much a time is delayed at most.
    pub(super) fn jitter(&self) -> Millis {
        self.compiled.as_ref().map_or(0, Compiled::jitter)
    }

    /// It can be understood.
    pub(super) fn goes(&self) -> bool {
        self.compiled.is_some()
    }
}

/// A schedule that something happens to.
pub struct Machine<'a> {
    /// What is stored of it.
    pub stored: &'a mut Schedule,
    /// The definition that is in force.
    pub definition: &'a Definition,
    /// That of the definition.
    pub clock: &'a Clock,
    /// What time it is, in milliseconds since 1970.
    pub now: Millis,
}

/// A schedule that begins, and its definition as it is kept.
pub fn begin(mut definition: Definition, now: Millis) -> (Schedule, Definition) {
    let state = settled(&mut definition);
    let stored = Schedule { definition: 1, state, token: 1, met: now, created: now, ..Schedule::default() };
    (stored, definition)
}

/// Says in a definition what is left to defaults, and takes its state out of it.
pub(super) fn settled(definition: &mut Definition) -> ScheduleState {
    definition.spec.get_or_insert_default();
    definition.action.get_or_insert_default();
    let policies = definition.policies.get_or_insert_default();
    policies.overlap_policy = overlap(policies).into();
    let window = policies.catchup_window.as_ref().map_or(CATCHUP, |window| millis(Some(window)));
    if policies.catchup_window.is_none() || window < LEAST_CATCHUP {
        let seconds = window.max(LEAST_CATCHUP) / SECOND;
        policies.catchup_window = Some(prost_wkt_types::Duration { seconds, nanos: 0 });
    }
    definition.state.take().unwrap_or_default()
}

fn overlap(policies: &SchedulePolicies) -> Overlap {
    match policies.overlap_policy() {
        Overlap::Unspecified => Overlap::Skip,
        policy => policy,
    }
}

impl Machine<'_> {
    /// Meets all times up to now, as many as one step may.
    pub fn catch_up(&mut self) {
        let now = self.now.max(self.stored.met);
        if !self.may_act() || !self.clock.goes() {
            // What passes while it is paused is not met later.
            self.stored.met = now;
            return;
        }
        let window = self.definition.policies.as_ref().map_or(CATCHUP, |it| millis(it.catchup_window.as_ref()));
        for _ in 0..STEP {
            let Some((nominal, actual)) = self.clock.next(self.stored.met).filter(|(_, at)| *at <= now) else { return };
            self.stored.met = actual;
            if actual < self.stored.updated {
                continue;
            }
            if now - actual > window {
                self.stored.missed += 1;
            } else {
                self.add(nominal, actual, Overlap::Unspecified, false);
            }
        }
    }

    /// Lets go what may go, and says when to look again. What is to be done comes in its order.
    pub fn settle(&mut self) -> Vec<Order> {
        self.backfill();
        let orders = self.release();
        let next = self.upcoming().next();
        self.stored.wakes = self.wake(next).unwrap_or_default();
        let ends = self.ends(next).is_some_and(|at| at <= self.now);
        if ends { vec![Order::Complete] } else { orders }
    }

    /// When it will act, without an end.
    pub(super) fn upcoming(&self) -> impl Iterator<Item = Millis> {
        let mut at = self.stored.met;
        let updated = self.stored.updated;
        let times = std::iter::from_fn(move || {
            (_, at) = self.clock.next(at)?;
            Some(at)
        });
        times.skip_while(move |at| *at < updated)
    }

    /// The overlap policy of starts that have none.
    fn policy(&self) -> Overlap {
        self.definition.policies.as_ref().map_or(Overlap::Skip, overlap)
    }

    /// It may do what its specification says, as far as it knows now.
    pub(super) fn may_act(&self) -> bool {
        let state = &self.stored.state;
        !state.paused && (!state.limited_actions || state.remaining_actions > 0)
    }

    /// A time is met: it waits for its turn.
    pub(super) fn add(&mut self, nominal: Millis, actual: Millis, overlap: Overlap, manual: bool) {
        let stored = &mut *self.stored;
        if stored.buffered.len() + stored.starting.len() >= BUFFER {
            stored.dropped += 1;
            return;
        }
        stored.numbered += 1;
        let overlap = overlap.into();
        stored.buffered.push(Start { number: stored.numbered, nominal, actual, overlap, manual });
    }

    /// Counts an action, if there may be one.
    fn take(&mut self, manual: bool) -> bool {
        let may = manual || self.may_act();
        let state = &mut self.stored.state;
        if may && !manual && state.limited_actions {
            state.remaining_actions -= 1;
            self.stored.token += 1;
        }
        may
    }

    /// Meets some of the times that are to be met once more.
    fn backfill(&mut self) {
        let mut room = BACKFILLED;
        while room > 0 && self.stored.buffered.len() < BUFFER / 2 {
            let Some(mut first) = self.stored.backfills.first().cloned() else { return };
            let next = self.clock.next(first.after).filter(|(_, actual)| *actual <= first.until);
            let Some((nominal, actual)) = next else {
                self.stored.backfills.remove(0);
                continue;
            };
            self.add(nominal, actual, first.overlap(), true);
            first.after = actual;
            self.stored.backfills[0] = first;
            room -= 1;
        }
    }

    /// Decides about the buffer until nothing more can be decided.
    fn release(&mut self) -> Vec<Order> {
        let mut orders = Vec::new();
        let Some(Action::StartWorkflow(_)) = self.definition.action.as_ref().and_then(|it| it.action.as_ref()) else {
            self.stored.buffered.clear();
            return orders;
        };
        let default = self.policy();
        loop {
            let starting = self.stored.starting.iter().any(|it| it.exclusive);
            let busy = starting || !self.stored.running.is_empty();
            let decided = buffer::decide(std::mem::take(&mut self.stored.buffered), busy, default);
            let Decided { overlapping, alone, rest, skipped, cancel, terminate } = decided;
            self.stored.buffered = rest;
            self.stored.skipped += skipped;
            let mut again = false;
            let shared = overlapping.into_iter().map(|start| (start, false));
            for (start, exclusive) in shared.chain(alone.map(|start| (start, true))) {
                if self.take(start.manual) {
                    orders.push(Order::Start(start.number));
                    let definition = self.stored.definition;
                    self.stored.starting.push(Starting { start, definition, exclusive });
                } else {
                    again = true;
                }
            }
            for running in &mut self.stored.running {
                if terminate && !running.terminated {
                    running.terminated = true;
                    orders.push(Order::Terminate(running.number));
                } else if cancel && !terminate && !running.canceled {
                    running.canceled = true;
                    orders.push(Order::Cancel(running.number));
                }
            }
            if !again || self.stored.buffered.is_empty() {
                return orders;
            }
        }
    }

    /// When to look again, if `next` is the next time of the specification.
    fn wake(&self, next: Option<Millis>) -> Option<Millis> {
        if !self.stored.backfills.is_empty() && (self.fills_at_once() || !self.waits_for_others()) {
            return Some(self.now + SECOND);
        }
        self.ends(next).or_else(|| next.filter(|_| self.may_act()))
    }

    /// When it is over, if it has nothing more to do.
    fn ends(&self, next: Option<Millis>) -> Option<Millis> {
        let works = next.is_some() && self.may_act();
        let busy = self.waits_for_others() || !self.stored.buffered.is_empty() || !self.stored.backfills.is_empty();
        if self.stored.state.paused || works || busy {
            return None;
        }
        let acted = self.stored.recent.iter().map(|it| moment(it.action.actual_time.as_ref())).max();
        Some(acted.unwrap_or(0).max(self.stored.created).max(self.stored.updated) + RETENTION)
    }

    /// Something of it starts or runs that will tell.
    fn waits_for_others(&self) -> bool {
        !self.stored.starting.is_empty() || !self.stored.running.is_empty()
    }

    /// The next backfill does not wait for anything.
    fn fills_at_once(&self) -> bool {
        let policy = self.stored.backfills.first().map(|it| it.overlap());
        policy.is_some_and(|policy| {
            policy == Overlap::AllowAll || policy == Overlap::Unspecified && self.policy() == Overlap::AllowAll
        })
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
