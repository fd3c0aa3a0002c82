//! The walk: where it goes, where it does not, and how a proposal becomes a change of the text.

use super::{Words, argument, body, condition, operation, statement, value};
use crate::mutant::{Change, Mutant, Operator};
use proc_macro2::Span;
use quote::ToTokens;
use std::ops::Range;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr};

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

/// The mutants of a file. `next` is the first free id, and is moved.
///
/// # Errors
/// The text is no Rust.
pub(crate) fn mutants(file: &str, text: &str, words: &Words, next: &mut u32) -> Result<Found, syn::Error> {
    let syntax = syn::parse_file(text)?;
    let mut walk = Walk {
        file,
        words,
        next: *next,
        owner: Vec::new(),
        functions: Vec::new(),
        found: Found { mutants: Vec::new(), changes: Vec::new(), functions: Vec::new() },
    };
    walk.visit_file(&syntax);
    *next = walk.next;
    Ok(walk.found)
}

/// See the module.
pub(super) struct Walk<'a> {
    file: &'a str,
    pub(super) words: &'a Words,
    next: u32,
    owner: Vec<String>,
    functions: Vec<String>,
    found: Found,
}

/// A piece of code on one line.
pub(super) fn code(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string()
}

/// Where a piece is.
pub(super) fn place(of: &impl ToTokens) -> Range<usize> {
    of.span().byte_range()
}

impl Walk<'_> {
    /// Proposes a mutant; gives its id.
    pub(super) fn propose(&mut self, at: Span, operator: Operator, was: String, becomes: String) -> u32 {
        let id = self.next;
        self.next += 1;
        let (file, line) = (self.file.to_owned(), at.start().line);
        let function = match (self.owner.last(), self.functions.last()) {
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

    fn within(&mut self, name: String, body: Range<usize>, visit: impl FnOnce(&mut Self)) {
        self.found.functions.push(body);
        self.functions.push(name);
        visit(self);
        self.functions.pop();
    }

    fn owned(&mut self, owner: String, visit: impl FnOnce(&mut Self)) {
        self.owner.push(owner);
        visit(self);
        self.owner.pop();
    }
}

/// True for what is compiled for tests only.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let tokens = code(&attribute.meta);
        tokens == "test" || tokens.ends_with(":: test") || tokens.starts_with("cfg (test")
    })
}

/// True for what depends on a planted bug.
pub(super) fn is_planted(tokens: &impl ToTokens) -> bool {
    let code = code(tokens);
    code.contains("planted (") || code.contains("Bug ::")
}

impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let of = item.trait_.as_ref().and_then(|(_, path, _)| path.segments.last()).map(|last| last.ident.to_string());
        // How something is shown or taken away is nobody's semantics.
        if is_for_tests(&item.attrs)
            || of.is_some_and(|of| ["Debug", "Display", "Drop", "Error"].contains(&of.as_str()))
        {
            return;
        }
        self.owned(code(&item.self_ty).replace(' ', ""), |walk| visit::visit_item_impl(walk, item));
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if is_for_tests(&item.attrs) || item.sig.constness.is_some() {
            return;
        }
        self.within(item.sig.ident.to_string(), place(&item.block), |walk| {
            body::propose(walk, &item.sig, &item.block);
            visit::visit_block(walk, &item.block);
        });
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if is_for_tests(&item.attrs) || item.sig.constness.is_some() {
            return;
        }
        self.within(item.sig.ident.to_string(), place(&item.block), |walk| {
            body::propose(walk, &item.sig, &item.block);
            visit::visit_block(walk, &item.block);
        });
    }

    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}
    fn visit_item_static(&mut self, _: &'ast syn::ItemStatic) {}
    fn visit_item_enum(&mut self, _: &'ast syn::ItemEnum) {}
    fn visit_item_struct(&mut self, _: &'ast syn::ItemStruct) {}
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
    fn visit_pat(&mut self, _: &'ast syn::Pat) {}
    fn visit_type(&mut self, _: &'ast syn::Type) {}
    fn visit_generics(&mut self, _: &'ast syn::Generics) {}
    fn visit_path_arguments(&mut self, _: &'ast syn::PathArguments) {}

    fn visit_stmt(&mut self, stmt: &'ast syn::Stmt) {
        statement::propose(self, stmt);
        visit::visit_stmt(self, stmt);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if let Some((_, guard)) = &arm.guard {
            self.visit_expr(guard);
        }
        self.visit_expr(&arm.body);
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Const(_) | Expr::Macro(_) => return,
            Expr::If(chosen) if is_planted(&chosen.cond) => {
                if let Some((_, otherwise)) = &chosen.else_branch {
                    self.visit_expr(otherwise);
                }
                return;
            }
            Expr::If(chosen) => condition::propose(self, &chosen.cond, true),
            Expr::While(repeated) => condition::propose(self, &repeated.cond, false),
            Expr::Match(matched) if is_planted(&matched.expr) => return,
            Expr::Match(matched) => statement::propose_arms(self, matched),
            Expr::Binary(_) | Expr::Unary(_) | Expr::Call(_) | Expr::MethodCall(_) | Expr::Struct(_)
                if is_planted(expr) =>
            {
                return;
            }
            Expr::Binary(binary) => operation::propose_binary(self, expr, binary),
            Expr::Unary(unary) => operation::propose_unary(self, expr, unary),
            Expr::MethodCall(call) => argument::propose_method(self, expr, call),
            Expr::Call(call) => argument::propose_call(self, expr, call),
            Expr::Struct(made) => value::propose_fields(self, made),
            Expr::Lit(literal) => value::propose_literal(self, expr, literal),
            Expr::Path(path) => value::propose_variant(self, expr, path),
            _ => {}
        }
        visit::visit_expr(self, expr);
    }
}
