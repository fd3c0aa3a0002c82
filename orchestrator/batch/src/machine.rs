//! The machine: it is told what has happened, and says what is to be done about that.

#![allow(deprecated, reason = "clients may still name workflows in the field that is for nothing else")]

use crate::pace::Pace;
use crate::stored::Survey;
use crate::{Batch, CONCURRENT, Item, Millis, Outcome, PAGE, Request, query};

/// So long after its start it begins: who stops it at once stops it before it has done anything.
const BEGINS: Millis = 500;

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// It is to be counted how many workflows there are.
    Count,
    /// The page with this number is to be selected, behind the cursor.
    Select(i64),
    /// A workflow that was selected is to be kept under its number.
    Keep(i64, Item),
    /// The operation is to be done to the workflow with this number.
    Operate(i64),
    /// The workflow with this number is to be kept no longer.
    Forget(i64),
    /// It is over.
    Complete,
    /// It is over, and was never possible: why.
    Fail(String),
}

/// A page of workflows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selected {
    /// The workflows, in the order of the list.
    pub items: Vec<Item>,
    /// Where the list goes on behind them; `None`: it does not.
    pub next: Option<String>,
}

/// A batch operation at work.
pub struct Machine<'a> {
    /// What is stored of it.
    pub stored: &'a mut Batch,
    /// What was asked for.
    pub request: &'a Request,
    /// The time.
    pub now: Millis,
}

impl Batch {
    /// One that begins.
    #[must_use]
    pub fn new(request: &Request, now: Millis) -> Self {
        let named = i64::try_from(request.executions.len()).unwrap_or(i64::MAX);
        let survey = if request.visibility_query.is_empty() { Survey::Over } else { Survey::Open };
        Self { started: now, total: named, survey: survey.into(), ..Self::default() }
    }

    fn waiting(&self) -> usize {
        usize::try_from(self.numbered - self.begun).unwrap_or(0)
    }
}

impl Machine<'_> {
    /// It was counted how many workflows there are; or that cannot be asked.
    pub fn counted(&mut self, count: Result<i64, String>) -> Vec<Order> {
        if self.stored.survey() != Survey::Asked {
            return Vec::new();
        }
        match count {
            Ok(count) => {
                self.stored.survey = Survey::Over.into();
                self.stored.total = count;
                self.settle()
            }
            Err(why) => vec![Order::Fail(why)],
        }
    }

    /// A page was selected; or that is not possible.
    pub fn selected(&mut self, page: i64, selected: Result<Selected, String>) -> Vec<Order> {
        let stored = &mut *self.stored;
        if !stored.selecting || stored.pages != page {
            return Vec::new();
        }
        let selected = match selected {
            Ok(selected) => selected,
            Err(why) => return vec![Order::Fail(why)],
        };
        stored.selecting = false;
        stored.exhausted = selected.next.is_none();
        stored.cursor = selected.next.unwrap_or_default();
        let mut orders = self.keep(selected.items);
        orders.extend(self.settle());
        orders
    }

    /// Something has come of the workflow with this number.
    pub fn operated(&mut self, number: i64, outcome: Outcome) -> Vec<Order> {
        let stored = &mut *self.stored;
        let Some(place) = stored.under_way.iter().position(|it| *it == number) else { return Vec::new() };
        stored.under_way.remove(place);
        match outcome {
            Outcome::Done => stored.complete += 1,
            Outcome::Refused => stored.failed += 1,
            Outcome::Seen => {}
        }
        let mut orders = vec![Order::Forget(number)];
        orders.extend(self.settle());
        orders
    }

    /// What is to be done by now.
    pub fn settle(&mut self) -> Vec<Order> {
        let begins = self.stored.started.saturating_add(BEGINS);
        if self.now < begins {
            self.wait(Some(begins));
            return Vec::new();
        }
        match self.stored.survey() {
            Survey::Open => {
                self.stored.survey = Survey::Asked.into();
                self.wait(None);
                return vec![Order::Count];
            }
            Survey::Asked => return Vec::new(),
            Survey::Over => {}
        }
        let mut orders = self.select();
        let pace = Pace::of(self.request);
        let mut again = None;
        while self.stored.under_way.len() < CONCURRENT && self.stored.waiting() > 0 {
            if let Err(at) = pace.take(self.stored, self.now) {
                again = Some(at);
                break;
            }
            self.stored.begun += 1;
            self.stored.under_way.push(self.stored.begun);
            orders.push(Order::Operate(self.stored.begun));
        }
        // What has made room for others may have been the last of its page.
        orders.extend(self.select());
        self.wait(again);
        let stored = &*self.stored;
        if stored.exhausted && !stored.selecting && stored.waiting() == 0 && stored.under_way.is_empty() {
            orders.push(Order::Complete);
        }
        orders
    }

    /// It looks again at this time, or earlier if it was to do that anyway.
    fn wait(&mut self, at: Option<Millis>) {
        let wakes = &mut self.stored.wakes;
        match at {
            None => *wakes = 0,
            Some(at) if *wakes == 0 || *wakes > at || *wakes <= self.now => *wakes = at,
            Some(_) => {}
        }
    }

    /// The next page, once few are left of the last one.
    fn select(&mut self) -> Vec<Order> {
        let stored = &mut *self.stored;
        if stored.exhausted || stored.selecting || stored.waiting() > PAGE / 4 {
            return Vec::new();
        }
        if query(self.request).is_some() {
            stored.pages += 1;
            stored.selecting = true;
            return vec![Order::Select(stored.pages)];
        }
        let named = &self.request.executions;
        let taken = usize::try_from(stored.numbered).unwrap_or(usize::MAX).min(named.len());
        let items: Vec<Item> = named[taken..]
            .iter()
            .take(PAGE)
            .map(|execution| Item { execution: execution.clone(), late: false })
            .collect();
        stored.exhausted = taken + items.len() == named.len();
        self.keep(items)
    }

    fn keep(&mut self, items: Vec<Item>) -> Vec<Order> {
        let mut orders = Vec::new();
        for item in items {
            self.stored.numbered += 1;
            orders.push(Order::Keep(self.stored.numbered, item));
        }
        orders
    }
}
