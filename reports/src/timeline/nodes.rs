//! Lanes of the simulated cluster: per node the faults that it suffered, as bars, and what happened to its calls of the
//! store, as marks; beside them a lane for clients and workers, who share a host, and one for what the store did by
//! itself. A case without faults and without a word from the store has no such lanes.

use super::lane::{Item, Lane, Time, time};
use resurgam_formats::evidence::{Evidence, InjectedFault};
use resurgam_formats::plan::Affected;
use resurgam_formats::recording::Injected;
use std::collections::BTreeMap;

/// Whose lane it is, in the order of the lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Node(u8),
    /// Clients and workers.
    Driver,
    /// Any node's calls of the store.
    Store,
}

impl Place {
    fn name(self) -> String {
        match self {
            Self::Node(number) => format!("node {number}"),
            Self::Driver => "clients' host".to_owned(),
            Self::Store => "store".to_owned(),
        }
    }
}

/// The class of marks.
pub(crate) const MARK: &str = "store";

/// All faults, each from begin to end.
pub(super) fn faults(evidence: &Evidence, end: Time) -> Vec<Item> {
    let nodes = nodes(evidence);
    evidence.faults.iter().map(|fault| item(&there(fault, nodes), end)).collect()
}

/// How many nodes there are, where they are counted.
fn nodes(evidence: &Evidence) -> Option<u8> {
    evidence.header.as_ref().map(|header| header.plan.cluster.node_count())
}

/// A lane per node, and per host beside them that has anything to show.
pub(super) fn lanes(evidence: &Evidence, end: Time) -> Vec<Lane> {
    if evidence.faults.is_empty() && evidence.store.is_empty() {
        return Vec::new();
    }
    let nodes = nodes(evidence);
    let mut lanes: BTreeMap<Place, Vec<Item>> = BTreeMap::new();
    for fault in evidence.faults.iter().map(|fault| there(fault, nodes)) {
        for place in places(&fault) {
            lanes.entry(place).or_default().push(item(&fault, end));
        }
    }
    for (at, node, partition, outcome) in &evidence.store {
        let place = node.map_or(Place::Store, Place::Node);
        let words = outcome.name().replace('_', " ");
        let whose = node.map_or_else(|| "by itself".to_owned(), |number| format!("call of node {number}"));
        lanes.entry(place).or_default().push(Item {
            from: time(*at),
            class: MARK,
            detail: format!("{words} on {partition}, {whose}"),
            label: words,
            ..Item::default()
        });
    }
    // A calm node among others that suffer is worth its empty lane, but what is no cluster has none.
    if !lanes.is_empty() {
        for number in 0..nodes.unwrap_or(0) {
            lanes.entry(Place::Node(number)).or_default();
        }
    }
    lanes.into_iter().map(|(place, items)| Lane { group: "nodes", name: place.name(), items }).collect()
}

fn item(fault: &InjectedFault, end: Time) -> Item {
    let open = fault.until.is_none();
    let hits = match fault.hits {
        Some(1) => ": 1 hit".to_owned(),
        Some(hits) => format!(": {hits} hits"),
        None => String::new(),
    };
    Item {
        from: time(fault.from),
        to: Some(fault.until.map_or(end.max(time(fault.from)), time)),
        open,
        class: class(fault),
        label: fault.fault.to_string(),
        detail: format!("fault {}{hits}", fault.fault),
        ..Item::default()
    }
}

/// The class of its bar: one for each thing that faults affect.
fn class(fault: &InjectedFault) -> &'static str {
    let Injected::Planned(planned) = &fault.fault else { return "fault" };
    match planned.kind.affects() {
        Affected::Node { .. } => "down",
        Affected::Links { lossy: true, .. } => "cut",
        Affected::Links { lossy: false, .. } => "slow",
        Affected::Clock { .. } => "clock",
        Affected::Store { .. } => "spoil",
        Affected::Database(_) => "down",
        Affected::Calls { .. } => "calls",
    }
}

/// The fault by the names of the nodes that are there: indices of plans are meant modulo the number of nodes.
fn there(fault: &InjectedFault, nodes: Option<u8>) -> InjectedFault {
    let mut fault = fault.clone();
    if let (Injected::Planned(planned), Some(nodes)) = (&mut fault.fault, nodes) {
        planned.kind.name_nodes(nodes);
    }
    fault
}

/// In whose lanes it is shown.
fn places(fault: &InjectedFault) -> Vec<Place> {
    let Injected::Planned(planned) = &fault.fault else { return Vec::new() };
    match planned.kind.affects() {
        Affected::Links { side, .. } => {
            let nodes = side.nodes.iter().map(|index| Place::Node(*index));
            nodes.chain(side.driver.then_some(Place::Driver)).collect()
        }
        Affected::Node { node, .. } | Affected::Clock { node, .. } | Affected::Store { node: Some(node) } => {
            vec![Place::Node(node)]
        }
        Affected::Store { node: None } | Affected::Database(_) => vec![Place::Store],
        Affected::Calls { .. } => vec![Place::Driver],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::PASSING;
    use crate::timeline::Timeline;
    use resurgam_testing::notation::parse;

    fn cluster(lines: &str) -> Evidence {
        let mut evidence = parse(PASSING).unwrap();
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            evidence.add(serde_json::from_str(line).unwrap()).unwrap();
        }
        evidence
    }

    fn shown(evidence: &Evidence) -> Vec<String> {
        let lanes = Timeline::of(evidence, "s42-w0", &[]).lanes.into_iter().filter(|lane| lane.group == "nodes");
        let item = |item: &Item| {
            let to = item.to.map_or(String::new(), |to| format!("-{}", to / 1_000_000));
            format!("{}{to} {} {}", item.from / 1_000_000, item.class, item.label)
        };
        lanes
            .map(|lane| format!("{}: {}", lane.name, lane.items.iter().map(item).collect::<Vec<_>>().join(", ")))
            .collect()
    }

    #[test]
    fn each_node_has_what_it_suffered() {
        let evidence = cluster(
            r#"
            {"at":20000000,"type":"fault","fault":{"at_ms":20,"for_ms":30,"fault":"kill","node":4},"active":true}
            {"at":21000000,"type":"fault","fault":{"at_ms":21,"for_ms":9,"fault":"partition","nodes":[0,3],"driver":true,"way":"both"},"active":true}
            {"at":22000000,"type":"store","node":2,"partition":"shard/1","outcome":"limbo_opened"}
            {"at":23000000,"type":"store","partition":"shard/1","outcome":"held_applied"}
            {"at":30000000,"type":"fault","fault":{"at_ms":21,"for_ms":9,"fault":"partition","nodes":[0,3],"driver":true,"way":"both"},"active":false,"hits":7}
            {"at":50000000,"type":"fault","fault":{"at_ms":20,"for_ms":30,"fault":"kill","node":4},"active":false,"hits":1}
            "#,
        );
        let cut = "21-30 cut node 0, clients and workers cut off";
        assert_eq!(
            shown(&evidence),
            [
                format!("node 0: {cut}"),
                "node 1: 20-50 down node 1 killed".to_owned(),
                "node 2: 22 store limbo opened".to_owned(),
                format!("clients' host: {cut}"),
                "store: 23 store held applied".to_owned(),
            ]
        );
    }

    #[test]
    fn a_real_server_has_no_lanes_of_nodes() {
        assert_eq!(shown(&cluster("")), Vec::<String>::new());
        let named = cluster(r#"{"at":1,"type":"fault","fault":"partition a|b","active":true}"#);
        assert_eq!(shown(&named), Vec::<String>::new());
        assert_eq!(Timeline::of(&named, "s42-w0", &[]).faults.len(), 1, "it is drawn behind the lanes all the same");
    }
}
