//! Parts of a run's state: what is stored in rows of its own, one for each part, so that a step writes what it touched and
//! not all that there is. States share their parts: a copy of a state costs nothing for them, a change costs the changed
//! part, and two states are compared by what they do not share.
//!
//! In the row of the run itself a part takes no place: that is what its [`Message`] here says. Which row it has is for the
//! shard to know.

use crate::elsewhere::stored_elsewhere;
use imbl::OrdMap;
use imbl::ordmap::DiffItem;
use prost::Message;
use std::borrow::Borrow;
use std::fmt;
use std::ops::{Deref, DerefMut, Index};
use std::sync::Arc;

/// A single part. It is copied when it is changed, if another state has it too.
#[derive(Default)]
pub struct Part<T>(Arc<T>);

impl<T> Clone for Part<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: PartialEq> PartialEq for Part<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl<T> From<T> for Part<T> {
    fn from(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T> Deref for Part<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Part<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

impl<T: fmt::Debug> fmt::Debug for Part<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What became of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<V> {
    /// It was not there before.
    Added(V),
    /// It was another one.
    Replaced(V),
    /// It is there no more.
    Removed,
}

impl<V> Change<V> {
    /// The part that is there afterwards.
    pub fn after(self) -> Option<V> {
        match self {
            Self::Added(part) | Self::Replaced(part) => Some(part),
            Self::Removed => None,
        }
    }

    /// The same, borrowed.
    pub fn as_ref(&self) -> Change<&V> {
        match self {
            Self::Added(part) => Change::Added(part),
            Self::Replaced(part) => Change::Replaced(part),
            Self::Removed => Change::Removed,
        }
    }

    /// The same change of something else.
    pub fn map<W>(self, of: impl FnOnce(V) -> W) -> Change<W> {
        match self {
            Self::Added(part) => Change::Added(of(part)),
            Self::Replaced(part) => Change::Replaced(of(part)),
            Self::Removed => Change::Removed,
        }
    }
}

/// Parts of one kind by their keys, in the order of those.
pub struct Parts<K, V>(OrdMap<K, Part<V>>);

impl<K: Ord + Clone, V: Clone> Parts<K, V> {
    /// The part with this key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).map(|part| &**part)
    }

    /// The part with this key, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.0.get_mut(key).map(|part| &mut **part)
    }

    /// There is one with this key.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.contains_key(key)
    }

    /// Sets the part with this key.
    pub fn insert(&mut self, key: K, value: V) {
        self.0.insert(key, value.into());
    }

    /// Takes the part with this key away.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.0.remove(key).map(|part| Arc::unwrap_or_clone(part.0))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, part)| (key, &**part))
    }

    /// Copies of all.
    pub fn cloned(&self) -> impl Iterator<Item = (K, V)> {
        self.iter().map(|(key, value)| (key.clone(), value.clone()))
    }

    /// Their keys, in the order of the keys.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.keys()
    }

    /// Without their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.values().map(|part| &**part)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
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
}

impl<K: Ord + Clone, V: Clone + PartialEq> Parts<K, V> {
    /// What has to be set, or (`None`) taken away, to come from here to `after`. What both share is not looked at.
    pub fn changes<'a>(&'a self, after: &'a Self) -> impl Iterator<Item = (&'a K, Change<&'a V>)> {
        self.0.diff(&after.0).map(|item| match item {
            DiffItem::Add(key, part) => (key, Change::Added(&**part)),
            DiffItem::Update { new: (key, part), .. } => (key, Change::Replaced(&**part)),
            DiffItem::Remove(key, _) => (key, Change::Removed),
        })
    }

    /// Both, without the parts in which they do not differ.
    #[must_use]
    pub fn apart(&self, after: &Self) -> (Self, Self) {
        let (mut old, mut new) = (Self::default(), Self::default());
        let keep = |of: &mut Self, key: &K, part: &Part<V>| drop(of.0.insert(key.clone(), part.clone()));
        for item in self.0.diff(&after.0) {
            match item {
                DiffItem::Add(key, part) => keep(&mut new, key, part),
                DiffItem::Update { old: (_, before), new: (key, part) } => {
                    keep(&mut old, key, before);
                    keep(&mut new, key, part);
                }
                DiffItem::Remove(key, part) => keep(&mut old, key, part),
            }
        }
        (old, new)
    }
}

/// Parts that are numbered as they come.
impl<V: Clone> Parts<i64, V> {
    /// Adds one behind all others.
    pub fn push(&mut self, value: V) {
        let last = self.0.get_max().map_or(0, |(last, _)| *last);
        self.insert(last + 1, value);
    }
}

impl<K, V> Clone for Parts<K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, V> Default for Parts<K, V> {
    fn default() -> Self {
        Self(OrdMap::default())
    }
}

impl<K: Ord, V: PartialEq> PartialEq for Parts<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K: Ord + fmt::Debug, V: fmt::Debug> fmt::Debug for Parts<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<K: Ord + Clone + Borrow<Q>, V: Clone, Q: Ord + ?Sized> Index<&Q> for Parts<K, V> {
    type Output = V;

    fn index(&self, key: &Q) -> &V {
        &self.0[key]
    }
}

impl<K: Ord + Clone, V> FromIterator<(K, V)> for Parts<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(parts: I) -> Self {
        Self(parts.into_iter().map(|(key, value)| (key, Part::from(value))).collect())
    }
}

impl<T: Default + Send + Sync> Message for Part<T> {
    stored_elsewhere!();
}

impl<K: Send + Sync, V: Send + Sync> Message for Parts<K, V> {
    stored_elsewhere!();
}

impl<K: Ord + Clone, V: Clone> Parts<K, V> {
    /// Changes each of them.
    pub fn change(&mut self, mut change: impl FnMut(&mut V)) {
        for (key, mut value) in self.cloned().collect::<Vec<_>>() {
            change(&mut value);
            self.insert(key, value);
        }
    }
}

impl<K: Ord + Clone, V, const N: usize> From<[(K, V); N]> for Parts<K, V> {
    fn from(parts: [(K, V); N]) -> Self {
        parts.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_found_and_nothing_else() {
        let before: Parts<i64, String> = (0..10_000).map(|number| (number, number.to_string())).collect();
        let mut after = before.clone();
        assert!(before == after && before.changes(&after).next().is_none());
        after.remove(&17);
        after.insert(9_000, "other".to_owned());
        after.push("new".to_owned());
        if let Some(same) = after.get_mut(&5_000) {
            // Taken in hand, and left as it was.
            same.truncate(100);
        }
        let other = "other".to_owned();
        let new = "new".to_owned();
        let changes: Vec<_> = before.changes(&after).collect();
        assert_eq!(
            changes,
            [(&17, Change::Removed), (&9_000, Change::Replaced(&other)), (&10_000, Change::Added(&new))]
        );
        let (old, new) = before.apart(&after);
        assert_eq!(old.keys().collect::<Vec<_>>(), [&17, &9_000]);
        assert_eq!(new.keys().collect::<Vec<_>>(), [&9_000, &10_000]);
        assert_eq!((old[&9_000].as_str(), new[&9_000].as_str()), ("9000", "other"));
        assert_eq!(before.len(), 10_000, "the state before is as it was");
        assert_eq!(before[&9_000], "9000");
    }

    #[test]
    fn a_part_is_copied_only_to_be_changed() {
        let before = Part::from(vec![1]);
        let mut after = before.clone();
        assert!(std::ptr::eq(&*before, &*after));
        after.push(2);
        assert_eq!((&*before, &*after), (&vec![1], &vec![1, 2]));
    }
}
