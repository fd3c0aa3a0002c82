//! W4: "there is no open run" is said only when there is none.

use crate::profile::Capability;
use crate::rules::Indexed;
use crate::rules::index::Asked;
use crate::rules::whole::whole;
use crate::rules::witness::{Bound, Bounds, Chain, Lowest, Point, Timeline, Witness};
use crate::rules::{About, Findings, Rule};
use resurgam_formats::event::Body;
use resurgam_formats::evidence::Attempt;
use resurgam_formats::plan::Action;
use resurgam_formats::recording::Reply;
use resurgam_formats::time::At;
use rustc_hash::FxHashMap;

/// Places refusals, and cancel requests that wrote nothing, into the times when nothing was open.
pub(super) struct Absence;

static ABOUT: About = About {
    id: "W4",
    slug: "absence",
    title: "where the target promises it: NOT_FOUND means that at some moment of the call no run was there, or open",
    reason: "A caller that is told NOT_FOUND gives up or starts anew: the signal is dropped, the order is placed again. \
             If the run was open all the while, because the answer came from a node with an old picture or from a state \
             that was never committed, work is lost or doubled by a client that did everything right. A cancel request \
             that is said to be done must be in the history of the run, or find it closed.",
    source: "docs/temporal-semantics.md: “Reads of histories”, “Errors”, “Signals, cancel requests, queries, updates”",
    violating: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q1","action":{"call":"start","program":0,"reuse":"allow_duplicate","conflict":"fail"}}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"run","run_id":"r","started":true}}}
        {"at":3,"type":"invoke","operation":2,"attempt":1,"by":"client-2","call":{"of":"client","workflow_id":"w","request_id":"q2","action":{"call":"signal","name":"s","value":8}}}
        {"at":4,"type":"return","operation":2,"attempt":1,"answer":{"answer":"ok","value":{"reply":"not_found","message":"workflow execution already completed"}}}
        {"at":5,"type":"invoke","operation":3,"attempt":1,"by":"client-2","call":{"of":"client","workflow_id":"w","request_id":"q3","action":{"call":"terminate"}}}
        {"at":6,"type":"return","operation":3,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowExecutionTerminated reason=q3"#
    ),
    allowed: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q1","action":{"call":"start","program":0,"reuse":"allow_duplicate","conflict":"fail"}}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"run","run_id":"r","started":true}}}
        {"at":3,"type":"invoke","operation":2,"attempt":1,"by":"client-2","call":{"of":"client","workflow_id":"w","request_id":"q2","action":{"call":"signal","name":"s","value":8}}}
        {"at":4,"type":"invoke","operation":3,"attempt":1,"by":"client-2","call":{"of":"client","workflow_id":"w","request_id":"q3","action":{"call":"terminate"}}}
        {"at":5,"type":"return","operation":2,"attempt":1,"answer":{"answer":"ok","value":{"reply":"not_found","message":"workflow execution already completed"}}}
        {"at":6,"type":"return","operation":3,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowExecutionTerminated reason=q3"#
    ),
};

impl Rule for Absence {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs(&self) -> Option<Capability> {
        Some(Capability::LinearizableReads)
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        if !evidence.is_whole() {
            return;
        }
        let witness = evidence.witness();
        let timeline = &witness.timeline;
        let lower: Vec<Bound> = witness.effects.lower.iter().chain(&witness.shown.bounds.lower).copied().collect();
        let times = Times { timeline, lowest: timeline.lowest(&lower, true), seen: seen(witness) };
        // A run that the recording does not know may have been the one that is closed.
        let unnamed = evidence.perhaps_unnamed();
        for call in evidence.asked() {
            let chains = timeline.chains(call.workflow_id);
            let whole = evidence.runs.iter().filter(|run| run.workflow_id == call.workflow_id).count()
                == chains.iter().map(|chain| chain.runs.len()).sum::<usize>();
            if !whole {
                continue;
            }
            for (attempt, reply) in call.operation.replies() {
                let Some(until) = attempt.returned else { continue };
                let span = (attempt.invoked, until);
                let fits = match reply {
                    // The run that had closed may be one that started and ended in between.
                    Reply::NotFound { .. } if needs_open(call.action) && unnamed.contains(call.workflow_id) => continue,
                    Reply::NotFound { .. } => times.nothing(&call, chains, span),
                    Reply::Done if *call.action == Action::Cancel && !unnamed.contains(call.workflow_id) => {
                        times.cancelled(chains, span)
                    }
                    _ => continue,
                };
                findings.look_at_all();
                findings.examine();
                if !fits {
                    findings.violated_by(&[call.operation.id], &[], message(&call, attempt, reply));
                }
            }
        }
    }
}

/// True if a closed run is not enough for the call.
fn needs_open(action: &Action) -> bool {
    !matches!(action, Action::Query { .. } | Action::Describe | Action::ReadHistory)
}

fn message(call: &Asked<'_>, attempt: &Attempt, reply: &Reply) -> String {
    match reply {
        Reply::NotFound { message } => format!(
            "attempt {} was told {message:?}, though a run of {} was open all the while",
            attempt.number, call.workflow_id
        ),
        _ => format!(
            "attempt {} was told that it is done, though neither was the request there by then nor the run closed",
            attempt.number
        ),
    }
}

/// By run, the earliest time at which something of it or of a run that follows in its chain was seen.
fn seen(witness: &Witness<'_>) -> FxHashMap<usize, At> {
    let Bounds { upper, .. } = &witness.effects;
    let mut seen: FxHashMap<usize, At> = FxHashMap::default();
    for bound in upper.iter().chain(&witness.shown.bounds.upper) {
        let at = seen.entry(bound.run).or_insert(At::MAX);
        *at = bound.at.min(*at);
    }
    seen
}

struct Times<'a, 'b> {
    timeline: &'b Timeline<'a>,
    lowest: Lowest,
    seen: FxHashMap<usize, At>,
}

impl Times<'_, '_> {
    /// True if this point can have been reached at some time not after `at`.
    fn can_be_there(&self, run: usize, point: Point, at: At) -> bool {
        let Some(line) = self.timeline.line(run) else { return true };
        self.lowest.at(line, run, point).is_none_or(|bound| bound.at <= at)
    }

    /// True if the run can have been closed at some time not after `at`.
    fn can_be_closed(&self, run: usize, at: At) -> bool {
        let close = self.timeline.line(run).and_then(|line| line.close());
        close.is_some_and(|close| self.can_be_there(run, Point::Written(close), at))
    }

    /// When the latest another run certainly was current after the one at this place of a chain.
    fn followed(&self, chain: &Chain, place: usize) -> At {
        let inside = chain.runs.iter().skip(place + 1).filter_map(|run| self.seen.get(run)).copied().min();
        inside.map_or(chain.followed, |inside| inside.min(chain.followed))
    }

    /// True if no run was there, or (for calls that need an open one) open, at some moment of the call.
    fn nothing(&self, call: &Asked<'_>, chains: &[Chain], (from, until): (At, At)) -> bool {
        if chains.iter().all(|chain| chain.by >= from) {
            return true;
        }
        if !needs_open(call.action) {
            return false;
        }
        // An update belongs to the run that it reached, and is lost with it.
        let bound = matches!(call.action, Action::Update { .. });
        chains.iter().any(|chain| {
            chain.runs.iter().enumerate().any(|(place, run)| {
                let last = place + 1 == chain.runs.len();
                (last || bound) && self.can_be_closed(*run, until) && self.followed(chain, place) >= from
            })
        })
    }

    /// True if some run that was current during the call was closed by then, or asked to cancel.
    fn cancelled(&self, chains: &[Chain], (from, until): (At, At)) -> bool {
        chains.iter().any(|chain| {
            chain.runs.iter().enumerate().any(|(place, run)| {
                self.followed(chain, place) >= from && (self.can_be_closed(*run, until) || self.asked(*run, until))
            })
        })
    }

    /// True if the run can have been asked to cancel by then.
    fn asked(&self, run: usize, at: At) -> bool {
        let Some(line) = self.timeline.line(run) else { return true };
        let mut events = (1..).zip(&line.run.events);
        events.any(|(number, event)| {
            matches!(event.body, Body::WorkflowExecutionCancelRequested(_))
                && self.can_be_there(run, Point::Accepted(number), at)
        })
    }
}
