//! Questions about workers: the same syntax as for workflows, but other names, no types, and less that can be asked. As in
//! temporalio/temporal, `service/matching/workers/worker_query_engine.go`: what cannot be asked of a worker finds none.

use super::language::STARTS_WITH;
use super::{literal, syntax};
use crate::time;
use prost_wkt_types::Timestamp;
use resurgam_api::temporal::enums::v1::WorkerStatus;
use resurgam_api::temporal::worker::v1::WorkerHeartbeat;
use sqlparser::ast::{BinaryOperator as Binary, Expr, Value};

/// A question about workers.
#[derive(Debug)]
pub struct WorkerQuery(Option<Expr>);

impl WorkerQuery {
    /// The question in this text; an empty one finds all.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let begins = |with: &str| text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
        if begins("where ") || begins("select ") {
            return Err(format!("invalid filter: {text}"));
        }
        let parsed = syntax::parse(text)?;
        match (parsed.limited, text.is_empty() || parsed.condition.is_some()) {
            (true, _) => Err("operation is not supported: 'limit' clause".to_owned()),
            (_, false) => Err("operation is not supported: 'where' clause is missing".to_owned()),
            _ => Ok(Self(parsed.condition)),
        }
    }

    /// It asks for this worker.
    pub fn finds(&self, worker: &WorkerHeartbeat) -> bool {
        self.0.as_ref().is_none_or(|condition| holds(condition, worker) == Some(true))
    }
}

/// Whether a condition holds of a worker; `None`: that cannot be asked.
fn holds(expr: &Expr, worker: &WorkerHeartbeat) -> Option<bool> {
    match expr {
        Expr::Nested(inner) => holds(inner, worker),
        Expr::BinaryOp { op: Binary::And, .. } => joined(expr, worker, &Binary::And),
        Expr::BinaryOp { op: Binary::Or, .. } => joined(expr, worker, &Binary::Or),
        Expr::BinaryOp { left, op, right } => compared(left, op, right, worker),
        Expr::Between { expr, negated, low, high } => {
            let moment = moment(&literal::column(expr)?, worker)?;
            let (low, high) = (asked_moment(low)?, asked_moment(high)?);
            Some(moment.is_some_and(|moment| (low..=high).contains(&micros(&moment)) != *negated))
        }
        Expr::IsNull(of) => is_missing(&literal::column(of)?, worker),
        Expr::IsNotNull(of) => is_missing(&literal::column(of)?, worker).map(|missing| !missing),
        _ => None,
    }
}

/// The parts of a chain of one operator, which is as deep as it is long, from the left until the outcome is certain.
fn joined(expr: &Expr, worker: &WorkerHeartbeat, joint: &Binary) -> Option<bool> {
    let (mut parts, mut rest) = (Vec::new(), expr);
    while let Expr::BinaryOp { left, op, right } = rest
        && op == joint
    {
        parts.push(&**right);
        rest = left;
    }
    parts.push(rest);
    let decides = *joint == Binary::Or;
    for part in parts.into_iter().rev() {
        if holds(part, worker)? == decides {
            return Some(decides);
        }
    }
    Some(!decides)
}

fn compared(left: &Expr, op: &Binary, right: &Expr, worker: &WorkerHeartbeat) -> Option<bool> {
    let name = literal::column(left)?;
    if let Some(is) = text(&name, worker) {
        let asked = quoted(right).filter(|asked| !asked.is_empty())?;
        return match op {
            Binary::Eq => Some(is == asked),
            Binary::NotEq => Some(is != asked),
            Binary::Custom(op) if op == STARTS_WITH => Some(is.starts_with(asked)),
            Binary::Custom(op) if op.strip_prefix("not ") == Some(STARTS_WITH) => Some(!is.starts_with(asked)),
            _ => None,
        };
    }
    let is = moment(&name, worker)?.map_or(0, |moment| micros(&moment));
    let order = is.cmp(&asked_moment(right)?);
    match op {
        Binary::Eq => Some(order.is_eq()),
        Binary::NotEq => Some(order.is_ne()),
        Binary::Lt => Some(order.is_lt()),
        Binary::LtEq => Some(order.is_le()),
        Binary::Gt => Some(order.is_gt()),
        Binary::GtEq => Some(order.is_ge()),
        _ => None,
    }
}

fn is_missing(name: &str, worker: &WorkerHeartbeat) -> Option<bool> {
    text(name, worker).map(|text| text.is_empty()).or_else(|| Some(moment(name, worker)?.is_none()))
}

/// What a worker says under this name, if it is the name of a text.
fn text(name: &str, worker: &WorkerHeartbeat) -> Option<String> {
    let (host, version) = (worker.host_info.as_ref(), worker.deployment_version.as_ref());
    Some(match name {
        "WorkerInstanceKey" => worker.worker_instance_key.clone(),
        "WorkerIdentity" => worker.worker_identity.clone(),
        "HostName" => host.map(|host| host.host_name.clone()).unwrap_or_default(),
        "TaskQueue" => worker.task_queue.clone(),
        "DeploymentName" => version.map(|version| version.deployment_name.clone()).unwrap_or_default(),
        "BuildId" => version.map(|version| version.build_id.clone()).unwrap_or_default(),
        "SdkName" => worker.sdk_name.clone(),
        "SdkVersion" => worker.sdk_version.clone(),
        "WorkerStatus" => status(worker.status()).to_owned(),
        // A word of the language, so it is read in any case.
        word if word.eq_ignore_ascii_case("status") => status(worker.status()).to_owned(),
        _ => return None,
    })
}

fn status(status: WorkerStatus) -> &'static str {
    match status {
        WorkerStatus::Unspecified => "Unspecified",
        WorkerStatus::Running => "Running",
        WorkerStatus::ShuttingDown => "ShuttingDown",
        WorkerStatus::Shutdown => "Shutdown",
    }
}

/// The moment that a worker names under this name, if it is the name of one.
fn moment(name: &str, worker: &WorkerHeartbeat) -> Option<Option<Timestamp>> {
    match name {
        "StartTime" => Some(worker.start_time),
        "HeartbeatTime" => Some(worker.heartbeat_time),
        _ => None,
    }
}

fn micros(moment: &Timestamp) -> i64 {
    moment.seconds.saturating_mul(1_000_000).saturating_add(i64::from(moment.nanos) / 1000)
}

/// A moment in a question, a text or nanoseconds since 1970, in microseconds: what is smaller is cut off.
fn asked_moment(expr: &Expr) -> Option<i64> {
    match quoted(expr) {
        Some(text) => time::moment(text),
        None => expr.to_string().parse::<i64>().ok().map(|nanos| nanos.div_euclid(1000)),
    }
}

fn quoted(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_api::temporal::worker::v1::WorkerHostInfo;

    fn worker() -> WorkerHeartbeat {
        WorkerHeartbeat {
            worker_instance_key: "k1".into(),
            host_info: Some(WorkerHostInfo { host_name: "host-7".into(), ..WorkerHostInfo::default() }),
            task_queue: "q".into(),
            status: WorkerStatus::Running.into(),
            start_time: Some(Timestamp { seconds: 1_700_000_000, nanos: 0 }),
            ..WorkerHeartbeat::default()
        }
    }

    #[test]
    fn workers_are_found_by_what_they_say() {
        for (question, found) in [
            ("", true),
            ("TaskQueue = 'q'", true),
            ("TaskQueue = 'Q'", false),
            ("TaskQueue != 'q' OR Status = 'Running'", true),
            ("WorkerStatus = 'Running' AND HostName starts_with 'host-'", true),
            ("HostName not starts_with 'host-'", false),
            ("BuildId IS NULL and HostName IS NOT NULL", true),
            ("StartTime > '2023-11-14T22:13:19Z' AND StartTime < '2023-11-14T22:13:21Z'", true),
            ("StartTime BETWEEN '2023-11-14T22:13:20Z' AND '2024-01-01T00:00:00Z'", true),
            ("StartTime = 1700000000000000000", true),
            ("HeartbeatTime BETWEEN '1960-01-01T00:00:00Z' AND '2024-01-01T00:00:00Z'", false),
            // What cannot be asked.
            ("Nothing = 'q'", false),
            ("TaskQueue > 'a'", false),
            ("TaskQueue = ''", false),
            ("NOT TaskQueue = 'x'", false),
            ("TaskQueue = 'q' OR Nothing = 'q'", true),
        ] {
            let query = WorkerQuery::read(question).unwrap();
            assert_eq!(query.finds(&worker()), found, "{question}");
        }
    }

    #[test]
    fn what_is_no_question_is_refused() {
        for text in ["where TaskQueue = 'q'", "TaskQueue = 'q' LIMIT 3", "TaskQueue =", "ORDER BY TaskQueue"] {
            assert!(WorkerQuery::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_long_question_needs_no_deep_stack() {
        let long = vec!["TaskQueue = 'x'"; 1000].join(" OR ");
        assert!(!WorkerQuery::read(&long).unwrap().finds(&worker()));
    }
}
