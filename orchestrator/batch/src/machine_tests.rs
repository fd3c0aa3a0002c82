//! The machine at work: what it orders, and when.

#![allow(deprecated, reason = "clients may still name workflows in the field that is for nothing else")]

use crate::machine::{Machine, Order, Selected};
use crate::{Batch, CONCURRENT, Item, Millis, Outcome, PAGE, RATE, Request};
use resurgam_api::temporal::batch::v1::BatchOperationSignal;
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::workflowservice::v1::start_batch_operation_request::Operation;
use std::collections::BTreeMap;

/// When all of these begin.
const START: Millis = 1_700_000_000_000;

fn signalling() -> Request {
    let signal = BatchOperationSignal { signal: "s".into(), ..BatchOperationSignal::default() };
    Request { job_id: "j".into(), operation: Some(Operation::SignalOperation(signal)), ..Request::default() }
}

fn asking() -> Request {
    Request { visibility_query: "WorkflowType = 't'".into(), ..signalling() }
}

fn naming(count: usize) -> Request {
    Request { executions: (0..count).map(execution).collect(), ..signalling() }
}

fn execution(number: usize) -> WorkflowExecution {
    WorkflowExecution { workflow_id: format!("w{number}"), run_id: String::new() }
}

fn page(of: std::ops::Range<usize>, next: Option<&str>) -> Result<Selected, String> {
    let items = of.map(|number| Item { execution: execution(number), late: false }).collect();
    Ok(Selected { items, next: next.map(str::to_owned) })
}

/// A batch operation, and what its run keeps.
struct Play {
    stored: Batch,
    request: Request,
    items: BTreeMap<i64, Item>,
    now: Millis,
    over: bool,
}

impl Play {
    fn new(request: Request) -> Self {
        let stored = Batch::new(&request, START);
        let mut play = Self { stored, request, items: BTreeMap::new(), now: START, over: false };
        assert_eq!(play.then(|machine| machine.settle()), [], "who stops it at once stops it in time");
        play
    }

    /// What is ordered then, but for what the run keeps, which it does.
    fn then(&mut self, act: impl FnOnce(&mut Machine<'_>) -> Vec<Order>) -> Vec<Order> {
        let (stored, request, now) = (&mut self.stored, &self.request, self.now);
        let orders = act(&mut Machine { stored, request, now });
        let mut left = Vec::new();
        for order in orders {
            assert!(!self.over, "{order:?} though it is over");
            match order {
                Order::Keep(number, item) => assert!(self.items.insert(number, item).is_none()),
                Order::Forget(number) => assert!(self.items.remove(&number).is_some()),
                Order::Operate(number) => {
                    assert!(self.items.contains_key(&number), "{number} is not known");
                    left.push(order);
                }
                Order::Complete | Order::Fail(_) => {
                    self.over = true;
                    left.push(order);
                }
                Order::Count | Order::Select(_) => left.push(order),
            }
        }
        let waiting = self.items.len() - self.stored.under_way.len();
        assert!(waiting <= PAGE + PAGE / 4 && self.stored.under_way.len() <= CONCURRENT);
        left
    }

    /// The next time at which it looks again.
    fn pass(&mut self) -> Vec<Order> {
        assert!(self.stored.wakes > self.now, "it waits for nothing");
        self.now = self.stored.wakes;
        self.stored.wakes = 0;
        self.then(|machine| machine.settle())
    }

    fn operated(&mut self, number: i64, outcome: Outcome) -> Vec<Order> {
        self.then(|machine| machine.operated(number, outcome))
    }

    fn counts(&self) -> (i64, i64, i64) {
        (self.stored.total, self.stored.complete, self.stored.failed)
    }
}

fn numbers(orders: &[Order]) -> Vec<i64> {
    let number = |order: &Order| match order {
        Order::Operate(number) => Some(*number),
        _ => None,
    };
    orders.iter().filter_map(number).collect()
}

#[test]
fn it_counts_and_then_selects_page_by_page() {
    let mut play = Play::new(asking());
    assert_eq!((play.stored.wakes, play.pass()), (START + 500, vec![Order::Count]));
    assert_eq!(play.then(|machine| machine.settle()), [], "it has to be told first");
    assert_eq!(play.then(|machine| machine.counted(Ok(3))), [Order::Select(1)]);
    assert_eq!(play.then(|machine| machine.counted(Ok(9))), [], "that was said already");
    assert_eq!(play.then(|machine| machine.selected(2, page(0..2, None))), [], "nobody has asked for that page");
    let orders = play.then(|machine| machine.selected(1, page(0..2, Some("there"))));
    assert_eq!(orders, [Order::Select(2), Order::Operate(1), Order::Operate(2)]);
    assert_eq!(play.stored.cursor, "there");
    assert_eq!(play.then(|machine| machine.selected(1, page(0..2, None))), [], "that page was here");
    assert_eq!(play.operated(2, Outcome::Refused), []);
    assert_eq!(play.operated(2, Outcome::Done), [], "that was said already");
    assert_eq!(play.then(|machine| machine.selected(2, page(2..3, None))), [Order::Operate(3)]);
    assert_eq!(play.operated(1, Outcome::Done), []);
    assert_eq!(play.operated(3, Outcome::Done), [Order::Complete]);
    assert_eq!((play.counts(), play.items.len()), ((3, 2, 1), 0));
}

#[test]
fn a_page_may_be_empty_and_is_not_the_last_one_for_that() {
    let mut play = Play::new(asking());
    play.pass();
    play.then(|machine| machine.counted(Ok(0)));
    assert_eq!(play.then(|machine| machine.selected(1, page(0..0, Some("a")))), [Order::Select(2)]);
    assert_eq!(play.then(|machine| machine.selected(2, page(0..0, None))), [Order::Complete]);
}

#[test]
fn what_cannot_be_asked_ends_it() {
    let why = || "invalid query".to_owned();
    let mut play = Play::new(asking());
    play.pass();
    assert_eq!(play.then(|machine| machine.counted(Err(why()))), [Order::Fail("invalid query".into())]);
    let mut play = Play::new(asking());
    play.pass();
    play.then(|machine| machine.counted(Ok(1)));
    assert_eq!(play.then(|machine| machine.selected(1, Err(why()))), [Order::Fail("invalid query".into())]);
}

#[test]
fn what_was_seen_before_is_not_counted() {
    let mut play = Play::new(naming(2));
    assert_eq!(numbers(&play.pass()), [1, 2]);
    play.operated(1, Outcome::Seen);
    assert_eq!(play.operated(2, Outcome::Done), [Order::Complete]);
    assert_eq!(play.counts(), (2, 1, 0));
}

#[test]
fn few_are_under_way_and_the_next_follows_when_one_is_done() {
    let mut play = Play::new(naming(1000));
    let first: Vec<i64> = (1..=CONCURRENT as i64).collect();
    assert_eq!(numbers(&play.pass()), first);
    assert_eq!(numbers(&play.operated(5, Outcome::Done)), [CONCURRENT as i64 + 1]);
    assert_eq!(play.stored.wakes, 0, "it waits for answers, and for no time");
}

#[test]
fn many_take_as_long_as_they_may_and_each_has_its_turn_once() {
    let many = 1000;
    let mut play = Play::new(naming(many));
    let mut done = Vec::new();
    let mut under_way: Vec<i64> = numbers(&play.pass());
    while let Some(number) = under_way.pop() {
        done.push(number);
        under_way.extend(numbers(&play.operated(number, Outcome::Done)));
        while under_way.is_empty() && !play.over {
            under_way.extend(numbers(&play.pass()));
        }
    }
    done.sort_unstable();
    assert!(done.iter().copied().eq(1..=many as i64) && play.over && play.items.is_empty());
    assert_eq!(play.counts(), (many as i64, many as i64, 0));
    let lasted = (play.now - START - 500) / 1000;
    let least = (many as i64 - i64::from(RATE)) / i64::from(RATE);
    assert!((least..=least + 1).contains(&lasted), "{lasted} s");
}

#[test]
fn a_slower_one_is_slower() {
    let mut play = Play::new(Request { max_operations_per_second: 2.0, ..naming(3) });
    assert_eq!(numbers(&play.pass()), [1, 2]);
    assert_eq!(play.operated(1, Outcome::Done), [], "it has to wait");
    assert_eq!(play.stored.wakes, START + 1_000);
    assert_eq!(play.operated(2, Outcome::Done), []);
    assert_eq!(numbers(&play.pass()), [3]);
    assert_eq!(play.operated(3, Outcome::Done), [Order::Complete]);
}
