//! The walk through the syntax of a file: where it goes, where it does not, and who proposes what is found there.

use super::proposals::{Found, Proposals, code, is_planted, place};
use super::{Words, argument, body, condition, operation, statement, value};
use std::ops::Range;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr};

/// The mutants of a file. `next` is the first free id, and is moved.
///
/// # Errors
/// The text is no Rust.
pub(crate) fn mutants(file: &str, text: &str, words: &Words, next: &mut u32) -> Result<Found, syn::Error> {
    let syntax = syn::parse_file(text)?;
    let mut walk = Walk { proposals: Proposals::of(file, words, *next) };
    walk.visit_file(&syntax);
    *next = walk.proposals.next;
    Ok(walk.proposals.found)
}

/// See the module.
struct Walk<'a> {
    proposals: Proposals<'a>,
}

impl Walk<'_> {
    fn within(&mut self, name: String, body: Range<usize>, visit: impl FnOnce(&mut Self)) {
        self.proposals.found.functions.push(body);
        self.proposals.functions.push(name);
        visit(self);
        self.proposals.functions.pop();
    }

    fn owned(&mut self, owner: String, visit: impl FnOnce(&mut Self)) {
        self.proposals.owners.push(owner);
        visit(self);
        self.proposals.owners.pop();
    }
}

/// True for what is compiled for tests only.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let tokens = code(&attribute.meta);
        tokens == "test" || tokens.ends_with(":: test") || tokens.starts_with("cfg (test")
    })
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
            body::propose(&mut walk.proposals, &item.sig, &item.block);
            visit::visit_block(walk, &item.block);
        });
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if is_for_tests(&item.attrs) || item.sig.constness.is_some() {
            return;
        }
        self.within(item.sig.ident.to_string(), place(&item.block), |walk| {
            body::propose(&mut walk.proposals, &item.sig, &item.block);
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
        statement::propose(&mut self.proposals, stmt);
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
            Expr::If(chosen) => condition::propose(&mut self.proposals, &chosen.cond, true),
            Expr::While(repeated) => condition::propose(&mut self.proposals, &repeated.cond, false),
            Expr::Match(matched) if is_planted(&matched.expr) => return,
            Expr::Match(matched) => statement::propose_arms(&mut self.proposals, matched),
            Expr::Binary(_) | Expr::Unary(_) | Expr::Call(_) | Expr::MethodCall(_) | Expr::Struct(_)
                if is_planted(expr) =>
            {
                return;
            }
            Expr::Binary(binary) => operation::propose_binary(&mut self.proposals, expr, binary),
            Expr::Unary(unary) => operation::propose_unary(&mut self.proposals, expr, unary),
            Expr::MethodCall(call) => argument::propose_method(&mut self.proposals, expr, call),
            Expr::Call(call) => argument::propose_call(&mut self.proposals, expr, call),
            Expr::Struct(made) => value::propose_fields(&mut self.proposals, made),
            Expr::Lit(literal) => value::propose_literal(&mut self.proposals, expr, literal),
            Expr::Path(path) => value::propose_variant(&mut self.proposals, expr, path),
            _ => {}
        }
        visit::visit_expr(self, expr);
    }
}
