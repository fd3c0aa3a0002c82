//! What every store has to do, as checks that run against one: with no fault injected, each answer is the only right one.
//!
//! It never looks behind the trait, and cleans nothing up: give it names that nobody else uses.

use super::{Answer, Change, Commit, Condition, Head, Key, Partition, Rows, Store, prefixed};
use bytes::Bytes;
use std::fmt;
use std::ops::Range;
use uuid::Uuid;

/// What a store did wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{check}: expected {expected}, got {got}")]
pub struct Violation {
    /// The requirement that is not met, in words.
    pub check: &'static str,
    /// The right answer.
    pub expected: String,
    /// The answer of the store.
    pub got: String,
}

type Verdict = Result<(), Violation>;

/// Runs all checks, on partitions whose names begin with `prefix`.
///
/// # Errors
/// The first requirement that is not met.
pub async fn check(store: &dyn Store, prefix: &str) -> Result<(), Violation> {
    let partition = |name: &str| Partition::other(format!("{prefix}/{name}"));
    conditions(store, &partition("conditions")).await?;
    fences_keep_batches(store, &partition("fences")).await?;
    rows_are_final(store, &partition("final")).await?;
    twice_named(store, &partition("twice")).await?;
    ranges(store, &partition("ranges")).await?;
    partitions_are_apart(store, &partition("apart"), &partition("apart2")).await?;
    appends(store, &partition("appends")).await?;
    deletes(store, &partition("deletes"), &partition("deletes2")).await
}

fn same<T: PartialEq + fmt::Debug>(check: &'static str, expected: &T, got: &T) -> Verdict {
    if expected == got {
        return Ok(());
    }
    Err(Violation { check, expected: format!("{expected:?}"), got: format!("{got:?}") })
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn fence(condition: Condition, range: u64, owner: &str) -> Commit {
    Commit {
        condition,
        change: Change::Fence { range, owner: owner.to_owned() },
        rows: Vec::new(),
        deleted: Vec::new(),
    }
}

fn batch(range: u64, sequence: u64, rows: &[(&str, Option<&str>)]) -> Commit {
    Commit {
        condition: Condition::Equal { range: Some(range), sequence: Some(sequence) },
        change: Change::Batch { sequence: sequence + 1, batch: id(u128::from(sequence + 1)) },
        rows: rows.iter().map(|(key, value)| (key.to_string(), value.map(bytes))).collect(),
        deleted: Vec::new(),
    }
}

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn head(range: u64, sequence: u64, owner: &str) -> Head {
    Head { range, sequence, batch: id(u128::from(sequence)), owner: owner.to_owned() }
}

fn rows(expected: &[(&str, &str)]) -> Rows {
    expected.iter().map(|(key, value)| (key.to_string(), bytes(value))).collect()
}

async fn shows(
    check: &'static str,
    store: &dyn Store,
    partition: &Partition,
    range: Range<Key>,
    limit: usize,
    expected: &[(&str, &str)],
) -> Verdict {
    same(check, &Ok(rows(expected)), &store.read(partition, range, limit).await)
}

async fn conditions(store: &dyn Store, at: &Partition) -> Verdict {
    const CHECK: &str = "a commit takes effect if and only if its condition holds, and a refusal shows the head row";
    same(CHECK, &Ok(None), &store.head(at).await)?;
    same(CHECK, &Answer::NotApplied(None), &store.commit(at, batch(1, 0, &[("a", Some("x"))])).await)?;
    same(CHECK, &Ok(None), &store.head(at).await)?;
    same(CHECK, &Answer::Applied, &store.commit(at, fence(Condition::Absent, 1, "one")).await)?;
    same(CHECK, &Ok(Some(head(1, 0, "one"))), &store.head(at).await)?;
    let refused = Answer::NotApplied(Some(head(1, 0, "one")));
    same(CHECK, &refused, &store.commit(at, fence(Condition::Absent, 1, "two")).await)?;
    same(CHECK, &refused, &store.commit(at, batch(2, 0, &[("a", Some("range"))])).await)?;
    same(CHECK, &refused, &store.commit(at, batch(1, 1, &[("a", Some("sequence"))])).await)?;
    same(CHECK, &Answer::Applied, &store.commit(at, batch(1, 0, &[("a", Some("x"))])).await)?;
    let refused = Answer::NotApplied(Some(head(1, 1, "one")));
    same(CHECK, &refused, &store.commit(at, batch(1, 0, &[("a", Some("again"))])).await)?;
    shows(CHECK, store, at, prefixed(""), 9, &[("a", "x")]).await
}

async fn fences_keep_batches(store: &dyn Store, at: &Partition) -> Verdict {
    const CHECK: &str = "a fence tests the range only, and keeps sequence, batch and rows";
    let over = |range| Condition::Equal { range: Some(range), sequence: None };
    same(CHECK, &Answer::Applied, &store.commit(at, fence(Condition::Absent, 1, "one")).await)?;
    same(CHECK, &Answer::Applied, &store.commit(at, batch(1, 0, &[("a", Some("x"))])).await)?;
    same(CHECK, &Answer::Applied, &store.commit(at, fence(over(1), 2, "two")).await)?;
    same(CHECK, &Ok(Some(head(2, 1, "two"))), &store.head(at).await)?;
    let refused = Answer::NotApplied(Some(head(2, 1, "two")));
    same(CHECK, &refused, &store.commit(at, fence(over(1), 2, "three")).await)?;
    same(CHECK, &refused, &store.commit(at, batch(1, 1, &[("a", Some("stale"))])).await)?;
    same(CHECK, &Answer::Applied, &store.commit(at, batch(2, 1, &[("b", Some("y"))])).await)?;
    shows(CHECK, store, at, prefixed(""), 9, &[("a", "x"), ("b", "y")]).await
}

async fn rows_are_final(store: &dyn Store, at: &Partition) -> Verdict {
    const CHECK: &str = "a commit leaves each row that it names as it says, whatever was there";
    same(CHECK, &Answer::Applied, &store.commit(at, fence(Condition::Absent, 1, "one")).await)?;
    let first = [("a", Some("zzz")), ("b", Some("b")), ("c", Some(""))];
    same(CHECK, &Answer::Applied, &store.commit(at, batch(1, 0, &first)).await)?;
    let second = [("a", Some("aaa")), ("b", None), ("d", None)];
    same(CHECK, &Answer::Applied, &store.commit(at, batch(1, 1, &second)).await)?;
    shows(CHECK, store, at, prefixed(""), 9, &[("a", "aaa"), ("c", "")]).await
}

async fn twice_named(store: &dyn Store, at: &Partition) -> Verdict {
    const CHECK: &str = "a commit that names a row twice, or one that it deletes, is refused and has no effect";
    same(CHECK, &Answer::Applied, &store.commit(at, fence(Condition::Absent, 1, "one")).await)?;
    let twice = batch(1, 0, &[("a", Some("x")), ("b", Some("x")), ("a", None)]);
    let inside = Commit {
        deleted: std::iter::once("a".to_owned().."c".to_owned()).collect(),
        ..batch(1, 0, &[("b", Some("x"))])
    };
    for commit in [twice, inside] {
        let answer = store.commit(at, commit).await;
        same(CHECK, &true, &matches!(answer, Answer::Refused(_)))?;
    }
    same(CHECK, &Ok(Some(head(1, 0, "one"))), &store.head(at).await)?;
    shows(CHECK, store, at, prefixed(""), 9, &[]).await
}

async fn ranges(store: &dyn Store, at: &Partition) -> Verdict {
    const CHECK: &str = "ranges are half open, in the order of bytes, read up to a limit, and deleted in a commit";
    same(CHECK, &Answer::Applied, &store.commit(at, fence(Condition::Absent, 1, "one")).await)?;
    let all = [("k/1", Some("1")), ("k/10", Some("10")), ("k/2", Some("2")), ("l", Some("l")), ("ké", Some("é"))];
    same(CHECK, &Answer::Applied, &store.commit(at, batch(1, 0, &all)).await)?;
    let k = [("k/1", "1"), ("k/10", "10"), ("k/2", "2")];
    shows(CHECK, store, at, prefixed("k/"), 9, &k).await?;
    shows(CHECK, store, at, prefixed("k/"), 3, &k).await?;
    shows(CHECK, store, at, prefixed("k/"), 2, &k[..2]).await?;
    shows(CHECK, store, at, "k/10".to_owned().."k/2".to_owned(), 9, &k[1..2]).await?;
    shows(CHECK, store, at, "k/2".to_owned().."k/2".to_owned(), 9, &[]).await?;
    shows(CHECK, store, at, prefixed("k"), 9, &[k[0], k[1], k[2], ("ké", "é")]).await?;
    let cut = Commit {
        deleted: std::iter::once("k/1".to_owned().."k/2".to_owned()).collect(),
        ..batch(1, 1, &[("k/3", Some("3"))])
    };
    same(CHECK, &Answer::Applied, &store.commit(at, cut).await)?;
    shows(CHECK, store, at, prefixed("k/"), 9, &[("k/2", "2"), ("k/3", "3")]).await
}

async fn partitions_are_apart(store: &dyn Store, at: &Partition, other: &Partition) -> Verdict {
    const CHECK: &str = "a partition knows nothing of another one";
    same(CHECK, &Answer::Applied, &store.commit(at, fence(Condition::Absent, 1, "one")).await)?;
    same(CHECK, &Answer::Applied, &store.commit(at, batch(1, 0, &[("a", Some("x"))])).await)?;
    same(CHECK, &Ok(None), &store.head(other).await)?;
    shows(CHECK, store, other, prefixed(""), 9, &[]).await
}

async fn appends(store: &dyn Store, at: &Partition) -> Verdict {
    const CHECK: &str = "appended rows are there, in order, and appending them again changes nothing";
    let one = rows(&[("1/b", "x"), ("1/a", "y")]);
    same(CHECK, &Ok(()), &store.append(at, one.clone()).await)?;
    same(CHECK, &Ok(()), &store.append(at, rows(&[("0", "z")])).await)?;
    same(CHECK, &Ok(()), &store.append(at, one).await)?;
    shows(CHECK, store, at, prefixed(""), 9, &[("0", "z"), ("1/a", "y"), ("1/b", "x")]).await?;
    same(CHECK, &Ok(None), &store.head(at).await)
}

async fn deletes(store: &dyn Store, at: &Partition, other: &Partition) -> Verdict {
    const CHECK: &str = "deleted rows are gone, and no others, and deleting them again changes nothing";
    let all = [("0", "z"), ("1/a", "y"), ("1/b", "x"), ("2", "w")];
    for partition in [at, other] {
        same(CHECK, &Ok(()), &store.append(partition, rows(&all)).await)?;
    }
    for _ in 0..2 {
        same(CHECK, &Ok(()), &store.delete(at, "1/a".to_owned().."2".to_owned()).await)?;
        shows(CHECK, store, at, prefixed(""), 9, &[all[0], all[3]]).await?;
    }
    same(CHECK, &Ok(()), &store.delete(at, "2".to_owned().."0".to_owned()).await)?;
    shows(CHECK, store, at, prefixed(""), 9, &[all[0], all[3]]).await?;
    same(CHECK, &Ok(()), &store.delete(at, prefixed("")).await)?;
    shows(CHECK, store, at, prefixed(""), 9, &[]).await?;
    same(CHECK, &Ok(None), &store.head(at).await)?;
    shows(CHECK, store, other, prefixed(""), 9, &all).await
}
