//! Parts of a state that are known by two names: by their key, and by what somebody else calls them. They are found by either
//! without a look at the others.

use crate::elsewhere::stored_elsewhere;
use crate::parts::Parts;
use imbl::OrdMap;
use prost::Message;
use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

/// A part with another name besides its key, that no other part of its kind has, and that never changes.
pub trait Named {
    /// The type of that name.
    type Name: Ord + Clone;

    /// The other name.
    fn name(&self) -> Self::Name;
}

/// Parts of one kind by their keys, with an index by their other names. Only the parts are stored.
pub struct Indexed<K, V: Named> {
    parts: Parts<K, V>,
    index: OrdMap<V::Name, K>,
}

impl<K: Ord + Clone, V: Named + Clone> Indexed<K, V> {
    /// The part with this other name.
    pub fn named<Q: Ord + ?Sized>(&self, name: &Q) -> Option<(&K, &V)>
    where
        V::Name: Borrow<Q>,
    {
        let key = self.index.get(name)?;
        Some((key, self.parts.get(key)?))
    }

    /// The part with this key, to be changed in everything but its names.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.parts.get_mut(key)
    }

    /// Sets the part with this key.
    pub fn insert(&mut self, key: K, value: V) {
        self.remove(&key);
        self.index.insert(value.name(), key.clone());
        self.parts.insert(key, value);
    }

    /// Takes the part with this key away.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let value = self.parts.remove(key)?;
        if self.index.get(&value.name()) == Some(key) {
            self.index.remove(&value.name());
        }
        Some(value)
    }

    /// Sets the part with this key, or takes it away.
    pub fn set(&mut self, (key, value): (K, Option<V>)) {
        match value {
            Some(value) => self.insert(key, value),
            None => drop(self.remove(&key)),
        }
    }

    /// Takes all away.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// No two parts have the same other name.
    #[must_use]
    pub(crate) fn differ_in_name(&self) -> bool {
        self.index.len() == self.parts.len()
    }

    /// All parts are found by their other names.
    #[must_use]
    pub(crate) fn is_sound(&self) -> bool {
        let found = |(key, part): (&K, &V)| self.index.get(&part.name()) == Some(key);
        self.differ_in_name() && self.parts.iter().all(found)
    }
}

impl<K: Ord + Clone, V: Named + Clone + PartialEq> Indexed<K, V> {
    /// Both, without the parts in which they do not differ.
    #[must_use]
    pub fn apart(&self, after: &Self) -> (Self, Self) {
        let (old, new) = self.parts.apart(&after.parts);
        (old.cloned().collect(), new.cloned().collect())
    }
}

impl<K, V: Named> Deref for Indexed<K, V> {
    type Target = Parts<K, V>;

    fn deref(&self) -> &Parts<K, V> {
        &self.parts
    }
}

impl<K, V: Named> Clone for Indexed<K, V> {
    fn clone(&self) -> Self {
        Self { parts: self.parts.clone(), index: self.index.clone() }
    }
}

impl<K, V: Named> Default for Indexed<K, V> {
    fn default() -> Self {
        Self { parts: Parts::default(), index: OrdMap::default() }
    }
}

impl<K: Ord, V: Named + PartialEq> PartialEq for Indexed<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}

impl<K: Ord + fmt::Debug, V: Named + fmt::Debug> fmt::Debug for Indexed<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.fmt(f)
    }
}

impl<K: Ord + Clone, V: Named + Clone> FromIterator<(K, V)> for Indexed<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(parts: I) -> Self {
        let mut all = Self::default();
        parts.into_iter().for_each(|(key, value)| all.insert(key, value));
        all
    }
}

impl<K: Send + Sync, V: Named<Name: Send + Sync> + Send + Sync> Message for Indexed<K, V> {
    stored_elsewhere!();
}

impl<K: Ord + Clone, V: Named + Clone> Indexed<K, V> {
    /// Changes each of them.
    pub fn change(&mut self, mut change: impl FnMut(&mut V)) {
        for (key, mut value) in self.cloned().collect::<Vec<_>>() {
            change(&mut value);
            self.insert(key, value);
        }
    }
}

impl<K: Ord + Clone, V: Named + Clone, const N: usize> From<[(K, V); N]> for Indexed<K, V> {
    fn from(parts: [(K, V); N]) -> Self {
        parts.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    struct Thing(&'static str, i32);

    impl Named for Thing {
        type Name = String;

        fn name(&self) -> String {
            self.0.to_owned()
        }
    }

    #[test]
    fn parts_are_found_by_both_names() {
        let mut things: Indexed<i64, Thing> = [(1, Thing("one", 0)), (2, Thing("two", 0))].into();
        let before = things.clone();
        things.insert(1, Thing("first", 0));
        assert_eq!((things.named("one"), things.named("first")), (None, Some((&1, &Thing("first", 0)))));
        things.get_mut(&2).expect("it is there").1 = 7;
        assert_eq!(things.named("two"), Some((&2, &Thing("two", 7))));
        assert_eq!(before.named("two"), Some((&2, &Thing("two", 0))), "the state before is as it was");
        let (old, new) = before.apart(&things);
        assert_eq!((old.len(), new.named("first")), (2, Some((&1, &Thing("first", 0)))));
        things.remove(&2);
        assert_eq!((things.named("two"), things.len()), (None, 1));
        assert!(things.is_sound() && before.is_sound());
        things.insert(3, Thing("first", 1));
        assert!(!things.is_sound(), "two have one name");
    }
}
