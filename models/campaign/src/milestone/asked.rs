//! What a client asked, and how the tables write it.

use resurgam_formats::plan::Action;
use resurgam_formats::recording::Call;

/// Workflow id, request id and action of a client's call.
pub(super) fn action(call: &Call) -> Option<(&str, &str, &Action)> {
    match call {
        Call::Client { workflow_id, request_id, action } => Some((workflow_id, request_id, action)),
        _ => None,
    }
}

/// A call of `w` with request id `q`: its action, and an answer for each attempt.
macro_rules! call {
    ($action:literal $(, $answer:literal)*) => {
        call!(@ $action, [] "1" "2" "3" $(, $answer)*)
    };
    (@ $action:literal, [$($done:expr),*] $number:literal $($more:literal)*, $answer:literal $(, $rest:literal)*) => {
        call!(@ $action, [$($done,)*
            concat!(
                r#"{"at":1,"type":"invoke","operation":1,"attempt":"#, $number,
                r#","by":"c","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"#, $action, "}}}\n",
                r#"{"at":2,"type":"return","operation":1,"attempt":"#, $number, r#","answer":{"#, $answer, "}}\n"
            )
        ] $($more)* $(, $rest)*)
    };
    (@ $action:literal, [$($done:expr),*] $($more:literal)*) => { concat!($($done),*) };
}

/// An answer of a call about run `r1` in a history.
macro_rules! with {
    ($call:expr, $history:literal) => {
        concat!($call, $history)
    };
}

pub(super) use call;
pub(super) use with;
