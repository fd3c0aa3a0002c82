//! What a node holds in memory at most: the table of `docs/bounds.md`, from the constants themselves. What is in the store
//! has no bound here.

use super::{connections, message_size, node, refusal_size};
use crate::cluster::bound::{Bound, REFUSED, WAITS};
use crate::cluster::namespaces;
use crate::cluster::router::MESSAGE_LIMIT;
use crate::{frontend, history, matching};
use std::fmt::Write as _;

/// The table, as Markdown.
#[must_use]
pub fn document() -> String {
    let mut text = String::from(
        "# What a node holds at most\n\nWritten by `resurgam server --bounds`.\n\n\
         | of | at most | beyond that |\n|---|---|---|\n",
    );
    let (own, history) = (own(), history::bounds::bounds());
    let all = own.iter().chain(frontend::bounds::BOUNDS).chain(&history).chain(matching::bounds::BOUNDS);
    for Bound { of, most, unit, beyond } in all {
        // A string takes everything.
        let _ = writeln!(text, "| {of} | {most} {unit} | {beyond} |");
    }
    text
}

/// Those of the node itself.
fn own() -> Vec<Bound> {
    let connections::ConnectionLimits { all, one, silence } = connections::ConnectionLimits::default();
    vec![
        Bound {
            of: "connections to a port, or as many as there are file descriptors for: see the first lines of the log",
            most: all as u64,
            unit: "connections",
            beyond: "closed at once",
        },
        Bound {
            of: "connections to a port from one address",
            most: one as u64,
            unit: "connections",
            beyond: "closed at once",
        },
        Bound { of: "silence of a connection", most: silence.as_secs(), unit: "seconds", beyond: "closed" },
        Bound {
            of: "calls at a time on a connection of a client",
            most: node::STREAMS.into(),
            unit: "calls",
            beyond: WAITS,
        },
        Bound {
            of: "calls at a time on a connection of a node",
            most: node::INNER_STREAMS.into(),
            unit: "calls",
            beyond: WAITS,
        },
        Bound { of: "a message of a client", most: message_size::LARGEST as u64, unit: "bytes", beyond: REFUSED },
        Bound { of: "a message of a node", most: MESSAGE_LIMIT as u64, unit: "bytes", beyond: "OUT_OF_RANGE" },
        Bound { of: "the message of a refusal", most: refusal_size::LONGEST as u64, unit: "characters", beyond: "cut" },
        Bound {
            of: "the details of a refusal",
            most: refusal_size::MOST_DETAILS as u64,
            unit: "bytes",
            beyond: "left out",
        },
        Bound { of: "namespaces", most: namespaces::MOST as u64, unit: "namespaces", beyond: REFUSED },
    ]
}
