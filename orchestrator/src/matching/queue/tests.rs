//! Tasks are neither lost nor kept for ever, whatever order things happen in.

use super::*;
use resurgam_api::internal::{TaskQueue, TaskToken};
use std::collections::{BTreeMap, BTreeSet};

fn task(scheduled: i64) -> AddTaskRequest {
    AddTaskRequest {
        task_queue: Some(TaskQueue { name: "q".into(), ..TaskQueue::default() }),
        task: Some(TaskToken { run_id: "r".into(), scheduled_event_id: scheduled, attempt: 1, ..TaskToken::default() }),
        ..AddTaskRequest::default()
    }
}

fn queue() -> Queue {
    Queue::new(false, 1, 0)
}

fn write(queue: &mut Queue) -> Vec<TaskId> {
    let batch = queue.batch().unwrap();
    queue.written(&batch);
    batch.tasks.iter().map(|(id, _)| *id).collect()
}

#[test]
fn a_task_without_a_poller_is_written_before_it_is_taken() {
    let mut queue = queue();
    assert_eq!(queue.add(task(1), 0), Ok(AddedTask::Pending(1)));
    assert!(queue.urgent() && !queue.can_offer());
    queue.poll(Poller(1), "w", 0);
    assert_eq!(queue.offer(0), None, "it is not durable yet");
    assert_eq!(write(&mut queue), [1]);
    let offer = queue.offer(0).unwrap();
    assert_eq!((offer.id, offer.poller), (1, Poller(1)));
    assert!(queue.ended(1, HandOver::Delivered));
    assert_eq!(queue.batch().unwrap(), Batch { tasks: vec![], acked: Some((0, 1)) });
    assert_eq!(queue.batch(), None);
}

#[test]
fn a_task_that_a_poller_waits_for_is_never_written() {
    let mut queue = queue();
    queue.poll(Poller(1), "w", 0);
    assert_eq!(queue.add(task(1), 0), Ok(AddedTask::Pending(1)));
    let offer = queue.offer(0).unwrap();
    assert_eq!((queue.batch(), queue.offer(0)), (None, None));
    assert!(queue.ended(offer.id, HandOver::Delivered));
    assert_eq!((queue.batch(), queue.backlog()), (None, 0));
}

#[test]
fn an_ambiguous_start_is_written_and_offered_again_with_the_same_id() {
    let mut queue = queue();
    queue.poll(Poller(1), "w", 0);
    queue.add(task(1), 0).unwrap();
    let first = queue.offer(0).unwrap();
    assert!(!queue.ended(first.id, HandOver::Again), "it is neither delivered nor durable");
    assert_eq!(write(&mut queue), [1]);
    queue.poll(Poller(2), "w", 0);
    let second = queue.offer(0).unwrap();
    let id = |offer: &Offer| start_id(offer.request.task.as_ref().unwrap(), 1);
    assert_eq!((id(&first), second.poller), (id(&second), Poller(2)));
    assert!(queue.ended(second.id, HandOver::Again), "it is durable");
    queue.poll(Poller(3), "w", 0);
    assert_eq!(queue.offer(0), None, "it rests");
    queue.rested(1);
    assert!(queue.offer(0).is_some());
    assert!(queue.ended(1, HandOver::Obsolete));
    assert_eq!(queue.backlog(), 0);
}

#[test]
fn a_repeated_hand_over_is_one_task_until_it_is_offered() {
    let mut queue = queue();
    assert_eq!(queue.add(task(1), 0), Ok(AddedTask::Pending(1)));
    assert_eq!(queue.add(task(1), 0), Ok(AddedTask::Pending(1)));
    assert_eq!(queue.add(task(2), 0), Ok(AddedTask::Pending(2)));
    write(&mut queue);
    assert_eq!(queue.add(task(1), 0), Ok(AddedTask::Taken));
    queue.poll(Poller(1), "w", 0);
    queue.offer(0).unwrap();
    // The start on its way may be about an earlier task with the same ids.
    assert_eq!(queue.add(task(1), 0), Ok(AddedTask::Pending(3)));
}

#[test]
fn the_ack_level_stops_at_the_first_unfinished_task() {
    let mut queue = queue();
    for scheduled in 1..=3 {
        queue.add(task(scheduled), 0).unwrap();
    }
    write(&mut queue);
    for poller in 1..=3 {
        queue.poll(Poller(poller), "w", 0);
        queue.offer(0).unwrap();
    }
    assert!(queue.ended(1, HandOver::Delivered) && queue.ended(3, HandOver::Delivered));
    assert_eq!(queue.batch().unwrap().acked, Some((0, 1)));
    queue.ended(2, HandOver::Again);
    assert_eq!(queue.batch(), None);
    queue.rested(2);
    queue.poll(Poller(4), "w", 0);
    queue.offer(0).unwrap();
    queue.ended(2, HandOver::Delivered);
    assert_eq!(queue.batch().unwrap().acked, Some((1, 3)));
}

#[test]
fn what_does_not_fit_in_memory_is_read_later_and_in_full() {
    let total = WINDOW as u64 * 2 + 10;
    let mut queue = queue();
    let mut stored = BTreeMap::new();
    let mut store = |queue: &mut Queue| {
        while let Some(batch) = queue.batch() {
            stored.extend(batch.tasks.iter().cloned());
            if let Some((_, level)) = batch.acked {
                stored.retain(|id, _| *id > level);
            }
            queue.written(&batch);
        }
        stored.clone()
    };
    for scheduled in 1..=total {
        queue.add(task(scheduled as i64), 0).unwrap();
        store(&mut queue);
        assert!(queue.backlog() <= WINDOW);
    }
    let mut delivered = BTreeSet::new();
    while delivered.len() < total as usize {
        let rows = store(&mut queue);
        if let Some(from) = queue.wants() {
            let page: Vec<_> = rows.range(from + 1..).take(Queue::page()).map(|(id, row)| (*id, row.clone())).collect();
            let whole = page.len() < Queue::page();
            queue.load(page, whole);
        }
        queue.poll(Poller(1), "w", 0);
        let offer = queue.offer(0).expect("a task was lost");
        assert!(delivered.insert(offer.request.task.unwrap().scheduled_event_id));
        queue.ended(offer.id, HandOver::Delivered);
    }
    store(&mut queue);
    assert_eq!((queue.ack_level(), store(&mut queue).len()), (total, 0));
}

#[test]
fn after_a_reload_what_is_stored_decides() {
    let mut queue = queue();
    queue.add(task(1), 0).unwrap();
    write(&mut queue);
    queue.add(task(2), 0).unwrap();
    queue.batch().unwrap();
    queue.poll(Poller(7), "w", 0);
    queue.reset(1 << 32, 0);
    queue.load(vec![(1, task(1))], true);
    assert_eq!(queue.add(task(2), 0), Ok(AddedTask::Pending(1 << 32)));
    let offer = queue.offer(0).unwrap();
    assert_eq!((offer.id, offer.poller), (1, Poller(7)));
}

#[test]
fn a_sticky_queue_needs_a_poller_and_writes_nothing() {
    let mut queue = Queue::new(true, 1, 0);
    assert_eq!(queue.add(task(1), 0), Err(Abandoned));
    queue.poll(Poller(1), "w", 0);
    queue.gone(Poller(1));
    assert_eq!(queue.add(task(1), 9_999), Ok(AddedTask::Taken));
    assert_eq!(queue.add(task(2), 10_000), Err(Abandoned));
    assert!(queue.batch().is_none() && queue.abandoned(10_000));
    queue.poll(Poller(2), "w", 20_000);
    assert_eq!(queue.offer(20_000).unwrap().id, 1);
    queue.gone(Poller(2));
    queue.close();
    assert_eq!(queue.add(task(3), 20_001), Err(Abandoned));
}

#[test]
fn an_expired_task_is_dropped_after_an_allowance_for_clocks() {
    let mut queue = queue();
    let expires = Some(prost_wkt_types::Timestamp { seconds: 5, nanos: 0 });
    queue.add(AddTaskRequest { expires, ..task(1) }, 0).unwrap();
    write(&mut queue);
    queue.poll(Poller(1), "w", 0);
    assert!(queue.clone().offer(15_000).is_some());
    assert_eq!((queue.offer(15_001), queue.backlog()), (None, 0));
}

/// Each bug of matching makes a difference here.
#[cfg(feature = "planted-bugs")]
mod bugs {
    use super::*;
    use crate::planted::plant;

    #[test]
    fn hand_over_drops_the_task() {
        plant(Some(Bug::HandOverDropsTask));
        let mut queue = queue();
        queue.poll(Poller(1), "w", 0);
        queue.add(task(1), 0).unwrap();
        let offer = queue.offer(0).unwrap();
        assert!(queue.ended(offer.id, HandOver::Again) && queue.backlog() == 0);
        plant(None);
    }

    #[test]
    fn the_ack_level_skips_unfinished_tasks() {
        plant(Some(Bug::AckLevelSkipsUnfinished));
        let mut queue = queue();
        queue.add(task(1), 0).unwrap();
        write(&mut queue);
        assert_eq!(queue.batch().unwrap().acked, Some((0, 1)));
        plant(None);
    }

    #[test]
    fn a_sticky_task_is_lost() {
        plant(Some(Bug::StickyTaskLost));
        let mut queue = Queue::new(true, 1, 0);
        queue.poll(Poller(1), "w", 0);
        queue.gone(Poller(1));
        assert_eq!((queue.add(task(1), 0), queue.backlog()), (Ok(AddedTask::Taken), 0));
        plant(None);
    }
}
