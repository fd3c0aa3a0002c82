//! Where something is decided by what a value is, every kind is named: whoever adds one is then led by the compiler to every place that
//! has to know it.
//!
//! Of faults even `matches!`, `if let` and `let … else` are not allowed, which pass over the other kinds as silently as an arm for
//! everything else. Of the others they are: whoever asks whether something is a timer has not forgotten what is none.

use crate::tree::Tree;

/// The enums of kinds of faults.
pub(crate) const FAULTS: &[&str] = &["FaultKind", "StoreOutcome", "Affected", "Extent", "Family"];

/// The other enums of which a new kind has to be thought of wherever kinds are told apart: what plans, programs and scenarios
/// can say, what targets there are, and what is done to them.
pub(crate) const DECIDED: &[&str] = &[
    "Action",
    "Caller",
    "Cancellation",
    "Capability",
    "ChildWait",
    "Choice",
    "Crowd",
    "Damage",
    "DatabaseFault",
    "Durability",
    "Effect",
    "Fault",
    "Happening",
    "Held",
    "HeldUntil",
    "Injection",
    "JudgedBy",
    "Judgement",
    "LinkFault",
    "Namespace",
    "Paxos",
    "PartitionKind",
    "Question",
    "Report",
    "RpcFault",
    "ScriptedAppend",
    "ScriptedCommit",
    "Shortfall",
    "Spoiled",
    "Statement",
    "Step",
    "StoreCall",
    "StoreFault",
    "TaskKind",
    "Topology",
    "Treatment",
    "Truth",
    "Until",
    "UpdateStage",
    "Verb",
    "Way",
    "WorkerFaultKind",
    "World",
    "WriteAnswer",
];

/// Which functions may pass over kinds, by file.
pub(crate) type Tolerated<'a> = &'a [(&'a str, &'a str)];

/// One line for each place that passes over kinds and is not tolerated, and for each that is tolerated and not there.
pub(crate) fn check(tree: &Tree, faults: &[&str], decided: &[&str], tolerated: Tolerated<'_>) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut needed = vec![false; tolerated.len()];
    let known = |name: &&&str| !tree.facts.values().any(|facts| facts.enums.contains(**name));
    for name in faults.iter().chain(decided).filter(known) {
        complaints.push(format!("there is no enum {name}: was it renamed?"));
    }
    for (file, facts) in &tree.facts {
        // What a test does not look at is its own affair.
        let decided =
            if facts.is_test || file.ends_with("tests.rs") || file.contains("/tests/") { &[] } else { decided };
        let wildcards = facts.wildcards.iter().map(|place| (place, [faults, decided].concat()));
        let questions = facts.questions.iter().map(|place| (place, faults.to_vec()));
        for ((function, types), enums) in wildcards.chain(questions) {
            let Some(of) = enums.iter().find(|name| types.contains(**name)) else { continue };
            match tolerated.iter().position(|known| *known == (file.as_str(), function.as_str())) {
                Some(known) => needed[known] = true,
                None => complaints.push(format!("{file}: {function} does not name every kind of {of}")),
            }
        }
    }
    let idle = tolerated.iter().zip(needed).filter(|(_, needed)| !needed);
    complaints.extend(idle.map(|((file, function), _)| format!("{file}: {function} may have a wildcard and has none")));
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(body: &str) -> usize {
        let text = format!("enum Fault {{ A, B }} impl Fault {{ fn f(&self, x: Option<u8>) -> u8 {{ {body} }} }}");
        check(&Tree::of(&[("a/src/lib.rs", &text)]), &["Fault"], &[], &[]).len()
    }

    fn found_of_others(body: &str) -> usize {
        let text = format!("enum Step {{ A, B }} impl Step {{ fn f(&self) -> u8 {{ {body} }} }}");
        check(&Tree::of(&[("a/src/lib.rs", &text)]), &[], &["Step"], &[]).len()
    }

    #[test]
    fn an_arm_for_everything_else_is_found() {
        assert_eq!(found("match self { Self::A => 1, Self::B => 2 }"), 0);
        assert_eq!(found("match self { Self::A => 1, _ => 2 }"), 1);
        assert_eq!(found("match (self, x) { (Fault::A, _) => 1, (_, _) => 2 }"), 1);
        assert_eq!(found("match (self, x) { (Fault::A, Some(n)) => n, (Fault::A, _) | (Fault::B, _) => 2 }"), 0);
        assert_eq!(found("match self { Fault::A => 1, other => other.g() }"), 1);
        assert_eq!(found("match x { Some(n) => n, _ => 2 }"), 0, "that is no fault");
        assert_eq!(found("u8::from(matches!(self, Self::A))"), 1);
        assert_eq!(found("u8::from(matches!(x, Some(n) if n > u8::MIN))"), 0);
        assert_eq!(found("if let Self::A = self { 1 } else { 2 }"), 1);
        assert_eq!(found("let Some(Fault::A) = x.map(g) else { return 1 }; 2"), 1);
        assert_eq!(found("let Some(n) = x else { return 1 }; n"), 0);
    }

    #[test]
    fn of_others_it_may_be_asked_whether_it_is_one() {
        assert_eq!(found_of_others("match self { Step::A => 1, _ => 2 }"), 1);
        assert_eq!(found_of_others("u8::from(matches!(self, Self::A))"), 0);
        assert_eq!(found_of_others("if let Self::A = self { 1 } else { 2 }"), 0);
    }

    #[test]
    fn a_renamed_enum_and_an_idle_entry_are_found() {
        let tree = Tree::of(&[("a/src/lib.rs", "enum Fault { A }")]);
        assert_eq!(check(&tree, &["FaultKind"], &["Step"], &[]).len(), 2);
        assert_eq!(check(&tree, &["Fault"], &[], &[("a/src/lib.rs", "f")]).len(), 1);
    }
}
