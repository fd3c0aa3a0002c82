//! Values: fields left empty or mixed up, other numbers, other variants.

use super::operation::is_still;
use super::proposals::{Proposals, SWITCH, code, place};
use crate::mutant::Operator;
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, ExprPath, ExprStruct, FieldValue, Lit, Member};

/// What is already empty.
const EMPTY: [&str; 7] =
    ["None", "0", "false", "Default :: default ()", "String :: new ()", "Vec :: new ()", "Vec :: default ()"];

/// Proposes to leave each field of a new value empty, and to mix up neighbours.
pub(super) fn propose_fields(proposals: &mut Proposals<'_>, made: &ExprStruct) {
    let fields: Vec<&FieldValue> = made.fields.iter().collect();
    for (index, field) in fields.iter().enumerate() {
        let Member::Named(_) = &field.member else { continue };
        let value = code(&field.expr);
        if field.colon_token.is_none() {
            // A field that is written by its name alone is written out first.
            let at = place(&field.expr).start;
            proposals.change(at..at, format!("{value}: "), "", &[]);
        }
        if !EMPTY.contains(&value.as_str()) {
            replace(proposals, field, Operator::Field, "Default::default()");
        }
        let Some(next) = fields.get(index + 1) else { continue };
        let other = code(&next.expr);
        let literal = |expr: &Expr| matches!(expr, Expr::Lit(_));
        if other != value && is_still(&field.expr) && is_still(&next.expr) && !literal(&field.expr) {
            replace(proposals, field, Operator::Swap, &other);
        }
    }
}

/// Proposes another value of a field.
fn replace(proposals: &mut Proposals<'_>, field: &FieldValue, operator: Operator, becomes: &str) {
    let name = code(&field.member);
    let (was, shown) = (format!("{name}: {}", code(&field.expr)), format!("{name}: {becomes}"));
    let id = proposals.propose(field.span(), operator, was, shown);
    let before = format!("if {SWITCH}::on({id}) {{ {becomes} }} else {{ ");
    proposals.change(place(&field.expr), before, " }", &[id]);
}

/// Proposes another number, and the other truth.
pub(super) fn propose_literal(proposals: &mut Proposals<'_>, expr: &Expr, literal: &ExprLit) {
    match &literal.lit {
        Lit::Int(number) => {
            let Ok(value) = number.base10_parse::<u64>() else { return };
            let other = if value == 1 { 0 } else { value.saturating_add(1) };
            proposals.instead(expr, Operator::Number, &format!("{other}{}", number.suffix()));
        }
        Lit::Bool(value) => proposals.instead(expr, Operator::Negation, &(!value.value).to_string()),
        _ => {}
    }
}

/// Proposes another variant of the same enum.
pub(super) fn propose_variant(proposals: &mut Proposals<'_>, expr: &Expr, path: &ExprPath) {
    let segments: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let [.., name, variant] = segments.as_slice() else { return };
    let Some(other) = proposals.words.next(name, variant) else { return };
    let was = code(path);
    let becomes = format!("{}{other}", was.strip_suffix(variant.as_str()).unwrap_or(&was));
    proposals.instead(expr, Operator::Variant, &becomes);
}
