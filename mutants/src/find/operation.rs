//! Comparisons, connectives, arithmetic and negations.

use super::condition::is_let_chain;
use super::proposals::{Proposals, SWITCH, code, place};
use crate::mutant::Operator;
use syn::spanned::Spanned as _;
use syn::{BinOp, Expr, ExprBinary, ExprUnary, UnOp};

/// Proposes the mutants of an operation with two sides.
pub(super) fn propose_binary(proposals: &mut Proposals<'_>, expr: &Expr, binary: &ExprBinary) {
    let (left, right) = (code(&binary.left), code(&binary.right));
    match binary.op {
        BinOp::And(_) if is_let_chain(expr) => {}
        BinOp::And(_) => proposals.instead(expr, Operator::Connective, &format!("{left} || {right}")),
        BinOp::Or(_) => proposals.instead(expr, Operator::Connective, &format!("{left} && {right}")),
        BinOp::Lt(_) => boundary(proposals, expr, binary, "<="),
        BinOp::Le(_) => boundary(proposals, expr, binary, "<"),
        BinOp::Gt(_) => boundary(proposals, expr, binary, ">="),
        BinOp::Ge(_) => boundary(proposals, expr, binary, ">"),
        BinOp::Eq(_) => negate(proposals, expr, format!("{left} != {right}")),
        BinOp::Ne(_) => negate(proposals, expr, format!("{left} == {right}")),
        BinOp::Add(_) => proposals.instead(expr, Operator::Arithmetic, &format!("{left} - {right}")),
        BinOp::Sub(_) => proposals.instead(expr, Operator::Arithmetic, &format!("{left} + {right}")),
        BinOp::Mul(_) => proposals.instead(expr, Operator::Arithmetic, &format!("{left} / {right}")),
        BinOp::Div(_) | BinOp::Rem(_) => proposals.instead(expr, Operator::Arithmetic, &format!("{left} * {right}")),
        BinOp::AddAssign(_) => proposals.instead(expr, Operator::Arithmetic, &format!("{left} -= {right}")),
        BinOp::SubAssign(_) => proposals.instead(expr, Operator::Arithmetic, &format!("{left} += {right}")),
        _ => {}
    }
}

/// Proposes to leave a `!` out.
pub(super) fn propose_unary(proposals: &mut Proposals<'_>, expr: &Expr, unary: &ExprUnary) {
    if matches!(unary.op, UnOp::Not(_)) {
        negate(proposals, expr, code(&unary.expr));
    }
}

/// The truth of an expression turned around.
pub(super) fn negate(proposals: &mut Proposals<'_>, expr: &Expr, becomes: String) {
    let id = proposals.propose(expr.span(), Operator::Negation, code(expr), becomes);
    proposals.change(place(expr), format!("{SWITCH}::flip({id}, "), ")", &[id]);
}

/// Another comparison, which differs only where both sides are equal: both are evaluated if that is harmless.
fn boundary(proposals: &mut Proposals<'_>, expr: &Expr, binary: &ExprBinary, other: &str) {
    let becomes = format!("{} {other} {}", code(&binary.left), code(&binary.right));
    if !(is_still(&binary.left) && is_still(&binary.right)) {
        return proposals.instead(expr, Operator::Boundary, &becomes);
    }
    let id = proposals.propose(expr.span(), Operator::Boundary, code(expr), becomes.clone());
    proposals.change(place(expr), format!("{SWITCH}::choose({id}, {becomes}, "), ")", &[id]);
}

/// True for what can be evaluated twice without anybody noticing: places, numbers, and methods that only look. (One that locks would
/// wait for itself, as what both sides hold is held until both are there.)
pub(super) fn is_still(expr: &Expr) -> bool {
    const LOOKING: [&str; 9] =
        ["len", "is_empty", "as_ref", "as_deref", "as_str", "as_millis", "as_secs", "unwrap_or_default", "encoded_len"];
    match expr {
        Expr::Path(_) | Expr::Lit(_) => true,
        Expr::Field(field) => is_still(&field.base),
        Expr::Reference(reference) => is_still(&reference.expr),
        Expr::Unary(unary) => is_still(&unary.expr),
        Expr::Paren(paren) => is_still(&paren.expr),
        Expr::Cast(cast) => is_still(&cast.expr),
        Expr::MethodCall(call) => {
            call.args.is_empty() && LOOKING.contains(&call.method.to_string().as_str()) && is_still(&call.receiver)
        }
        _ => false,
    }
}
