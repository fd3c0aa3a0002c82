//! The dialect of SQL in which questions are written: MySQL's, as far as it matters, and prefixes of texts.

use sqlparser::ast::{BinaryOperator, Expr};
use sqlparser::dialect::{Dialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

/// The operator that asks for a prefix.
pub(super) const STARTS_WITH: &str = "starts_with";

/// See the module.
#[derive(Debug)]
pub(super) struct Language;

/// Words that name no attribute, unless they are quoted.
const RESERVED: &[Keyword] = &[
    Keyword::AND,
    Keyword::AS,
    Keyword::ASC,
    Keyword::BETWEEN,
    Keyword::BY,
    Keyword::CREATE,
    Keyword::CROSS,
    Keyword::DEFAULT,
    Keyword::DELETE,
    Keyword::DESC,
    Keyword::DISTINCT,
    Keyword::DROP,
    Keyword::ELSE,
    Keyword::END,
    Keyword::FROM,
    Keyword::GROUP,
    Keyword::HAVING,
    Keyword::IN,
    Keyword::INDEX,
    Keyword::INSERT,
    Keyword::INTO,
    Keyword::IS,
    Keyword::JOIN,
    Keyword::KEY,
    Keyword::LIKE,
    Keyword::LIMIT,
    Keyword::ON,
    Keyword::OR,
    Keyword::ORDER,
    Keyword::REGEXP,
    Keyword::SELECT,
    Keyword::SET,
    Keyword::TABLE,
    Keyword::THEN,
    Keyword::TO,
    Keyword::UNION,
    Keyword::UPDATE,
    Keyword::USING,
    Keyword::VALUES,
    Keyword::WHEN,
    Keyword::WHERE,
    Keyword::WITH,
];

fn is_word(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(it) if it.quote_style.is_none() && it.value.eq_ignore_ascii_case(word))
}

impl Dialect for Language {
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_' || ch == '@' || !ch.is_ascii()
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        self.is_identifier_start(ch) || ch.is_ascii_digit() || ch == '$'
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '`'
    }

    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        let token = parser.peek_token();
        match &token.token {
            Token::Word(word) if RESERVED.contains(&word.keyword) => {
                Some(parser.expected("the name of an attribute", token))
            }
            _ => None,
        }
    }

    fn supports_bang_not_operator(&self) -> bool {
        true
    }

    fn supports_string_literal_backslash_escape(&self) -> bool {
        true
    }

    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        let token = parser.peek_token().token;
        let precedence = match &token {
            // Signs that are words elsewhere.
            Token::Overlap => Precedence::And,
            Token::StringConcat => Precedence::Or,
            // These belong to other dialects: the question ends before them.
            Token::DoubleEq => return Some(Ok(0)),
            Token::Word(word) if word.keyword == Keyword::XOR => return Some(Ok(0)),
            Token::Word(word) if word.keyword == Keyword::NOT => {
                let next = parser.peek_nth_token(1).token;
                is_word(&next, STARTS_WITH).then_some(Precedence::Like)?
            }
            word => is_word(word, STARTS_WITH).then_some(Precedence::Like)?,
        };
        Some(Ok(self.prec_value(precedence)))
    }

    fn parse_infix(&self, parser: &mut Parser, left: &Expr, precedence: u8) -> Option<Result<Expr, ParserError>> {
        if parser.consume_token(&Token::Overlap) {
            let left = Box::new(left.clone());
            let and = |right| Expr::BinaryOp { left, op: BinaryOperator::And, right: Box::new(right) };
            return Some(parser.parse_subexpr(precedence).map(and));
        }
        let negated = is_word(&parser.peek_token().token, "not");
        let operator = if negated { parser.peek_nth_token(1) } else { parser.peek_token() };
        if !is_word(&operator.token, STARTS_WITH) {
            return None;
        }
        (0..=usize::from(negated)).for_each(|_| drop(parser.next_token()));
        let name = if negated { format!("not {STARTS_WITH}") } else { STARTS_WITH.to_owned() };
        let binary = |right| Expr::BinaryOp {
            left: Box::new(left.clone()),
            op: BinaryOperator::Custom(name),
            right: Box::new(right),
        };
        Some(parser.parse_subexpr(precedence).map(binary))
    }
}
