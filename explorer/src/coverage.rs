//! Which fields were drawn, and which were seen in answers of either server: the table of docs/explored-fields.md.

use crate::notation;
use crate::outcome::Outcome;
use crate::request::Drawn;
use prost_reflect::{Kind, MessageDescriptor};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// So deep fields of requests and answers are listed.
const DEEPEST: usize = 3;

/// How often a field was drawn, or seen.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    /// It was drawn, or some answer of one of them has it.
    drawn: u64,
    /// In so many cases of those the two servers differed: for a field of an answer, in it.
    differs: u64,
    /// Answers that have it, of each server.
    set: [u64; 2],
}

/// The counts of all fields, by call and path.
#[derive(Debug, Default)]
pub struct Coverage {
    requests: BTreeMap<(String, String), Count>,
    answers: BTreeMap<(String, String), Count>,
}

impl Coverage {
    pub(crate) fn add(&mut self, requests: &[Drawn], outcome: &Outcome) {
        let differs = u64::from(outcome.differences.iter().any(|it| crate::freedom::explaining(it).is_none()));
        for (call, path) in requests.iter().flat_map(|it| it.changed.iter().map(|path| (it.call.clone(), path.clone())))
        {
            let count = self.requests.entry((call, path)).or_default();
            count.drawn += 1;
            count.differs += differs;
        }
        for (call, both) in outcome.both() {
            let sets = both.map(|answer| {
                let mut paths = BTreeSet::new();
                collect("", &answer["response"], &mut paths);
                paths
            });
            for (at, paths) in sets.iter().enumerate() {
                for path in paths {
                    self.answers.entry((call.to_owned(), path.clone())).or_default().set[at] += 1;
                }
            }
        }
        let differing: BTreeSet<_> = outcome.differences.iter().map(|it| (it.call.clone(), it.path.clone())).collect();
        for (call, path) in differing {
            let path = path.trim_start_matches("response.").replace("[]", "");
            self.answers.entry((call, path)).or_default().differs += 1;
        }
    }

    /// Counts in what was drawn and seen in other cases.
    pub(crate) fn join(&mut self, other: Self) {
        for (counts, others) in [(&mut self.requests, other.requests), (&mut self.answers, other.answers)] {
            for (field, other) in others {
                let count = counts.entry(field).or_default();
                count.drawn += other.drawn;
                count.differs += other.differs;
                count.set = [count.set[0] + other.set[0], count.set[1] + other.set[1]];
            }
        }
    }

    /// The table, in Markdown.
    #[must_use]
    pub fn table(&self, names: [&str; 2], command: &str) -> String {
        let mut text = format!(
            "# Which fields were explored\n\nWritten by `{command} --table FILE`. Of each call the fields of its request, how often each of them, or \
             something in it, was drawn, and in how many of those cases something was unexplained; and the fields of its answer, in how many \
             answers each server has set them, and in how many they differ, whether that is explained or not. What is deeper than \
             {DEEPEST} messages counts for what it is in.\n"
        );
        for call in crate::catalogue::requests().keys() {
            let Some(method) = notation::method(call) else { continue };
            let (mut asked, mut answered) = (Vec::new(), Vec::new());
            fields(&method.input(), "", 0, &mut asked);
            fields(&method.output(), "", 0, &mut answered);
            let count = |of: &BTreeMap<(String, String), Count>, path: &String| {
                // A field counts as drawn if anything in it was.
                let inside = format!("{path}.");
                let below = of.iter().filter(|((of, at), _)| of == call && (at == path || at.starts_with(&inside)));
                below.fold(Count::default(), |sum, (_, count)| Count {
                    drawn: sum.drawn + count.drawn,
                    differs: sum.differs + count.differs,
                    set: [sum.set[0].max(count.set[0]), sum.set[1].max(count.set[1])],
                })
            };
            let drawn = asked.iter().filter(|path| count(&self.requests, path).drawn > 0).count();
            let _ = write!(
                text,
                "\n## {call}\n\n{drawn} of {} fields of the request drawn.\n\n| request | drawn | differs |\n|---|---|---|\n",
                asked.len()
            );
            for path in &asked {
                let count = count(&self.requests, path);
                let _ = writeln!(text, "| {path} | {} | {} |", count.drawn, count.differs);
            }
            let [left, right] = names;
            let _ = write!(text, "\n| answer | set by {right} | set by {left} | differs |\n|---|---|---|---|\n");
            for path in &answered {
                let count = count(&self.answers, path);
                let _ = writeln!(text, "| {path} | {} | {} | {} |", count.set[1], count.set[0], count.differs);
            }
        }
        text
    }
}

/// The paths of all fields that an answer has.
fn collect(path: &str, value: &Value, paths: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(&path, value, paths);
                paths.insert(path);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(path, value, paths)),
        _ => {}
    }
}

/// The paths of all fields that a message can have.
fn fields(of: &MessageDescriptor, path: &str, depth: usize, paths: &mut Vec<String>) {
    if depth >= DEEPEST || of.is_map_entry() || of.full_name().starts_with("google.protobuf.") {
        return;
    }
    for field in of.fields() {
        let path = if path.is_empty() { field.name().to_owned() } else { format!("{path}.{}", field.name()) };
        paths.push(path.clone());
        if let Kind::Message(inner) = field.kind() {
            fields(&inner, &path, depth + 1, paths);
        }
    }
}
