//! Text for a terminal: in colours or not, and never able to steer it.

use anstyle::{AnsiColor, Style};
use resurgam_formats::verdict::Outcome;
use std::ffi::OsStr;

/// Whether to colour: only on a terminal, and not if the variable `NO_COLOR` is set and not empty (no-color.org).
#[must_use]
pub fn colours(is_terminal: bool, no_color: Option<&OsStr>) -> bool {
    is_terminal && no_color.is_none_or(OsStr::is_empty)
}

/// Writes text in colours, or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint(pub(crate) bool);

impl Paint {
    fn paint(self, style: Style, text: &str) -> String {
        if self.0 { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// What has to be seen first.
    pub(crate) fn strong(self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }

    /// What may be passed over.
    pub(crate) fn faint(self, text: &str) -> String {
        self.paint(Style::new().dimmed(), text)
    }

    /// In the colour of an outcome.
    pub(crate) fn outcome(self, outcome: Outcome, text: &str) -> String {
        let style = match outcome {
            Outcome::Violated => AnsiColor::Red.on_default().bold(),
            Outcome::Unknown => AnsiColor::Yellow.on_default(),
            Outcome::Ok => AnsiColor::Green.on_default(),
            Outcome::NotApplicable => Style::new().dimmed(),
        };
        self.paint(style, text)
    }
}

/// A text in which nothing can steer a terminal: control characters are written as escapes.
#[must_use]
pub(crate) fn harmless(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_need_a_terminal_and_consent() {
        assert!(colours(true, None) && colours(true, Some(OsStr::new(""))));
        assert!(!colours(false, None) && !colours(true, Some(OsStr::new("1"))));
    }

    #[test]
    fn a_style_ends_where_its_text_ends() {
        assert_eq!(Paint(true).outcome(Outcome::Violated, "x"), "\x1b[1m\x1b[31mx\x1b[0m");
        assert_eq!(Paint(false).outcome(Outcome::Violated, "x"), "x");
        assert_eq!(harmless("a\x1b[2Jb"), "a\\u{1b}[2Jb");
    }
}
