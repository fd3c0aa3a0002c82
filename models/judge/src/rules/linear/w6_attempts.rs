//! W6: what workers were told about an attempt can be put in one order.
//!
//! The search of [`crate::wgl`], one partition for each attempt of an activity and each hand-over of a workflow task. The
//! server may end an attempt at any time without a word to anybody, so that one call of unknown outcome is added to each;
//! how that shows in histories is for H25 and others, which do not look at the order in real time.

use crate::profile::Capability;
use crate::rules::Indexed;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use crate::wgl::specification::{AttemptCall, AttemptWhat, Attempts};
use crate::wgl::{Budget, Operation, Verdict, check};
use resurgam_formats::evidence::{Evidence, Operation as Asked};
use resurgam_formats::plan::TaskKind;
use resurgam_formats::recording::{Answer, Call, OperationId, Reply, TaskId};
use std::collections::BTreeMap;

/// Searches an order of the answers about each attempt.
pub(super) struct Claims;

/// For a whole case. It is enough, as an attempt seldom has more than three calls.
const BUDGET: Budget = Budget { steps: 5_000_000, bytes: 32 << 20 };

static ABOUT: About = About {
    id: "W6",
    slug: "attempts",
    title: "an attempt at a task ends once, and from then on it is over for everybody who asks",
    reason: "Two workers may hold the same attempt, or one may believe that it lost it and try again. Whoever is told `done` \
             has decided it, whoever is told `not found` may forget it. If `done` follows after `not found`, or comes twice, \
             or a heartbeat is accepted of an attempt that is over, then an owner has answered from a state that was not the \
             latest, and two workers go on from the same point.",
    source: "docs/temporal-semantics.md: “Workflow tasks”, “Activities”, “Starts and workflow ids”",
    violating: whole!(
        r#"{"at":1,"type":"task","task":1,"worker":"worker-1","kind":"activity","workflow_id":"w","run_id":"r","attempt":1,"activity_id":"1"}
        {"at":2,"type":"invoke","operation":1,"attempt":1,"by":"worker-1","call":{"of":"heartbeat","task":1}}
        {"at":3,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"not_found","message":"gone"}}}
        {"at":4,"type":"invoke","operation":2,"attempt":1,"by":"worker-1","call":{"of":"end_activity","task":1,"end":{"completed":5}}}
        {"at":5,"type":"return","operation":2,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}"#
    ),
    allowed: whole!(
        r#"{"at":1,"type":"task","task":1,"worker":"worker-1","kind":"activity","workflow_id":"w","run_id":"r","attempt":1,"activity_id":"1"}
        {"at":2,"type":"invoke","operation":1,"attempt":1,"by":"worker-1","call":{"of":"heartbeat","task":1}}
        {"at":2,"type":"invoke","operation":2,"attempt":1,"by":"worker-1","call":{"of":"end_activity","task":1,"end":{"completed":5}}}
        {"at":3,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"not_found","message":"gone"}}}
        {"at":5,"type":"return","operation":2,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}"#
    ),
};

impl Rule for Claims {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    /// A refusal writes nothing: without this promise it may show an earlier state.
    fn needs(&self) -> Option<Capability> {
        Some(Capability::LinearizableReads)
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        findings.look_at_all();
        let mut names: BTreeMap<Name<'_>, usize> = BTreeMap::new();
        let (mut operations, mut by): (Vec<Operation<AttemptCall>>, Vec<OperationId>) = Default::default();
        for asked in evidence.operations.values() {
            let Some(name) = subject(asked).and_then(|task| name(evidence, task)) else { continue };
            let answers = asked.attempts.iter().filter_map(|sent| match &sent.answer {
                Answer::Ok { value } => Some((sent.invoked, sent.returned?, meaning(value)?)),
                _ => None,
            });
            for (from, until, what) in answers {
                let next = names.len();
                let attempt = *names.entry(name).or_insert(next);
                if attempt == next {
                    // The server may end an attempt without being asked.
                    operations.push(Operation::open(0, AttemptCall { attempt, what: AttemptWhat::Expire }));
                    by.push(0);
                    findings.examine();
                }
                operations.push(Operation::new(from, until, AttemptCall { attempt, what }));
                by.push(asked.id);
            }
        }
        match check(&Attempts, &operations, BUDGET).verdict {
            Verdict::Ok => {}
            Verdict::Unknown(why) => findings.unknown(why),
            Verdict::Violated(partial) => {
                let attempt = operations[partial.stuck].call.attempt;
                let about = operations.iter().zip(&by).filter(|(one, by)| one.call.attempt == attempt && **by != 0);
                let mut all: Vec<OperationId> = about.map(|(_, by)| *by).collect();
                all.dedup();
                let (name, _) = names.iter().find(|(_, number)| **number == attempt).unzip();
                let name = name.map(Name::to_string).unwrap_or_default();
                findings.violated_by(&all, &[], format!("the answers about {name} fit no order"));
            }
        }
    }
}

/// What is ended once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Name<'a> {
    /// Run, activity id and attempt.
    Activity(&'a str, &'a str, u32),
    /// Every hand-over by itself: the ids of a workflow task that was dropped may come again.
    Workflow(TaskId),
}

impl std::fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Activity(run, id, attempt) => write!(f, "attempt {attempt} of activity {id} of run {run}"),
            Self::Workflow(task) => write!(f, "the workflow task of hand-over {task}"),
        }
    }
}

fn name(evidence: &Evidence, task: TaskId) -> Option<Name<'_>> {
    let handed = &evidence.tasks.get(&task)?.task;
    match handed.kind {
        TaskKind::Activity => Some(Name::Activity(&handed.run_id, &handed.activity_id, handed.attempt)),
        TaskKind::Workflow => (handed.started != 0).then_some(Name::Workflow(task)),
    }
}

/// The task whose token a call shows.
fn subject(asked: &Asked) -> Option<TaskId> {
    match &asked.call {
        // By its id an activity is ended in whatever attempt it is.
        Call::EndActivity { by_id: true, .. } => None,
        Call::EndActivity { task, .. }
        | Call::Heartbeat { task }
        | Call::CompleteWorkflowTask { task, .. }
        | Call::FailWorkflowTask { task } => Some(*task),
        // In the name of another namespace it says nothing about the attempt.
        Call::Client { .. } | Call::PollUpdate { .. } | Call::AnswerQuery { .. } | Call::Misuse { .. } => None,
    }
}

fn meaning(reply: &Reply) -> Option<AttemptWhat> {
    match reply {
        Reply::Done => Some(AttemptWhat::End),
        Reply::Heartbeat { .. } => Some(AttemptWhat::Progress),
        Reply::NotFound { .. } => Some(AttemptWhat::Gone),
        _ => None,
    }
}
