//! A copy of the workspace in which the mutants of our orchestrator stand behind the switch, and its program.
//!
//! The copy is built with the same profile and into the same target directory as the workspace, so that compiled
//! dependencies are shared; its program has a name of its own. What the released server is made of stays as it is.

use crate::compiler;
use crate::edit::{Inserted, apply};
use crate::find::{self, Found, Words};
use crate::mutant::Mutant;
use crate::refusal::{File, leave_out, refuse};
use proc_macro2::TokenStream;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::{fs, io};

/// The sources that have mutants: those of the orchestrator, and of what it is built from.
const MUTATED: [&str; 5] = [
    SOURCES,
    "orchestrator/batch/src",
    "orchestrator/schedule/src",
    "orchestrator/state/src",
    "orchestrator/visibility/src",
];
/// The sources that are compiled twice.
const SOURCES: &str = "orchestrator/src";
/// The same sources for the released server, which stay as they are.
const PLAIN: &str = "orchestrator/plain";
/// The manifests of the crates that have mutants, which therefore have to know the switch.
const MANIFESTS: [&str; 5] = [
    "orchestrator/Cargo.toml",
    "orchestrator/batch/Cargo.toml",
    "orchestrator/schedule/Cargo.toml",
    "orchestrator/state/Cargo.toml",
    "orchestrator/visibility/Cargo.toml",
];
/// At the root, beside the sources: what is built, what runs leave, version control; and what cargo is told, which holds in the copy
/// too, because that lies below.
const APART: [&str; 4] = ["target", "resurgam-runs", ".git", ".cargo"];
/// The program of the copy.
const PROGRAM: &str = "resurgam-mutated";
/// Files of the sources whose mutants say nothing of the suite: support of tests, planted bugs, and what the orchestrator asserts
/// of itself, which is what sees mutants and not what is to be seen.
const NOT_MUTATED: [&str; 10] = [
    "alone.rs",
    "bounds.rs",
    "check.rs",
    "check_run.rs",
    "duty.rs",
    "invariant.rs",
    "planted.rs",
    "reflection.rs",
    "stepped.rs",
    "testing.rs",
];

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// The sources are not there, or no Rust.
    #[error("{0}")]
    Sources(String),
    /// The copy cannot be built.
    #[error("the copy with mutants is not built: {0}")]
    Build(String),
}

/// The copy, built.
#[derive(Debug)]
pub struct Tree {
    /// The path of its program.
    pub program: PathBuf,
    /// The mutants in it.
    pub mutants: Vec<Mutant>,
    /// How many were proposed and did not compile.
    pub refused: usize,
}

/// Writes the copy of the workspace at `root` to `target/mutants/tree` in it, and builds it into the directory `target`. `say` hears
/// what is done.
///
/// # Errors
/// [`Error`].
pub fn prepare(root: &Path, target: &Path, say: &mut dyn FnMut(&str)) -> Result<Tree, Error> {
    let copy = root.join("target/mutants/tree");
    let workspace = workspace(root)?;
    let (mut files, mutants) = proposed(&workspace)?;
    say(&format!("{} mutants are proposed in {} files", mutants.len(), files.len()));
    // What was refused before is refused again, so the same sources are built at once.
    let memory = root.join("target/mutants/refused.json");
    let proposals = hash(&json(&mutants)?);
    let known = fs::read(&memory).ok().and_then(|text| serde_json::from_slice::<Refused>(&text).ok());
    let mut refused = known.filter(|known| known.proposals == proposals).map(|known| known.refused).unwrap_or_default();
    leave_out(&mut files, &refused);
    // Names first, then types, then borrows: the compiler tells of each only when nothing is wrong with the ones before.
    for round in 1.. {
        let mut workspace = workspace.clone();
        let inserted = changed(&files, &mut workspace);
        for (path, content) in &workspace {
            write(&copy.join(path), content)?;
        }
        let complaints = match compiler::build(&copy, target, PROGRAM).map_err(Error::Build)? {
            Ok(program) => {
                let known = json(&Refused { proposals, refused: refused.clone() })?;
                write(&memory, &known)?;
                let mutants: Vec<Mutant> = mutants.into_iter().filter(|mutant| !refused.contains(&mutant.id)).collect();
                return Ok(Tree { program, mutants, refused: refused.len() });
            }
            Err(complaints) => complaints,
        };
        let refused_now = refuse(&complaints, &mut files, &inserted, &mutants);
        say(&format!("round {round}: {} do not compile", refused_now.len()));
        let none = refused_now.is_empty();
        refused.extend(refused_now);
        if none {
            let first = complaints.first().map(|one| format!("{} {:?}", one.message, one.places.first()));
            let (count, first) = (complaints.len(), first.unwrap_or_default());
            return Err(Error::Build(format!("{count} errors are of no mutant; the first: {first}")));
        }
    }
    unreachable!("the rounds do not end by themselves")
}

fn json(of: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(of).map_err(|why| Error::Build(why.to_string()))
}

fn hash(text: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(text);
    hasher.finish()
}

/// What a build found out, kept for the next one.
#[derive(Serialize, Deserialize)]
struct Refused {
    /// A hash of all that was proposed.
    proposals: u64,
    /// The mutants that do not compile.
    refused: BTreeSet<u32>,
}

/// Files by their paths from the root.
type Files = BTreeMap<String, Vec<u8>>;

/// The files of the sources with all that can be proposed in them.
fn proposed(workspace: &Files) -> Result<(Vec<File>, Vec<Mutant>), Error> {
    let no_rust = |path: &str, why: &dyn std::fmt::Display| Error::Sources(format!("{path} is no Rust: {why}"));
    let mut texts = BTreeMap::new();
    for (path, content) in workspace.iter().filter(|(path, _)| is_mutated(path)) {
        texts.insert(path, std::str::from_utf8(content).map_err(|why| no_rust(path, &why))?);
    }
    if texts.is_empty() {
        return Err(Error::Sources(format!("there is no {SOURCES} with sources of the orchestrator here")));
    }
    let mut words = Words::default();
    for (path, text) in &texts {
        words.learn(TokenStream::from_str(text).map_err(|why| no_rust(path, &why))?);
    }
    let (mut files, mut all, mut next) = (Vec::new(), Vec::new(), 1);
    for (path, text) in texts {
        let Found { mutants, changes, functions } =
            find::mutants(path, text, &words, &mut next).map_err(|why| no_rust(path, &why))?;
        all.extend(mutants);
        files.push(File { path: path.clone(), text: text.to_owned(), changes, functions });
    }
    if next > resurgam_mutant_switch::CAPACITY {
        return Err(Error::Sources(format!("{next} mutants are more than the switch can tell apart")));
    }
    Ok((files, all))
}

/// True for a file that has mutants.
fn is_mutated(path: &str) -> bool {
    let Some(path) = MUTATED.iter().find_map(|sources| path.strip_prefix(sources)?.strip_prefix('/')) else {
        return false;
    };
    let name = path.rsplit('/').next().unwrap_or_default();
    name.ends_with(".rs")
        && !name.ends_with("tests.rs")
        && !path.split('/').any(|folder| folder == "tests")
        && !NOT_MUTATED.contains(&name)
}

/// Puts the files with those changes that are left into the workspace; gives where things were put in.
fn changed(files: &[File], workspace: &mut Files) -> BTreeMap<String, Vec<Inserted>> {
    let mut all = BTreeMap::new();
    for file in files {
        let (text, inserted) = apply(&file.text, &file.changes);
        workspace.insert(file.path.clone(), text.into_bytes());
        all.insert(file.path.clone(), inserted);
    }
    all
}

/// The workspace as it is to be copied: its program has another name, and our orchestrator knows the switch.
fn workspace(root: &Path) -> Result<Files, Error> {
    let mut files = Files::new();
    gather(root, "", &mut files)?;
    let sources: Vec<(String, Vec<u8>)> = files
        .range(format!("{SOURCES}/")..)
        .take_while(|(path, _)| path.starts_with(SOURCES))
        .map(|(path, content)| (path.replacen(SOURCES, PLAIN, 1), content.clone()))
        .collect();
    files.extend(sources);
    let program = format!("[[bin]]\nname = \"{PROGRAM}\"\npath = \"src/main.rs\"\n\n[lints]\n");
    change(&mut files, "Cargo.toml", "[package]\n", "[package]\nautobins = false\n")?;
    change(&mut files, "Cargo.toml", "[lints]\n", &program)?;
    let linked = "[dependencies]\nresurgam-mutant-switch.workspace = true\n";
    for manifest in MANIFESTS {
        change(&mut files, manifest, "[dependencies]\n", linked)?;
    }
    change(&mut files, "orchestrator/released/Cargo.toml", "../src/lib.rs", "../plain/lib.rs")?;
    Ok(files)
}

fn gather(directory: &Path, prefix: &str, into: &mut Files) -> Result<(), Error> {
    let failed = |why| Error::File(directory.to_owned(), why);
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if prefix.is_empty() && APART.contains(&name.as_str()) {
            continue;
        }
        let (path, from) = (format!("{prefix}{name}"), entry.path());
        if entry.file_type().map_err(failed)?.is_dir() {
            gather(&from, &format!("{path}/"), into)?;
        } else {
            into.insert(path, fs::read(&from).map_err(|why| Error::File(from, why))?);
        }
    }
    Ok(())
}

/// Changes one place of a file.
fn change(files: &mut Files, path: &str, what: &str, into: &str) -> Result<(), Error> {
    let text = files.get(path).and_then(|content| std::str::from_utf8(content).ok()).unwrap_or_default();
    if !text.contains(what) {
        return Err(Error::Sources(format!("{path} has no {}", what.trim_end())));
    }
    let text = text.replacen(what, into, 1);
    files.insert(path.to_owned(), text.into_bytes());
    Ok(())
}

/// Writes a file, unless it says the same already: cargo looks at when files were written.
fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    if fs::read(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    let failed = |why| Error::File(path.to_owned(), why);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    fs::write(path, content).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_that_has_mutants_knows_the_switch_and_the_released_server_has_none() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let files = workspace(root).unwrap();
        let text = |path: &str| String::from_utf8(files[path].clone()).unwrap();
        for (sources, manifest) in MUTATED.iter().zip(MANIFESTS) {
            assert!(files.keys().any(|path| path.starts_with(sources) && is_mutated(path)), "{sources}");
            assert!(text(manifest).contains("resurgam-mutant-switch"), "{manifest}");
        }
        assert!(is_mutated("orchestrator/visibility/src/query/condition.rs"));
        assert!(!is_mutated("orchestrator/visibility/src/query/tests.rs") && !is_mutated("orchestrator/srcs/lib.rs"));
        assert!(!is_mutated("orchestrator/plain/lib.rs") && files.contains_key("orchestrator/plain/lib.rs"));
        assert!(text("orchestrator/released/Cargo.toml").contains("../plain/lib.rs"));
    }
}
