//! Committing one group: its nodes first, then one conditional batch, then the meaning of the answer.

use super::{Group, Log, NUMBER_BITS, Outcome, Ownership};
use crate::planted::{Bug, planted};
use crate::store::{Answer, Change, Commit, Condition, Head, Partition, Rows, Unavailable};
use futures_util::future::try_join_all;
use uuid::Uuid;

/// How often the nodes of a group are appended before the group is given up.
const APPENDS: usize = 4;

impl Log {
    /// Commits a group, which may be empty: then it proves that the tenure lasted.
    ///
    /// Cancelling it leaves the log lost.
    pub async fn commit(&mut self, mut group: Group) -> Outcome {
        if self.ownership != Ownership::Held {
            return Outcome::Lost;
        }
        if let Err(problem) = self.append(group.take_appends()).await {
            tracing::warn!(partition = %self.partition, %problem, "gave a group up: its history is not durable");
            return Outcome::Absent;
        }
        self.ownership = Ownership::Lost;
        let batch = self.uuid();
        let unguarded = planted(Bug::FenceMissing);
        let commit = Commit {
            condition: Condition::Equal {
                range: (!unguarded).then_some(self.head.range),
                sequence: (!unguarded).then_some(self.head.sequence),
            },
            change: Change::Batch { sequence: self.head.sequence + 1, batch },
            rows: group.rows.into_iter().collect(),
            deleted: group.deleted,
        };
        let answer = self.store.commit(&self.partition, commit).await;
        let outcome = self.decode(answer, batch).await;
        if outcome == Outcome::Applied && self.drawn >> (NUMBER_BITS - 1) != 0 && self.ownership == Ownership::Held {
            // Half of the tenure's numbers are drawn.
            tracing::info!(partition = %self.partition, range = self.head.range, "renews its tenure");
            self.renew().await;
        }
        outcome
    }

    async fn append(&self, appends: Vec<(Partition, Rows)>) -> Result<(), Unavailable> {
        let mut backoff = self.backoff();
        let mut attempt = 1;
        loop {
            let all = appends.iter().map(|(partition, rows)| self.store.append(partition, rows.clone()));
            match try_join_all(all).await {
                Ok(_) => return Ok(()),
                Err(unavailable) if attempt == APPENDS => return Err(unavailable),
                // The same keys with the same bytes: however many of them arrive, and when, is the same.
                Err(_) => backoff.wait().await,
            }
            attempt += 1;
        }
    }

    /// By the head row, in this order: my batch is there; another range; another sequence.
    async fn decode(&mut self, answer: Answer, batch: Uuid) -> Outcome {
        match answer {
            Answer::Applied => self.applied(batch),
            Answer::NotApplied(Some(head)) if head.batch == batch => {
                let owned = self.is_mine(&head);
                let outcome = self.applied(batch);
                if !owned {
                    self.ownership = Ownership::Lost;
                }
                outcome
            }
            Answer::NotApplied(Some(head)) if self.is_mine(&head) && head.sequence == self.head.sequence => {
                // The condition held, yet the store says no: it is not to be believed.
                self.settle(batch).await
            }
            Answer::NotApplied(head) => {
                tracing::warn!(partition = %self.partition, range = self.head.range, ?head, "lost the log");
                Outcome::Lost
            }
            Answer::Unknown(cause) => {
                tracing::warn!(partition = %self.partition, range = self.head.range, %batch, cause, "a batch is in doubt");
                self.doubted(batch).await
            }
            Answer::Refused(reason) => {
                self.ownership = Ownership::Held;
                tracing::error!(partition = %self.partition, reason, "the store refuses a group");
                Outcome::Refused(reason)
            }
        }
    }

    async fn doubted(&mut self, batch: Uuid) -> Outcome {
        if planted(Bug::TimeoutIsFailure) {
            self.ownership = Ownership::Held;
            return Outcome::Refused("the store timed out".to_owned());
        }
        if planted(Bug::TimeoutIsSuccess) {
            return self.applied(batch);
        }
        if planted(Bug::ReadInsteadOfFence)
            && let Ok(Some(head)) = self.store.head(&self.partition).await
            && self.is_mine(&head)
        {
            self.ownership = Ownership::Held;
            let absent = head.batch != batch;
            self.head = head;
            return if absent { Outcome::Refused("the store timed out".to_owned()) } else { Outcome::Applied };
        }
        self.settle(batch).await
    }

    fn applied(&mut self, batch: Uuid) -> Outcome {
        self.head.sequence += 1;
        self.head.batch = batch;
        self.ownership = Ownership::Held;
        Outcome::Applied
    }

    /// Fences over the own tenure while nothing is in doubt, for fresh numbers.
    async fn renew(&mut self) {
        let batch = self.head.batch;
        self.settle(batch).await;
    }

    fn is_mine(&self, head: &Head) -> bool {
        head.range == self.head.range && head.owner == self.head.owner
    }
}
