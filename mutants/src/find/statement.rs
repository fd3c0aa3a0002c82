//! Statements that are not executed, and arms that are passed over.

use super::proposals::{Proposals, SWITCH, code, is_planted, place};
use crate::mutant::Operator;
use syn::spanned::Spanned as _;
use syn::{Expr, ExprMatch, Pat, Stmt};

/// Proposes to leave a statement out that is executed for its effect.
pub(super) fn propose(proposals: &mut Proposals<'_>, stmt: &Stmt) {
    let Stmt::Expr(expr, Some(_)) = stmt else { return };
    let effect = match expr {
        Expr::Await(_) | Expr::Try(_) | Expr::Call(_) | Expr::MethodCall(_) | Expr::Assign(_) => true,
        Expr::Continue(_) | Expr::Break(_) | Expr::Return(_) => true,
        // `x += 1`: its arithmetic is turned around elsewhere.
        _ => false,
    };
    if !effect || is_planted(expr) {
        return;
    }
    let id = proposals.propose(stmt.span(), Operator::Statement, code(stmt), String::new());
    proposals.change(place(stmt), format!("if !{SWITCH}::on({id}) {{ "), " }", &[id]);
}

/// Proposes to pass over each arm, where a later one takes everything; and conditions for the guards.
pub(super) fn propose_arms(proposals: &mut Proposals<'_>, matched: &ExprMatch) {
    let Some(last) = matched.arms.iter().rposition(|arm| arm.guard.is_none() && takes_all(&arm.pat)) else {
        for (_, guard) in matched.arms.iter().filter_map(|arm| arm.guard.as_ref()) {
            super::condition::propose(proposals, guard, true);
        }
        return;
    };
    for (index, arm) in matched.arms.iter().enumerate() {
        if is_planted(&arm.pat) || arm.guard.as_ref().is_some_and(|(_, guard)| is_planted(guard)) {
            continue;
        }
        let (was, becomes) = (code(&arm.pat), "(passed over)".to_owned());
        match &arm.guard {
            // A guard that is never true is an arm that is passed over.
            Some((_, guard)) => super::condition::propose(proposals, guard, true),
            None if index < last => {
                let id = proposals.propose(arm.pat.span(), Operator::Arm, was, becomes);
                proposals.change(place(&arm.pat), String::new(), &format!(" if !{SWITCH}::on({id})"), &[id]);
            }
            None => {}
        }
    }
}

/// True for `_` and for a name.
fn takes_all(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) => true,
        Pat::Ident(name) => name.subpat.is_none() && !name.ident.to_string().starts_with(char::is_uppercase),
        _ => false,
    }
}
