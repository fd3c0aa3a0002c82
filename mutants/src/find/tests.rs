#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::{Found, Words, mutants};
use crate::edit::apply;
use crate::mutant::Operator;
use std::str::FromStr as _;

/// The mutants of a text: kind, what was, what becomes; and the changed text, which must be Rust.
fn of(text: &str) -> (Vec<(Operator, String, String)>, String) {
    let mut words = Words::default();
    words.learn(proc_macro2::TokenStream::from_str(text).unwrap());
    let mut next = 1;
    let Found { mutants, changes, .. } = mutants("a.rs", text, &words, &mut next).unwrap();
    assert_eq!(usize::try_from(next).unwrap(), mutants.len() + 1, "each has an id of its own");
    let (new, _) = apply(text, &changes);
    syn::parse_file(&new).unwrap_or_else(|why| panic!("{why} in\n{new}"));
    assert_eq!(new.lines().count(), text.lines().count(), "lines keep their numbers");
    (mutants.into_iter().map(|mutant| (mutant.operator, mutant.was, mutant.becomes)).collect(), new)
}

/// True if such a mutant is among them.
fn has(all: &[(Operator, String, String)], operator: Operator, was: &str, becomes: &str) -> bool {
    all.iter().any(|one| *one == (operator, was.to_owned(), becomes.to_owned()))
}

#[test]
fn conditions_and_operations() {
    let (all, new) = of("fn f(a: u32, b: u32) -> Foo { if a < b && g(a) { a + b } else { b } }");
    assert!(has(&all, Operator::ConditionTrue, "a < b && g (a)", "true"));
    assert!(has(&all, Operator::ConditionFalse, "a < b && g (a)", "false"));
    assert!(has(&all, Operator::Boundary, "a < b", "a <= b"));
    assert!(has(&all, Operator::Connective, "a < b && g (a)", "a < b || g (a)"));
    assert!(has(&all, Operator::Arithmetic, "a + b", "a - b"));
    assert!(new.contains("::choose(4, a <= b, a < b)"), "{new}");
}

#[test]
fn chains_with_let_are_taken_apart() {
    let (all, _) = of("fn f() -> Foo { if let Some(x) = y && x.z { 1 } else { 2 } }");
    assert!(has(&all, Operator::ConditionTrue, "x . z", "true"));
    assert!(!all.iter().any(|(operator, ..)| *operator == Operator::Connective));
}

#[test]
fn statements_arms_and_bodies() {
    let (all, _) =
        of("fn f(x: u8) -> Result<Option<u8>, E> { g(x)?; match x { 1 | 2 => h(), y if y > 3 => i(), _ => j() } }");
    assert!(has(&all, Operator::Statement, "g (x) ? ;", ""));
    assert!(has(&all, Operator::Arm, "1 | 2", "(passed over)"));
    assert!(has(&all, Operator::ConditionFalse, "y > 3", "false"));
    assert!(has(&all, Operator::Body, "f", "return Ok(None)"));
}

#[test]
fn values_and_arguments() {
    let (all, new) = of("fn f() -> Foo { g(a, b); Foo { x, y: h.y, z: Some(1), w: State::Open, v: State::Shut } }");
    assert!(has(&all, Operator::Swap, "g (a , b)", "g (b , a)"));
    assert!(has(&all, Operator::Field, "x: x", "x: Default::default()"));
    assert!(has(&all, Operator::Swap, "x: x", "x: h . y"));
    assert!(has(&all, Operator::Absence, "Some (1)", "None"));
    assert!(has(&all, Operator::Number, "1", "0"));
    assert!(has(&all, Operator::Variant, "State :: Open", "State :: Shut"));
    assert!(new.contains("x: if "), "{new}");
}

#[test]
fn what_is_no_code_of_the_server_is_passed_over() {
    let nothing = "const A: u32 = 1 + 1; #[cfg(test)] mod tests { fn f() { g(1); } } enum E { A = 1 }\n\
                   impl Drop for X { fn drop(&mut self) { g(1); } }";
    assert!(of(nothing).0.is_empty(), "{:?}", of(nothing).0);
    let planted = "fn f() -> Foo { if planted(Bug::X) { g(1); } else { h(2) } }";
    assert!(of(planted).0.iter().all(|(_, was, _)| was.contains('2')), "{:?}", of(planted).0);
}
