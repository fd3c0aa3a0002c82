//! What clients and workers hold of us between two calls: tokens, sealed.
//!
//! A token says where its holder goes on: which page of which history, which task. Whoever could write one himself could
//! read on in a workflow of somebody else. So each carries a keyed hash of its kind and its body (BLAKE3, cut to 128 bits),
//! and none is looked at unless one of the cluster's keys made it. Services behind the frontend pass bare bodies around:
//! this is the only place where a token is made for the outside or taken from it.

use crate::cluster::token_keys::{Key, TokenKeys};

/// Bytes of the hash, which is in front of the body.
const TAG: usize = 16;

/// What a token is for: one of another kind is as good as none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The next page of a history.
    History,
    /// The next page of the list of namespaces.
    Namespaces,
    /// The next page of the list of workflows.
    Workflows,
    /// A task in the hands of a worker.
    Task,
}

/// Seals tokens and opens them.
pub(super) struct Seal {
    keys: TokenKeys,
}

impl Seal {
    pub(super) fn new(keys: TokenKeys) -> Self {
        Self { keys }
    }

    /// A body as a token for the outside. An empty one says that there is nothing more, and stays empty.
    pub(super) fn close(&self, kind: Kind, body: &[u8]) -> Vec<u8> {
        if body.is_empty() {
            return Vec::new();
        }
        let tag = hash(self.keys.first(), kind, body);
        [&tag.as_bytes()[..TAG], body].concat()
    }

    /// The body of a token of this kind, if it is one of ours.
    pub(super) fn open<'token>(&self, kind: Kind, token: &'token [u8]) -> Option<&'token [u8]> {
        let (given, body) = token.split_at_checked(TAG)?;
        let ours = |key| {
            let right = hash(key, kind, body);
            let mut claimed = *right.as_bytes();
            claimed[..TAG].copy_from_slice(given);
            // Hashes are compared in the same time wherever they differ.
            right == blake3::Hash::from_bytes(claimed)
        };
        self.keys.all().any(ours).then_some(body)
    }
}

fn hash(key: &Key, kind: Kind, body: &[u8]) -> blake3::Hash {
    let kind: &[u8] = match kind {
        Kind::History => b"history",
        Kind::Namespaces => b"namespaces",
        Kind::Workflows => b"workflows",
        Kind::Task => b"task",
    };
    // No kind is the beginning of another one.
    blake3::Hasher::new_keyed(key).update(kind).update(&[0]).update(body).finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 3] = [Kind::History, Kind::Namespaces, Kind::Task];

    fn seal(first: u8, others: &[u8]) -> Seal {
        Seal::new(TokenKeys::new([first; 32], others.iter().map(|other| [*other; 32]).collect()))
    }

    #[test]
    fn only_what_was_sealed_for_this_kind_is_opened() {
        let seal = seal(1, &[]);
        for kind in KINDS {
            let token = seal.close(kind, b"body");
            for other in KINDS {
                assert_eq!(seal.open(other, &token), (other == kind).then_some(&b"body"[..]), "{kind:?} as {other:?}");
            }
        }
        assert!(seal.close(Kind::Task, b"").is_empty());
    }

    #[test]
    fn no_bit_can_be_changed_and_nothing_cut_or_added() {
        let seal = seal(1, &[]);
        let token = seal.close(Kind::Task, b"a body of some length");
        for bit in 0..8 * token.len() {
            let mut changed = token.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(seal.open(Kind::Task, &changed), None, "bit {bit}");
        }
        for length in 0..token.len() {
            assert_eq!(seal.open(Kind::Task, &token[..length]), None, "{length} bytes");
            assert_eq!(seal.open(Kind::Task, &token[length + 1..]), None, "without {length} bytes");
        }
        assert_eq!(seal.open(Kind::Task, &[&token[..], b"!"].concat()), None);
    }

    #[test]
    fn a_key_is_replaced_without_a_token_being_lost() {
        let steps = [seal(1, &[]), seal(1, &[2]), seal(2, &[1]), seal(2, &[])];
        for pair in steps.windows(2) {
            // While a step is made, nodes of both sides serve.
            for (one, other) in [(&pair[0], &pair[1]), (&pair[1], &pair[0])] {
                let opened = other.open(Kind::Task, &one.close(Kind::Task, b"x")).is_some();
                let sealed_by_old = one.keys.first() == &[1; 32];
                let known = other.keys.all().any(|key| key == one.keys.first());
                assert_eq!(opened, known, "sealed by the old one: {sealed_by_old}");
            }
        }
        assert_eq!(steps[3].open(Kind::Task, &steps[0].close(Kind::Task, b"x")), None);
    }
}
