//! The directory of a case: `case.json`, `plan.json`, `recording.jsonl` and `verdict.json`, always under these names.
//!
//! Whoever keeps a case writes it here, whoever is given one reads it here, and nobody else knows the names. `case.json` is
//! written last, so a directory that has one is whole. It does not execute or judge anything.

pub use crate::file::{Error, write};
use crate::file::{hashed, parse, pretty};
use resurgam_formats::case::{self, Case};
use resurgam_formats::plan::Plan;
use resurgam_formats::recording::{Entry, What};
use resurgam_formats::verdict::Verdict;
use resurgam_formats::{plan, wire};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

/// The file that says what the case is.
const CASE: &str = "case.json";
/// The file of its plan.
pub(crate) const PLAN: &str = "plan.json";
/// The files that its recording may be in.
const RECORDINGS: [&str; 2] = ["recording.jsonl", "recording.jsonl.gz"];
/// The file of its verdict.
pub(crate) const VERDICT: &str = "verdict.json";
/// The directory of the smallest case that breaks the same rule.
const SHRUNK: &str = "shrunk";

/// The directory of a case, which may not be there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseDirectory {
    path: PathBuf,
}

impl CaseDirectory {
    /// The directory at this path.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The directory that somebody means who names it, or a file in it; `None` for a file that lies elsewhere.
    #[must_use]
    pub fn meant_by(path: &Path) -> Option<Self> {
        if path.is_dir() {
            return Some(Self::at(path));
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name()?.to_str()?;
        let ours = name == CASE || name == PLAN || name == VERDICT || RECORDINGS.contains(&name);
        (ours && parent.join(CASE).is_file()).then(|| Self::at(parent))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory of the smallest case that breaks the same rule, which is a case like any other.
    #[must_use]
    pub fn shrunk(&self) -> Self {
        Self::at(self.path.join(SHRUNK))
    }

    /// True if a whole case is in it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.path.join(CASE).is_file()
    }

    /// Writes plan and recording, which have to be on disk before anybody looks at them.
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn record(&self, plan: &Plan, recording: &[u8]) -> Result<(), Error> {
        fs::create_dir_all(&self.path).map_err(Error::system(&self.path))?;
        // Whatever lay here before is no longer whole.
        self.forget(CASE)?;
        self.forget(VERDICT)?;
        self.forget(RECORDINGS[1])?;
        self.write(PLAN, &pretty(plan))?;
        self.write(RECORDINGS[0], recording)
    }

    /// Writes what was said of the case, which makes the directory whole. In `case.json` stand the hashes of the other files.
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn conclude(&self, case: &Case, verdict: Option<&Verdict>) -> Result<(), Error> {
        let plan = self.path.join(PLAN);
        let plan_hash = Some(hashed(&fs::read(&plan).map_err(Error::system(&plan))?));
        let verdict = verdict.map(pretty);
        let verdict_hash = verdict.as_deref().map(hashed);
        if let Some(verdict) = verdict {
            self.write(VERDICT, &verdict)?;
        }
        self.write(CASE, &pretty(&Case { plan_hash, verdict_hash, ..case.clone() }))
    }

    /// Takes the directory away with all that is in it.
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn remove(&self) -> Result<(), Error> {
        match fs::remove_dir_all(&self.path) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => Err(Error::system(&self.path)(why)),
            _ => Ok(()),
        }
    }

    /// Puts another directory in the place of this one, which is there until the other is.
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn replace(&self, by: &Self) -> Result<(), Error> {
        self.remove()?;
        fs::rename(&by.path, &self.path).map_err(Error::system(&self.path))
    }

    /// What the case is; `None` if nobody has said, because it was written by hand or the case did not come to its end.
    ///
    /// # Errors
    /// [`Error`].
    pub fn case(&self) -> Result<Option<Case>, Error> {
        let path = self.path.join(CASE);
        if !path.exists() {
            return Ok(None);
        }
        let case: Case = parse(&path)?;
        if case.version > case::VERSION {
            return Err(Error::content(&path, &newer(case.version, case::VERSION)));
        }
        Ok(Some(case))
    }

    /// The plan that is kept in it.
    ///
    /// # Errors
    /// [`Error`].
    pub fn plan(&self) -> Result<Plan, Error> {
        plan(&self.path.join(PLAN))
    }

    /// Its verdict; `None` if it was not judged.
    ///
    /// # Errors
    /// [`Error`].
    pub fn verdict(&self) -> Result<Option<Verdict>, Error> {
        let path = self.path.join(VERDICT);
        if path.exists() { parse(&path).map(Some) } else { Ok(None) }
    }

    /// The file of its recording, compressed or not.
    #[must_use]
    pub fn recording(&self) -> PathBuf {
        let found = RECORDINGS.iter().map(|name| self.path.join(name)).find(|file| file.is_file());
        found.unwrap_or_else(|| self.path.join(RECORDINGS[0]))
    }

    /// Says to whom it may concern which file to judge: the recording of a directory, or the file itself.
    #[must_use]
    pub fn recording_meant_by(path: &Path) -> PathBuf {
        if path.is_dir() { Self::at(path).recording() } else { path.to_owned() }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        write(&self.path.join(name), bytes)
    }

    fn forget(&self, name: &str) -> Result<(), Error> {
        let path = self.path.join(name);
        match fs::remove_file(&path) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => Err(Error::system(&path)(why)),
            _ => Ok(()),
        }
    }
}

/// Reads a plan from its file, from the directory of a case, or from the header of a recording.
///
/// # Errors
/// [`Error`]; an unknown field of the plan is named, with its line.
pub fn plan_meant_by(path: &Path) -> Result<Plan, Error> {
    if path.is_dir() {
        let directory = CaseDirectory::at(path);
        return if directory.path.join(PLAN).exists() {
            directory.plan()
        } else {
            Err(Error::content(path, &"there is no plan.json in it; the cases of a run are in its directory cases/"))
        };
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if !RECORDINGS.iter().any(|recording| name.ends_with(recording.trim_start_matches("recording"))) {
        return plan(path);
    }
    let file = File::open(path).map_err(Error::system(path))?;
    let mut line = String::new();
    if name.ends_with(".gz") {
        let shown = path.display().to_string();
        let text = wire::text(&shown, file, wire::MAX_BYTES).map_err(|problem| Error::content(path, &problem.0))?;
        line = text.lines().next().unwrap_or_default().to_owned();
    } else {
        BufReader::new(file.take(wire::MAX_BYTES)).read_line(&mut line).map_err(Error::system(path))?;
    }
    match serde_json::from_str::<Entry>(&line).map_err(|why| Error::content(path, &why))?.what {
        What::Header(header) => checked(header.plan, path),
        _ => Err(Error::content(path, &"line 1: not the header of a recording")),
    }
}

/// Writes a plan that has no case, such as a witness.
///
/// # Errors
/// [`Error::System`].
pub fn write_plan(path: &Path, plan: &Plan) -> Result<(), Error> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(Error::system(parent))?;
    }
    write(path, &pretty(plan))
}

fn plan(path: &Path) -> Result<Plan, Error> {
    let bytes = fs::read(path).map_err(Error::system(path))?;
    let given = serde_json::from_slice(&bytes).map_err(|why| Error::content(path, &why))?;
    let plan: Plan = serde_json::from_slice(&bytes).map_err(|why| {
        let field = plan::misfit(&given).map(|field| format!("{field}: ")).unwrap_or_default();
        Error::content(path, &format!("{field}{why}"))
    })?;
    match plan::unknown_field(&given, &plan) {
        Some(unknown) => Err(Error::content(path, &unknown)),
        None => checked(plan, path),
    }
}

fn checked(plan: Plan, path: &Path) -> Result<Plan, Error> {
    if plan.version > plan::VERSION {
        return Err(Error::content(path, &newer(plan.version, plan::VERSION)));
    }
    match plan::problem(&plan) {
        Some(problem) => Err(Error::content(path, &problem)),
        None => Ok(plan),
    }
}

fn newer(found: u32, known: u32) -> String {
    format!("version {found} is newer than this build reads ({known})")
}
