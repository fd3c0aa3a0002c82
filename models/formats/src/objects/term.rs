//! Terms of EDN, the notation in which Jepsen writes histories: as much of it as occurs there, and everything else kept as text.

use std::iter::Peekable;
use std::str::CharIndices;

/// What an operation is called, asked with and answered with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Term {
    /// `nil`: nothing, or not known.
    Nil,
    /// A number, symbol, character or truth value, as it was written.
    Plain(String),
    /// A name of itself, without the colon.
    Keyword(String),
    /// A string, unescaped.
    Text(String),
    /// A list, vector or set.
    List(Vec<Term>),
    /// Keys and values, in the order of the file.
    Map(Vec<(Term, Term)>),
}

/// Terms in terms that are read.
const DEEPEST: usize = 32;

impl Term {
    /// Reads a single term, as a person may give it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn one(text: &str) -> Result<Self, String> {
        let mut reader = Reader::new(text);
        let term = reader.term(0)?.ok_or("nothing is there")?;
        match reader.term(0)? {
            None => Ok(term),
            Some(_) => Err("more than one term".into()),
        }
    }

    /// The value of a key, if this is a map that has it.
    #[must_use]
    pub(super) fn get(&self, key: &str) -> Option<&Term> {
        let Self::Map(pairs) = self else { return None };
        pairs.iter().find(|(known, _)| matches!(known, Self::Keyword(name) if name == key)).map(|(_, value)| value)
    }

    /// A name, a number or a text without its marks.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Plain(text) | Self::Keyword(text) | Self::Text(text) => text,
            Self::Nil | Self::List(_) | Self::Map(_) => "",
        }
    }
}

impl std::fmt::Display for Term {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nil => f.write_str("nil"),
            Self::Plain(text) => f.write_str(text),
            Self::Keyword(name) => write!(f, ":{name}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::to_string).collect();
                write!(f, "[{}]", items.join(" "))
            }
            Self::Map(pairs) => {
                let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("{key} {value}")).collect();
                write!(f, "{{{}}}", pairs.join(", "))
            }
        }
    }
}

/// Reads term after term.
pub(super) struct Reader<'t> {
    text: &'t str,
    chars: Peekable<CharIndices<'t>>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, chars: text.char_indices().peekable() }
    }

    /// The number of the line that comes next, from 1.
    pub(super) fn line(&mut self) -> usize {
        self.blanks();
        let at = self.chars.peek().map_or(self.text.len(), |(at, _)| *at);
        self.text.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count() + 1
    }

    /// True if something is left that is no term.
    pub(super) fn is_left(&mut self) -> bool {
        self.chars.peek().is_some()
    }

    fn blanks(&mut self) {
        while let Some((_, c)) = self.chars.next_if(|(_, c)| c.is_whitespace() || *c == ',' || *c == ';') {
            if c == ';' {
                while self.chars.next_if(|(_, c)| *c != '\n').is_some() {}
            }
        }
    }

    /// The next term; `None` at the end, or before a bracket that closes.
    pub(super) fn term(&mut self, deep: usize) -> Result<Option<Term>, String> {
        if deep > DEEPEST {
            return Err("nested too deeply".into());
        }
        self.blanks();
        let Some(&(at, first)) = self.chars.peek() else { return Ok(None) };
        match first {
            ')' | ']' | '}' => Ok(None),
            '(' | '[' => self.list(if first == '(' { ')' } else { ']' }, deep).map(|items| Some(Term::List(items))),
            '{' => {
                let mut items = self.list('}', deep)?.into_iter();
                let mut pairs = Vec::new();
                while let Some(key) = items.next() {
                    pairs.push((key, items.next().ok_or("a key without a value")?));
                }
                Ok(Some(Term::Map(pairs)))
            }
            '"' => self.string().map(|text| Some(Term::Text(text))),
            '#' => self.tagged(deep),
            _ => {
                let word = self.word(at);
                Ok(Some(match word.strip_prefix(':') {
                    Some(name) => Term::Keyword(name.to_owned()),
                    None if word == "nil" => Term::Nil,
                    None => Term::Plain(word.to_owned()),
                }))
            }
        }
    }

    fn list(&mut self, end: char, deep: usize) -> Result<Vec<Term>, String> {
        self.chars.next();
        let mut items = Vec::new();
        while let Some(item) = self.term(deep + 1)? {
            items.push(item);
        }
        match self.chars.next() {
            Some((_, found)) if found == end => Ok(items),
            Some((_, found)) => Err(format!("expected {end}, found {found}")),
            None => Err("the file is cut short".into()),
        }
    }

    fn string(&mut self) -> Result<String, String> {
        self.chars.next();
        let mut out = String::new();
        while let Some((_, c)) = self.chars.next() {
            match c {
                '"' => return Ok(out),
                '\\' => match self.chars.next() {
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, 't')) => out.push('\t'),
                    Some((_, 'r')) => out.push('\r'),
                    Some((_, c)) => out.push(c),
                    None => break,
                },
                c => out.push(c),
            }
        }
        Err("the file is cut short in a text".into())
    }

    /// A set, something that is left out, or a term with a tag, which says nothing that matters here.
    fn tagged(&mut self, deep: usize) -> Result<Option<Term>, String> {
        self.chars.next();
        match self.chars.peek() {
            Some((_, '{')) => self.list('}', deep).map(|items| Some(Term::List(items))),
            Some((_, '_')) => {
                self.chars.next();
                self.term(deep + 1)?;
                self.term(deep + 1)
            }
            Some(&(at, _)) => {
                self.word(at);
                self.term(deep + 1)
            }
            None => Err("the file is cut short".into()),
        }
    }

    fn word(&mut self, from: usize) -> &'t str {
        let mut to = from;
        let ends = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '[' | ']' | '{' | '}' | '"');
        while let Some((at, c)) = self.chars.next_if(|(at, c)| *at == from || !ends(*c)) {
            to = at + c.len_utf8();
        }
        &self.text[from..to]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_again() {
        for text in ["nil", "[1 [:w :x \"a b\"] nil]", "{:process 0, :value [1 2]}", "\"\\\"\"", "-3.5"] {
            assert_eq!(Term::one(text).unwrap().to_string(), text);
        }
        assert_eq!(Term::one("#jepsen.history.Op{:f :read} ; end").unwrap().to_string(), "{:f :read}");
        assert_eq!(Term::one("(1, #_ 2 #{3})").unwrap().to_string(), "[1 [3]]");
    }

    #[test]
    fn what_is_broken_is_named() {
        for (text, expected) in [
            ("[1", "cut short"),
            ("\"a", "cut short"),
            ("{1}", "without a value"),
            ("[1)", "expected ]"),
            ("", "nothing"),
        ] {
            assert!(Term::one(text).unwrap_err().contains(expected), "{text}");
        }
        assert!(Term::one(&"[".repeat(10_000)).unwrap_err().contains("nested too deeply"));
    }
}
