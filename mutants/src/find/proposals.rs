//! What is proposed for a file, and how a proposal becomes a change of its text.

use super::Words;
use crate::mutant::{Change, Mutant, Operator};
use proc_macro2::Span;
use quote::ToTokens;
use std::ops::Range;
use syn::spanned::Spanned as _;

/// What the switch is called in the sources.
pub(super) const SWITCH: &str = "::resurgam_mutant_switch";

/// What is proposed for a file.
#[derive(Debug)]
pub(crate) struct Found {
    /// The mutants, in the order of their ids.
    pub(crate) mutants: Vec<Mutant>,
    /// The changes that make them.
    pub(crate) changes: Vec<Change>,
    /// Where the bodies of functions are, inner ones behind outer ones.
    pub(crate) functions: Vec<Range<usize>>,
}

/// What is found on the way through a file, and where the way is.
pub(super) struct Proposals<'a> {
    file: &'a str,
    /// The variants that the sources know.
    pub(super) words: &'a Words,
    /// The id of the next one.
    pub(super) next: u32,
    /// The types whose methods are being walked through, the innermost last.
    pub(super) owners: Vec<String>,
    /// The functions that are being walked through, the innermost last.
    pub(super) functions: Vec<String>,
    /// What is found so far.
    pub(super) found: Found,
}

/// A piece of code on one line.
pub(super) fn code(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string()
}

/// Where a piece is.
pub(super) fn place(of: &impl ToTokens) -> Range<usize> {
    of.span().byte_range()
}

/// True for what depends on a planted bug.
pub(super) fn is_planted(tokens: &impl ToTokens) -> bool {
    let code = code(tokens);
    code.contains("planted (") || code.contains("Bug ::")
}

impl<'a> Proposals<'a> {
    /// None yet; the next one has this id.
    pub(super) fn of(file: &'a str, words: &'a Words, next: u32) -> Self {
        let found = Found { mutants: Vec::new(), changes: Vec::new(), functions: Vec::new() };
        Self { file, words, next, owners: Vec::new(), functions: Vec::new(), found }
    }

    /// Proposes a mutant; gives its id.
    pub(super) fn propose(&mut self, at: Span, operator: Operator, was: String, becomes: String) -> u32 {
        let id = self.next;
        self.next += 1;
        let (file, line) = (self.file.to_owned(), at.start().line);
        let function = match (self.owners.last(), self.functions.last()) {
            (Some(owner), Some(name)) => format!("{owner}::{name}"),
            (None, Some(name)) => name.clone(),
            _ => String::new(),
        };
        self.found.mutants.push(Mutant { id, file, line, function, operator, was, becomes });
        id
    }

    /// Changes the text.
    pub(super) fn change(&mut self, at: Range<usize>, before: String, after: &str, mutants: &[u32]) {
        let (start, end, after, mutants) = (at.start, at.end, after.to_owned(), mutants.to_vec());
        self.found.changes.push(Change { start, end, before, after, mutants });
    }

    /// Proposes another expression in the place of one. Only one of the two is evaluated.
    pub(super) fn instead(&mut self, expr: &impl ToTokens, operator: Operator, becomes: &str) {
        let id = self.propose(expr.span(), operator, code(expr), becomes.to_owned());
        let before = format!("(if {SWITCH}::on({id}) {{ {becomes} }} else {{ ");
        self.change(place(expr), before, " })", &[id]);
    }
}
