//! Drives the fake server by a list of choices: the same list, the same history. Shorter lists and smaller choices give shorter
//! and calmer histories, so that a list shrinks well.

use super::{FakeServer, Happening, Refused, Stage};
use resurgam_formats::program::{Failure, Input};

/// One step that the driver may take.
#[derive(Clone, Debug)]
enum Move {
    Begin,
    Finish,
    Fail(bool),
    Update(&'static str),
    Happen(Happening),
}

/// A history of a program: each choice takes one of the steps that are possible at that point.
///
/// # Errors
/// [`Refused`] if the program commanded something that a server would refuse, or cannot read its own history.
pub fn history(workflow_id: &str, input: &Input, choices: &[u16]) -> Result<FakeServer, Refused> {
    let mut server = FakeServer::new(workflow_id, input)?;
    let mut updates = 0;
    for choice in choices.iter().copied().map(usize::from) {
        let moves = server.moves();
        if moves.is_empty() {
            break;
        }
        let weight: usize = moves.iter().map(|(weight, _)| weight).sum();
        let value = (choice / weight % 7) as i64;
        match pick(moves, choice % weight) {
            Move::Begin => server.begin()?,
            Move::Finish => server.finish(value)?,
            Move::Fail(timed_out) => server.fail(timed_out)?,
            Move::Update(name) => {
                updates += 1;
                server.update(&format!("update-{updates}"), name, value - 1)?;
            }
            Move::Happen(Happening::Completed(seq, _)) => server.happens(Happening::Completed(seq, value))?,
            Move::Happen(Happening::Signal(name, _)) => server.happens(Happening::Signal(name, value))?,
            Move::Happen(what) => server.happens(what)?,
        }
    }
    Ok(server)
}

/// The move at this place when each takes as many places as it weighs.
fn pick(moves: Vec<(usize, Move)>, mut place: usize) -> Move {
    for (weight, chosen) in moves {
        match place.checked_sub(weight) {
            None => return chosen,
            Some(rest) => place = rest,
        }
    }
    Move::Happen(Happening::Signal("a".into(), 0))
}

impl FakeServer {
    /// What is possible now with its weight; that which leads on comes first and weighs most.
    fn moves(&self) -> Vec<(usize, Move)> {
        if self.closed {
            return vec![];
        }
        let mut moves = match self.stage {
            Stage::None => vec![],
            Stage::Scheduled(_) => vec![(12, Move::Begin)],
            Stage::Started(..) => vec![(16, Move::Finish), (2, Move::Fail(false)), (2, Move::Fail(true))],
        };
        let mut may = |weight, what| moves.push((weight, Move::Happen(what)));
        for seq in self.pending.timers.keys() {
            may(5, Happening::Fired(*seq));
        }
        let application = |kind: &str| Failure::Application { kind: kind.into(), non_retryable: false };
        for (seq, activity) in &self.pending.activities {
            if activity.started {
                may(8, Happening::Completed(*seq, 0));
                may(1, Happening::Failed(*seq, application("k")));
                may(1, Happening::Failed(*seq, Failure::Timeout("START_TO_CLOSE".into())));
                if !activity.asked.is_none() {
                    may(8, Happening::Cancelled(*seq));
                }
            } else {
                may(8, Happening::Started(*seq));
                may(1, Happening::Failed(*seq, Failure::Timeout("SCHEDULE_TO_START".into())));
            }
        }
        for (seq, child) in &self.pending.children {
            if child.started {
                may(8, Happening::Completed(*seq, 0));
                may(1, Happening::Failed(*seq, application("c")));
                may(1, Happening::Failed(*seq, Failure::Timeout("RUN".into())));
                may(1, Happening::Failed(*seq, Failure::Terminated));
                may(1, Happening::Cancelled(*seq));
            } else {
                may(8, Happening::Started(*seq));
                may(1, Happening::Failed(*seq, Failure::StartFailed));
            }
        }
        if !self.pending.cancels.is_empty() {
            may(4, Happening::CancelDelivered);
        }
        may(2, Happening::Signal("a".into(), 0));
        may(2, Happening::Signal("b".into(), 0));
        if !self.cancelled {
            may(1, Happening::Cancel);
        }
        moves.extend([(2, Move::Update("u")), (1, Move::Update("v"))]);
        moves
    }
}
