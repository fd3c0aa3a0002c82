//! Who asks for what on the head rows of the simulated store, and what each is told: the book behind
//! [`Tenures`]. It is kept at the door of each node and closed at the end of a case against what took effect.
//!
//! Senders are starts of nodes, not nodes: a node that was killed knows nothing of what it owned. It decides nothing.

use resurgam_cassandra::Head as Row;
use resurgam_formats::tenure::{Fence, Partition as Account, Stint, TenureStep, Tenures, Told};
use resurgam_formats::time::At;
use resurgam_node::store::{Answer, Change, Commit, Condition, Head, Key};
use std::collections::BTreeMap;
use std::time::Duration;

/// See the module.
#[derive(Default)]
pub(super) struct Ledger {
    /// By partition. Times count from the start of the simulation until the book is closed.
    accounts: BTreeMap<String, Account>,
    /// Senders of fences by the owner that they name, with the place of the fence in its account.
    owners: BTreeMap<String, (String, usize)>,
    /// Senders of batches by their ids.
    batches: BTreeMap<u128, String>,
}

/// A commit on its way.
pub(super) struct Ticket {
    place: Place,
    from: At,
}

enum Place {
    Fence(usize, String),
    Stint(usize),
}

impl Ledger {
    /// A commit leaves its sender; `idle` are those of its rows that it does not change.
    pub(super) fn sent(&mut self, now: Duration, by: &str, partition: &str, commit: &Commit, idle: Vec<Key>) -> Ticket {
        let from = nanos(now);
        let account = self.accounts.entry(partition.to_owned()).or_default();
        let range = match commit.condition {
            Condition::Absent => Some(0),
            Condition::Equal { range, .. } => range,
        };
        let place = match &commit.change {
            Change::Fence { owner, range: new } => {
                let over = range.unwrap_or(new.saturating_sub(1));
                let fence =
                    Fence { by: by.to_owned(), over, from, until: None, told: Told::Unknown, seen: None, shown: None };
                account.fences.push(fence);
                self.owners.insert(owner.clone(), (by.to_owned(), account.fences.len() - 1));
                Place::Fence(account.fences.len() - 1, owner.clone())
            }
            Change::Batch { batch, .. } => {
                self.batches.insert(batch.as_u128(), by.to_owned());
                let same = account.stints.iter().rposition(|stint| stint.by == by && stint.range == range);
                let index = same.unwrap_or_else(|| {
                    account.stints.push(Stint { by: by.to_owned(), range, from, ..Stint::default() });
                    account.stints.len() - 1
                });
                let stint = &mut account.stints[index];
                stint.batches += 1;
                stint.after_doubt += u32::from(stint.doubt.is_some());
                stint.idle_rows += u32::try_from(idle.len()).unwrap_or(u32::MAX);
                if stint.idle_row.is_empty() {
                    stint.idle_row = idle.into_iter().next().unwrap_or_default();
                }
                Place::Stint(index)
            }
        };
        Ticket { place, from }
    }

    /// Its answer arrives.
    pub(super) fn answered(&mut self, now: Duration, partition: &str, ticket: &Ticket, answer: &Answer) {
        let at = nanos(now);
        let Some(account) = self.accounts.get_mut(partition) else { return };
        match &ticket.place {
            Place::Fence(index, owner) => {
                let Some(fence) = account.fences.get_mut(*index) else { return };
                fence.until = Some(at);
                fence.told = match answer {
                    Answer::Applied => Told::Applied,
                    // Somebody on the way has sent it twice.
                    Answer::NotApplied(Some(head)) if head.owner == *owner => Told::Applied,
                    Answer::NotApplied(head) => {
                        fence.seen = head.as_ref().map(|head| head.range);
                        Told::Refused
                    }
                    Answer::Unknown(_) | Answer::Refused(_) => Told::Unknown,
                };
            }
            Place::Stint(index) => {
                let Some(stint) = account.stints.get_mut(*index) else { return };
                match answer {
                    Answer::Applied => {
                        stint.first.get_or_insert((ticket.from, at));
                        stint.last = Some((ticket.from, at));
                    }
                    Answer::Unknown(_) => {
                        stint.doubt.get_or_insert(at);
                    }
                    Answer::NotApplied(_) | Answer::Refused(_) => {}
                }
            }
        }
    }

    /// A sender is shown a head row.
    pub(super) fn showed(&mut self, now: Duration, by: &str, partition: &str, head: &Head) {
        let at = nanos(now);
        let Some((sender, index)) = self.owners.get(&head.owner) else { return };
        if sender == by
            && let Some(fence) = self.accounts.get_mut(partition).and_then(|account| account.fences.get_mut(*index))
        {
            fence.shown.get_or_insert(at);
        }
    }

    /// The accounts, with what took effect on each partition: its head row after every change. Times count from when the
    /// recording `began`; what was before is at its beginning.
    pub(super) fn close<'a>(
        &self,
        began: Duration,
        truth: impl IntoIterator<Item = (&'a str, &'a [Row])>,
        settler: &str,
    ) -> Tenures {
        let mut partitions = self.accounts.clone();
        for account in partitions.values_mut() {
            times(account).for_each(|at| *at = at.saturating_sub(nanos(began)));
        }
        for (name, heads) in truth {
            if let Some(account) = partitions.get_mut(name) {
                account.decided = self.steps(heads, settler);
            }
        }
        Tenures { partitions }
    }

    fn steps(&self, heads: &[Row], settler: &str) -> Vec<TenureStep> {
        let mut steps: Vec<TenureStep> = Vec::new();
        let mut before = "";
        for head in heads {
            let fence = head.owner != before;
            let by = if fence {
                self.owners.get(&head.owner).map(|(by, _)| by.as_str())
            } else {
                self.batches.get(&head.batch).map(String::as_str)
            };
            let by = by.unwrap_or(settler);
            before = &head.owner;
            match steps.last_mut() {
                Some(step)
                    if !fence
                        && !step.fence
                        && step.by == by
                        && step.range == head.range
                        && step.last + 1 == head.sequence =>
                {
                    step.last = head.sequence;
                }
                _ => steps.push(TenureStep {
                    by: by.to_owned(),
                    fence,
                    range: head.range,
                    first: head.sequence,
                    last: head.sequence,
                }),
            }
        }
        steps
    }
}

fn nanos(since: Duration) -> At {
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Every time in an account.
fn times(account: &mut Account) -> impl Iterator<Item = &mut At> {
    let fences = account.fences.iter_mut().flat_map(|fence| {
        let Fence { from, until, shown, .. } = fence;
        std::iter::once(from).chain(until).chain(shown)
    });
    let stints = account.stints.iter_mut().flat_map(|stint| {
        let Stint { from, first, last, doubt, .. } = stint;
        let ends = first.iter_mut().chain(last).flat_map(|(from, until)| [from, until]);
        std::iter::once(from).chain(doubt).chain(ends)
    });
    fences.chain(stints)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const P: &str = "shard/1";

    fn fence(over: u64, owner: &str) -> Commit {
        let condition = match over {
            0 => Condition::Absent,
            range => Condition::Equal { range: Some(range), sequence: None },
        };
        let change = Change::Fence { range: over + 1, owner: owner.into() };
        Commit { condition, change, rows: Vec::new(), deleted: Vec::new() }
    }

    fn batch(range: u64, sequence: u64) -> Commit {
        let condition = Condition::Equal { range: Some(range), sequence: Some(sequence) };
        let change = Change::Batch { sequence: sequence + 1, batch: Uuid::from_u128((sequence + 1).into()) };
        Commit { condition, change, rows: Vec::new(), deleted: Vec::new() }
    }

    fn row(range: u64, sequence: u64, owner: &str) -> Row {
        Row { range, sequence, batch: sequence.into(), owner: owner.into() }
    }

    #[test]
    fn an_account_says_who_was_told_what() {
        let ms = Duration::from_millis;
        let mut ledger = Ledger::default();
        let mut call = |at: u64, by: &str, commit: &Commit, answer: &Answer| {
            let ticket = ledger.sent(ms(at), by, P, commit, Vec::new());
            ledger.answered(ms(at + 2), P, &ticket, answer);
        };
        let unknown = Answer::Unknown("no answer".into());
        call(5, "a#1", &fence(0, "x"), &unknown);
        call(12, "a#1", &batch(1, 0), &Answer::Applied);
        call(15, "a#1", &batch(1, 1), &unknown);
        call(20, "a#1", &batch(1, 1), &Answer::Applied);
        let other = Head { range: 1, sequence: 2, batch: Uuid::nil(), owner: "x".into() };
        call(30, "b#1", &fence(0, "y"), &Answer::NotApplied(Some(other.clone())));
        ledger.showed(ms(31), "b#1", P, &other);
        ledger.showed(ms(32), "a#1", P, &other);
        let heads = [row(1, 0, "x"), row(1, 1, "x"), row(1, 2, "x"), row(2, 2, "z")];
        let tenures = ledger.close(ms(10), [(P, &heads[..])], "settler");
        let account = &tenures.partitions[P];
        let told: Vec<_> =
            account.fences.iter().map(|fence| (fence.from, fence.told, fence.seen, fence.shown)).collect();
        assert_eq!(told, [(0, Told::Unknown, None, Some(22_000_000)), (20_000_000, Told::Refused, Some(1), None)]);
        let stint = &account.stints[0];
        assert_eq!((account.stints.len(), stint.batches, stint.after_doubt), (1, 3, 1));
        assert_eq!((stint.first, stint.last), (Some((2_000_000, 4_000_000)), Some((10_000_000, 12_000_000))));
        let steps: Vec<_> =
            account.decided.iter().map(|step| (step.by.as_str(), step.fence, step.first, step.last)).collect();
        assert_eq!(steps, [("a#1", true, 0, 0), ("a#1", false, 1, 2), ("settler", true, 2, 2)]);
    }
}
