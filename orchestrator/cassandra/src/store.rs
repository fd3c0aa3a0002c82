//! The interface of a store, by statements: a commit is one conditional batch, the rest plain reads and writes.

use crate::conclusion::{conclude, line, unavailable};
use crate::connection::Settings;
use crate::schema::Schema;
use crate::statements::{Committed, Statements};
use crate::value::Value;
use crate::{Error, head};
use async_trait::async_trait;
use bytes::Bytes;
use resurgam_node::store::{Answer, Change, Commit, Condition, Head, Key, Partition, Rows, Store, Unavailable};
use scylla::client::session::Session;
use scylla::response::{PagingState, PagingStateResponse};
use scylla::statement::batch::{Batch, BatchType};
use scylla::statement::prepared::PreparedStatement;
use std::ops::{ControlFlow, Range};
use uuid::Uuid;

/// Bytes of one commit at most. Stock servers take half a segment of the commit log, 16 MiB, but not as a promise: what is
/// proposed is stored twice, and a batch that is too large fails on the replicas, where nobody can say any more that it
/// was not accepted.
const COMMIT: usize = 8 << 20;
/// Bytes of a key, or of the name of a partition, that Cassandra takes; what it says of longer ones may be a doubt.
const KEY: usize = u16::MAX as usize;
/// Bytes of rows that are appended in one request, unless one row has more.
const APPEND: usize = 1 << 20;

/// The tables of one keyspace as a store.
#[derive(Debug)]
pub struct Cassandra {
    session: Session,
    statements: Statements,
}

impl Cassandra {
    /// Connects, checks the version of the schema, and prepares what will be asked.
    ///
    /// # Errors
    /// Cassandra cannot be reached, or has no schema, or one of another version.
    pub async fn open(settings: &Settings) -> Result<Self, Error> {
        let opening = async {
            let schema = Schema::at(settings).await?;
            schema.check().await?;
            let session = schema.into_session();
            let statements = Statements::prepare(&session, settings.keyspace()?).await?;
            Ok(Self { session, statements })
        };
        // Not everything that the driver does here has a limit: an answer that is lost would be waited for for ever.
        settings.in_time(opening).await
    }

    async fn send(&self, statements: &Committed, partition: &Partition, commit: &Commit) -> Answer {
        let mut batch = Batch::new(BatchType::Logged);
        batch.set_is_idempotent(false);
        let mut values = Vec::new();
        let name = Value::Text(&partition.name);
        match test(statements, name, commit) {
            Ok((statement, bound)) => {
                batch.append_statement(statement);
                values.push(bound);
            }
            Err(TooLarge(number)) => return Answer::Refused(format!("{number} is beyond what a bigint holds")),
        }
        for range in commit.deleted.iter().filter(|range| range.start < range.end) {
            batch.append_statement(statements.delete_range.clone());
            values.push(vec![name, Value::Text(&range.start), Value::Text(&range.end)]);
        }
        for (key, value) in &commit.rows {
            let key = Value::Text(key);
            if let Some(value) = value {
                batch.append_statement(statements.put.clone());
                values.push(vec![name, key, Value::Blob(value)]);
            } else {
                batch.append_statement(statements.delete.clone());
                values.push(vec![name, key]);
            }
        }
        match self.session.batch(&batch, values).await {
            Ok(result) => head::answer(result),
            Err(problem) => conclude(&problem),
        }
    }

    async fn page(
        &self,
        statement: &PreparedStatement,
        bound: &[Value<'_>],
        state: PagingState,
        rows: &mut Rows,
    ) -> Result<PagingStateResponse, Unavailable> {
        let page = self.session.execute_single_page(statement, bound, state).await;
        let (page, next) = page.map_err(|problem| unavailable(&problem))?;
        let page = page.into_rows_result().map_err(|problem| Unavailable(line(&problem)))?;
        for row in page.rows::<(String, Vec<u8>)>().map_err(|problem| Unavailable(line(&problem)))? {
            let (key, value) = row.map_err(|problem| Unavailable(line(&problem)))?;
            rows.push((key, Bytes::from(value)));
        }
        Ok(next)
    }
}

/// A number that no column can hold.
struct TooLarge(u64);

/// The statement that tests and sets the head row.
fn test<'a>(
    statements: &Committed,
    name: Value<'a>,
    commit: &'a Commit,
) -> Result<(PreparedStatement, Vec<Value<'a>>), TooLarge> {
    let number = |number: u64| i64::try_from(number).map(Value::Number).map_err(|_| TooLarge(number));
    let set = match &commit.change {
        Change::Fence { range, owner } => [number(*range)?, Value::Text(owner)],
        Change::Batch { sequence, batch } => [number(*sequence)?, Value::Id(*batch)],
    };
    let Condition::Equal { range, sequence } = commit.condition else {
        let [zero, nil, nobody] = [Value::Number(0), Value::Id(Uuid::nil()), Value::Text("")];
        let [one, other] = set;
        let bound = match &commit.change {
            Change::Fence { .. } => vec![name, one, zero, nil, other],
            Change::Batch { .. } => vec![name, zero, one, other, nobody],
        };
        return Ok((statements.first.clone(), bound));
    };
    let statement = match &commit.change {
        Change::Fence { .. } => statements.fence(range.is_some(), sequence.is_some()),
        Change::Batch { .. } => statements.batch(range.is_some(), sequence.is_some()),
    };
    let mut bound = Vec::from(set);
    bound.push(name);
    for tested in [range, sequence].into_iter().flatten() {
        bound.push(number(tested)?);
    }
    Ok((statement.clone(), bound))
}

/// What of a commit is larger than Cassandra takes.
fn too_large(partition: &Partition, commit: &Commit) -> Option<String> {
    let ends = commit.deleted.iter().flat_map(|range| [range.start.len(), range.end.len()]);
    let keys: Vec<_> = commit.rows.iter().map(|(key, _)| key.len()).chain(ends).collect();
    let longest = keys.iter().copied().max().unwrap_or_default().max(partition.name.len());
    let values = commit.rows.iter().map(|(_, value)| value.as_ref().map_or(0, Bytes::len));
    let size = values.chain(keys).sum::<usize>();
    if longest > KEY {
        return Some(format!("a key or name of {longest} bytes is longer than {KEY}"));
    }
    (size > COMMIT).then(|| format!("{size} bytes are more than {COMMIT} in one commit"))
}

#[async_trait]
impl Store for Cassandra {
    async fn commit(&self, partition: &Partition, commit: Commit) -> Answer {
        if let Some(fault) = commit.fault() {
            return Answer::Refused(fault);
        }
        if let Some(why) = too_large(partition, &commit) {
            return Answer::Refused(why);
        }
        match self.statements.committed(partition.kind) {
            Some(statements) => self.send(statements, partition, &commit).await,
            None => Answer::Refused(format!("{partition} is appended to and never committed to")),
        }
    }

    async fn head(&self, partition: &Partition) -> Result<Option<Head>, Unavailable> {
        let Some(statements) = self.statements.committed(partition.kind) else { return Ok(None) };
        let result = self.session.execute_unpaged(&statements.head, (&partition.name,)).await;
        head::shown(result.map_err(|problem| unavailable(&problem))?)
    }

    async fn read(&self, partition: &Partition, range: Range<Key>, limit: usize) -> Result<Rows, Unavailable> {
        let mut rows = Rows::new();
        if range.start >= range.end || limit == 0 {
            return Ok(rows);
        }
        let committed = self.statements.committed(partition.kind);
        let statement = committed.map_or(&self.statements.history.read, |statements| &statements.read);
        let most = i32::try_from(limit).unwrap_or(i32::MAX);
        let bound =
            [Value::Text(&partition.name), Value::Text(&range.start), Value::Text(&range.end), Value::Count(most)];
        let mut state = PagingState::start();
        loop {
            match self.page(statement, &bound, state, &mut rows).await?.into_paging_control_flow() {
                ControlFlow::Continue(next) => state = next,
                ControlFlow::Break(()) => return Ok(rows),
            }
        }
    }

    async fn append(&self, partition: &Partition, rows: Rows) -> Result<(), Unavailable> {
        let committed = self.statements.committed(partition.kind);
        let statement = committed.map_or(&self.statements.history.put, |statements| &statements.put);
        for part in parts(&rows) {
            let mut batch = Batch::new(BatchType::Unlogged);
            batch.set_is_idempotent(false);
            let mut values = Vec::with_capacity(part.len());
            for (key, value) in part {
                batch.append_statement(statement.clone());
                values.push([Value::Text(&partition.name), Value::Text(key), Value::Blob(value)].to_vec());
            }
            self.session.batch(&batch, values).await.map_err(|problem| unavailable(&problem))?;
        }
        Ok(())
    }

    async fn delete(&self, partition: &Partition, range: Range<Key>) -> Result<(), Unavailable> {
        if range.start >= range.end {
            return Ok(());
        }
        let committed = self.statements.committed(partition.kind);
        let statement = committed.map_or(&self.statements.history.delete_range, |statements| &statements.forget_range);
        let bound = [Value::Text(&partition.name), Value::Text(&range.start), Value::Text(&range.end)];
        let done = self.session.execute_unpaged(statement, &bound[..]).await;
        done.map(drop).map_err(|problem| unavailable(&problem))
    }
}

/// Rows in pieces that fit one request each.
fn parts(mut rows: &[(Key, Bytes)]) -> Vec<&[(Key, Bytes)]> {
    let mut parts = Vec::new();
    while !rows.is_empty() {
        let mut bytes = 0;
        let fits = rows.iter().take_while(|(key, value)| {
            bytes += key.len() + value.len();
            bytes <= APPEND
        });
        let (part, rest) = rows.split_at(fits.count().clamp(1, 1000));
        parts.push(part);
        rows = rest;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appended_rows_are_cut_by_their_bytes_and_none_is_lost() {
        let row = |key: &str, length: usize| (key.to_owned(), Bytes::from(vec![0; length]));
        let rows = vec![row("a", 400), row("b", APPEND), row("c", APPEND / 2), row("d", APPEND / 3), row("e", APPEND)];
        let lengths: Vec<_> = parts(&rows).iter().map(|part| part.len()).collect();
        assert_eq!(lengths, [1, 1, 2, 1]);
        assert_eq!(parts(&rows).concat(), rows);
        assert!(parts(&[]).is_empty());
        assert_eq!(parts(&vec![row("a", 1); 2500]).len(), 3);
    }

    #[test]
    fn only_what_cassandra_takes_is_sent() {
        let fault = |name: &str, key: usize, value: usize, end: usize| {
            let commit = Commit {
                condition: Condition::Absent,
                change: Change::Batch { sequence: 1, batch: Uuid::nil() },
                rows: vec![("k".repeat(key), Some(Bytes::from(vec![0; value])))],
                deleted: std::iter::once(String::new().."e".repeat(end)).collect(),
            };
            too_large(&Partition::shard(name), &commit)
        };
        assert_eq!(fault("1", KEY, COMMIT - KEY - 1, 1), None);
        assert!(fault("1", KEY, COMMIT - KEY, 1).is_some());
        for (name, key, end) in [("n".repeat(KEY + 1), 1, 1), ("1".into(), KEY + 1, 1), ("1".into(), 1, KEY + 1)] {
            assert!(fault(&name, key, 1, end).is_some());
        }
    }
}
