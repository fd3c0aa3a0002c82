//! A whole recording around a few lines, for the examples of rules.

/// The text of a whole recording: a header before and an end after the given lines. For the examples of rules.
macro_rules! whole {
    ($text:literal) => {
        concat!(
            r#"{"at":0,"type":"header","version":1,"target":"temporal","prefix":"p","plan":{"version":1,"seed":1,"programs":[],"operations":[],"workers":{"count":1,"cache":0,"full_replay":false},"worker_faults":[],"knobs":{"task_timeout_ms":1000,"sticky_timeout_ms":500}}}"#,
            "\n",
            $text,
            "\n",
            r#"{"at":999,"type":"end","quiescent":true,"deadline":1000}"#
        )
    };
}
pub(super) use whole;
