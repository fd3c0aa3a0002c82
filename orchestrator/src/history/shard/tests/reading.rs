//! Histories: pages, long polls, tokens.

use super::fixture::*;
use crate::history::engine::{Rejection, Reply};
use crate::history::shard::Shard;
use crate::store::Store;
use crate::store::memory::Memory;
use crate::testing::World;
use resurgam_api::temporal::enums::v1::{EventType, HistoryEventFilterType};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

async fn shard() -> Shard {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let shard = Life::new(&World::new(1)).shard(&store, &Arc::default());
    shard.call(start("w", "r", "q")).await.unwrap();
    shard
}

#[tokio::test(start_paused = true)]
async fn pages_follow_each_other() {
    let shard = shard().await;
    for number in 0..7 {
        shard.call(signal("w", if number % 2 == 0 { "many" } else { "s" }, &number.to_string())).await.unwrap();
    }
    let all: Vec<i64> = (1..=405).collect();
    for page in [0, 1, 7, 100, 256, 1000] {
        assert_eq!(ids(&shard.read_all("w", page).await.unwrap()), all, "pages of {page}");
    }
    let (first, token) = shard.read(history("w")).await.unwrap();
    assert_eq!(first.len(), 256);

    // A snapshot does not grow while it is read.
    shard.call(signal("w", "many", "later")).await.unwrap();
    let mut next = history("w");
    next.next_page_token = token.clone();
    let (second, rest) = shard.read(next.clone()).await.unwrap();
    assert_eq!((ids(&second), rest.is_empty()), ((257..=405).collect(), true));

    next.execution.as_mut().unwrap().run_id = "another".to_owned();
    assert!(matches!(shard.read(next.clone()).await, Err(Rejection::InvalidArgument(_))));
    next.next_page_token = b"nonsense".to_vec();
    assert!(matches!(shard.read(next).await, Err(Rejection::InvalidArgument(_))));
    assert!(matches!(shard.read(history("v")).await, Err(Rejection::NotFound(_))));
}

#[tokio::test(start_paused = true)]
async fn a_long_history_goes_with_a_task_in_pages() {
    let shard = shard().await;
    for number in 0..4 {
        shard.call(signal("w", "many", &number.to_string())).await.unwrap();
    }
    let Reply::WorkflowTask(task, slice) = shard.call(poll("w")).await.unwrap() else { panic!("not a task") };
    let mut events = task.history.unwrap().events;
    assert_eq!(events.len(), 256);
    let mut request = history("w");
    request.next_page_token = task.next_page_token;
    let (rest, token) = shard.read(request).await.unwrap();
    events.extend(rest);
    assert!(token.is_empty());
    assert_eq!(ids(&events), (1..=404).collect::<Vec<_>>());
    assert_eq!((slice.next, events.last()), (404, slice.appended.last()), "the shown event comes last");
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_is_woken_by_commits() {
    let shard = shard().await;
    let mut request = history("w");
    request.wait_new_event = true;
    let (events, token) = shard.read(request.clone()).await.unwrap();
    assert_eq!(ids(&events), [1, 2], "what is there comes at once");
    request.next_page_token = token;
    let waiting = tokio::spawn({
        let (shard, request) = (shard.clone(), request.clone());
        async move { shard.read(request).await }
    });
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!waiting.is_finished());
    shard.call(signal("w", "s", "1")).await.unwrap();
    let (events, token) = waiting.await.unwrap().unwrap();
    assert_eq!(ids(&events), [3]);

    request.next_page_token = token;
    let began = Instant::now();
    let (events, token) = shard.read(request.clone()).await.unwrap();
    assert_eq!((events.len(), began.elapsed().as_secs()), (0, 20), "nothing came");
    request.next_page_token = token;
    shard.call(complete("w")).await.unwrap();
    let (events, token) = shard.read(request).await.unwrap();
    assert_eq!((ids(&events), token.is_empty()), (vec![4], true));
}

#[tokio::test(start_paused = true)]
async fn the_close_event_alone_can_be_waited_for() {
    let shard = shard().await;
    let mut request = history("w");
    request.wait_new_event = true;
    request.history_event_filter_type = HistoryEventFilterType::CloseEvent as i32;
    let waiting = tokio::spawn({
        let (shard, request) = (shard.clone(), request.clone());
        async move { shard.read(request).await }
    });
    shard.call(signal("w", "s", "1")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!waiting.is_finished());
    shard.call(complete("w")).await.unwrap();
    let (events, token) = waiting.await.unwrap().unwrap();
    assert_eq!((events.len(), token.is_empty()), (1, true));
    assert_eq!(events[0].event_type(), EventType::WorkflowExecutionCompleted);
    assert_eq!(shard.read(request).await.unwrap().0, events);
}
