//! The variants that the sources use of each enum, so that one can be taken for another.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};

/// Variants by the name of their enum.
#[derive(Debug, Default)]
pub(crate) struct Words {
    variants: BTreeMap<String, BTreeSet<String>>,
}

impl Words {
    /// Takes in whatever has the form `Enum::Variant`.
    pub(crate) fn learn(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for tree in &tokens {
            if let TokenTree::Group(group) = tree {
                self.learn(group.stream());
            }
        }
        for window in tokens.windows(4) {
            let [TokenTree::Ident(name), TokenTree::Punct(first), TokenTree::Punct(second), TokenTree::Ident(variant)] =
                window
            else {
                continue;
            };
            let (name, variant) = (name.to_string(), variant.to_string());
            if first.as_char() == ':' && second.as_char() == ':' && is_camel(&name) && is_camel(&variant) {
                self.variants.entry(name).or_default().insert(variant);
            }
        }
    }

    /// The variant after this one, in the order of their names and around the end; `None` if it is the only one.
    pub(crate) fn next(&self, name: &str, variant: &str) -> Option<&str> {
        let known = self.variants.get(name)?;
        let after = known.range(variant.to_owned()..).find(|other| *other != variant);
        after.or_else(|| known.iter().next()).map(String::as_str).filter(|other| *other != variant)
    }
}

/// True for the names that types and variants have.
fn is_camel(word: &str) -> bool {
    word.starts_with(char::is_uppercase) && word.chars().any(char::is_lowercase)
}
