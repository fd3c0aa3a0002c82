//! Which types a pattern names variants of.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;
use syn::Pat;
use syn::visit::Visit;

/// A pattern that fits everything.
pub(crate) fn is_anything(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) | Pat::Rest(_) => true,
        Pat::Ident(it) => it.subpat.is_none() && it.ident.to_string().starts_with(char::is_lowercase),
        Pat::Tuple(it) => it.elems.iter().all(is_anything),
        Pat::Reference(it) => is_anything(&it.pat),
        Pat::Paren(it) => is_anything(&it.pat),
        _ => false,
    }
}

/// The types whose variants are named in the tokens of a macro: `Type::Variant`, with `Self` as the type around.
pub(crate) fn variants(tokens: TokenStream, of: &str, types: &mut BTreeSet<String>) {
    let mut before: Option<String> = None;
    let mut colons = 0;
    for token in tokens {
        match token {
            TokenTree::Ident(name) => {
                let known_as = before.replace(name.to_string()).filter(|_| colons == 2);
                types.extend(known_as.map(|name| if name == "Self" { of.to_owned() } else { name }));
                colons = 0;
            }
            TokenTree::Punct(punct) => colons = if punct.as_char() == ':' { colons + 1 } else { 0 },
            TokenTree::Group(group) => {
                colons = 0;
                variants(group.stream(), of, types);
            }
            TokenTree::Literal(_) => colons = 0,
        }
    }
}

/// Collects the types whose variants patterns name.
pub(crate) struct Variants<'a>(pub(crate) &'a mut BTreeSet<String>, pub(crate) &'a str);

impl<'ast> Visit<'ast> for Variants<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let [.., of, _] = names.as_slice() {
            self.0.insert(if of == "Self" { self.1.to_owned() } else { of.clone() });
        }
    }
}
