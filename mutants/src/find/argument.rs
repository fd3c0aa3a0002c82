//! Calls: neighbouring arguments mixed up, another method of the same shape, a value that counts as none.

use super::operation::is_still;
use super::proposals::{Proposals, code};
use crate::mutant::Operator;
use syn::punctuated::Punctuated;
use syn::token::Comma;
use syn::{Expr, ExprCall, ExprMethodCall};

/// Methods that are taken for each other.
const METHODS: [(&str, &str); 10] = [
    ("min", "max"),
    ("any", "all"),
    ("is_some", "is_none"),
    ("is_ok", "is_err"),
    ("first", "last"),
    ("saturating_add", "saturating_sub"),
    ("checked_add", "checked_sub"),
    ("push_back", "push_front"),
    ("pop_front", "pop_back"),
    ("is_some_and", "is_none_or"),
];

/// Proposes the mutants of a call of a method.
pub(super) fn propose_method(proposals: &mut Proposals<'_>, expr: &Expr, call: &ExprMethodCall) {
    let name = call.method.to_string();
    let (receiver, fish) = (code(&call.receiver), call.turbofish.as_ref().map(code).unwrap_or_default());
    let with = |name: &str, args: &str| format!("{receiver} . {name} {fish} ({args})");
    for (one, other) in METHODS {
        let instead = if name == one {
            other
        } else if name == other {
            one
        } else {
            continue;
        };
        proposals.instead(expr, Operator::Method, &with(instead, &code(&call.args)));
    }
    if name == "is_empty" || name == "contains" || name == "contains_key" {
        super::operation::negate(proposals, expr, format!("! {}", code(expr)));
    }
    for args in mixed_up(&call.args) {
        proposals.instead(expr, Operator::Swap, &with(&name, &args));
    }
}

/// Proposes the mutants of a call of a function.
pub(super) fn propose_call(proposals: &mut Proposals<'_>, expr: &Expr, call: &ExprCall) {
    let function = code(&call.func);
    if function == "Some" {
        return proposals.instead(expr, Operator::Absence, "None");
    }
    for args in mixed_up(&call.args) {
        proposals.instead(expr, Operator::Swap, &format!("{function} ({args})"));
    }
}

/// The arguments with two neighbours in each other's place, for each pair that is not the same and can be named twice.
fn mixed_up(args: &Punctuated<Expr, Comma>) -> Vec<String> {
    let codes: Vec<String> = args.iter().map(code).collect();
    let movable: Vec<bool> = args.iter().map(is_still).collect();
    let mut all = Vec::new();
    for left in 0..codes.len().saturating_sub(1) {
        if movable[left] && movable[left + 1] && codes[left] != codes[left + 1] {
            let mut mixed = codes.clone();
            mixed.swap(left, left + 1);
            all.push(mixed.join(" , "));
        }
    }
    all
}
