//! The secret keys by which a cluster knows its own tokens again.
//!
//! A token (a page token of a history or of a list, a task token) goes through the hands of clients and workers. Nothing in
//! it is trusted that a key does not vouch for: see `frontend::seal`. All nodes have the same keys.

use resurgam_api::environment::Environment;
use std::fmt;

/// One secret key.
pub type Key = [u8; 32];

/// The keys of a cluster. The first one seals new tokens, every one of them opens what it once sealed. A key is replaced in
/// three steps, each of them on all nodes: the new one last, then first, then the old one away. After the last step tokens
/// of the old key are refused.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenKeys {
    first: Key,
    others: Vec<Key>,
}

/// Text that is not a list of keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableKeys {
    /// There is none.
    #[error("there is no key; expected 64 hexadecimal digits in each line")]
    Nothing,
    /// A line is something else.
    #[error("line {0} is not a key; expected 64 hexadecimal digits")]
    Line(usize),
}

impl TokenKeys {
    /// A key that seals, and others that only open.
    #[must_use]
    pub fn new(first: Key, others: Vec<Key>) -> Self {
        Self { first, others }
    }

    /// One key that nobody else has: for nodes that are started together and forget everything when they end.
    #[must_use]
    pub fn drawn(environment: &dyn Environment) -> Self {
        let mut key = Key::default();
        for part in key.chunks_exact_mut(8) {
            part.copy_from_slice(&environment.random().to_be_bytes());
        }
        Self::new(key, Vec::new())
    }

    /// Reads keys: one a line, in hexadecimal digits, the one that seals first. Empty lines and those that begin with `#`
    /// say nothing.
    ///
    /// # Errors
    /// [`UnreadableKeys`]; no part of a key is repeated in it.
    pub fn parse(text: &str) -> Result<Self, UnreadableKeys> {
        let lines = text.lines().map(str::trim).zip(1..);
        let mut keys = lines
            .filter(|(line, _)| !line.is_empty() && !line.starts_with('#'))
            .map(|(line, number)| key(line).ok_or(UnreadableKeys::Line(number)));
        let first = keys.next().ok_or(UnreadableKeys::Nothing)??;
        Ok(Self::new(first, keys.collect::<Result<_, _>>()?))
    }

    /// The key for new tokens.
    pub(crate) fn first(&self) -> &Key {
        &self.first
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

/// Secrets do not get into logs.
impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenKeys({} secrets)", 1 + self.others.len())
    }
}

fn key(line: &str) -> Option<Key> {
    let mut key = Key::default();
    if line.len() != 2 * key.len() || !line.is_ascii() {
        return None;
    }
    for (byte, at) in key.iter_mut().zip((0..).step_by(2)) {
        let (high, low) = (line.as_bytes()[at], line.as_bytes()[at + 1]);
        let digit = |byte| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = 16 * digit(high)? + digit(low)?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_line_by_line() {
        let (old, new) = ("0a".repeat(32), "FF".repeat(32));
        let keys = TokenKeys::parse(&format!("# since June\n\n{new}\r\n{old}\n")).unwrap();
        assert_eq!(keys, TokenKeys::new([0xff; 32], vec![[0x0a; 32]]));
        assert_eq!(format!("{keys:?}"), "TokenKeys(2 secrets)");
    }

    #[test]
    fn what_is_no_key_is_named_by_its_line() {
        assert_eq!(TokenKeys::parse("\n# none\n"), Err(UnreadableKeys::Nothing));
        let good = "0a".repeat(32);
        for bad in ["0a".repeat(31), "0g".repeat(32), "+a".repeat(32), "é".repeat(32)] {
            assert_eq!(TokenKeys::parse(&format!("{good}\n{bad}")), Err(UnreadableKeys::Line(2)), "{bad}");
        }
    }
}
