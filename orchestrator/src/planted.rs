//! Planted bugs: switches that re-create known real bugs, so that the suite can be tested. The released server is built
//! without the feature `planted-bugs`; then [`planted`] is constantly false and the compiler removes every bug.
//!
//! A bug is chosen per thread, because one simulation runs on one thread. The catalogue with issue numbers and predicted
//! rules is in `scenarios`.

/// A bug that can be planted. Its name is its identity in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Bug {
    /// Commits test neither the range nor the sequence of the head row.
    FenceMissing,
}

/// Whether `bug` is planted on this thread.
#[cfg(feature = "planted-bugs")]
#[must_use]
pub fn planted(bug: Bug) -> bool {
    active::ACTIVE.with(|active| active.get() == Some(bug))
}

/// Whether `bug` is planted on this thread: never, in this build.
#[cfg(not(feature = "planted-bugs"))]
#[must_use]
#[inline(always)]
pub const fn planted(_: Bug) -> bool {
    false
}

#[cfg(feature = "planted-bugs")]
pub use active::plant;

#[cfg(feature = "planted-bugs")]
mod active {
    use super::Bug;
    use std::cell::Cell;

    thread_local! {
        pub(super) static ACTIVE: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Plants a bug on this thread, or none.
    pub fn plant(bug: Option<Bug>) {
        ACTIVE.with(|active| active.set(bug));
    }
}
