//! One call of a store: drawn, made on the real one, and as the model has it.

use bytes::Bytes;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use resurgam_cassandra::{Batch, Columns, Condition as Test, Head as Row, Rows};
use resurgam_node::store::{Answer, Change, Commit, Condition, Head, Partition, Store};
use std::ops::Range;
use uuid::Uuid;

/// The partition that is committed to, as the model names it.
pub(crate) const SHARD: &str = "shard";
/// The one that is appended to.
pub(crate) const HISTORY: &str = "history";

/// A call, and whether its client waits long enough.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    /// A conditional batch, by a number of its own.
    Commit {
        hasty: bool,
        id: u64,
        condition: Test,
        columns: Columns,
        range: u64,
        sequence: u64,
        rows: Vec<(String, Option<Vec<u8>>)>,
        deleted: Vec<Range<String>>,
    },
    Append {
        hasty: bool,
        rows: Rows,
    },
    Read {
        hasty: bool,
        history: bool,
        range: Range<String>,
        limit: usize,
    },
    Look {
        hasty: bool,
    },
}

/// What the client saw of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Applied,
    NotApplied(Option<Row>),
    Appended,
    Rows(Rows),
    Head(Option<Row>),
    /// No answer, or an error that says nothing.
    Nothing,
}

/// Draws a call. Ranges and sequences are small, so that conditions hold now and then.
pub(crate) fn call() -> impl Strategy<Value = Call> {
    let key = || select(vec!["a", "b", "b/1", "c", "é"]).prop_map(str::to_owned);
    let keys = move || (key(), key()).prop_map(|(one, other)| one..other);
    let row = (key(), proptest::option::of(select(vec!["", "x", "yy"]).prop_map(|value| value.as_bytes().to_vec())));
    let rows = proptest::collection::btree_map(row.clone().prop_map(|row| row.0), row.prop_map(|row| row.1), 0..3);
    let fence = (any::<bool>(), any::<u64>(), proptest::option::of(1_u64..5)).prop_map(|(hasty, id, from)| {
        match Call::fence(from) {
            Call::Commit { condition, columns, range, sequence, rows, deleted, .. } => {
                Call::Commit { hasty, id, condition, columns, range, sequence, rows, deleted }
            }
            other => other,
        }
    });
    let batch = (any::<bool>(), any::<u64>(), 1_u64..4, 0_u64..4, rows, proptest::option::weighted(0.3, keys()));
    let batch = batch.prop_map(|(hasty, id, range, sequence, rows, deleted)| {
        let deleted: Vec<_> = deleted.into_iter().collect();
        let rows = rows.into_iter().filter(|(key, _)| !deleted.iter().any(|range: &Range<String>| range.contains(key)));
        let condition = Test::Equal { range: Some(range), sequence: Some(sequence) };
        let rows = rows.collect();
        Call::Commit { hasty, id, condition, columns: Columns::Batch, range: 0, sequence: sequence + 1, rows, deleted }
    });
    let append = (any::<bool>(), proptest::collection::btree_set(key(), 1..3)).prop_map(|(hasty, keys)| Call::Append {
        hasty,
        // The same key always has the same bytes.
        rows: keys.into_iter().map(|key| (key.clone(), key.into_bytes())).collect(),
    });
    let limit = prop_oneof![Just(9), 0_usize..4];
    let range = prop_oneof![Just(String::new().."zz".to_owned()), keys()];
    let read = (any::<bool>(), any::<bool>(), range, limit).prop_map(|(hasty, history, range, limit)| Call::Read {
        hasty,
        history,
        range,
        limit,
    });
    prop_oneof![
        4 => batch,
        3 => fence,
        2 => append,
        2 => read,
        1 => any::<bool>().prop_map(|hasty| Call::Look { hasty }),
    ]
}

impl Call {
    /// A fence over a range, or the first one.
    pub(crate) fn fence(from: Option<u64>) -> Self {
        let (condition, columns) = match from {
            None => (Test::Absent, Columns::All),
            Some(_) => (Test::Equal { range: from, sequence: None }, Columns::Tenure),
        };
        let range = from.unwrap_or_default() + 1;
        Self::Commit {
            hasty: false,
            id: 0,
            condition,
            columns,
            range,
            sequence: 0,
            rows: Vec::new(),
            deleted: Vec::new(),
        }
    }

    /// A head row without a batch.
    pub(crate) fn head(range: u64, owner: &str) -> Row {
        Row { range, owner: owner.to_owned(), ..Row::default() }
    }

    pub(crate) fn is_hasty(&self) -> bool {
        match self {
            Self::Commit { hasty, .. }
            | Self::Append { hasty, .. }
            | Self::Read { hasty, .. }
            | Self::Look { hasty } => *hasty,
        }
    }

    /// A commit as the model has it.
    pub(crate) fn batch(&self) -> Batch {
        let Self::Commit { id, condition, columns, range, sequence, rows, deleted, .. } = self else {
            unreachable!("only commits are batches")
        };
        let head = match columns {
            Columns::Batch => Row { sequence: *sequence, batch: u128::from(*id), ..Row::default() },
            Columns::All | Columns::Tenure => Self::head(*range, &format!("fence {range}")),
        };
        Batch { condition: *condition, head, columns: *columns, rows: rows.clone(), deleted: deleted.clone() }
    }

    fn commit(&self) -> Commit {
        let Batch { condition, head, columns, rows, deleted } = self.batch();
        let condition = match condition {
            Test::Absent => Condition::Absent,
            Test::Equal { range, sequence } => Condition::Equal { range, sequence },
        };
        let change = match columns {
            Columns::Batch => Change::Batch { sequence: head.sequence, batch: Uuid::from_u128(head.batch) },
            Columns::All | Columns::Tenure => Change::Fence { range: head.range, owner: head.owner },
        };
        let rows = rows.into_iter().map(|(key, value)| (key, value.map(Bytes::from))).collect();
        Commit { condition, change, rows, deleted }
    }

    /// Makes it on a store, in partitions of this name.
    pub(crate) async fn make(&self, store: &dyn Store, name: &str) -> Seen {
        let (shard, appended) = (Partition::shard(name), Partition::history(name));
        let row = |head: Head| Row {
            range: head.range,
            sequence: head.sequence,
            batch: head.batch.as_u128(),
            owner: head.owner,
        };
        match self {
            Self::Commit { .. } => match store.commit(&shard, self.commit()).await {
                Answer::Applied => Seen::Applied,
                Answer::NotApplied(head) => Seen::NotApplied(head.map(row)),
                Answer::Unknown(_) => Seen::Nothing,
                Answer::Refused(reason) => panic!("{self:?} is refused: {reason}"),
            },
            Self::Append { rows, .. } => {
                let rows = rows.iter().map(|(key, value)| (key.clone(), Bytes::from(value.clone()))).collect();
                store.append(&appended, rows).await.map_or(Seen::Nothing, |()| Seen::Appended)
            }
            Self::Read { history, range, limit, .. } => {
                let place = if *history { &appended } else { &shard };
                let rows = store.read(place, range.clone(), *limit).await;
                rows.map_or(Seen::Nothing, |rows| {
                    Seen::Rows(rows.into_iter().map(|(key, value)| (key, value.to_vec())).collect())
                })
            }
            Self::Look { .. } => store.head(&shard).await.map_or(Seen::Nothing, |head| Seen::Head(head.map(row))),
        }
    }
}
