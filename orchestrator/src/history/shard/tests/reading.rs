//! Histories: pages, long polls, tokens.

use super::fixture::*;
use super::standin::target;
use crate::cluster::Rejection;
use crate::history::shard::Shard;
use crate::store::memory::Memory;
use crate::store::{Answer, Commit, Head, Key, Partition, Rows, Store, Unavailable};
use crate::testing::World;
use async_trait::async_trait;
use resurgam_api::internal::GetHistoryRequest;
use resurgam_api::temporal::enums::v1::{EventType, HistoryEventFilterType};
use resurgam_api::temporal::workflowservice::v1::GetWorkflowExecutionHistoryRequest as Request;
use std::ops::Range;
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
    let (task, slice) = shard.hand_out("w").await;
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

/// A store that never answers: nobody can take a shard there.
struct Silent;

#[async_trait]
impl Store for Silent {
    async fn commit(&self, _: &Partition, _: Commit) -> Answer {
        std::future::pending().await
    }

    async fn head(&self, _: &Partition) -> Result<Option<Head>, Unavailable> {
        std::future::pending().await
    }

    async fn read(&self, _: &Partition, _: Range<Key>, _: usize) -> Result<Rows, Unavailable> {
        std::future::pending().await
    }

    async fn append(&self, _: &Partition, _: Rows) -> Result<(), Unavailable> {
        std::future::pending().await
    }

    async fn delete(&self, _: &Partition, _: Range<Key>) -> Result<(), Unavailable> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_answered_before_the_patience_ends() {
    let shard = shard().await;
    let mut request = history("w");
    request.wait_new_event = true;
    let ask = async |shard: &Shard, request: &Request| {
        let began = Instant::now();
        let request =
            GetHistoryRequest { target: Some(target("w", "")), request: Some(request.clone()), ..Default::default() };
        let answer = shard.history(request, Duration::from_secs(3)).await;
        (answer, began.elapsed().as_secs())
    };
    request.next_page_token = shard.read(request.clone()).await.unwrap().1;
    let (answer, waited) = ask(&shard, &request).await;
    let answer = answer.unwrap();
    assert_eq!((answer.history.unwrap().events.len(), waited), (0, 3));
    assert_eq!(answer.next_page_token, request.next_page_token, "it may ask for the same again");

    let mut last = history("w");
    last.wait_new_event = true;
    last.history_event_filter_type = HistoryEventFilterType::CloseEvent as i32;
    let (answer, waited) = ask(&shard, &last).await;
    last.next_page_token = answer.unwrap().next_page_token;
    assert_eq!((last.next_page_token.is_empty(), waited), (false, 3));

    // The same where nobody serves the shard: a run that is known to be there may still have news.
    let silent: Arc<dyn Store> = Arc::new(Silent);
    let shard = Life::new(&World::new(1)).shard(&silent, &Arc::default());
    for request in [&request, &last] {
        let (answer, waited) = ask(&shard, request).await;
        assert_eq!((answer.unwrap().next_page_token, waited), (request.next_page_token.clone(), 3));
    }
    request.next_page_token.clear();
    let (answer, waited) = ask(&shard, &request).await;
    assert!(matches!(answer, Err(Rejection::Unavailable(_))));
    assert_eq!(waited, 3);
}
