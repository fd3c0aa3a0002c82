//! From the text of a question to its syntax tree.

use super::language::Language;
use super::refusal::refused;
use sqlparser::ast::Expr;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

/// What stands in front of a question, on the server whose words we use.
const SELECT: &str = "select * from table1 ";
const WHERE: &str = "where ";
/// The same for a question that is kept, to be asked later.
const KEPT: &str = "select * from dummy where ";
/// Words and signs of a question, at most.
pub const PARTS: usize = 10_000;

/// The syntax of a question.
#[derive(Debug, Default)]
pub(super) struct Syntax {
    /// What has to hold.
    pub(super) condition: Option<Expr>,
    /// By what it is to be grouped.
    pub(super) groups: Vec<Expr>,
    /// An order is asked for.
    pub(super) ordered: bool,
    /// Only some are asked for.
    pub(super) limited: bool,
}

/// Parses a question.
///
/// # Errors
/// It is malformed, or too long.
pub(super) fn parse(text: &str) -> Result<Syntax, String> {
    let text = text.trim();
    let begins = |with: &str| text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    let bare = text.is_empty() || begins("order by") || begins("group by");
    let before = SELECT.len() + if bare { 0 } else { WHERE.len() };
    read(text, bare, before).map_err(|flaw| refused(format!("malformed SQL query: {flaw}")))
}

/// What is wrong with the syntax of a question that is not asked yet, where only conditions may be asked for; `None`: nothing.
#[must_use]
pub fn flaw(text: &str) -> Option<String> {
    read(text.trim(), false, KEPT.len()).err()
}

/// Parses a text that stands behind so many bytes. `bare`: it has no conditions.
fn read(text: &str, bare: bool, before: usize) -> Result<Syntax, String> {
    let malformed = |fault: Fault| format!("syntax error at position {}", fault.text(before));
    let tokens = Tokenizer::new(&Language, text).tokenize_with_location();
    let tokens = tokens.map_err(|problem| malformed(Fault::unfinished(text, problem.location)))?;
    if tokens.len() > PARTS {
        return Err(format!("it has more than {PARTS} parts"));
    }
    let mut parser = Parser::new(&Language).with_tokens_with_locations(tokens.clone());
    let syntax = whole(&mut parser, bare);
    syntax.map_err(|problem| malformed(Fault::of(text, &tokens, &problem)))
}

/// What stands in a question, up to its end.
fn whole(parser: &mut Parser<'_>, bare: bool) -> Result<Syntax, ParserError> {
    let mut syntax = Syntax::default();
    if !bare {
        syntax.condition = Some(parser.parse_expr()?);
    }
    if parser.parse_keywords(&[Keyword::GROUP, Keyword::BY]) {
        syntax.groups = parser.parse_comma_separated(Parser::parse_expr)?;
    }
    if parser.parse_keyword(Keyword::HAVING) {
        parser.parse_expr()?;
    }
    if parser.parse_keywords(&[Keyword::ORDER, Keyword::BY]) {
        syntax.ordered = true;
        parser.parse_comma_separated(Parser::parse_order_by_expr)?;
    }
    if parser.parse_keyword(Keyword::LIMIT) {
        syntax.limited = true;
        parser.parse_comma_separated(Parser::parse_expr)?;
    }
    let _ended = parser.consume_token(&Token::SemiColon);
    match parser.peek_token() {
        TokenWithSpan { token: Token::EOF, .. } => Ok(syntax),
        other => Err(ParserError::ParserError(format!("the question does not end{}", other.span.start))),
    }
}

/// Where the syntax is wrong.
struct Fault {
    /// Bytes up to the end of the first thing that does not fit.
    end: usize,
    /// That, unless it is a sign.
    near: String,
}

impl Fault {
    /// A thing that does not end.
    fn unfinished(text: &str, at: Location) -> Self {
        let rest = text.get(offset(text, at)..).unwrap_or_default();
        Self { end: text.len(), near: rest.trim_start_matches(['\'', '"', '`']).to_owned() }
    }

    /// What a parser complains of.
    fn of(text: &str, tokens: &[TokenWithSpan], problem: &ParserError) -> Self {
        let end = Self { end: text.len(), near: String::new() };
        let problem = problem.to_string();
        let number = |name: &str| {
            let (_, behind) = problem.rsplit_once(name)?;
            behind.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        };
        let (Some(line), Some(column)) = (number("Line: "), number("Column: ")) else { return end };
        let at = Location { line, column };
        let Some(token) = tokens.iter().find(|token| token.span.start == at) else { return end };
        let near = match &token.token {
            Token::Word(word) if word.keyword == Keyword::NoKeyword => word.value.clone(),
            Token::Word(word) => word.value.to_ascii_lowercase(),
            Token::Number(text, _) | Token::SingleQuotedString(text) | Token::DoubleQuotedString(text) => text.clone(),
            _ => String::new(),
        };
        Self { end: offset(text, token.span.end), near }
    }

    /// In words; so many bytes stand before the question.
    fn text(&self, before: usize) -> String {
        let position = before + self.end + 1;
        if self.near.is_empty() { position.to_string() } else { format!("{position} near '{}'", self.near) }
    }
}

/// The place in a text, in bytes.
fn offset(text: &str, at: Location) -> usize {
    let lines = text.split_inclusive('\n').take(usize::try_from(at.line).unwrap_or(1).saturating_sub(1));
    let before: usize = lines.map(str::len).sum();
    let column = usize::try_from(at.column).unwrap_or(1).saturating_sub(1);
    let line = text.get(before..).unwrap_or_default();
    before + line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)
}
