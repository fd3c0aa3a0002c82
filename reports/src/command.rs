//! The commands that a report offers to repeat what it shows, written from what was asked for. They are quoted for a shell.

use crate::text;
use resurgam_campaign::origin::Origin;
use resurgam_formats::plan::Family;
use resurgam_formats::target::Choice;

/// Executes a run again.
#[must_use]
pub fn run(origin: &Origin) -> String {
    let options = &origin.options;
    if let Choice::Check { .. } = options.choice {
        return repeat(&options.choice, origin.seed);
    }
    let mut words = cases(&of(origin), origin.seed, options.cases);
    if let Some(seconds) = options.seconds {
        words.extend(["--for".to_owned(), format!("{seconds}s")]);
    }
    for (given, word) in [(options.campaign, "--campaign"), (options.strict, "--strict")] {
        words.extend(given.then(|| word.to_owned()));
    }
    line(&words)
}

/// Executes the case with this seed of a run again: of its scenario, if it has one.
#[must_use]
pub fn again(origin: &Origin, seed: u64) -> String {
    match &origin.options.choice {
        choice @ Choice::Check { .. } => repeat(choice, seed),
        Choice::Simulation { .. }
        | Choice::Process { .. }
        | Choice::Container { .. }
        | Choice::Temporal
        | Choice::TemporalContainer { .. }
        | Choice::Address { .. } => line(&cases(&of(origin), seed, Some(1))),
    }
}

/// Executes the case with this seed again, on the same target and under the same faults.
#[must_use]
pub fn repeat(choice: &Choice, seed: u64) -> String {
    if let Choice::Check { .. } = choice {
        return format!("check(...).seed({seed}).cases(1).assert_ok() // with the options of the test");
    }
    line(&cases(&target(choice), seed, Some(1)))
}

/// Executes a kept case again in the simulation; its directory knows which bug was planted. The orchestrator of a test is known
/// to that test alone.
#[must_use]
pub fn replay(choice: &Choice, path: &str) -> String {
    match choice {
        Choice::Check { .. } => format!("check(...).plan({:?}).assert_ok()", text::inside(path, "plan.json")),
        Choice::Simulation { .. }
        | Choice::Process { .. }
        | Choice::Container { .. }
        | Choice::Temporal
        | Choice::TemporalContainer { .. }
        | Choice::Address { .. } => format!("resurgam replay {}", quote(path)),
    }
}

/// Judges a kept case again without a server.
#[must_use]
pub fn check(path: &str) -> String {
    format!("resurgam check {}", quote(path))
}

/// Shows a kept case in the terminal.
#[must_use]
pub fn show(path: &str, workflow: Option<&str>) -> String {
    let workflow = workflow.map(|id| format!(" --workflow {}", quote(id))).unwrap_or_default();
    format!("resurgam show {}{workflow}", quote(path))
}

/// Quotes a word for a POSIX shell if it needs that.
#[must_use]
pub fn quote(word: &str) -> String {
    // No shell can be given a NUL, and no path or name has one.
    shlex::try_quote(word).map(Into::into).unwrap_or_default()
}

fn line(words: &[String]) -> String {
    words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}

/// The options that say what a run executes, and on what.
fn of(origin: &Origin) -> Vec<String> {
    match origin.scenario.as_str() {
        "" | Origin::RANDOM => target(&origin.options.choice),
        scenario => vec!["--scenario".to_owned(), scenario.to_owned()],
    }
}

fn cases(what: &[String], seed: u64, cases: Option<u64>) -> Vec<String> {
    let mut words = vec!["resurgam".to_owned(), "run".to_owned()];
    words.extend_from_slice(what);
    words.extend(["--seed".to_owned(), seed.to_string()]);
    words.extend(cases.into_iter().flat_map(|cases| ["--cases".to_owned(), cases.to_string()]));
    words
}

/// The options that choose a target.
fn target(choice: &Choice) -> Vec<String> {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    match choice {
        Choice::Simulation { faults, large, bug } => {
            let mut words = Vec::new();
            if Family::SIMULATED.iter().any(|family| !faults.contains(family)) {
                words.extend(["--faults".to_owned(), names(faults)]);
            }
            words.extend(large.then(|| "--large".to_owned()));
            words.extend(bug.iter().flat_map(|bug| ["--bug".to_owned(), bug.clone()]));
            words
        }
        // It is no choice of the command line.
        Choice::Check { .. } => Vec::new(),
        Choice::Process { nodes, keyspace, faults } => {
            let mut words = owned(&["--world", "process"]);
            if *nodes != 1 {
                words.extend(["--nodes".to_owned(), nodes.to_string()]);
            }
            words.extend(keyspace.iter().flat_map(|keyspace| {
                owned(&["--store", "cassandra", "--contact", &keyspace.contact, "--keyspace", &keyspace.name])
            }));
            if !faults.is_empty() {
                words.extend(["--faults".to_owned(), names(faults)]);
            }
            words
        }
        Choice::Container { nodes, durability, faults, bug } => {
            let nodes = nodes.to_string();
            let mut words = owned(&["--world", "container", "--nodes", &nodes, "--durability", durability.word()]);
            words.extend(["--faults".to_owned(), names(faults)]);
            words.extend(bug.iter().flat_map(|bug| ["--bug".to_owned(), bug.clone()]));
            words
        }
        Choice::Temporal => owned(&["--target", "temporal"]),
        Choice::TemporalContainer { topology, durability, faults } => {
            let mut words = owned(&["--target", "temporal", "--world", "container", "--topology", topology.word()]);
            words.extend(owned(&["--durability", durability.word(), "--faults", &names(faults)]));
            words
        }
        Choice::Address { address, namespace, profile } => {
            let mut words = owned(&["--address", address]);
            words.extend(namespace.iter().flat_map(|name| ["--namespace".to_owned(), name.clone()]));
            words.extend(profile.iter().flat_map(|judged| ["--profile".to_owned(), judged.word().to_owned()]));
            words
        }
    }
}

/// Families of faults, as the command line takes them.
fn names(faults: &[Family]) -> String {
    let names: Vec<&str> = faults.iter().map(|family| family.word()).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(",") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_campaign::origin::Options;
    use resurgam_formats::target::{Durability, JudgedBy, Keyspace, Topology};

    #[test]
    fn commands_can_be_pasted() {
        let of = |choice: Choice| repeat(&choice, 7);
        let address = |address: &str, namespace: Option<&str>| Choice::Address {
            address: address.into(),
            namespace: namespace.map(str::to_owned),
            profile: namespace.map(|_| JudgedBy::Contract),
        };
        let simulation = |faults: &[Family], bug: Option<&str>| Choice::Simulation {
            faults: faults.to_vec(),
            large: bug.is_some(),
            bug: bug.map(str::to_owned),
        };
        assert_eq!(of(Choice::simulation()), "resurgam run --seed 7 --cases 1");
        assert_eq!(of(Choice::Temporal), "resurgam run --target temporal --seed 7 --cases 1");
        let process =
            |nodes, keyspace, faults: &[Family]| of(Choice::Process { nodes, keyspace, faults: faults.to_vec() });
        assert_eq!(process(1, None, &[]), "resurgam run --world process --seed 7 --cases 1");
        let keyspace = Keyspace { contact: "127.0.0.1:9042".into(), name: "resurgam".into() };
        assert_eq!(
            process(3, Some(keyspace), &[Family::Node]),
            "resurgam run --world process --nodes 3 --store cassandra --contact 127.0.0.1:9042 --keyspace resurgam --faults node --seed 7 --cases 1"
        );
        let temporal = Choice::TemporalContainer {
            topology: Topology::Services,
            durability: Durability::Stock,
            faults: vec![Family::Node],
        };
        let words = "--target temporal --world container --topology services --durability stock --faults node";
        assert_eq!(of(temporal), format!("resurgam run {words} --seed 7 --cases 1"));
        let container = Choice::Container { nodes: 3, durability: Durability::Strict, faults: Vec::new(), bug: None };
        let line = "resurgam run --world container --nodes 3 --durability strict --faults none --seed 7 --cases 1";
        assert_eq!(of(container), line);
        assert_eq!(of(address("h:1", None)), "resurgam run --address h:1 --seed 7 --cases 1");
        let named = "resurgam run --address h:1 --namespace 'a b' --profile contract --seed 7 --cases 1";
        assert_eq!(of(address("h:1", Some("a b"))), named);
        assert_eq!(of(simulation(&[], None)), "resurgam run --faults none --seed 7 --cases 1");
        let planted = "resurgam run --faults 'node,clock' --large --bug cache-kept --seed 7 --cases 1";
        assert_eq!(of(simulation(&[Family::Node, Family::Clock], Some("cache-kept"))), planted);
        assert_eq!(check("a b/it's"), r#"resurgam check "a b/it's""#);
        assert_eq!(show("cases/7", Some("c-w0/1")), "resurgam show cases/7 --workflow c-w0/1");
        assert_eq!(quote("$(rm)"), "'$(rm)'");
        assert_eq!(replay(&Choice::simulation(), "cases/7"), "resurgam replay cases/7");
    }

    #[test]
    fn a_check_is_repeated_by_a_test() {
        let choice = Choice::Check { faults: Vec::new() };
        assert_eq!(replay(&choice, "a \"b\"/7"), r#"check(...).plan("a \"b\"/7/plan.json").assert_ok()"#);
        let options = Options { choice: choice.clone(), ..Options::default() };
        let origin = Origin { seed: 5, options, ..Origin::default() };
        assert_eq!(run(&origin), repeat(&choice, 5));
        assert!(repeat(&choice, 5).starts_with("check(...).seed(5).cases(1).assert_ok()"));
    }

    #[test]
    fn a_run_is_repeated_with_all_that_was_asked() {
        let options =
            Options { choice: Choice::Temporal, cases: None, seconds: Some(60), campaign: true, strict: true };
        let origin = Origin { seed: 5, options, ..Origin::default() };
        assert_eq!(run(&origin), "resurgam run --target temporal --seed 5 --for 60s --campaign --strict");
    }
}
