//! Calls of a store, and all courses that the model of Cassandra may have taken: each that contradicts what was seen is
//! crossed out, and if none is left, reality did what the model does not allow.

mod call;

pub(crate) use call::{Call, Seen, call};

use resurgam_cassandra::{Cassandra, Consistency, Question, ScriptedAppend, ScriptedCommit, WriteAnswer};
use resurgam_cassandra::{HeldUntil, View};

/// What may be the case. Every course is a store, with the requests that have not begun in it.
pub(crate) struct Worlds {
    courses: Vec<Cassandra>,
    now: u64,
    doubts: usize,
}

impl Worlds {
    pub(crate) fn new() -> Self {
        Self { courses: vec![Cassandra::new()], now: 1, doubts: 0 }
    }

    /// How many calls had no answer: each doubles the courses.
    pub(crate) fn doubts(&self) -> usize {
        self.doubts
    }

    /// Whether some course leads to what was seen; the others are forgotten.
    pub(crate) fn allow(&mut self, call: &Call, seen: &Seen) -> bool {
        self.now += 1;
        self.doubts += usize::from(*seen == Seen::Nothing);
        let mut after = Vec::new();
        for course in self.begun() {
            for next in follow(course, self.now, call, seen) {
                if !after.contains(&next) {
                    after.push(next);
                }
            }
        }
        self.courses = after;
        !self.courses.is_empty()
    }

    /// The courses, with any of what is held begun by now, in any order.
    fn begun(&self) -> Vec<Cassandra> {
        let mut all = self.courses.clone();
        let mut looked = 0;
        while looked < all.len() {
            let held: Vec<_> = all[looked].held().map(|(id, _)| id).collect();
            for id in held {
                let mut next = all[looked].clone();
                next.release(self.now, id, &mut never);
                if !all.contains(&next) {
                    all.push(next);
                }
            }
            looked += 1;
        }
        all
    }
}

/// On one node nothing is accepted by a minority, so there is nothing to choose.
fn never(_: Question) -> bool {
    false
}

/// What one course becomes by a call that was seen to end so.
fn follow(course: Cassandra, now: u64, call: &Call, seen: &Seen) -> Vec<Cassandra> {
    match (call, seen) {
        (Call::Read { .. } | Call::Look { .. }, Seen::Nothing) => vec![course],
        (Call::Append { rows, .. }, Seen::Nothing) => [ScriptedAppend::ReplyLost, ScriptedAppend::Held]
            .into_iter()
            .map(|scripted| {
                let mut next = course.clone();
                next.append(call::HISTORY, rows.clone(), now, scripted, &mut never);
                next
            })
            .collect(),
        (Call::Append { rows, .. }, seen) => {
            let mut next = course;
            let done = next.append(call::HISTORY, rows.clone(), now, ScriptedAppend::Answered, &mut never);
            if done.answer == WriteAnswer::Applied && *seen == Seen::Appended { vec![next] } else { Vec::new() }
        }
        (Call::Commit { .. }, Seen::Nothing) => [ScriptedCommit::ReplyLost, ScriptedCommit::Held(HeldUntil::Released)]
            .into_iter()
            .map(|scripted| {
                let mut next = course.clone();
                next.commit(now, 0, call::SHARD, call.batch(), scripted, &mut never);
                next
            })
            .collect(),
        (Call::Commit { .. }, seen) => {
            let mut next = course;
            let done = next.commit(now, 0, call::SHARD, call.batch(), ScriptedCommit::Answered, &mut never);
            let same = match (&done.answer, seen) {
                (WriteAnswer::Applied, Seen::Applied) => true,
                (WriteAnswer::NotApplied(head), Seen::NotApplied(shown)) => head == shown,
                _ => false,
            };
            if same { vec![next] } else { Vec::new() }
        }
        (Call::Read { history, range, limit, .. }, seen) => {
            let mut next = course;
            let name = if *history { call::HISTORY } else { call::SHARD };
            let View { rows, .. } = next.read(name, Consistency::Quorum, range, *limit, &mut never);
            if *seen == Seen::Rows(rows) { vec![next] } else { Vec::new() }
        }
        (Call::Look { .. }, seen) => {
            let mut next = course;
            let nothing = String::new()..String::new();
            let View { head, .. } = next.read(call::SHARD, Consistency::Quorum, &nothing, 0, &mut never);
            if *seen == Seen::Head(head) { vec![next] } else { Vec::new() }
        }
    }
}

/// A reality that does what the model does not allow is seen.
#[test]
fn what_no_course_leads_to_is_not_allowed() {
    let fence = |from: Option<u64>| Call::fence(from);
    let mut worlds = Worlds::new();
    assert!(worlds.allow(&fence(None), &Seen::Applied));
    assert!(!Worlds::new().allow(&fence(Some(1)), &Seen::Applied), "there is no range to fence");
    assert!(worlds.allow(&fence(Some(1)), &Seen::Nothing), "it may be applied, or not yet");
    let (one, two) = (Call::head(1, "fence 1"), Call::head(2, "fence 2"));
    let look = Call::Look { hasty: false };
    assert!(worlds.allow(&look, &Seen::Head(Some(one.clone()))), "not yet");
    assert!(worlds.allow(&look, &Seen::Head(Some(two))), "but now");
    assert!(!worlds.allow(&look, &Seen::Head(Some(one))), "and it does not go away again");
}
