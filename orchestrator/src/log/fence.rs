//! Taking the partition, and settling a doubt. Both are the same write: raise the range if it is still the one that was
//! seen, and leave sequence and batch id as they are at that moment.

use super::{Error, Log, Outcome, Ownership};
use crate::invariant::invariant;
use crate::store::{Answer, Change, Commit, Condition, Head};
use uuid::Uuid;

/// How often the store may fail in a row before the caller is told.
const ATTEMPTS: usize = 6;

impl Log {
    /// Fences over whatever head row there is.
    pub(super) async fn take(&mut self) -> Result<(), Error> {
        let mut backoff = self.backoff();
        let mut problem = String::new();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                backoff.wait().await;
            }
            let seen = match self.store.head(&self.partition).await {
                Ok(seen) => seen,
                Err(unavailable) => {
                    problem = unavailable.to_string();
                    continue;
                }
            };
            match self.fence(seen.as_ref()).await {
                Fenced::Mine => match self.adopt().await {
                    Ok(()) => {
                        tracing::info!(partition = %self.partition, range = self.head.range, sequence = self.head.sequence, owner = self.head.owner, "took the log");
                        return Ok(());
                    }
                    Err(failed) => problem = failed.to_string(),
                },
                Fenced::Other(_) => "another owner was faster".clone_into(&mut problem),
                Fenced::Unknown(cause) => problem = cause,
            }
        }
        tracing::warn!(partition = %self.partition, problem, "could not take the log");
        Err(Error::Unavailable(problem))
    }

    /// After `batch` was sent and not answered: fences over the own tenure, then tells by the head row whether it took
    /// effect. As long as all ranges in between are this log's own, nobody else can have written anything. A batch id that
    /// is seen is proof whoever's the range is; the log may be lost all the same.
    pub(super) async fn settle(&mut self, batch: Uuid) -> Outcome {
        let before = self.head.clone();
        let mut tenure = vec![before.owner.clone()];
        let mut seen = before.clone();
        let mut backoff = self.backoff();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                backoff.wait().await;
            }
            let fenced = self.fence(Some(&seen)).await;
            tenure.push(self.head.owner.clone());
            match fenced {
                Fenced::Mine => match self.adopt().await {
                    Ok(()) => return self.verdict(&before, batch),
                    // The range is this log's, but nothing is known of the sequence: fence again from there.
                    Err(Error::Unavailable(_)) => seen = self.head.clone(),
                    Err(Error::Lost) => break,
                },
                // An earlier fence of this row of attempts came in after all.
                Fenced::Other(Some(head)) if tenure.contains(&head.owner) => seen = head,
                // Whoever has the partition now took it after the batch.
                Fenced::Other(Some(head)) if head.batch == batch => return Outcome::Settled,
                Fenced::Other(_) => break,
                Fenced::Unknown(_) => {}
            }
        }
        tracing::warn!(partition = %self.partition, range = before.range, %batch, "lost the log with a batch in doubt");
        Outcome::Lost
    }

    fn verdict(&mut self, before: &Head, batch: Uuid) -> Outcome {
        let outcome = if self.head.batch == batch {
            Outcome::Settled
        } else if self.head.sequence == before.sequence {
            Outcome::Absent
        } else {
            self.ownership = Ownership::Lost;
            Outcome::Lost
        };
        tracing::info!(partition = %self.partition, range = self.head.range, %batch, ?outcome, "settled a batch in doubt");
        outcome
    }

    /// Sends one fence over `seen`. Afterwards [`Log::head`] holds what the fence set, whether or not it took effect.
    async fn fence(&mut self, seen: Option<&Head>) -> Fenced {
        self.ownership = Ownership::Lost;
        let range = seen.map_or(0, |head| head.range) + 1;
        let owner = format!("{}/{}", self.name, self.uuid().simple());
        let condition = match seen {
            Some(head) => Condition::Equal { range: Some(head.range), sequence: None },
            None => Condition::Absent,
        };
        let change = Change::Fence { range, owner };
        self.head = change.of(seen);
        let commit = Commit { condition, change, rows: Vec::new(), deleted: Vec::new() };
        match self.store.commit(&self.partition, commit).await {
            Answer::Applied => Fenced::Mine,
            // Somebody on the way has sent it twice.
            Answer::NotApplied(Some(head)) if head.owner == self.head.owner && head.range == range => Fenced::Mine,
            Answer::NotApplied(head) => Fenced::Other(head),
            Answer::Unknown(cause) | Answer::Refused(cause) => Fenced::Unknown(cause),
        }
    }

    /// After a fence was seen applied: learns sequence and batch id, and holds the log. A plain read is enough: it shows
    /// the fence or a later one, and nothing of the time before is undecided any more.
    async fn adopt(&mut self) -> Result<(), Error> {
        let mut backoff = self.backoff();
        let mut problem = String::new();
        for _ in 0..ATTEMPTS {
            match self.store.head(&self.partition).await {
                Ok(Some(head)) if head.range == self.head.range && head.owner == self.head.owner => {
                    let (known, now) = (self.head.sequence, head.sequence);
                    invariant!(known <= now, "sequence {now} of {} follows {known}", self.partition);
                    self.head = head;
                    self.drawn = 0;
                    self.ownership = Ownership::Held;
                    return Ok(());
                }
                Ok(_) => return Err(Error::Lost),
                Err(unavailable) => problem = unavailable.to_string(),
            }
            backoff.wait().await;
        }
        Err(Error::Unavailable(problem))
    }
}

/// What is known of a fence.
enum Fenced {
    /// It is in the head row.
    Mine,
    /// It did not take effect; this is the head row.
    Other(Option<Head>),
    /// It may take effect still.
    Unknown(String),
}
