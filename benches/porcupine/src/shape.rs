//! What histories are drawn: which object, how many clients and keys, how large, and what is wrong with it.

use resurgam_formats::objects::Model;

/// What clients do to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Reads, and writes of values that are all different.
    Unique,
    /// Reads, and writes of few values.
    Few,
    /// Reads, writes and compare-and-set on one register of few values, as lines of a log.
    Cas,
    /// Appends and gets.
    Append,
    /// Puts, appends and gets.
    Put,
}

/// What is to be drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// What clients do.
    pub(crate) habit: Habit,
    pub(crate) clients: u64,
    pub(crate) keys: u64,
    pub(crate) operations: u64,
    /// One operation in ten is not answered; half of those happened.
    pub(crate) lost: bool,
    /// One read answers what was true long before.
    pub(crate) spoiled: bool,
}

impl Shape {
    /// All that are compared.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        let many = [(Habit::Unique, 50, 10), (Habit::Few, 50, 10), (Habit::Append, 50, 10), (Habit::Put, 50, 10)];
        for (habit, clients, keys) in many.into_iter().chain([(Habit::Cas, 5, 1)]) {
            let sizes: [u64; 2] = if habit == Habit::Cas { [85, 400] } else { [500, 2000] };
            for operations in sizes {
                for (lost, spoiled) in [(false, false), (false, true), (true, false), (true, true)] {
                    all.push(Self { habit, clients, keys, operations, lost, spoiled });
                }
            }
        }
        all
    }

    /// By which model it is judged.
    pub(crate) fn model(&self) -> Model {
        match self.habit {
            Habit::Unique | Habit::Few => Model::Register,
            Habit::Cas => Model::CasRegister,
            Habit::Append | Habit::Put => Model::KvAppend,
        }
    }

    /// What a register or a text is at first, as a term.
    pub(crate) fn initial(&self) -> &'static str {
        match self.habit {
            Habit::Unique | Habit::Few => "0",
            Habit::Cas => "nil",
            Habit::Append | Habit::Put => "\"\"",
        }
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let habit = match self.habit {
            Habit::Unique => "register, each value once",
            Habit::Few => "register, five values",
            Habit::Cas => "cas register, five values",
            Habit::Append => "append and get",
            Habit::Put => "put, append and get",
        };
        write!(f, "{habit}, {} operations", self.operations)?;
        f.write_str(if self.lost { ", some lost" } else { "" })?;
        f.write_str(if self.spoiled { ", spoiled" } else { "" })
    }
}
