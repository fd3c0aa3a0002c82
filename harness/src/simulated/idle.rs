//! Rows of a commit that change nothing: who writes them pays for what he did not touch.

use resurgam_cassandra::Partition;
use resurgam_node::store::{Commit, Condition, Key};

/// The rows of a commit that are there already as it puts them, or are deleted though they are not there; none, unless it is
/// certain now on which rows it would take effect.
pub(super) fn rows(partition: Option<&Partition>, commit: &Commit) -> Vec<Key> {
    let certain = |it: &&Partition| it.undecided().is_none() && holds(commit.condition, it);
    let Some(partition) = partition.filter(certain) else { return Vec::new() };
    let idle = commit.rows.iter().filter(|(key, row)| partition.cells().get(key) == row.as_deref());
    idle.map(|(key, _)| key.clone()).collect()
}

fn holds(condition: Condition, partition: &Partition) -> bool {
    match (condition, partition.head()) {
        (Condition::Absent, head) => head.is_none(),
        (Condition::Equal { .. }, None) => false,
        (Condition::Equal { range, sequence }, Some(head)) => {
            range.is_none_or(|range| range == head.range) && sequence.is_none_or(|sequence| sequence == head.sequence)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_cassandra::{Batch, Cassandra, Columns, Condition as Test, Head, ScriptedCommit};
    use resurgam_node::store::Change;
    use uuid::Uuid;

    #[test]
    fn a_row_that_stays_as_it_is_is_idle() {
        let mut cassandra = Cassandra::new();
        let head = Head { range: 1, ..Head::default() };
        let rows = vec![("a".to_owned(), Some(b"1".to_vec())), ("b".to_owned(), Some(b"2".to_vec()))];
        let first = Batch { condition: Test::Absent, head, columns: Columns::All, rows, deleted: Vec::new() };
        drop(cassandra.commit(1, 0, "shard/1", first, ScriptedCommit::Answered, &mut |_| false));
        let partition = cassandra.partition("shard/1");
        let commit = |range: u64, rows: &[(&str, Option<&'static str>)]| Commit {
            condition: Condition::Equal { range: Some(range), sequence: Some(0) },
            change: Change::Batch { sequence: 1, batch: Uuid::from_u128(1) },
            rows: rows.iter().map(|(key, row)| ((*key).to_owned(), row.map(Into::into))).collect(),
            deleted: Vec::new(),
        };
        let changes = [("a", Some("3")), ("b", None), ("c", Some("4"))];
        assert_eq!(super::rows(partition, &commit(1, &changes)), Vec::<Key>::new());
        let idle = [("a", Some("1")), ("b", Some("3")), ("d", None)];
        assert_eq!(super::rows(partition, &commit(1, &idle)), ["a", "d"]);
        assert_eq!(super::rows(partition, &commit(2, &idle)), Vec::<Key>::new(), "it takes no effect");
    }
}
