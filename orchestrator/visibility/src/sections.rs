//! The two parts of a list: open workflows first, then closed ones.

/// Which of the parts may hold what is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sections {
    /// That of the open ones.
    pub open: bool,
    /// That of the closed ones.
    pub closed: bool,
}

impl Sections {
    /// Open and closed ones.
    pub const ALL: Self = Self { open: true, closed: true };
    /// That of the open ones.
    pub const OPEN: Self = Self { open: true, closed: false };
    /// That of the closed ones.
    pub const CLOSED: Self = Self { open: false, closed: true };

    /// What is in both of these.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { open: self.open && other.open, closed: self.closed && other.closed }
    }

    /// What is in one of these.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { open: self.open || other.open, closed: self.closed || other.closed }
    }
}
