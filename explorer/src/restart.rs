//! What may be seen of a restart of all nodes between two requests: what matching has in memory only.

use crate::difference::Difference;
use serde_json::Value;

/// Something that a restart may show.
struct Trace {
    name: &'static str,
    why: &'static str,
    is: fn(&Difference) -> bool,
}

const TRACES: [Trace; 3] = [
    Trace {
        name: "forgotten-pollers",
        why: "who has polled a task queue, and how many tasks came and went, is in memory",
        is: |it| {
            let rates = it.path.ends_with("tasks_add_rate") || it.path.ends_with("tasks_dispatch_rate");
            it.call == "DescribeTaskQueue" && (it.path == "response.pollers" || rates) && it.left.is_null()
        },
    },
    Trace {
        name: "tasks-on-their-way",
        why: "a task that was on its way to its queue, or from it, is so once more",
        is: |it| {
            let count = |value: &Value| value.as_i64().unwrap_or(0);
            it.call == "DescribeTaskQueue"
                && it.path.ends_with("approximate_backlog_count")
                && count(&it.left).abs_diff(count(&it.right)) == 1
        },
    },
    Trace {
        name: "handed-out-again",
        why: "whether a task has reached its worker is in memory: it is handed out once more, to whoever polls first",
        is: |it| {
            let polls = ["PollActivityTaskQueue", "PollWorkflowTaskQueue"].contains(&it.call.as_str());
            polls && it.path.starts_with("response.") && it.right.is_null()
        },
    },
];

/// What explains a difference if all nodes were restarted: its name, and why it may be.
pub(crate) fn shown(difference: &Difference) -> Option<(&'static str, &'static str)> {
    TRACES.iter().find(|trace| (trace.is)(difference)).map(|trace| (trace.name, trace.why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn name(call: &str, path: &str, left: Value, right: Value) -> Option<&'static str> {
        let difference = Difference { place: "drawn", call: call.into(), path: path.into(), left, right };
        shown(&difference).map(|(name, _)| name)
    }

    #[test]
    fn each_has_a_near_miss() {
        let pollers = |left, right| name("DescribeTaskQueue", "response.pollers", left, right);
        assert_eq!(pollers(Value::Null, json!([1])), Some("forgotten-pollers"));
        assert_eq!(pollers(json!([1]), Value::Null), None);
        let backlog = |left, right| name("DescribeTaskQueue", "response.stats.approximate_backlog_count", left, right);
        assert_eq!(backlog(json!(1), Value::Null), Some("tasks-on-their-way"));
        assert_eq!(backlog(json!(1), json!(3)), None);
        let poll = |left, right| name("PollWorkflowTaskQueue", "response.attempt", left, right);
        assert_eq!(poll(json!(1), Value::Null), Some("handed-out-again"));
        assert_eq!((poll(Value::Null, json!(1)), poll(json!(2), json!(1))), (None, None));
    }
}
