//! H4: a history only grows.

use crate::rules::Indexed;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::event::{Body, Event, EventId};
use resurgam_formats::evidence::Run;
use std::collections::BTreeMap;

/// Compares all reads of one run with each other.
pub(super) struct PrefixStability;

static ABOUT: About = About {
    id: "H4",
    slug: "prefix-stability",
    title: "of any two reads of one run, one is a prefix of the other, and a later read is never shorter",
    reason: "A history is the memory of a workflow: what was once shown to a worker or a client must stay. If an event \
             changes, disappears, or follows a close event, a workflow that was replayed before and one that is \
             replayed after decide differently, and the client has seen something that never happened. Only a pending \
             workflow task at the very end may differ: servers show one that is not written yet.",
    source: "docs/temporal-semantics.md: “Reads of histories”",
    violating: "
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled attempt=1
        3 WorkflowExecutionSignaled signalName=s
        4 WorkflowExecutionTerminated
        read w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled attempt=1
        3 WorkflowExecutionSignaled signalName=other",
    allowed: "
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled attempt=1
        3 WorkflowExecutionSignaled signalName=s
        4 WorkflowExecutionTerminated
        read w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled attempt=1
        3 WorkflowExecutionSignaled signalName=s
        4 WorkflowTaskScheduled attempt=2
        5 WorkflowTaskStarted scheduledEventId=4",
};

impl Rule for PrefixStability {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        let mut groups: BTreeMap<(&str, &str), Vec<&Run>> = BTreeMap::new();
        for read in evidence.reads.iter().filter(|read| !read.partial && !read.run_id.is_empty()) {
            findings.look_at(read);
            findings.examine();
            match astray(read) {
                Some((before, after)) => {
                    let message = format!("a read shows event {after} after event {before}");
                    findings.violated_as("reader-astray", &[], &[after], message);
                }
                None => groups.entry((&read.workflow_id, &read.run_id)).or_default().push(read),
            }
        }
        for run in evidence.runs.iter().filter(|run| !run.partial && !run.run_id.is_empty()) {
            groups.entry((&run.workflow_id, &run.run_id)).or_default().push(run);
        }
        for mut reads in groups.into_values().filter(|reads| reads.len() > 1) {
            findings.look_at(reads[0]);
            findings.examine();
            reads.sort_by_key(|read| settled(read));
            for pair in reads.windows(2) {
                compare(pair[0], pair[1], findings);
            }
            shrinks(&reads, findings);
        }
    }
}

/// The first two events of a read that do not follow each other, for some were left out or shown twice.
fn astray(read: &Run) -> Option<(EventId, EventId)> {
    read.events
        .windows(2)
        .map(|pair| (pair[0].id, pair[1].id))
        .find(|(before, after)| before.0.checked_add(1) != Some(after.0))
}

/// How many events of this read are certainly written: all but a workflow task that is pending at the end of an open run.
fn settled(read: &Run) -> usize {
    let events = &read.events;
    let mut length = events.len();
    if matches!(events.last().map(|event| &event.body), Some(Body::WorkflowTaskStarted(_))) {
        length -= 1;
    }
    if matches!(events[..length].last().map(|event| &event.body), Some(Body::WorkflowTaskScheduled(_))) {
        length -= 1;
    }
    length
}

/// `short` has at most as many settled events as `long`.
fn compare(short: &Run, long: &Run, findings: &mut Findings) {
    let length = settled(short);
    let differing = short.events[..length].iter().zip(&long.events).find(|(a, b)| !same(a, b));
    if let Some((a, b)) = differing {
        findings.violated(
            &[a.id],
            format!(
                "two reads of one run disagree: event {} is {} in one and {} (event {}) in the other{}",
                a.id,
                a.body.name(),
                b.body.name(),
                b.id,
                if a.body.name() == b.body.name() { ", with other content" } else { "" }
            ),
        );
    } else if let (Some(close), Some(more)) = (short.close(), long.events.get(short.events.len())) {
        findings.violated(
            &[close.id, more.id],
            format!("one read shows the run closed with event {}, another shows event {} after it", close.id, more.id),
        );
    }
}

fn same(a: &Event, b: &Event) -> bool {
    let undated = a.task_id == 0 || b.task_id == 0;
    a.id == b.id && a.time == b.time && (undated || a.task_id == b.task_id) && a.body == b.body
}

/// A read that began after another had ended must show at least its settled events.
fn shrinks(reads: &[&Run], findings: &mut Findings) {
    let mut by_begin: Vec<&Run> = reads.iter().copied().filter(|read| read.read.1 > 0).collect();
    let mut by_end = by_begin.clone();
    by_begin.sort_by_key(|read| read.read.0);
    by_end.sort_by_key(|read| read.read.1);
    let mut ended = by_end.into_iter().peekable();
    let mut longest = 0;
    for read in by_begin {
        while let Some(earlier) = ended.next_if(|earlier| earlier.read.1 <= read.read.0) {
            longest = longest.max(settled(earlier));
        }
        if longest > read.events.len() {
            let last = read.events.last().map_or(EventId(0), |event| event.id);
            findings.violated(
                &[last],
                format!("a read shows {} events, though an earlier one had shown {longest}", read.events.len()),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_formats::verdict::Outcome;
    use resurgam_testing::notation::parse;

    fn outcome(text: &str) -> Outcome {
        let mut findings = Findings::default();
        PrefixStability.judge(&Indexed::plain(&parse(text).unwrap()), &mut findings);
        findings.into_parts().0
    }

    #[test]
    fn an_event_after_the_close_of_an_earlier_read_is_seen() {
        let read = "1 WorkflowExecutionStarted\n2 WorkflowExecutionTerminated\n";
        assert_eq!(
            outcome(&format!("run w/r\n{read}3 WorkflowExecutionTerminated\nread w/r\n{read}")),
            Outcome::Violated
        );
        assert_eq!(outcome(&format!("run w/r\n{read}read w/r\n{read}")), Outcome::Ok);
    }

    #[test]
    fn a_read_that_leaves_out_events_or_shows_them_twice_is_seen() {
        let run = "run w/r\n1 WorkflowExecutionStarted\n2 WorkflowExecutionSignaled\n3 WorkflowExecutionTerminated\n";
        let read = |ids: [i64; 3]| {
            let events = ids.map(|id| format!("{id} WorkflowExecutionSignaled")).join("\n");
            outcome(&format!("{run}read w/r\n1 WorkflowExecutionStarted\n{events}"))
        };
        assert_eq!(read([3, 4, 5]), Outcome::Violated);
        assert_eq!(read([2, 2, 3]), Outcome::Violated);
    }

    #[test]
    fn a_later_read_must_not_be_shorter_but_an_overlapping_one_may() {
        let line = |from: u64, until: u64, last: bool, events: usize| {
            let events: Vec<String> = (1..=events)
                .map(|id| format!(r#"{{"eventId":{id},"eventType":"WorkflowExecutionSignaled","attributes":{{}}}}"#))
                .collect();
            let events = events.join(",");
            format!(
                r#"{{"at":{until},"type":"history","workflow_id":"w","run_id":"r","final":{last},"from":{from},"events":[{events}]}}"#
            )
        };
        assert_eq!(outcome(&[line(1, 5, false, 3), line(6, 9, true, 2)].join("\n")), Outcome::Violated);
        assert_eq!(outcome(&[line(1, 7, false, 3), line(6, 9, true, 2)].join("\n")), Outcome::Ok);
        assert_eq!(outcome(&[line(1, 5, false, 2), line(6, 9, true, 3)].join("\n")), Outcome::Ok);
    }
}
