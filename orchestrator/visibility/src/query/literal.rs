//! Values in questions: what is written, and what that means for an attribute.

use super::refusal::refused;
use crate::attribute::{Attribute, SCHEDULE_PREFIX};
use crate::time;
use crate::value::Value;
use resurgam_api::temporal::enums::v1::{IndexedValueType as Type, WorkflowExecutionStatus as Status};
use sqlparser::ast::{Expr, UnaryOperator, Value as Sql};

/// What an expression is called in messages: the types of the parser of temporalio/temporal.
pub(super) fn kind(expr: &Expr) -> &'static str {
    match expr {
        Expr::Value(value) => match value.value {
            Sql::Boolean(_) => "sqlparser.BoolVal",
            Sql::Null => "*sqlparser.NullVal",
            _ => "*sqlparser.SQLVal",
        },
        Expr::UnaryOp { .. } => "*sqlparser.UnaryExpr",
        Expr::Function(_) => "*sqlparser.FuncExpr",
        Expr::Case { .. } => "*sqlparser.CaseExpr",
        Expr::Exists { .. } => "*sqlparser.ExistsExpr",
        Expr::Subquery(_) => "*sqlparser.Subquery",
        Expr::Nested(_) => "*sqlparser.ParenExpr",
        Expr::Tuple(_) => "sqlparser.ValTuple",
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => "*sqlparser.ColName",
        Expr::IsNull(_) | Expr::IsNotNull(_) => "*sqlparser.IsExpr",
        Expr::Between { .. } => "*sqlparser.RangeCond",
        Expr::In { .. } | Expr::Like { .. } => "*sqlparser.ComparisonExpr",
        _ => "*sqlparser.BinaryExpr",
    }
}

/// The name of a column.
pub(super) fn column(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(name) => Some(name.value.clone()),
        Expr::CompoundIdentifier(names) => {
            Some(names.iter().map(|name| name.value.as_str()).collect::<Vec<_>>().join("."))
        }
        _ => None,
    }
}

/// The value that is meant, for an attribute.
///
/// # Errors
/// It is none, or none for this attribute.
pub(super) fn value(expr: &Expr, attribute: &Attribute) -> Result<Value, String> {
    match expr {
        Expr::Value(value) => match &value.value {
            // Its type is not looked at.
            Sql::Boolean(truth) => Ok(Value::Int((*truth).into())),
            Sql::Number(digits, _) => meant(number(digits)?, attribute),
            Sql::SingleQuotedString(text) | Sql::DoubleQuotedString(text) => {
                meant(Value::Text(text.trim_matches('\'').to_owned()), attribute)
            }
            Sql::HexStringLiteral(digits) => Err(unreadable(&format!("0x{digits}"))),
            Sql::Placeholder(name) if name == "?" => Err(unreadable(":v1")),
            Sql::Placeholder(name) => Err(unreadable(name)),
            _ => Err(refused(format!("invalid expression: unexpected value type {}", kind(expr)))),
        },
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } if digits(expr).is_some() => {
            meant(number(&format!("-{}", digits(expr).unwrap_or_default()))?, attribute)
        }
        Expr::UnaryOp { op: UnaryOperator::Plus, expr } if digits(expr).is_some() => value(expr, attribute),
        Expr::Function(_) => Err(refused("operation is not supported: nested func")),
        other => match column(other) {
            Some(name) => Err(refused(format!(
                "operation is not supported: column name on the right side of comparison expression (did you forget to \
                 quote '{name}'?)"
            ))),
            None => Err(refused(format!("invalid expression: unexpected value type {}", kind(other)))),
        },
    }
}

fn digits(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Sql::Number(digits, _) => Some(digits),
            _ => None,
        },
        _ => None,
    }
}

fn unreadable(what: &str) -> String {
    format!("invalid expression: unable to parse {what}")
}

fn number(digits: &str) -> Result<Value, String> {
    let whole = digits.parse().map(Value::Int);
    whole.or_else(|_| digits.parse().map(Value::Real)).map_err(|_| unreadable(digits))
}

/// What a number or text means for an attribute.
fn meant(written: Value, attribute: &Attribute) -> Result<Value, String> {
    let fraction = || {
        let name = &attribute.alias;
        refused(format!("invalid expression: unexpected value type float64 for search attribute {name}"))
    };
    match (attribute.name.as_str(), attribute.kind, written) {
        (_, Type::Datetime, Value::Int(nanos)) => Ok(Value::Moment(nanos.div_euclid(1000))),
        (_, Type::Datetime, Value::Text(text)) => time::moment(&text)
            .map(Value::Moment)
            .ok_or_else(|| refused(format!("invalid expression: unable to parse datetime '{text}'"))),
        (_, Type::Datetime, _) | ("ExecutionStatus", _, Value::Real(_)) => Err(fraction()),
        ("ExecutionStatus", _, Value::Text(text)) => status(&text)
            .map(|status| Value::Int(i32::from(status).into()))
            .ok_or_else(|| refused(format!("invalid expression: invalid ExecutionStatus value '{text}'"))),
        ("ExecutionDuration", _, Value::Text(text)) => time::span(&text).map(Value::Int).map_err(|problem| {
            refused(format!("invalid value for search attribute {}: {text} ({problem})", attribute.alias))
        }),
        (_, _, Value::Text(text)) if attribute.is_schedule() => Ok(Value::Text(format!("{SCHEDULE_PREFIX}{text}"))),
        (_, _, other) => Ok(other),
    }
}

/// The name of a status, as it is asked for and answered.
pub fn status_name(status: Status) -> String {
    let name = status.as_str_name().trim_start_matches("WORKFLOW_EXECUTION_STATUS_").to_ascii_lowercase();
    let camel = name.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_ascii_uppercase() + rest
    });
    // As it is spelt there: one word with a small letter.
    camel.collect::<String>()
}

fn status(text: &str) -> Option<Status> {
    let all = (0..).map_while(|number| Status::try_from(number).ok());
    all.into_iter().find(|status| status.as_str_name() == text || status_name(*status) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_two_names() {
        assert_eq!(status("TimedOut"), Some(Status::TimedOut));
        assert_eq!(status("WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW"), Some(Status::ContinuedAsNew));
        assert_eq!(status_name(Status::ContinuedAsNew), "ContinuedAsNew");
        assert_eq!((status("running"), status("")), (None, None));
    }
}
