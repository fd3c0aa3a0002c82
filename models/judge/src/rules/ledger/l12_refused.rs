//! L12: a call that makes sense is not refused as one that does not, and no call is told that the server is broken.

use crate::rules::proof::told;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Indexed, Rule};
use resurgam_formats::evidence::Run;
use resurgam_formats::plan::{Action, IdConflict, IdReuse, Start};
use resurgam_formats::program::Input;
use resurgam_formats::recording::{Answer, Call, Reply};

/// Looks at the codes of refusals.
pub(super) struct Refused;

static ABOUT: About = About {
    id: "L12",
    slug: "refused",
    title: "a call that makes sense is not refused as one that makes none, and no call is told that the server is broken",
    reason: "Clients and workers of a case ask only for what the contract gives. A server that answers INVALID_ARGUMENT to a start, a \
             signal or an answer of a worker refuses work that it should do, and a client takes that code for its own mistake: it \
             does not try again. INTERNAL, UNKNOWN and the like say that the server itself does not understand what has \
             happened. All other rules are silent about such a server, because nothing has happened.",
    source: "docs/temporal-semantics.md: “Errors”; docs/measurements.md: “Mistakes that nobody chose”",
    violating: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"signal","name":"a","value":1}}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"fail","error":"INVALID_ARGUMENT: missing execution"}}
        run w/r
        1 WorkflowExecutionStarted"#
    ),
    allowed: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","action":{"call":"query","name":"q"}}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"fail","error":"INVALID_ARGUMENT: there is no query handler q"}}
        {"at":3,"type":"invoke","operation":2,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"s","action":{"call":"signal","name":"a","value":1}}}
        {"at":4,"type":"return","operation":2,"attempt":1,"answer":{"answer":"info","error":"Unknown: transport error"}}
        run w/r
        1 WorkflowExecutionStarted"#
    ),
};

/// What the suite's own worker says of a query that a program does not answer: its failure is told in its words.
const NO_HANDLER: &str = "there is no query handler";
/// What the server says to a worker that closes a run without having seen its news.
const NEWS: &str = "UnhandledCommand";
/// Codes that say that the server is broken.
const BROKEN: [&str; 5] = ["Internal", "Unknown", "DataLoss", "Unauthenticated", "OutOfRange"];
/// What a client says by itself, under one of those codes, when a connection breaks.
const OF_THE_CLIENT: [&str; 5] =
    ["transport error", "h2 protocol error", "http2 error", "error reading a body", "operation was canceled"];

impl Rule for Refused {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs_kinds(&self) -> bool {
        false
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        for operation in evidence.operations.values() {
            if matches!(operation.call, Call::Misuse { .. }) {
                continue;
            }
            for attempt in &operation.attempts {
                findings.examine();
                let known = wrong(&operation.call, &attempt.answer)
                    .or_else(|| no_handler(evidence, &operation.call, &attempt.answer));
                if let Some(code) = known {
                    findings.violated_by(&[operation.id], &[], format!("{} was answered {code}", operation.by));
                }
            }
        }
    }
}

/// The answer, if it is one that this call cannot have.
fn wrong<'a>(call: &Call, answer: &'a Answer) -> Option<&'a str> {
    match answer {
        Answer::Fail { error } => (!may_be_senseless(call, error)).then_some(error),
        Answer::Info { error } => {
            let (code, words) = told(error);
            let by_itself = OF_THE_CLIENT.iter().any(|begin| words.starts_with(begin));
            (BROKEN.contains(&code) && !by_itself).then_some(error)
        }
        Answer::Ok { value: Reply::Refused { status, .. } } => {
            let waits = matches!(call, Call::Client { action: Action::Query { .. } | Action::Update { .. }, .. });
            (!(waits && status == "FAILED_PRECONDITION")).then_some(status)
        }
        Answer::Ok { .. } => None,
    }
}

/// The answer, if it says that a query has no handler, and the program of every run of its workflow has one.
fn no_handler<'a>(evidence: &Indexed<'_>, call: &Call, answer: &'a Answer) -> Option<&'a str> {
    let Call::Client { workflow_id, action: Action::Query { name }, .. } = call else { return None };
    let Answer::Fail { error } = answer else { return None };
    let runs = evidence.by_workflow().get(workflow_id.as_str())?;
    let handles = |run: &&Run| {
        let input = run.started().and_then(|start| serde_json::from_value::<Input>(start.input.first_json()?).ok());
        input.is_some_and(|input| input.program.queries.contains_key(name))
    };
    (error.contains(NO_HANDLER) && !runs.is_empty() && runs.iter().all(handles)).then_some(error)
}

/// True if INVALID_ARGUMENT in these words is an answer that the contract has for a call.
fn may_be_senseless(call: &Call, words: &str) -> bool {
    match call {
        Call::Client { action, .. } => match action {
            Action::Query { .. } => words.contains(NO_HANDLER),
            Action::Start(start) => contradicts_itself(start),
            Action::SignalWithStart { start, .. } => contradicts_itself(start) || start.conflict == IdConflict::Fail,
            Action::Signal { .. }
            | Action::Update { .. }
            | Action::Cancel
            | Action::Terminate
            | Action::Describe
            | Action::ReadHistory => false,
        },
        Call::CompleteWorkflowTask { .. } => words.contains(NEWS),
        Call::PollUpdate { .. }
        | Call::FailWorkflowTask { .. }
        | Call::AnswerQuery { .. }
        | Call::Heartbeat { .. }
        | Call::EndActivity { .. } => false,
        Call::Misuse { .. } => true,
    }
}

/// Policies that exclude each other: the id may not be used again, and what uses it is to be terminated.
fn contradicts_itself(start: &Start) -> bool {
    start.reuse == IdReuse::RejectDuplicate && start.conflict == IdConflict::TerminateExisting
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_signal(answer: &Answer) -> bool {
        let action = Action::Signal { name: "a".into(), value: 1 };
        let call = Call::Client { workflow_id: "w".into(), request_id: "q".into(), action };
        wrong(&call, answer).is_some()
    }

    #[test]
    fn what_a_broken_server_says_is_told_from_a_broken_connection() {
        for (error, expected) in [
            ("Unavailable: the shard is not served here", false),
            ("DeadlineExceeded: context deadline exceeded", false),
            ("Unknown: transport error", false),
            ("Internal: h2 protocol error: error reading a body from connection", false),
            ("Internal: no such row", true),
            ("Unknown: ", true),
            ("DataLoss", true),
        ] {
            assert_eq!(of_signal(&Answer::Info { error: error.into() }), expected, "{error}");
        }
    }

    #[test]
    fn a_refusal_needs_a_call_that_may_be_refused() {
        let refused = |status: &str| Answer::Ok { value: Reply::Refused { status: status.into(), message: "".into() } };
        let query = Call::Client {
            workflow_id: "w".into(),
            request_id: String::new(),
            action: Action::Query { name: "q".into() },
        };
        assert!(wrong(&query, &refused("FAILED_PRECONDITION")).is_none());
        assert!(wrong(&query, &refused("PERMISSION_DENIED")).is_some());
        assert!(of_signal(&refused("FAILED_PRECONDITION")));
        assert!(!of_signal(&Answer::Ok { value: Reply::Done }));
    }
}
