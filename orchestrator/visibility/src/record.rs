//! A record: what the list says of one run; and its place in the list.

use prost::Message as _;
use prost_wkt_types::Duration;
use resurgam_api::temporal::common::v1::{Memo, Payload, SearchAttributes, WorkflowExecution, WorkflowType};
use resurgam_api::temporal::enums::v1::WorkflowExecutionStatus;
use resurgam_api::temporal::workflow::v1::WorkflowExecutionInfo;
use std::collections::{BTreeMap, HashMap};

use crate::time;

/// Times of this, in milliseconds, have 16 digits at most: until the year 318857.
const LATEST: i64 = 9_999_999_999_999_999;

/// What the list says of one run. Times are milliseconds since 1970; field numbers are a storage format.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Record {
    /// Its workflow id.
    #[prost(string, tag = "1")]
    pub workflow_id: String,
    /// Its run id.
    #[prost(string, tag = "2")]
    pub run_id: String,
    /// The name of its type.
    #[prost(string, tag = "3")]
    pub workflow_type: String,
    /// Its status, a `temporal.api.enums.v1.WorkflowExecutionStatus`.
    #[prost(int32, tag = "4")]
    pub status: i32,
    /// When it started.
    #[prost(int64, tag = "5")]
    pub start_time: i64,
    /// When it began to do something: later, if its first workflow task had to wait.
    #[prost(int64, tag = "6")]
    pub execution_time: i64,
    /// When it closed; 0 while open.
    #[prost(int64, tag = "7")]
    pub close_time: i64,
    /// Its task queue.
    #[prost(string, tag = "8")]
    pub task_queue: String,
    /// The run whose child it is.
    #[prost(message, optional, tag = "9")]
    pub parent: Option<WorkflowExecution>,
    /// The root of the tree of children in which it is.
    #[prost(message, optional, tag = "10")]
    pub root: Option<WorkflowExecution>,
    /// Events of its history; 0 while open, as for what follows.
    #[prost(int64, tag = "11")]
    pub history_length: i64,
    /// Bytes of its history.
    #[prost(int64, tag = "12")]
    pub history_size: i64,
    /// How often its state has changed.
    #[prost(int64, tag = "13")]
    pub transitions: i64,
    /// Its search attributes, custom and predefined ones.
    #[prost(btree_map = "string, message", tag = "14")]
    pub search_attributes: BTreeMap<String, Payload>,
    /// It has a memo.
    #[prost(bool, tag = "15")]
    pub has_memo: bool,
}

/// A place in the list of a namespace: open runs come first, then closed ones by when they closed; among each those that
/// started last come first. As text it is sorted by its bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListPlace(String);

impl ListPlace {
    /// In front of all that are closed, and behind all that are open.
    #[must_use]
    pub fn closed() -> Self {
        Self(format!("{:016}", 1))
    }

    /// Its text, which begins a key of a row.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// A text as a place, whether or not anything is there.
    #[must_use]
    pub fn of(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl Record {
    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> ListPlace {
        let back = |time: i64| LATEST - time.clamp(0, LATEST - 1);
        let closed = if self.close_time == 0 { 0 } else { back(self.close_time) };
        ListPlace(format!("{closed:016}/{:016}/{}", back(self.start_time), self.run_id))
    }

    /// A row as the record that it was written as, or what is wrong with it. `place` is the end of its key.
    ///
    /// # Errors
    /// It cannot be what was written.
    pub fn of(place: &str, row: &[u8]) -> Result<Self, String> {
        let record = Self::decode(row).map_err(|problem| problem.to_string())?;
        if record.place().text() != place {
            return Err("it is the record of another run".to_owned());
        }
        match WorkflowExecutionStatus::try_from(record.status) {
            Ok(_) => Ok(record),
            Err(_) => Err(format!("there is no status {}", record.status)),
        }
    }

    /// It says that the run is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.close_time != 0
    }

    /// How long the run did something, in milliseconds; `None` while it is open.
    #[must_use]
    pub fn duration(&self) -> Option<i64> {
        self.is_closed().then(|| self.close_time.saturating_sub(self.execution_time))
    }

    /// As the answer to a call. What is only known of closed runs is not said of open ones.
    #[must_use]
    pub fn info(self, memo: HashMap<String, Payload>) -> WorkflowExecutionInfo {
        let lasted = self.duration().map(|span| Duration {
            seconds: span.div_euclid(1000),
            nanos: i32::try_from(span.rem_euclid(1000) * 1_000_000).unwrap_or(0),
        });
        let indexed_fields: HashMap<_, _> = self.search_attributes.into_iter().collect();
        WorkflowExecutionInfo {
            execution: Some(WorkflowExecution { workflow_id: self.workflow_id, run_id: self.run_id }),
            r#type: Some(WorkflowType { name: self.workflow_type }),
            start_time: Some(time::timestamp(self.start_time)),
            execution_time: Some(time::timestamp(self.execution_time)),
            close_time: (self.close_time != 0).then(|| time::timestamp(self.close_time)),
            status: self.status,
            history_length: self.history_length,
            history_size_bytes: self.history_size,
            state_transition_count: self.transitions,
            execution_duration: lasted,
            parent_execution: self.parent,
            root_execution: self.root,
            task_queue: self.task_queue,
            memo: Some(Memo { fields: memo }),
            search_attributes: Some(SearchAttributes { indexed_fields }),
            ..Default::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(run: &str, start: i64, close: i64) -> Record {
        Record { run_id: run.into(), start_time: start, close_time: close, ..Record::default() }
    }

    #[test]
    fn open_ones_come_first_then_those_that_closed_last_then_those_that_started_last() {
        let ordered = [
            record("r", 9, 0),
            record("a", 5, 0),
            record("b", 5, 0),
            record("c", 1, 0),
            record("z", 1, 20),
            record("y", 8, 10),
            record("x", 7, 10),
        ];
        let places: Vec<_> = ordered.iter().map(Record::place).collect();
        assert!(places.is_sorted() && places[3] < ListPlace::closed() && ListPlace::closed() < places[4], "{places:?}");
    }

    #[test]
    fn a_row_is_read_as_it_was_written_and_in_no_other_place() {
        let record = record("r", 9, 12);
        let row = record.encode_to_vec();
        assert_eq!(Record::of(record.place().text(), &row), Ok(record.clone()));
        assert!(Record::of("elsewhere", &row).is_err() && Record::of("", &[0xff]).is_err());
        let unknown = Record { status: 99, ..record.clone() };
        assert_eq!(
            Record::of(record.place().text(), &unknown.encode_to_vec()),
            Err("there is no status 99".to_owned())
        );
    }

    #[test]
    fn a_closed_run_lasted_since_it_began_to_do_something() {
        let mut record = Record { execution_time: 1_500, start_time: 1_000, ..Record::default() };
        assert_eq!(record.clone().info(HashMap::new()).execution_duration, None);
        record.close_time = 4_250;
        let lasted = record.info(HashMap::new()).execution_duration;
        assert_eq!(lasted, Some(Duration { seconds: 2, nanos: 750_000_000 }));
    }
}
