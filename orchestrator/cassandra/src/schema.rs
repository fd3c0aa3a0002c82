//! The tables, by versions: what creates them, what brings older ones up to date, and what is asked before a server starts.

use crate::conclusion::line;
use crate::{Error, Replication, Settings};
use scylla::client::session::Session;
use scylla::errors::{DbError, ExecutionError, RequestAttemptError};

/// The version that this program reads and writes.
pub const VERSION: i32 = MIGRATIONS.len() as i32;

/// What leads from each version to the next, the first from nothing. Every statement can be executed again, so whoever was
/// interrupted begins anew. `KEYSPACE` stands for the keyspace.
const MIGRATIONS: &[&[&str]] = &[&[
    "CREATE TABLE IF NOT EXISTS KEYSPACE.shard (
       name text, part text, key text,
       range bigint, sequence bigint, batch_id uuid, owner text,
       value blob,
       PRIMARY KEY (name, part, key)
     ) WITH compaction = {'class': 'LeveledCompactionStrategy'}
       AND comment = 'Shards: part head is the row that every commit tests and sets, part row is what the shard keeps'",
    "CREATE TABLE IF NOT EXISTS KEYSPACE.queue (
       name text, part text, key text,
       range bigint, sequence bigint, batch_id uuid, owner text,
       value blob,
       PRIMARY KEY (name, part, key)
     ) WITH compaction = {'class': 'LeveledCompactionStrategy'}
       AND comment = 'Task queues: part head is the row that every commit tests and sets, part row is what the queue keeps'",
    "CREATE TABLE IF NOT EXISTS KEYSPACE.other (
       name text, part text, key text,
       range bigint, sequence bigint, batch_id uuid, owner text,
       value blob,
       PRIMARY KEY (name, part, key)
     ) WITH compaction = {'class': 'LeveledCompactionStrategy'}
       AND comment = 'Whatever is neither shard nor task queue, such as the namespaces'",
    "CREATE TABLE IF NOT EXISTS KEYSPACE.history (
       name text, key text,
       value blob,
       PRIMARY KEY (name, key)
     ) WITH compaction = {'class': 'LeveledCompactionStrategy'}
       AND comment = 'Nodes of histories by run, written once and never changed'",
]];

/// The tables of one keyspace.
#[derive(Debug)]
pub struct Schema {
    session: Session,
    keyspace: String,
}

impl Schema {
    /// Connects; looks at no table yet.
    ///
    /// # Errors
    /// Cassandra cannot be reached, or the name of the keyspace is none.
    pub async fn at(settings: &Settings) -> Result<Self, Error> {
        let keyspace = settings.keyspace()?.to_owned();
        Ok(Self { session: settings.connect().await?, keyspace })
    }

    pub(crate) fn into_session(self) -> Session {
        self.session
    }

    /// The version that is there; `None` if there is nothing of ours.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn version(&self) -> Result<Option<i32>, Error> {
        let select = format!("SELECT version FROM {}.schema_version WHERE component = 'store'", self.keyspace);
        let rows = match self.session.query_unpaged(select, ()).await {
            Ok(rows) => rows.into_rows_result().map_err(|problem| failed("say its schema", &problem))?,
            // Neither keyspace nor table.
            Err(ExecutionError::LastAttemptError(RequestAttemptError::DbError(DbError::Invalid, _))) => {
                return Ok(None);
            }
            Err(problem) => return Err(failed("say its schema", &problem)),
        };
        let row = rows.maybe_first_row::<(i32,)>().map_err(|problem| failed("say its schema", &problem))?;
        match row {
            Some((version,)) if version < 0 => {
                Err(failed("say its schema", &format_args!("it is of version {version}")))
            }
            row => Ok(row.map(|(version,)| version)),
        }
    }

    /// Whether this program can work with what is there.
    ///
    /// # Errors
    /// What is there instead, in one line.
    pub async fn check(&self) -> Result<(), Error> {
        let keyspace = self.keyspace.clone();
        match self.version().await? {
            None => Err(Error::NoSchema(keyspace)),
            Some(found) if found < VERSION => Err(Error::Older { keyspace, found }),
            Some(found) if found > VERSION => Err(Error::Newer { keyspace, found }),
            Some(_) => Ok(()),
        }
    }

    /// Creates keyspace and tables, where they are not there yet. What is there in another version is left alone.
    ///
    /// # Errors
    /// There is another version, or a statement fails.
    pub async fn create(&self, replication: &Replication) -> Result<(), Error> {
        if self.version().await?.is_some_and(|found| found > 0) {
            return self.check().await;
        }
        let keyspace = &self.keyspace;
        self.define(&format!("CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication = {replication}")).await?;
        self.define(&format!(
            "CREATE TABLE IF NOT EXISTS {keyspace}.schema_version (component text PRIMARY KEY, version int)"
        ))
        .await?;
        self.migrate(0).await
    }

    /// Brings older tables up to date; returns the version that was there.
    ///
    /// # Errors
    /// There are none, they are newer, or a statement fails.
    pub async fn upgrade(&self) -> Result<i32, Error> {
        match self.version().await? {
            None => Err(Error::NoSchema(self.keyspace.clone())),
            Some(found) if found > VERSION => Err(Error::Newer { keyspace: self.keyspace.clone(), found }),
            Some(found) => {
                self.migrate(found).await?;
                Ok(found)
            }
        }
    }

    async fn migrate(&self, from: i32) -> Result<(), Error> {
        for (statements, version) in MIGRATIONS.iter().zip(1_i32..).filter(|(_, version)| *version > from) {
            for statement in *statements {
                self.define(&statement.replace("KEYSPACE", &self.keyspace)).await?;
            }
            let insert =
                format!("INSERT INTO {}.schema_version (component, version) VALUES ('store', ?)", self.keyspace);
            let inserted = self.session.query_unpaged(insert, (version,)).await;
            inserted.map_err(|problem| failed("note its schema", &problem))?;
        }
        Ok(())
    }

    /// A statement that defines something, until every node that can be asked knows it.
    async fn define(&self, statement: &str) -> Result<(), Error> {
        let defined = self.session.query_unpaged(statement, ()).await;
        defined.map(drop).map_err(|problem| failed("take the schema", &problem))
    }
}

fn failed(what: &'static str, problem: &impl std::fmt::Display) -> Error {
    Error::Statement { what, problem: line(problem) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_can_be_executed_again_and_names_its_keyspace() {
        let statements: Vec<_> = MIGRATIONS.iter().copied().flatten().collect();
        assert_eq!(statements.len(), 4);
        for statement in statements {
            assert!(statement.contains("IF NOT EXISTS KEYSPACE."), "{statement}");
            assert_eq!(statement.matches("KEYSPACE").count(), 1, "{statement}");
        }
    }
}
