//! Changes of one value.

/// Changes of one value, without those that change nothing.
pub(super) struct Changes<'a, T> {
    of: &'a T,
    pub(super) all: Vec<T>,
}

impl<'a, T: Clone + PartialEq> Changes<'a, T> {
    pub(super) fn of(of: &'a T) -> Self {
        Self { of, all: Vec::new() }
    }
    pub(super) fn add(&mut self, edit: impl FnOnce(&mut T)) {
        let mut changed = self.of.clone();
        edit(&mut changed);
        if changed != *self.of {
            self.all.push(changed);
        }
    }
}
