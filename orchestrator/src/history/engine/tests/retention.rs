//! Closed runs are deleted when their time is over, and nobody else is touched by that.

use super::shard::{Shard, finish, target};
use crate::cluster::Rejection;
use crate::history::engine::retention::Expiry;
use resurgam_api::internal;
use resurgam_api::temporal::command::v1::ContinueAsNewWorkflowExecutionCommandAttributes;
use resurgam_api::temporal::command::v1::command::Attributes as Decided;
use resurgam_api::temporal::enums::v1::WorkflowIdReusePolicy as Reuse;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_state::task::{TimerKind, TransferKind};

const DAY: i64 = 86_400_000;

fn again() -> Decided {
    Decided::ContinueAsNewWorkflowExecutionCommandAttributes(ContinueAsNewWorkflowExecutionCommandAttributes::default())
}

fn describe(shard: &mut Shard, run_id: &str) -> Result<(), Rejection> {
    let request = Some(api::DescribeWorkflowExecutionRequest::default());
    shard.step(internal::DescribeRequest { target: target(run_id), request }).map(drop)
}

fn deleted(shard: &Shard) -> Vec<&str> {
    let deletions = shard.transfers.iter().filter(|task| task.kind == Some(TransferKind::DeleteHistory(true)));
    deletions.map(|task| task.run.run_id.as_str()).collect()
}

#[test]
fn a_run_is_there_until_its_time_is_over_and_then_its_id_is_free_under_every_policy() {
    let mut shard = Shard::started();
    let run_id = shard.current();
    shard.pass(5_000);
    shard.terminate().unwrap();
    let closed = shard.now;
    shard.until(closed + DAY - 1);
    assert_eq!(describe(&mut shard, &run_id), Ok(()));
    let rejecting = |it: &mut api::StartWorkflowExecutionRequest| {
        it.workflow_id_reuse_policy = Reuse::RejectDuplicate.into();
    };
    assert!(matches!(shard.start("other", rejecting), Err(Rejection::AlreadyStarted { .. })));
    shard.until(closed + DAY);
    assert!(shard.workflow.runs.is_empty() && shard.workflow.current.is_none());
    assert_eq!(deleted(&shard), [run_id.as_str()]);
    for run in ["", &run_id] {
        assert!(matches!(describe(&mut shard, run), Err(Rejection::NotFound(_))), "{run}");
    }
    assert!(matches!(shard.signal("s"), Err(Rejection::NotFound(_))));
    assert!(matches!(shard.terminate(), Err(Rejection::NotFound(_))));
    let started = shard.start("other", rejecting).expect("nobody has the id");
    assert!(started.started && started.run_id != run_id);
}

#[test]
fn each_run_of_a_chain_goes_by_itself() {
    let mut shard = Shard::started();
    let first = shard.current();
    let handed = shard.poll();
    shard.complete(&handed, vec![again()]).unwrap();
    let (second, closed) = (shard.current(), shard.now);
    assert_ne!(first, second);
    shard.until(closed + DAY);
    assert_eq!(deleted(&shard), [first.as_str()]);
    assert_eq!(shard.current(), second, "the row of the current run names another one, and stays");
    assert!(matches!(describe(&mut shard, &first), Err(Rejection::NotFound(_))));
    let handed = shard.poll();
    shard.complete(&handed, vec![finish()]).unwrap();
    shard.pass(DAY);
    assert_eq!(deleted(&shard), [first.as_str(), second.as_str()]);
    assert!(shard.workflow.current.is_none());
}

#[test]
fn a_current_run_that_goes_first_leaves_those_before_it_to_be_read() {
    let mut shard = Shard::started();
    let first = shard.current();
    shard.terminate().unwrap();
    // The next one is closed by a clock that is behind.
    shard.now -= 60_000;
    shard.start("other", |_| {}).unwrap();
    shard.terminate().unwrap();
    let second = shard.current();
    shard.until(shard.now + DAY);
    assert_eq!(deleted(&shard), [second.as_str()]);
    assert_eq!((describe(&mut shard, &first), shard.workflow.check()), (Ok(()), Ok(())));
    shard.pass(60_000);
    assert_eq!(deleted(&shard), [second.as_str(), first.as_str()]);
}

#[test]
fn nothing_is_deleted_before_the_namespace_is_known_nor_by_a_clock_that_went_back() {
    let mut shard = Shard::started();
    shard.retention = None;
    shard.terminate().unwrap();
    let closed = shard.now;
    shard.pass(3 * DAY);
    assert!(deleted(&shard).is_empty() && shard.expiries.len() == 1, "it asks again");
    shard.retention = Some(DAY);
    shard.now = closed + 7;
    let expiry = shard.expiries.pop().unwrap();
    shard.step(Expiry(expiry)).unwrap();
    assert_eq!((deleted(&shard).len(), shard.expiries[0].due), (0, closed + DAY));
    assert_eq!(shard.expiries[0].kind, Some(TimerKind::Retention(true)));
    shard.until(closed + DAY);
    assert_eq!(deleted(&shard).len(), 1);
}

#[test]
fn a_deletion_that_comes_twice_does_nothing() {
    let mut shard = Shard::started();
    shard.start("later", |it| it.workflow_id_conflict_policy = 3).unwrap();
    shard.terminate().unwrap();
    let expiry = shard.expiries[0].clone();
    shard.pass(DAY);
    let before = shard.transfers.len();
    shard.step(Expiry(expiry)).expect("a deletion is never refused");
    assert_eq!((deleted(&shard).len(), shard.transfers.len()), (2, before));
}

#[test]
#[should_panic(expected = "is open, and to be deleted")]
fn an_open_run_is_never_deleted() {
    let mut shard = Shard::started();
    shard.terminate().unwrap();
    let mut expiry = shard.expiries.pop().unwrap();
    shard.start("other", |_| {}).unwrap();
    expiry.run.run_id = shard.current();
    shard.step(Expiry(expiry)).ok();
}
