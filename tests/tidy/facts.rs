//! What a Rust file says of others and to others, by its syntax alone.

use crate::variants::{Variants, is_anything, variants};
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::{BTreeMap, BTreeSet};
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, Pat, UseTree, Visibility};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Paths that are used outside of tests, from where the file stands; the first name is `crate`, `super`, `self`, or one that
    /// is known in the file.
    paths: BTreeSet<Vec<String>>,
    /// What `pub use` passes on: name in the file, and the path.
    pub(crate) reexports: BTreeMap<String, Vec<String>>,
    /// Modules that only tests have.
    pub(crate) test_modules: BTreeSet<String>,
    /// The whole file is only for tests.
    pub(crate) is_test: bool,
    /// Names of public functions, types, traits, constants.
    pub(crate) public: BTreeSet<String>,
    /// Names of types and traits that the whole crate may use, those of inner modules included.
    pub(crate) types: Vec<String>,
    /// Names that stand in the signatures of what is public: they have to be public too.
    pub(crate) in_signatures: BTreeSet<String>,
    /// Every name in the file, tests and macros included; comments and texts excluded.
    pub(crate) names: BTreeSet<String>,
    /// Where a `match` has an arm for everything else: in which function, and the types whose variants are named.
    pub(crate) wildcards: Vec<(String, BTreeSet<String>)>,
    /// Where it is only asked whether a value is of some variants (`matches!`, `if let`, `let … else`), as above.
    pub(crate) questions: Vec<(String, BTreeSet<String>)>,
    /// Names of enums.
    pub(crate) enums: BTreeSet<String>,
}

impl Facts {
    /// Reads a file.
    pub(crate) fn of(path: &str, text: &str) -> Self {
        let file = syn::parse_file(text).unwrap_or_else(|why| panic!("{path}: {why}"));
        let mut facts = Self { is_test: is_test(&file.attrs), ..Self::default() };
        names(file.to_token_stream(), &mut facts.names);
        let mut reader = Reader { facts: &mut facts, inside: 0, function: String::new(), of: String::new() };
        reader.visit_file(&file);
        facts
    }

    /// The paths that are used. What is only passed on counts if the file itself names it.
    pub(crate) fn uses(&self) -> impl Iterator<Item = &Vec<String>> {
        let own: BTreeSet<&str> =
            self.paths.iter().filter(|path| path.len() == 1).map(|path| path[0].as_str()).collect();
        let passed = self.reexports.iter().filter(move |(name, _)| own.contains(name.as_str())).map(|(_, path)| path);
        self.paths.iter().filter(|path| path.len() > 1).chain(passed)
    }
}

fn names(tokens: TokenStream, all: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(name) => drop(all.insert(name.to_string())),
            TokenTree::Group(group) => names(group.stream(), all),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// `#[cfg(test)]`, `#[test]` and the like.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let mut said = BTreeSet::new();
        names(attribute.meta.to_token_stream(), &mut said);
        let said = |name: &str| said.contains(name);
        said("test") && !said("not") && (attribute.path().is_ident("cfg") || attribute.path().is_ident("test"))
    })
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

struct Reader<'a> {
    facts: &'a mut Facts,
    /// How many inline modules stand around.
    inside: usize,
    /// The function around.
    function: String,
    /// The type whose methods stand around.
    of: String,
}

impl Reader<'_> {
    /// Notes a path; `super` in an inline module leads to the file itself first.
    fn path(&mut self, path: &[String]) {
        let ups = path.iter().take_while(|name| *name == "super").count();
        let (first, inner) = (path[0].as_str(), ups.min(self.inside));
        if first == "self" && self.inside > 0 {
            return;
        }
        let mut path = path[inner..].to_vec();
        if inner > 0 && ups == inner {
            path.insert(0, "self".to_owned());
        }
        self.facts.paths.insert(path);
    }

    fn tree(&mut self, before: &[String], tree: &UseTree, passes_on: bool) {
        match tree {
            UseTree::Path(path) => self.tree(&[before, &[path.ident.to_string()]].concat(), &path.tree, passes_on),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(before, tree, passes_on)),
            UseTree::Name(name) => self.leaf(before, &name.ident.to_string(), &name.ident.to_string(), passes_on),
            UseTree::Rename(name) => self.leaf(before, &name.ident.to_string(), &name.rename.to_string(), passes_on),
            UseTree::Glob(_) => self.path(&[before, &["*".to_owned()]].concat()),
        }
    }

    fn leaf(&mut self, before: &[String], name: &str, known_as: &str, passes_on: bool) {
        let path = if name == "self" { before.to_vec() } else { [before, &[name.to_owned()]].concat() };
        if passes_on && self.inside == 0 {
            self.facts.reexports.insert(known_as.to_owned(), path);
        } else if path.len() > 1 {
            self.path(&path);
        }
    }

    /// Paths in the tokens of a macro.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.finish(&mut path);
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.finish(&mut path);
                    self.tokens(group.stream());
                    colons = 0;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {
                    self.finish(&mut path);
                    colons = 0;
                }
            }
        }
        self.finish(&mut path);
    }

    fn finish(&mut self, path: &mut Vec<String>) {
        if !path.is_empty() {
            self.path(&std::mem::take(path));
        }
    }

    /// Notes the types whose variants a pattern names that does not have to fit.
    fn passes_over(&mut self, pattern: &Pat) {
        let mut types = BTreeSet::new();
        Variants(&mut types, &self.of).visit_pat(pattern);
        self.facts.questions.push((self.function.clone(), types));
    }

    fn signature(&mut self, tokens: impl ToTokens) {
        names(tokens.to_token_stream(), &mut self.facts.in_signatures);
    }

    fn function(&mut self, it: &syn::Signature) {
        self.signature(&it.generics);
        self.signature(&it.inputs);
        self.signature(&it.output);
    }

    fn public(&mut self, item: &Item) {
        let name = match item {
            Item::Fn(it) if is_public(&it.vis) => {
                self.function(&it.sig);
                &it.sig.ident
            }
            Item::Struct(it) if is_public(&it.vis) => {
                self.signature(&it.generics);
                it.fields.iter().filter(|field| is_public(&field.vis)).for_each(|field| self.signature(&field.ty));
                &it.ident
            }
            Item::Enum(it) if is_public(&it.vis) => {
                self.signature(&it.generics);
                it.variants.iter().for_each(|variant| self.signature(&variant.fields));
                &it.ident
            }
            Item::Trait(it) if is_public(&it.vis) => {
                self.signature(it);
                &it.ident
            }
            Item::Type(it) if is_public(&it.vis) => {
                self.signature(&it.ty);
                &it.ident
            }
            Item::Const(it) if is_public(&it.vis) => {
                self.signature(&it.ty);
                &it.ident
            }
            Item::Static(it) if is_public(&it.vis) => {
                self.signature(&it.ty);
                &it.ident
            }
            Item::Impl(it) => return self.implementation(it),
            // What a macro makes may be public, with all that it is given.
            Item::Macro(it) => return self.signature(&it.mac.tokens),
            _ => return,
        };
        self.facts.public.insert(name.to_string());
    }

    /// Notes a type that the whole crate may use.
    fn named(&mut self, item: &Item) {
        let (visibility, name) = match item {
            Item::Struct(it) => (&it.vis, &it.ident),
            Item::Enum(it) => (&it.vis, &it.ident),
            Item::Trait(it) => (&it.vis, &it.ident),
            Item::Type(it) => (&it.vis, &it.ident),
            _ => return,
        };
        let whole = match visibility {
            Visibility::Public(_) => true,
            Visibility::Restricted(it) => it.path.is_ident("crate"),
            Visibility::Inherited => false,
        };
        if whole {
            self.facts.types.push(name.to_string());
        }
    }

    fn implementation(&mut self, it: &syn::ItemImpl) {
        if let Some((_, path, _)) = &it.trait_ {
            self.signature(path);
        }
        for item in &it.items {
            match item {
                ImplItem::Type(it) => self.signature(&it.ty),
                ImplItem::Fn(it) if is_public(&it.vis) => {
                    self.function(&it.sig);
                    self.facts.public.insert(it.sig.ident.to_string());
                }
                ImplItem::Const(it) if is_public(&it.vis) => {
                    self.signature(&it.ty);
                    self.facts.public.insert(it.ident.to_string());
                }
                _ => {}
            }
        }
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(it) => &it.attrs,
        Item::Enum(it) => &it.attrs,
        Item::Fn(it) => &it.attrs,
        Item::Impl(it) => &it.attrs,
        Item::Mod(it) => &it.attrs,
        Item::Static(it) => &it.attrs,
        Item::Struct(it) => &it.attrs,
        Item::Trait(it) => &it.attrs,
        Item::Type(it) => &it.attrs,
        Item::Use(it) => &it.attrs,
        Item::Macro(it) => &it.attrs,
        _ => &[],
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_test(attributes(item)) {
            if let Item::Mod(module) = item {
                self.facts.test_modules.insert(module.ident.to_string());
            }
            return;
        }
        self.public(item);
        self.named(item);
        visit::visit_item(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&[], &item.tree, !matches!(item.vis, Visibility::Inherited));
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        self.inside += 1;
        visit::visit_item_mod(self, module);
        self.inside -= 1;
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.facts.enums.insert(item.ident.to_string());
        visit::visit_item_enum(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let of = item.self_ty.to_token_stream().to_string();
        let before = std::mem::replace(&mut self.of, of);
        visit::visit_item_impl(self, item);
        self.of = before;
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.function = signature.ident.to_string();
        visit::visit_signature(self, signature);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.path(&path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>());
        visit::visit_path(self, path);
    }

    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_macro(&mut self, it: &'ast syn::Macro) {
        self.path(&it.path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>());
        self.tokens(it.tokens.clone());
        if it.path.is_ident("matches") {
            let mut types = BTreeSet::new();
            variants(it.tokens.clone(), &self.of, &mut types);
            self.facts.questions.push((self.function.clone(), types));
        }
    }

    fn visit_expr_match(&mut self, it: &'ast syn::ExprMatch) {
        if it.arms.iter().any(|arm| arm.guard.is_none() && is_anything(&arm.pat)) {
            let mut types = BTreeSet::new();
            for arm in &it.arms {
                Variants(&mut types, &self.of).visit_pat(&arm.pat);
            }
            if !types.is_empty() {
                self.facts.wildcards.push((self.function.clone(), types));
            }
        }
        visit::visit_expr(self, &it.expr);
        for arm in &it.arms {
            self.visit_arm(arm);
        }
    }

    fn visit_expr_let(&mut self, it: &'ast syn::ExprLet) {
        self.passes_over(&it.pat);
        visit::visit_expr_let(self, it);
    }

    fn visit_local(&mut self, it: &'ast syn::Local) {
        if it.init.as_ref().is_some_and(|init| init.diverge.is_some()) {
            self.passes_over(&it.pat);
        }
        visit::visit_local(self, it);
    }
}
