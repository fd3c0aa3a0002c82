//! Conditions of `if` and `while` and guards of arms: always true, always false. A value of `true` matters only to the second
//! and one of `false` only to the first, and which it is, is known without evaluating anything twice.

use super::proposals::{Proposals, SWITCH, code, is_planted, place};
use crate::mutant::Operator;
use syn::spanned::Spanned as _;
use syn::{BinOp, Expr};

/// Proposes both for a condition; only false if `both` is not wanted, since a loop that never ends is seen by anybody. In a
/// chain with `let`, its other members are conditions of their own.
pub(super) fn propose(proposals: &mut Proposals<'_>, condition: &Expr, both: bool) {
    for part in members(condition) {
        if matches!(part, Expr::Let(_) | Expr::Macro(_)) || is_planted(part) {
            continue;
        }
        let was = code(part);
        let always =
            if both { proposals.propose(part.span(), Operator::ConditionTrue, was.clone(), "true".into()) } else { 0 };
        let never = proposals.propose(part.span(), Operator::ConditionFalse, was, "false".into());
        let before = format!("{SWITCH}::condition({always}, {never}, ");
        let mutants: Vec<u32> = [always, never].into_iter().filter(|id| *id != 0).collect();
        proposals.change(place(part), before, ")", &mutants);
    }
}

/// The condition itself, or the members of its chain if that has a `let`.
fn members(condition: &Expr) -> Vec<&Expr> {
    fn flatten<'e>(expr: &'e Expr, into: &mut Vec<&'e Expr>) {
        match expr {
            Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => {
                flatten(&binary.left, into);
                flatten(&binary.right, into);
            }
            other => into.push(other),
        }
    }
    let mut all = Vec::new();
    flatten(condition, &mut all);
    if all.iter().any(|part| matches!(part, Expr::Let(_))) { all } else { vec![condition] }
}

/// True for a chain with `let`, which is no expression that could be put somewhere else.
pub(super) fn is_let_chain(expr: &Expr) -> bool {
    members(expr).iter().any(|part| matches!(part, Expr::Let(_)))
}
