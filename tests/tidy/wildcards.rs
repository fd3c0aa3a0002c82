//! Where faults are told apart every kind is named: whoever adds one is then led by the compiler to every place that has
//! to know it. `matches!`, `if let` and `let … else` pass over the other kinds as silently as an arm for everything else.

use crate::tree::Tree;

/// The enums of kinds of faults.
pub(crate) const FAULTS: &[&str] = &["FaultKind", "StoreOutcome", "Affected", "Extent", "Family"];

/// One line for each place that passes over kinds of faults and is not tolerated, and for each that is tolerated and not there.
/// Tolerated is (file, function).
pub(crate) fn check(tree: &Tree, enums: &[&str], tolerated: &[(&str, &str)]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut needed = vec![false; tolerated.len()];
    for name in enums.iter().filter(|name| !tree.facts.values().any(|facts| facts.enums.contains(**name))) {
        complaints.push(format!("there is no enum {name}: was it renamed?"));
    }
    for (file, facts) in &tree.facts {
        for (function, types) in &facts.wildcards {
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
        check(&Tree::of(&[("a/src/lib.rs", &text)]), &["Fault"], &[]).len()
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
    fn a_renamed_enum_and_an_idle_entry_are_found() {
        let tree = Tree::of(&[("a/src/lib.rs", "enum Fault { A }")]);
        assert_eq!(check(&tree, &["FaultKind"], &[]).len(), 1);
        assert_eq!(check(&tree, &["Fault"], &[("a/src/lib.rs", "f")]).len(), 1);
    }
}
