//! What clients were answered, attempt by attempt: the kind of each answer, not the state that it shows.

use super::side::Side;
use resurgam_campaign::comparison::{Compared, Difference, Freedom};
use resurgam_formats::plan::{Action, Plan};
use resurgam_formats::recording::{Answer, Reply, UpdateReached};

/// Adds what differs between the answers to the client operations of the plan.
pub(super) fn compare(plan: &Plan, sides: [&Side<'_>; 2], compared: &mut Compared) {
    for (index, operation) in plan.operations.iter().enumerate() {
        let [Some(a), Some(b)] = sides.map(|side| side.calls.get(&index)) else { continue };
        for (one, two) in a.attempts.iter().zip(&b.attempts) {
            compared.calls += 1;
            let kinds = [kind(&one.answer), kind(&two.answer)];
            if kinds[0] == kinds[1] {
                compared.calls_equal += 1;
                continue;
            }
            match explain(&operation.action, [&one.answer, &two.answer]) {
                Ok(freedom) => *compared.calls_explained.entry(freedom).or_default() += 1,
                Err(why) => compared.calls_unexplained.push(Difference {
                    place: format!("w{}:o{index}", operation.workflow),
                    why,
                    lines: [&one.answer, &two.answer].map(|answer| serde_json::to_string(answer).unwrap_or_default()),
                }),
            }
        }
    }
}

/// The kind of an answer.
fn kind(answer: &Answer) -> String {
    match answer {
        Answer::Info { error } => format!("info {}", code(error)),
        Answer::Fail { .. } => "fail".into(),
        Answer::Ok { value } => match value {
            Reply::Done => "done".into(),
            Reply::Run { started, .. } => match started {
                Some(true) => "started".into(),
                Some(false) => "existing".into(),
                None => "run".into(),
            },
            Reply::AlreadyStarted { .. } => "already started".into(),
            Reply::NotFound { .. } => "not found".into(),
            Reply::Query(_) => "query".into(),
            Reply::Update { stage, .. } => match stage {
                UpdateReached::Admitted => "update admitted".into(),
                UpdateReached::Accepted => "update accepted".into(),
                UpdateReached::Completed(_) => "update completed".into(),
                UpdateReached::Failed(_) => "update failed".into(),
            },
            Reply::Description(_) => "description".into(),
            Reply::History { .. } => "history".into(),
            Reply::Page { .. } => "page".into(),
            Reply::Heartbeat { .. } => "heartbeat".into(),
            Reply::Refused { status, .. } => format!("refused {status}"),
        },
    }
}

/// True for the statuses by which a server may leave open what became of a call.
pub(super) fn indefinite(error: &str) -> bool {
    ["DeadlineExceeded", "Unavailable", "ResourceExhausted", "Aborted", "Cancelled"].contains(&code(error))
}

/// The status of an answer that proves nothing.
fn code(error: &str) -> &str {
    error.split(':').next().unwrap_or_default()
}

/// Which freedom explains two answers to one call.
fn explain(action: &Action, answers: [&Answer; 2]) -> Result<Freedom, String> {
    for answer in answers {
        if let Answer::Info { error } = answer
            && !indefinite(error)
        {
            return Err(format!("{} is no answer that the contract knows here", code(error)));
        }
    }
    if answers.iter().any(|answer| matches!(answer, Answer::Info { .. })) {
        return Ok(Freedom::Indefinite);
    }
    for answer in answers {
        if !possible(action, answer) {
            return Err("an answer that no state of the workflow gives".into());
        }
    }
    Ok(Freedom::StateAtCall)
}

/// Whether some state of the workflow leads to this answer.
fn possible(action: &Action, answer: &Answer) -> bool {
    let refused = |answer: &Answer, wanted: &str| matches!(answer, Answer::Ok { value: Reply::Refused { status, .. } } if status == wanted);
    let not_found = matches!(answer, Answer::Ok { value: Reply::NotFound { .. } });
    match action {
        Action::Start(_) => {
            matches!(answer, Answer::Ok { value: Reply::Run { .. } | Reply::AlreadyStarted { .. } })
        }
        Action::SignalWithStart { .. } => {
            matches!(answer, Answer::Ok { value: Reply::Run { .. } | Reply::AlreadyStarted { .. } })
        }
        Action::Signal { .. } | Action::Cancel | Action::Terminate => {
            not_found || matches!(answer, Answer::Ok { value: Reply::Done })
        }
        // Before the first task, the state is not known; and which run it finds decides whether there is a handler.
        Action::Query { .. } => {
            let no_handler = matches!(answer, Answer::Fail { error } if error.contains("no query handler"));
            let value = matches!(answer, Answer::Ok { value: Reply::Query(_) });
            not_found || value || no_handler || refused(answer, "FAILED_PRECONDITION")
        }
        // A workflow task that failed takes the updates with it that it carried.
        Action::Update { .. } if refused(answer, "FAILED_PRECONDITION") => true,
        Action::Update { .. } => not_found || matches!(answer, Answer::Ok { value: Reply::Update { .. } }),
        Action::Describe => not_found || matches!(answer, Answer::Ok { value: Reply::Description(_) }),
        Action::ReadHistory => not_found || matches!(answer, Answer::Ok { value: Reply::History { .. } }),
    }
}
