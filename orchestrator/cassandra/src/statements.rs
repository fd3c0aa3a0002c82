//! The statements of each table, prepared once: the texts say what a commit tests and what it sets.
//!
//! The head row is a row of its own, before all others of its partition, and not a static column: the test of a static
//! column also reads the first row that lives, past the tombstones of all tasks that were done.

use crate::Error;
use crate::conclusion::line;
use futures_util::future::try_join_all;
use resurgam_node::store::PartitionKind;
use scylla::client::session::Session;
use scylla::statement::prepared::PreparedStatement;

/// How many rows come in one page of a read.
const PAGE: i32 = 500;

/// Which row of a partition, in tables with head rows.
const HEAD: &str = "name = ? AND part = 'head' AND key = ''";
const ROW: &str = "name = ? AND part = 'row' AND key = ?";
const ROWS: &str = "name = ? AND part = 'row' AND key >= ? AND key < ?";

/// What is done to partitions that are committed to.
#[derive(Debug)]
pub(crate) struct Committed {
    /// Makes the head row, if there is none.
    pub(crate) first: PreparedStatement,
    /// Sets range and owner: untested range and sequence, tested sequence, tested range, both tested.
    fence: [PreparedStatement; 4],
    /// Sets sequence and batch, tested as above.
    batch: [PreparedStatement; 4],
    pub(crate) head: PreparedStatement,
    pub(crate) put: PreparedStatement,
    pub(crate) delete: PreparedStatement,
    pub(crate) delete_range: PreparedStatement,
    /// The same for good, where rows were appended.
    pub(crate) forget_range: PreparedStatement,
    pub(crate) read: PreparedStatement,
}

/// What is done to histories.
#[derive(Debug)]
pub(crate) struct Appended {
    pub(crate) put: PreparedStatement,
    pub(crate) delete_range: PreparedStatement,
    pub(crate) read: PreparedStatement,
}

/// All statements of a session.
#[derive(Debug)]
pub(crate) struct Statements {
    shard: Committed,
    queue: Committed,
    other: Committed,
    pub(crate) history: Appended,
}

impl Statements {
    pub(crate) async fn prepare(session: &Session, keyspace: &str) -> Result<Self, Error> {
        let table = |kind: PartitionKind| format!("{keyspace}.{}", kind.word());
        Ok(Self {
            shard: Committed::prepare(session, &table(PartitionKind::Shard)).await?,
            queue: Committed::prepare(session, &table(PartitionKind::Queue)).await?,
            other: Committed::prepare(session, &table(PartitionKind::Other)).await?,
            history: Appended::prepare(session, &table(PartitionKind::History)).await?,
        })
    }

    /// Of the table for partitions of this kind; `None` for histories, which no commit goes to.
    pub(crate) fn committed(&self, kind: PartitionKind) -> Option<&Committed> {
        match kind {
            PartitionKind::Shard => Some(&self.shard),
            PartitionKind::Queue => Some(&self.queue),
            PartitionKind::Other => Some(&self.other),
            PartitionKind::History => None,
        }
    }
}

impl Committed {
    async fn prepare(session: &Session, table: &str) -> Result<Self, Error> {
        let prepare = |text: String| prepared(session, text);
        Ok(Self {
            first: prepare(first(table)).await?,
            fence: tested(session, table, "range = ?, owner = ?").await?,
            batch: tested(session, table, "sequence = ?, batch_id = ?").await?,
            head: prepare(format!("SELECT range, sequence, batch_id, owner FROM {table} WHERE {HEAD}")).await?,
            put: prepare(format!("INSERT INTO {table} (name, part, key, value) VALUES (?, 'row', ?, ?)")).await?,
            delete: prepare(format!("DELETE FROM {table} WHERE {ROW}")).await?,
            delete_range: prepare(format!("DELETE FROM {table} WHERE {ROWS}")).await?,
            forget_range: prepare(format!("DELETE FROM {table} USING TIMESTAMP {} WHERE {ROWS}", i64::MAX)).await?,
            read: prepare(format!("SELECT key, value FROM {table} WHERE {ROWS} LIMIT ?")).await?,
        })
    }

    pub(crate) fn fence(&self, range: bool, sequence: bool) -> &PreparedStatement {
        &self.fence[place(range, sequence)]
    }

    pub(crate) fn batch(&self, range: bool, sequence: bool) -> &PreparedStatement {
        &self.batch[place(range, sequence)]
    }
}

impl Appended {
    async fn prepare(session: &Session, table: &str) -> Result<Self, Error> {
        let range = "name = ? AND key >= ? AND key < ?";
        Ok(Self {
            put: prepared(session, format!("INSERT INTO {table} (name, key, value) VALUES (?, ?, ?)")).await?,
            // Above every row, whatever the clocks of those who wrote them: nobody appends to such a range again.
            delete_range: prepared(session, format!("DELETE FROM {table} USING TIMESTAMP {} WHERE {range}", i64::MAX))
                .await?,
            read: prepared(session, format!("SELECT key, value FROM {table} WHERE {range} LIMIT ?")).await?,
        })
    }
}

/// Where the statement stands that tests these.
fn place(range: bool, sequence: bool) -> usize {
    2 * usize::from(range) + usize::from(sequence)
}

async fn tested(session: &Session, table: &str, set: &str) -> Result<[PreparedStatement; 4], Error> {
    let texts = [(false, false), (false, true), (true, false), (true, true)]
        .map(|(range, sequence)| prepared(session, update(table, set, range, sequence)));
    let statements = try_join_all(texts).await?;
    statements.try_into().map_err(|_| unreachable!("as many statements as texts"))
}

fn first(table: &str) -> String {
    format!(
        "INSERT INTO {table} (name, part, key, range, sequence, batch_id, owner) VALUES (?, 'head', '', ?, ?, ?, ?) IF NOT EXISTS"
    )
}

/// A refusal shows the columns that a condition names, and no others. So all four are named: what is not tested, by
/// something that every head row fulfils and that no missing one does.
fn update(table: &str, set: &str, range: bool, sequence: bool) -> String {
    let test = |column: &str, tested: bool| if tested { format!("{column} = ?") } else { format!("{column} >= 0") };
    format!(
        "UPDATE {table} SET {set} WHERE {HEAD} IF {} AND {} AND batch_id != ffffffff-ffff-ffff-ffff-ffffffffffff AND owner >= ''",
        test("range", range),
        test("sequence", sequence)
    )
}

async fn prepared(session: &Session, text: String) -> Result<PreparedStatement, Error> {
    let failed = |problem: String| Error::Statement { what: "take a statement", problem };
    let mut statement = session.prepare(text).await.map_err(|problem| failed(line(&problem)))?;
    // A driver may send again what is idempotent.
    statement.set_is_idempotent(false);
    statement.set_page_size(PAGE);
    Ok(statement)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_update_names_all_columns_of_the_head_row_in_its_condition() {
        for (range, sequence) in [(false, false), (false, true), (true, false), (true, true)] {
            let text = update("k.shard", "range = ?, owner = ?", range, sequence);
            let (_, condition) = text.split_once(" IF ").unwrap();
            for column in ["range", "sequence", "batch_id", "owner"] {
                assert_eq!(condition.matches(column).count(), 1, "{text}");
            }
            assert_eq!(condition.matches('?').count(), usize::from(range) + usize::from(sequence), "{text}");
        }
        let places = [place(false, false), place(false, true), place(true, false), place(true, true)];
        assert_eq!(places, [0, 1, 2, 3]);
    }
}
