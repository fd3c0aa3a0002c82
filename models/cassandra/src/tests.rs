//! Every outcome fires, and whatever the scripted outcomes: what was acknowledged is linearizable, what is decided stays decided,
//! and the rows are those of a simple map that executes the decided batches one after another.

mod random;

use super::*;
use std::collections::BTreeSet;

const P: &str = "shard/1";

fn head(range: u64, sequence: u64, batch: u128) -> Head {
    Head { range, sequence, batch, owner: format!("node-{range}") }
}

fn put(key: &str, value: &str) -> (String, Option<Vec<u8>>) {
    (key.into(), Some(value.as_bytes().to_vec()))
}

/// The batch of number `n` on what `from` left: it writes row `n`.
fn next(from: &Head, n: u128) -> Batch {
    Batch {
        condition: Condition::Equal { range: Some(from.range), sequence: Some(from.sequence) },
        head: Head { sequence: from.sequence + 1, batch: n, ..from.clone() },
        columns: Columns::All,
        rows: vec![put(&n.to_string(), "x")],
        deleted: vec![],
    }
}

fn fence(from: &Head, owner: &str) -> Batch {
    Batch {
        condition: Condition::Equal { range: Some(from.range), sequence: None },
        head: Head { range: from.range + 1, owner: owner.into(), ..from.clone() },
        columns: Columns::All,
        rows: vec![],
        deleted: vec![],
    }
}

fn first() -> Batch {
    Batch { condition: Condition::Absent, head: head(1, 0, 0), columns: Columns::All, rows: vec![], deleted: vec![] }
}

#[test]
fn a_fence_keeps_the_batch_that_came_in_late() {
    let mut store = store();
    let late = Batch { columns: Columns::Batch, ..next(&head(1, 0, 0), 7) };
    let held = store.commit(2, 0, P, late, ScriptedCommit::Held(HeldUntil::Released), &mut no).held.unwrap();
    // The fence was written when the sequence was 0; the batch lands before it.
    let fence = Batch { columns: Columns::Tenure, ..fence(&head(1, 0, 0), "node-2") };
    assert_eq!(store.release(3, held, &mut no), [StoreEvent::HeldApplied]);
    assert_eq!(store.commit(4, 1, P, fence, ScriptedCommit::Answered, &mut no).answer, WriteAnswer::Applied);
    assert_eq!(store.partition(P).unwrap().head(), Some(&Head { sequence: 1, batch: 7, ..head(2, 0, 0) }));
}

fn no(_: Question) -> bool {
    false
}

fn yes(_: Question) -> bool {
    true
}

fn everything() -> Range<String> {
    String::new()..char::MAX.to_string()
}

/// A store with one partition that node 0 owns.
fn store() -> Cassandra {
    let mut store = Cassandra::new();
    let done = store.commit(1, 0, P, first(), ScriptedCommit::Answered, &mut no);
    assert_eq!((done.answer, done.outcomes), (WriteAnswer::Applied, vec![StoreEvent::Applied]));
    store
}

fn keys(view: &View) -> Vec<&str> {
    view.rows.iter().map(|(key, _)| key.as_str()).collect()
}

/// One of them, its answer and outcomes.
fn ends(store: &mut Cassandra, batch: Batch, scripted: ScriptedCommit) -> (WriteAnswer, Vec<StoreEvent>) {
    let done = store.commit(2, 0, P, batch, scripted, &mut no);
    (done.answer, done.outcomes)
}

#[test]
fn batches_are_tested_on_the_head_row() {
    let mut store = store();
    let (one, two) = (head(1, 0, 0), head(1, 1, 7));
    assert_eq!(ends(&mut store, first(), ScriptedCommit::Answered).0, WriteAnswer::NotApplied(Some(one.clone())));
    assert_eq!(ends(&mut store, next(&one, 7), ScriptedCommit::Answered).0, WriteAnswer::Applied);
    let refused = (WriteAnswer::NotApplied(Some(two)), vec![StoreEvent::Refused]);
    assert_eq!(ends(&mut store, next(&one, 8), ScriptedCommit::Answered), refused);
    assert_eq!(
        ends(&mut store, fence(&one, "new"), ScriptedCommit::Answered).0,
        WriteAnswer::Applied,
        "whatever the sequence"
    );
    assert_eq!(store.partition(P).unwrap().head().unwrap().range, 2);
    let absent = store.commit(3, 0, "other", next(&one, 9), ScriptedCommit::Answered, &mut no);
    assert_eq!(absent.answer, WriteAnswer::NotApplied(None));
}

#[test]
fn unknown_is_applied_refused_or_lost() {
    let mut store = store();
    let one = head(1, 0, 0);
    assert_eq!(ends(&mut store, next(&one, 1), ScriptedCommit::Lost), (WriteAnswer::Unknown, vec![StoreEvent::Lost]));
    assert_eq!(
        ends(&mut store, next(&one, 2), ScriptedCommit::Unavailable),
        (WriteAnswer::Unavailable, vec![StoreEvent::Unavailable])
    );
    assert_eq!(
        ends(&mut store, next(&one, 3), ScriptedCommit::ReplyLost),
        (WriteAnswer::Unknown, vec![StoreEvent::AppliedUnknown])
    );
    assert_eq!(
        ends(&mut store, next(&one, 4), ScriptedCommit::ReplyLost),
        (WriteAnswer::Unknown, vec![StoreEvent::RefusedUnknown])
    );
    let view = store.read(P, Consistency::Quorum, &everything(), 9, &mut no);
    assert_eq!(keys(&view), ["3"]);
}

#[test]
fn a_resent_batch_is_refused_by_itself() {
    let mut store = store();
    let one = head(1, 0, 0);
    let (answer, outcomes) = ends(&mut store, next(&one, 7), ScriptedCommit::Resent);
    assert_eq!((answer, outcomes), (WriteAnswer::NotApplied(Some(head(1, 1, 7))), vec![StoreEvent::AppliedRefused]));
    let blind = Batch { condition: Condition::Equal { range: None, sequence: None }, ..next(&one, 8) };
    let (answer, outcomes) = ends(&mut store, blind, ScriptedCommit::Resent);
    assert_eq!((answer, outcomes), (WriteAnswer::Applied, vec![StoreEvent::AppliedRefused, StoreEvent::AppliedTwice]));
}

#[test]
fn a_held_batch_starts_after_any_read_and_only_a_fence_is_final() {
    let one = head(1, 0, 0);
    let mut held = store();
    let done = held.commit(2, 0, P, next(&one, 7), ScriptedCommit::Held(HeldUntil::Released), &mut no);
    let id = done.held.unwrap();
    assert_eq!((done.answer, done.outcomes), (WriteAnswer::Unknown, vec![StoreEvent::Held]));
    assert!(held.read(P, Consistency::Serial, &everything(), 9, &mut yes).rows.is_empty());
    assert_eq!(held.held().collect::<Vec<_>>(), [(id, P)]);

    let mut late = held.clone();
    assert_eq!(late.release(9, id, &mut no), [StoreEvent::HeldApplied], "the serial read was not final");
    assert_eq!(late.release(9, id, &mut no), [], "only once");
    let mut dropped = held.clone();
    assert_eq!((dropped.drop_held(id), dropped.drop_held(id)), (Some(StoreEvent::HeldDropped), None));
    assert_eq!(ends(&mut held, fence(&one, "new"), ScriptedCommit::Answered).0, WriteAnswer::Applied);
    assert_eq!(held.release(9, id, &mut yes), [StoreEvent::HeldRefused]);
    assert!(held.partition(P).unwrap().cells().get("7").is_none());
}

#[test]
fn what_waits_for_the_fence_follows_it_and_finds_the_guard_that_is_missing() {
    let one = head(1, 0, 0);
    let mut store = store();
    let hold = ScriptedCommit::Held(HeldUntil::NextBatch);
    store.commit(2, 0, P, next(&one, 7), hold, &mut no);
    let other = store.commit(3, 1, P, fence(&one, "other"), ScriptedCommit::Answered, &mut no);
    assert_eq!(other.outcomes, [StoreEvent::Applied], "it waits for its own sender");
    let two = head(2, 0, 0);
    let own = store.commit(4, 0, P, fence(&two, "own"), ScriptedCommit::ReplyLost, &mut no);
    assert_eq!(own.outcomes, [StoreEvent::AppliedUnknown, StoreEvent::HeldRefused]);
    let unguarded = Batch { condition: Condition::Equal { range: None, sequence: Some(0) }, ..next(&two, 8) };
    store.commit(5, 0, P, unguarded, hold, &mut no);
    let done = store.commit(6, 0, P, fence(&head(3, 0, 0), "own"), ScriptedCommit::Answered, &mut no);
    assert_eq!(done.outcomes, [StoreEvent::Applied, StoreEvent::HeldApplied]);
    assert_eq!(store.held().count(), 0);
}

#[test]
fn plain_reads_flip_around_the_undecided_until_it_is_settled() {
    let one = head(1, 0, 0);
    let mut store = store();
    assert_eq!(
        ends(&mut store, next(&one, 7), ScriptedCommit::Limbo),
        (WriteAnswer::Unknown, vec![StoreEvent::LimboOpened])
    );
    assert_eq!(store.partition(P).unwrap().undecided().map(|batch| batch.head.batch), Some(7));
    let hidden = store.read(P, Consistency::Quorum, &everything(), 9, &mut no);
    assert_eq!((keys(&hidden), hidden.outcomes.clone()), (vec![], vec![StoreEvent::LimboHidden]));
    let mut killed = store.clone();
    assert_eq!(killed.read(P, Consistency::Serial, &everything(), 9, &mut no).outcomes, [StoreEvent::LimboKilled]);
    assert!(killed.read(P, Consistency::Quorum, &everything(), 9, &mut yes).rows.is_empty(), "dead for good");

    let shown = store.read(P, Consistency::Quorum, &everything(), 9, &mut yes);
    assert_eq!((shown.head.clone().map(|head| head.batch), keys(&shown)), (Some(7), vec!["7"]));
    assert_eq!(shown.outcomes, [StoreEvent::LimboShown]);
    let again = store.read(P, Consistency::Quorum, &everything(), 9, &mut no);
    assert_eq!((keys(&again), again.outcomes.clone()), (vec![], vec![StoreEvent::LimboFlipped]));
    // It was shown, so it is decided: a refused batch settles it, and luck has no say.
    let (answer, outcomes) = ends(&mut store, next(&one, 8), ScriptedCommit::Answered);
    assert_eq!(outcomes, [StoreEvent::LimboApplied, StoreEvent::Refused]);
    assert_eq!(answer, WriteAnswer::NotApplied(Some(head(1, 1, 7))));
}

#[test]
fn a_batch_that_finds_its_condition_false_is_never_undecided() {
    let mut store = store();
    let done = ends(&mut store, next(&head(9, 9, 9), 7), ScriptedCommit::Limbo);
    assert_eq!(done, (WriteAnswer::Unknown, vec![StoreEvent::RefusedUnknown]));
    assert!(store.partition(P).unwrap().undecided().is_none());
}

#[test]
fn settling_everything_leaves_nothing_open() {
    let mut store = store();
    ends(&mut store, next(&head(1, 0, 0), 7), ScriptedCommit::Limbo);
    assert_eq!(store.settle(&mut yes), [StoreEvent::LimboApplied]);
    assert_eq!(store.settle(&mut yes), []);
    let audit: Vec<_> = store.audit().map(|(name, place)| (name, place.cells().iter().count())).collect();
    assert_eq!(audit, [(P, 1)]);
    let decided = store.partition(P).unwrap().decided();
    assert_eq!(decided.iter().map(|head| head.batch).collect::<Vec<_>>(), [0, 7]);
}

#[test]
fn one_timestamp_for_all_statements_loses_rows() {
    let one = head(1, 0, 0);
    let mut store = store();
    let rows = vec![put("a", "later but small"), put("a", "zz"), put("b", "new"), ("b".into(), None)];
    let batch = Batch { rows, ..next(&one, 1) };
    assert_eq!(batch.collision(), Some("a"));
    assert_eq!(ends(&mut store, batch, ScriptedCommit::Answered).1, [StoreEvent::Collision, StoreEvent::Applied]);
    let cells = store.partition(P).unwrap().cells();
    assert_eq!((cells.get("a"), cells.get("b")), (Some(&b"zz"[..]), None));

    let two = Batch { rows: vec![put("c", "new")], deleted: vec!["c".into().."d".into()], ..next(&head(1, 1, 1), 2) };
    assert_eq!(two.collision(), Some("c"));
    assert_eq!(ends(&mut store, two, ScriptedCommit::Answered).0, WriteAnswer::Applied);
    assert_eq!(store.partition(P).unwrap().cells().get("c"), None);
    let three = Batch { rows: vec![put("c", "x"), put("b", "y")], ..next(&head(1, 2, 2), 3) };
    assert_eq!(three.collision(), None);
    assert_eq!(ends(&mut store, three, ScriptedCommit::Answered).1, [StoreEvent::Applied]);
    assert_eq!(store.partition(P).unwrap().cells().get("c"), Some(&b"x"[..]), "a later batch is later");
}

fn rows(of: &[(&str, &str)]) -> Rows {
    of.iter().map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec())).collect()
}

#[test]
fn appends_are_late_torn_or_lost_and_the_larger_timestamp_wins() {
    let mut store = Cassandra::new();
    let mut append = |what: &[(&str, &str)], at, scripted, chooser: fn(Question) -> bool| {
        let done = store.append("h", rows(what), at, scripted, &mut { chooser });
        (done, store.clone())
    };
    let (done, _) = append(&[("1", "a")], 10, ScriptedAppend::Answered, no);
    assert_eq!((done.answer, done.outcomes), (WriteAnswer::Applied, vec![StoreEvent::Appended]));
    let (done, _) = append(&[("1", "a")], 10, ScriptedAppend::ReplyLost, no);
    assert_eq!((done.answer, done.outcomes), (WriteAnswer::Unknown, vec![StoreEvent::AppendedUnknown]));
    assert_eq!(append(&[("2", "b")], 11, ScriptedAppend::Lost, yes).0.outcomes, [StoreEvent::AppendLost]);
    assert_eq!(append(&[("3", "c")], 11, ScriptedAppend::Partial, no).0.outcomes, [StoreEvent::AppendPartial]);
    let (done, _) = append(&[("4", "late")], 12, ScriptedAppend::Held, no);
    let id = done.held.unwrap();
    assert_eq!(done.outcomes, [StoreEvent::AppendHeld]);
    let (done, _) = append(&[("4", "rewritten")], 13, ScriptedAppend::Answered, no);
    assert_eq!(done.outcomes, [StoreEvent::Appended]);
    let (done, mut after) = append(&[("1", "z")], 14, ScriptedAppend::Answered, no);
    assert_eq!(done.outcomes, [StoreEvent::Appended, StoreEvent::Overwritten], "the harm that unique keys avoid");
    assert_eq!(after.release(99, id, &mut yes), [StoreEvent::AppendLanded, StoreEvent::Outdated]);
    let view = after.read("h", Consistency::Quorum, &everything(), 9, &mut no);
    assert_eq!((view.head, view.rows), (None, rows(&[("1", "z"), ("4", "rewritten")])));
}

#[test]
fn torn_appends_keep_what_luck_keeps() {
    let mut store = Cassandra::new();
    let mut coin = false;
    let mut chooser = |question| {
        assert_eq!(question, Question::Keep);
        coin = !coin;
        coin
    };
    store.append("h", rows(&[("1", "a"), ("2", "b"), ("3", "c")]), 1, ScriptedAppend::Partial, &mut chooser);
    assert_eq!(keys(&store.read("h", Consistency::Serial, &everything(), 9, &mut no)), ["1", "3"]);
}

#[test]
fn deletes_are_late_torn_or_lost_and_the_largest_timestamp_beats_every_append() {
    let mut store = Cassandra::new();
    let mut delete = |scripted, mut chooser: fn(Question) -> bool| {
        store.append("h", rows(&[("1", "a"), ("2", "b")]), 99, ScriptedAppend::Answered, &mut no);
        let done = store.delete("h", &("2".into().."3".into()), Stamp::MAX, scripted, &mut chooser);
        (done, store.clone())
    };
    let left = |mut store: Cassandra| {
        let view = store.read("h", Consistency::Quorum, &everything(), 9, &mut no);
        view.rows.into_iter().map(|(key, _)| key).collect::<Vec<_>>()
    };
    let (done, after) = delete(ScriptedAppend::Lost, yes);
    assert_eq!(
        (done.answer, done.outcomes, left(after).len()),
        (WriteAnswer::Unknown, vec![StoreEvent::DeleteLost], 2)
    );
    let (done, after) = delete(ScriptedAppend::Partial, no);
    assert_eq!((done.outcomes, left(after).len()), (vec![StoreEvent::DeletePartial], 2), "no row of it");
    let (done, mut after) = delete(ScriptedAppend::Held, no);
    assert_eq!((done.outcomes, left(after.clone()).len()), (vec![StoreEvent::DeleteHeld], 2));
    let id = done.held.unwrap();
    let mut dropped = after.clone();
    assert_eq!(dropped.drop_held(id), Some(StoreEvent::DeleteLost));
    assert_eq!((after.release(99, id, &mut no), left(after)), (vec![StoreEvent::DeleteLanded], vec!["1".to_owned()]));
    let (done, after) = delete(ScriptedAppend::ReplyLost, no);
    assert_eq!((done.answer, done.outcomes), (WriteAnswer::Unknown, vec![StoreEvent::DeletedUnknown]));
    assert_eq!(left(after), ["1"], "and nothing else is touched");
    let (done, after) = delete(ScriptedAppend::Answered, no);
    assert_eq!((done.answer, done.outcomes), (WriteAnswer::Applied, vec![StoreEvent::Deleted]));
    assert_eq!(left(after), ["1"], "what was appended meanwhile, by a later clock, is beaten too");
}

#[test]
fn plain_writes_below_a_ballot_are_lost_and_above_it_hide_the_next_batches() {
    let mut store = store();
    let one = head(1, 0, 0);
    store.commit(100, 0, P, next(&one, 7), ScriptedCommit::Answered, &mut no);
    let slow = store.append(P, rows(&[("7", "plain")]), 50, ScriptedAppend::Answered, &mut no);
    assert_eq!(slow.outcomes, [StoreEvent::Appended, StoreEvent::Outdated]);
    store.append(P, rows(&[("8", "plain")]), 5000, ScriptedAppend::Answered, &mut no);
    let done = store.commit(200, 0, P, next(&head(1, 1, 7), 8), ScriptedCommit::Answered, &mut no);
    assert_eq!(done.answer, WriteAnswer::Applied);
    assert_eq!(store.partition(P).unwrap().cells().get("8"), Some(&b"plain"[..]), "applied, and no effect");
}

#[test]
fn reads_stop_at_their_limit_and_their_range() {
    let mut store = store();
    let batch = Batch { rows: vec![put("a", "1"), put("b", "2"), put("c", "3")], ..next(&head(1, 0, 0), 1) };
    ends(&mut store, batch, ScriptedCommit::Answered);
    let two = store.read(P, Consistency::Quorum, &everything(), 2, &mut no);
    assert_eq!(keys(&two), ["a", "b"]);
    let part = store.read(P, Consistency::Quorum, &("b".into().."c".into()), 9, &mut no);
    assert_eq!(keys(&part), ["b"]);
    let none = store.read(P, Consistency::Quorum, &("c".into().."b".into()), 9, &mut no);
    assert!(none.rows.is_empty() && none.head.is_some(), "a range that ends before it begins");
}
