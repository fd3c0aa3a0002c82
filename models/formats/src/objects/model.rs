//! What an object is supposed to be.

use std::str::FromStr;

/// The sequential specification of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// `read` and `write`.
    Register,
    /// `read`, `write` and `cas` (`[from to]`).
    CasRegister,
    /// Several registers, read and written together: `[[:r x nil] [:w y 1]]`.
    MultiRegister,
    /// `acquire` and `release`.
    Mutex,
    /// A map of texts: `get`, `put` and `append`.
    KvAppend,
}

impl Model {
    /// All of them, by their names.
    pub const ALL: [(&str, Self); 5] = [
        ("register", Self::Register),
        ("cas-register", Self::CasRegister),
        ("multi-register", Self::MultiRegister),
        ("mutex", Self::Mutex),
        ("kv-append", Self::KvAppend),
    ];
}

impl FromStr for Model {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        let names: Vec<&str> = Self::ALL.iter().map(|(name, _)| *name).collect();
        let found = Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, model)| *model);
        found.ok_or_else(|| format!("there is no model \"{name}\": {}", names.join(", ")))
    }
}

impl std::fmt::Display for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(Self::ALL.iter().find(|(_, model)| model == self).map_or("", |(name, _)| name))
    }
}
