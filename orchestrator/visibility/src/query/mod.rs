//! Questions to the list of workflows: Temporal's query language, which is what may stand behind `WHERE` in SQL. What does not
//! belong to it is refused in the words of temporalio/temporal 1.31.2,
//! `common/persistence/visibility/store/sql/query_converter_legacy.go`, on SQLite.

mod condition;
mod convert;
mod language;
mod literal;
mod refusal;
mod syntax;
mod words;
mod workers;

pub use literal::status_name;
pub use syntax::{PARTS, flaw};
pub use workers::WorkerQuery;

use crate::attribute::Custom;
use crate::{Record, Sections};
use condition::Condition;
use convert::Converter;
use refusal::refused;

/// A question, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    condition: Option<Condition>,
    /// Records are to be counted by status.
    pub by_status: bool,
    reserved: Vec<String>,
}

impl Query {
    /// Understands a question in a namespace with these custom attributes.
    ///
    /// # Errors
    /// It is none: why, for people.
    pub fn read(text: &str, custom: &Custom) -> Result<Self, String> {
        let syntax = syntax::parse(text)?;
        if syntax.ordered {
            return Err(refused("operation is not supported: 'ORDER BY' clause"));
        }
        if syntax.limited {
            return Err(refused("operation is not supported: 'LIMIT' clause"));
        }
        let mut converter = Converter::new(custom);
        let condition = syntax.condition.as_ref().map(|expr| converter.condition(expr)).transpose()?;
        let division = (!converter.divided).then(|| Condition::missing(convert::DIVISION));
        let condition = match (condition, division) {
            (Some(asked), Some(division)) => Some(Condition::And(vec![asked, division])),
            (asked, division) => asked.or(division),
        };
        if syntax.groups.len() > 1 {
            return Err(refused("operation is not supported: 'GROUP BY' clause supports only a single field"));
        }
        let group = syntax.groups.first().map(|group| converter.attribute(group)).transpose()?;
        if group.as_ref().is_some_and(|group| group.name != "ExecutionStatus") {
            return Err(refused("operation is not supported: 'GROUP BY' clause is only supported for ExecutionStatus"));
        }
        Ok(Self { condition, by_status: group.is_some(), reserved: converter.reserved })
    }

    /// Understands a question for records themselves.
    ///
    /// # Errors
    /// See [`Query::read`]; also if it asks for groups.
    pub fn list(text: &str, custom: &Custom) -> Result<Self, String> {
        let query = Self::read(text, custom)?;
        if query.by_status { Err(refused("operation is not supported: 'GROUP BY' clause")) } else { Ok(query) }
    }

    /// An attribute of workflows that it asks for, and that schedules do not have.
    #[must_use]
    pub fn of_the_system(&self) -> Option<&str> {
        self.reserved.iter().map(String::as_str).find(|name| *name != "TemporalSchedulePaused")
    }

    /// A record is an answer to it.
    #[must_use]
    pub fn finds(&self, record: &Record) -> bool {
        self.condition.as_ref().is_none_or(|condition| condition.holds(record) == Some(true))
    }

    /// Where the answers may be.
    #[must_use]
    pub fn sections(&self) -> Sections {
        self.condition.as_ref().map_or(Sections::ALL, Condition::sections)
    }

    /// The only workflow that may be an answer.
    #[must_use]
    pub fn workflow_id(&self) -> Option<&str> {
        self.condition.as_ref().and_then(Condition::workflow_id)
    }
}

#[cfg(test)]
mod tests;
