//! The files of a tree, as data: texts, and what the Rust among them say of each other.

use crate::facts::Facts;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// Every text file that is looked at, by its path from the root, with `/` between names.
    pub(crate) files: BTreeMap<String, String>,
    /// What the Rust files say.
    pub(crate) facts: BTreeMap<String, Facts>,
    /// Every path there is, directories included.
    paths: BTreeSet<String>,
    /// The directories that hold a crate.
    crates: Vec<String>,
}

/// Beside the tree, at its root: what is built, what runs leave, and version control. A module may have such a name.
const APART: &[&str] = &["target", "resurgam-runs", ".git"];
/// The files whose text is looked at.
const TEXTS: &[&str] = &["rs", "md", "toml", "proto"];

impl Tree {
    /// Reads a tree from the disk.
    pub(crate) fn read(root: &Path) -> Self {
        let mut tree = Self::default();
        tree.gather(root, "");
        tree.parsed()
    }

    /// A made-up tree.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            tree.files.insert((*path).to_owned(), (*text).to_owned());
            for (end, _) in path.match_indices('/').chain([(path.len(), "")]) {
                tree.paths.insert(path[..end].to_owned());
            }
        }
        tree.parsed()
    }

    fn gather(&mut self, directory: &Path, prefix: &str) {
        for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if prefix.is_empty() && APART.contains(&name.as_str()) {
                continue;
            }
            let path = format!("{prefix}{name}");
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                self.gather(&entry.path(), &format!("{path}/"));
            } else if kind.is_file() && TEXTS.contains(&path.rsplit('.').next().unwrap_or_default()) {
                self.files.insert(path.clone(), fs::read_to_string(entry.path()).unwrap());
            }
            self.paths.insert(path);
        }
    }

    fn parsed(mut self) -> Self {
        let rust = self.files.iter().filter(|(path, _)| path.ends_with(".rs"));
        self.facts = rust.map(|(path, text)| (path.clone(), Facts::of(path, text))).collect();
        let manifests = self.files.iter().filter_map(|(path, text)| Some((path.strip_suffix("Cargo.toml")?, text)));
        let packages = manifests.filter(|(_, text)| text.contains("[package]"));
        self.crates = packages.map(|(path, _)| path.trim_end_matches('/').to_owned()).collect();
        self
    }

    /// True if there is such a file or directory.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.paths.contains(path.trim_end_matches('/'))
    }

    /// True if some path ends with these names.
    pub(crate) fn has_ending(&self, names: &str) -> bool {
        let names = names.trim_end_matches('/');
        self.has(names)
            || self.paths.iter().any(|path| path.ends_with(names) && path[..path.len() - names.len()].ends_with('/'))
    }

    /// The directories that hold a crate, from the root; the crate of the root is the empty path.
    pub(crate) fn crates(&self) -> impl Iterator<Item = &str> {
        self.crates.iter().map(String::as_str)
    }

    /// The crate that a file belongs to: the innermost directory with one.
    pub(crate) fn crate_of(&self, file: &str) -> &str {
        let around = |of: &&str| of.is_empty() || file.strip_prefix(of).is_some_and(|rest| rest.starts_with('/'));
        self.crates().filter(around).max_by_key(|of| of.len()).unwrap_or_default()
    }

    /// The modules of a crate's library, or of its program if it has none: name in the crate, and file. Test modules are
    /// left out.
    pub(crate) fn modules(&self, of: &str) -> BTreeMap<Vec<String>, &str> {
        let source = if of.is_empty() { "src/".to_owned() } else { format!("{of}/src/") };
        let mut modules: BTreeMap<Vec<String>, &str> = BTreeMap::new();
        for path in self.facts.keys() {
            let Some(rest) = path.strip_prefix(&source).and_then(|rest| rest.strip_suffix(".rs")) else { continue };
            let mut name: Vec<String> = rest.split('/').map(str::to_owned).collect();
            if name[0] == "bin" || (name == ["main"] && self.facts.contains_key(&format!("{source}lib.rs"))) {
                continue;
            }
            if name == ["lib"] || name == ["main"] || name.last().is_some_and(|last| last == "mod") {
                name.pop();
            }
            modules.insert(name, path);
        }
        let tests: Vec<Vec<String>> = modules
            .iter()
            .flat_map(|(name, path)| {
                let facts = &self.facts[*path];
                let inside =
                    facts.test_modules.iter().map(|module| [name.as_slice(), std::slice::from_ref(module)].concat());
                inside.chain(facts.is_test.then(|| name.clone())).collect::<Vec<_>>()
            })
            .collect();
        modules.retain(|name, _| !tests.iter().any(|test| name.starts_with(test)));
        modules
    }

    /// Which file of a crate uses which, and by which path.
    pub(crate) fn uses(&self, of: &str) -> BTreeMap<(&str, &str), String> {
        let modules = self.modules(of);
        let mut uses = BTreeMap::new();
        for (name, file) in &modules {
            for path in self.facts[*file].uses() {
                let used = absolute(&modules, name, path).and_then(|path| self.resolve(&modules, &path, 0));
                if let Some(used) = used.filter(|used| used != file) {
                    uses.insert((*file, used), path.join("::"));
                }
            }
        }
        uses
    }

    /// The file in which a path of the crate ends, re-exports followed.
    fn resolve<'a>(&self, modules: &BTreeMap<Vec<String>, &'a str>, path: &[String], depth: usize) -> Option<&'a str> {
        let length = (0..=path.len()).rev().find(|length| modules.contains_key(&path[..*length]))?;
        let (name, rest) = path.split_at(length);
        let file = modules[name];
        let exported = rest.first().and_then(|first| self.facts[file].reexports.get(first));
        match exported.filter(|_| depth < 8).and_then(|target| absolute(modules, name, target)) {
            Some(mut target) => {
                target.extend_from_slice(&rest[1..]);
                self.resolve(modules, &target, depth + 1)
            }
            None => Some(file),
        }
    }
}

/// A path from the root of the crate, if it leads into this crate.
fn absolute(modules: &BTreeMap<Vec<String>, &str>, from: &[String], path: &[String]) -> Option<Vec<String>> {
    let ups = path.iter().take_while(|name| *name == "super").count();
    let (base, rest) = match path.first()?.as_str() {
        "crate" => (&[][..], &path[1..]),
        "self" => (from, &path[1..]),
        "super" => (&from[..from.len().checked_sub(ups)?], &path[ups..]),
        first => {
            modules.contains_key(&[from, &[first.to_owned()]].concat()).then_some(())?;
            (from, path)
        }
    };
    Some([base, rest].concat())
}
