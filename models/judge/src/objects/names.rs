//! Values by numbers: states are small and compared at once.

use resurgam_formats::objects::Term;
use rustc_hash::FxHashMap;

/// Terms and their numbers; 0 is `nil`.
pub(super) struct Names {
    numbers: FxHashMap<Term, u32>,
    initial: u32,
}

impl Names {
    /// With what a register holds at first.
    pub(super) fn new(initial: Option<&Term>) -> Self {
        let mut names = Self { numbers: FxHashMap::from_iter([(Term::Nil, 0)]), initial: 0 };
        names.initial = initial.map_or(0, |term| names.number(term));
        names
    }
    /// The number of what a register holds at first.
    pub(super) fn initial(&self) -> u32 {
        self.initial
    }
    /// The number of a term: the same for equal ones.
    pub(super) fn number(&mut self, term: &Term) -> u32 {
        if let Some(known) = self.numbers.get(term) {
            return *known;
        }
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        self.numbers.insert(term.clone(), next);
        next
    }
}
