//! From the syntax of a question to a condition on records.

use super::condition::{Comparison, Condition};
use super::language::STARTS_WITH;
use super::refusal::refused;
use super::{literal, words};
use crate::attribute::{self, Attribute, Custom};
use crate::value::Value;
use resurgam_api::temporal::enums::v1::IndexedValueType as Type;
use sqlparser::ast::{BinaryOperator as Binary, Expr, InTarget, UnaryOperator};

/// The attribute by which lists leave out what they are not asked for.
pub(super) const DIVISION: &str = "TemporalNamespaceDivision";

/// Understands the parts of one question.
pub(super) struct Converter<'a> {
    custom: &'a Custom,
    /// It asks for divisions of the namespace.
    pub(super) divided: bool,
    /// The names of what belongs to the server, as far as it asks for that.
    pub(super) reserved: Vec<String>,
}

impl<'a> Converter<'a> {
    pub(super) fn new(custom: &'a Custom) -> Self {
        Self { custom, divided: false, reserved: Vec::new() }
    }

    /// The attribute that a column names.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn attribute(&mut self, expr: &Expr) -> Result<Attribute, String> {
        let Some(name) = literal::column(expr) else {
            let kind = literal::kind(expr);
            return Err(refused(format!("invalid expression: must be a column name but was {kind}")));
        };
        let found = Attribute::find(&name, self.custom).ok_or_else(|| {
            refused(format!("invalid expression: column name '{name}' is not a valid search attribute"))
        })?;
        self.divided |= found.name == DIVISION;
        if attribute::is_reserved(&name) {
            self.reserved.push(name);
        }
        Ok(found)
    }

    /// What an expression asks of a record.
    ///
    /// # Errors
    /// Why it is no question.
    pub(super) fn condition(&mut self, expr: &Expr) -> Result<Condition, String> {
        match expr {
            Expr::Nested(inner) => self.condition(inner),
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => Ok(Condition::Not(Box::new(self.condition(expr)?))),
            Expr::BinaryOp { op: Binary::And, .. } => self.several(expr, is_and).map(Condition::And),
            Expr::BinaryOp { op: Binary::Or | Binary::StringConcat, .. } => {
                self.several(expr, is_or).map(Condition::Or)
            }
            Expr::BinaryOp { left, op, right } => match operator(op) {
                Some(op) => self.comparison(left, &op, right),
                None => Err(refused(format!("operation is not supported: expression of type {}", literal::kind(expr)))),
            },
            Expr::Like { negated, expr, pattern, .. } => self.comparison(expr, &not(*negated, "like"), pattern),
            Expr::RLike { negated, expr, pattern, .. } => self.comparison(expr, &not(*negated, "regexp"), pattern),
            Expr::In { expr, target, negated, .. } => self.among(expr, target, *negated),
            Expr::Between { expr, negated, low, high } => self.between(expr, *negated, low, high),
            Expr::IsNull(of) => self.attribute(of).map(|attribute| Condition::Missing(attribute, true)),
            Expr::IsNotNull(of) => self.attribute(of).map(|attribute| Condition::Missing(attribute, false)),
            Expr::IsTrue(of) | Expr::IsNotTrue(of) | Expr::IsFalse(of) | Expr::IsNotFalse(of) => {
                self.attribute(of)?;
                Err(refused("invalid expression: 'IS' operator can only be used with 'NULL' or 'NOT NULL'"))
            }
            Expr::Function(_) => Err(refused("operation is not supported: function expression")),
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
                Err(refused("invalid expression: incomplete expression"))
            }
            other => Err(refused(format!("operation is not supported: expression of type {}", literal::kind(other)))),
        }
    }

    /// The parts of a chain of one operator, which is as deep as it is long.
    fn several(&mut self, expr: &Expr, joins: fn(&Binary) -> bool) -> Result<Vec<Condition>, String> {
        let (mut parts, mut rest) = (Vec::new(), expr);
        while let Expr::BinaryOp { left, op, right } = rest
            && joins(op)
        {
            parts.push(&**right);
            rest = left;
        }
        parts.push(rest);
        parts.into_iter().rev().map(|part| self.condition(part)).collect()
    }

    fn comparison(&mut self, left: &Expr, op: &str, right: &Expr) -> Result<Condition, String> {
        let negated = op == "!=" || op.starts_with("not ");
        let compared = Comparison::of(op);
        let prefix = op.ends_with(STARTS_WITH);
        if compared.is_none() && !prefix {
            let text = written(left, op, right);
            return Err(refused(format!("invalid expression: invalid operator '{op}' in `{text}`")));
        }
        let attribute = self.attribute(left)?;
        let value = literal::value(right, &attribute)?;
        if matches!(attribute.kind, Type::Text | Type::KeywordList) {
            return match op {
                "=" | "!=" => found_in(attribute, vec![value], negated, &right.to_string()),
                _ => Err(misfit(&attribute, op, &written(left, op, right))),
            };
        }
        match (compared, value) {
            (Some(comparison), value) => {
                let value = value.for_type(is_numeric(&attribute));
                Ok(Condition::Compare(attribute, comparison, value))
            }
            (None, Value::Text(text)) => Ok(Condition::Begins(attribute, text.to_ascii_lowercase(), negated)),
            (None, _) => Err(refused(format!(
                "invalid expression: right-hand side of '{op}' must be a literal string (got: {right})"
            ))),
        }
    }

    fn among(&mut self, left: &Expr, target: &InTarget, negated: bool) -> Result<Condition, String> {
        let attribute = self.attribute(left)?;
        let InTarget::List(list) = target else {
            return Err(refused("invalid expression: unexpected value type *sqlparser.Subquery"));
        };
        let values = list.iter().map(|value| literal::value(value, &attribute)).collect::<Result<Vec<_>, _>>()?;
        let op = not(negated, "in");
        let shown = || list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match attribute.kind {
            Type::Text => Err(misfit(&attribute, &op, &format!("{left} {op} ({})", shown()))),
            Type::KeywordList => {
                let other = values.iter().zip(list).find(|(value, _)| !matches!(value, Value::Text(_)));
                match other {
                    Some((_, other)) => Err(refused(format!(
                        "invalid expression: unexpected value type in tuple (expected string, got {other})"
                    ))),
                    None => found_in(attribute, values, negated, ""),
                }
            }
            _ => {
                let numeric = is_numeric(&attribute);
                let values = values.into_iter().map(|value| value.for_type(numeric)).collect();
                Ok(Condition::Among(attribute, values, negated))
            }
        }
    }

    fn between(&mut self, left: &Expr, negated: bool, low: &Expr, high: &Expr) -> Result<Condition, String> {
        let attribute = self.attribute(left)?;
        if matches!(attribute.kind, Type::Bool | Type::Text | Type::KeywordList) {
            return Err(refused(format!(
                "invalid expression: cannot do range condition on search attribute '{}' of type {}",
                attribute.alias,
                attribute::type_name(attribute.kind)
            )));
        }
        let numeric = is_numeric(&attribute);
        let low = literal::value(low, &attribute)?.for_type(numeric);
        let high = literal::value(high, &attribute)?.for_type(numeric);
        Ok(Condition::Between(attribute, low, high, negated))
    }
}

fn is_and(op: &Binary) -> bool {
    matches!(op, Binary::And)
}

fn is_or(op: &Binary) -> bool {
    matches!(op, Binary::Or | Binary::StringConcat)
}

/// Its values are kept as numbers.
fn is_numeric(attribute: &Attribute) -> bool {
    attribute.kind != Type::Keyword || attribute.name == "ExecutionStatus"
}

/// A sign of a comparison; `None`: it is another operator.
fn operator(op: &Binary) -> Option<String> {
    Some(match op {
        Binary::Eq => "=".to_owned(),
        Binary::NotEq => "!=".to_owned(),
        Binary::Lt | Binary::LtEq | Binary::Gt | Binary::GtEq | Binary::Spaceship => op.to_string(),
        Binary::Custom(name) => name.clone(),
        _ => return None,
    })
}

fn not(negated: bool, op: &str) -> String {
    if negated { format!("not {op}") } else { op.to_owned() }
}

/// An expression in the words of messages.
fn written(left: &Expr, op: &str, right: &Expr) -> String {
    let left = literal::column(left).unwrap_or_else(|| left.to_string());
    format!("{left} {op} {right}")
}

fn misfit(attribute: &Attribute, op: &str, text: &str) -> String {
    let kind = attribute::type_name(attribute.kind);
    refused(format!("invalid expression: operator '{op}' not supported for {kind} type search attribute in `{text}`"))
}

/// One of these is among the keywords, or one of these words in the text.
fn found_in(attribute: Attribute, values: Vec<Value>, negated: bool, shown: &str) -> Result<Condition, String> {
    let mut texts = Vec::new();
    for value in values {
        let Value::Text(text) = value else {
            return Err(refused(format!("invalid expression: unexpected value type (expected string, got {shown})")));
        };
        texts.push(text);
    }
    if attribute.kind == Type::KeywordList {
        let texts = texts.iter().map(|text| text.to_lowercase()).collect();
        return Ok(Condition::Listed(attribute, texts, negated));
    }
    let parts: Vec<_> = texts.iter().flat_map(|text| text.split(' ')).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        return Err(refused(format!(
            "invalid expression: unexpected value for Text type search attribute (no tokens found in {shown})"
        )));
    }
    Ok(Condition::Worded(attribute, parts.into_iter().map(words::words).collect(), negated))
}
