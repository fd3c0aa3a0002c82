//! The directory of a run: `results.jsonl`, to which every case is appended as it ends, `cases/` with what is kept, and what
//! is made from both at the end ([`crate::outputs`]).
//!
//! A directory belongs to one run: a used one is never taken again. While the run lasts, some space is held in reserve, so
//! that a disk that fills up does not keep the run from saying what it has found.

use crate::case_directory::{CaseDirectory, Error};
use resurgam_campaign::origin::Origin;
use resurgam_campaign::results::{Begun, CaseResult, Ended, Line, VERSION};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Where runs go that are not told where to go.
pub const RUNS: &str = "resurgam-runs";
/// The file that cases are appended to.
const RESULTS: &str = "results.jsonl";
/// The folder of the kept cases.
const CASES: &str = "cases";
/// The link to the newest run, only ever in [`RUNS`].
const LATEST: &str = "latest";
/// The file whose only use is that it can be deleted.
const RESERVE: &str = ".reserve";
/// So large it is, in bytes: room for a page, a summary and a case.
const RESERVED: usize = 4 << 20;

/// The directory of a run that is going on.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    results: Mutex<Results>,
}

/// The open file, and how much of it is whole lines.
#[derive(Debug)]
struct Results {
    file: File,
    length: u64,
}

/// What `results.jsonl` says.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// What was run.
    pub origin: Origin,
    /// The cases that ended, in that order.
    pub cases: Vec<CaseResult>,
    /// How the run ended; `None` if it was killed or is still going.
    pub ended: Option<Ended>,
}

/// A directory that cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Something is in it.
    #[error("{}: is not empty; a run takes a directory of its own, so that nothing is mixed", .0.display())]
    Used(PathBuf),
    /// The system refuses.
    #[error(transparent)]
    File(#[from] Error),
}

impl RunDirectory {
    /// Takes the directory that is given, which must be new or empty, or else `resurgam-runs/NAME`, with a number behind it if
    /// there is one already.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn create(given: Option<&Path>, name: &str) -> Result<Self, Refused> {
        let Some(path) = given else { return Self::beneath(Path::new(RUNS), name) };
        take(path)?;
        Self::taken(path.to_owned())
    }

    /// Takes `PARENT/NAME`, with a number behind it if there is one already.
    ///
    /// # Errors
    /// [`Refused`].
    pub(crate) fn beneath(parent: &Path, name: &str) -> Result<Self, Refused> {
        let names = std::iter::once(name.to_owned()).chain((2_u32..).map(|n| format!("{name}-{n}")));
        let mut paths = names.map(|name| parent.join(name));
        let path = loop {
            let path = paths.next().expect("there are more numbers than directories");
            match take(&path) {
                Err(Refused::Used(_)) => {}
                taken => break taken.map(|()| path)?,
            }
        };
        Self::taken(path)
    }

    /// Begins to write into a directory in which nothing is yet.
    fn taken(path: PathBuf) -> Result<Self, Refused> {
        let file = OpenOptions::new().append(true).create_new(true).open(path.join(RESULTS));
        let file = file.map_err(|why| match why.kind() {
            io::ErrorKind::AlreadyExists => Refused::Used(path.clone()),
            _ => Refused::File(Error::System { path: path.join(RESULTS), why }),
        })?;
        // For as long as the run lasts, so that others see whether it does. Where files cannot be locked, nobody knows.
        let _ = file.try_lock();
        let new = Self { path, results: Mutex::new(Results { file, length: 0 }) };
        let reserve = new.path.join(RESERVE);
        if let Err(why) = fs::write(&reserve, vec![0; RESERVED]) {
            new.give_up();
            return Err(Refused::File(Error::System { path: reserve, why }));
        }
        Ok(new)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory of a case.
    #[must_use]
    pub fn case(&self, seed: u64) -> CaseDirectory {
        CaseDirectory::at(self.path.join(CASES).join(seed.to_string()))
    }

    /// The directories of the cases that a run has kept, by their seeds, in whichever order; of a run that somebody else has made, or is
    /// making.
    ///
    /// # Errors
    /// The directory of the cases cannot be read, or is not there.
    pub fn kept_in(run: &Path) -> Result<BTreeMap<u64, CaseDirectory>, Error> {
        let path = run.join(CASES);
        let entries = fs::read_dir(&path).map_err(|why| Error::System { path: path.clone(), why })?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let seeds = names.filter_map(|name| name.parse::<u64>().ok());
        Ok(seeds.map(|seed| (seed, CaseDirectory::at(path.join(seed.to_string())))).collect())
    }

    /// The name of that directory, relative to this one.
    #[must_use]
    pub(crate) fn name_of(seed: u64) -> String {
        format!("{CASES}/{seed}")
    }

    /// Says what is run.
    ///
    /// # Errors
    /// [`Error`].
    pub fn begin(&self, origin: &Origin) -> Result<(), Error> {
        self.append(&Line::Run(Box::new(Begun { version: VERSION, origin: origin.clone() })))
    }

    /// Appends a line, or nothing.
    ///
    /// # Errors
    /// [`Error`].
    pub fn append(&self, line: &Line) -> Result<(), Error> {
        let mut text = serde_json::to_vec(line).expect("our formats have no keys or numbers that JSON cannot hold");
        text.push(b'\n');
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        let written = results.file.write_all(&text);
        match written {
            Ok(()) => {
                results.length += text.len() as u64;
                Ok(())
            }
            Err(why) => {
                // A part of a line is worth nothing, and would spoil the next one.
                let _ = results.file.set_len(results.length);
                Err(Error::System { path: self.path.join(RESULTS), why })
            }
        }
    }

    /// Gives the reserved space back, because it is needed now or will not be any more.
    pub fn release(&self) {
        // It is gone already, or the disk has worse problems.
        let _ = fs::remove_file(self.path.join(RESERVE));
    }

    /// Gives back what a run held in reserve that was killed. Of one that is still going, or may be, it is left alone.
    pub fn release_dead(run: &Path) {
        let dead = File::open(run.join(RESULTS)).is_ok_and(|results| results.try_lock().is_ok());
        if dead {
            // It is gone already, or cannot be helped.
            let _ = fs::remove_file(run.join(RESERVE));
        }
    }

    /// Takes the directory away again, if nothing was run.
    pub fn give_up(self) {
        self.release();
        let _ = fs::remove_file(self.path.join(RESULTS));
        // Only if they are empty.
        let _ = fs::remove_dir(&self.path);
        if let Some(parent) = self.path.parent().filter(|parent| parent.file_name().is_some_and(|name| name == RUNS)) {
            let _ = fs::remove_dir(parent);
        }
    }

    /// Lets `latest` point here, if this is in `resurgam-runs/` and nobody else's file has that name.
    pub(crate) fn link_latest(&self) {
        let (Some(parent), Some(name)) = (self.path.parent(), self.path.file_name()) else { return };
        if parent.file_name().is_none_or(|name| name != RUNS) {
            return;
        }
        let link = parent.join(LATEST);
        let free = match fs::symlink_metadata(&link) {
            Ok(there) => there.file_type().is_symlink(),
            Err(why) => why.kind() == io::ErrorKind::NotFound,
        };
        // A convenience: where links cannot be made there is none. Made beside it first, so that there always is one.
        #[cfg(unix)]
        if free {
            let beside = parent.join(format!(".{LATEST}-{}", std::process::id()));
            let made = std::os::unix::fs::symlink(name, &beside).and_then(|()| fs::rename(&beside, &link));
            if made.is_err() {
                let _ = fs::remove_file(&beside);
            }
        }
    }
}

impl Recorded {
    /// Reads what a run has recorded. The last line may be cut short if the run was killed, and then counts for nothing.
    ///
    /// # Errors
    /// It is not the directory of a run, or a line cannot be understood.
    pub(crate) fn read(directory: &Path) -> Result<Self, Error> {
        let path = directory.join(RESULTS);
        let file = File::open(&path).map_err(|why| Error::System { path: path.clone(), why })?;
        let wrong = |number: usize, why: &dyn std::fmt::Display| Error::Content {
            path: path.clone(),
            why: format!("line {number}: {why}"),
        };
        let mut reader = BufReader::new(file);
        let (mut origin, mut cases, mut ended) = (None, Vec::new(), None);
        let (mut number, mut text) = (0, String::new());
        loop {
            text.clear();
            let length = reader.read_line(&mut text).map_err(|why| Error::System { path: path.clone(), why })?;
            number += 1;
            if length == 0 || !text.ends_with('\n') {
                break;
            }
            match serde_json::from_str(&text).map_err(|why| wrong(number, &why))? {
                Line::Run(begun) if begun.version > VERSION => {
                    let newer = format!("version {} is newer than this build reads ({VERSION})", begun.version);
                    return Err(wrong(number, &newer));
                }
                Line::Run(begun) => origin = Some(begun.origin),
                Line::Case(case) => cases.push(*case),
                Line::End(end) => ended = Some(end),
            }
        }
        let origin = origin.ok_or_else(|| wrong(1, &"the results of a run begin with what was run"))?;
        Ok(Self { origin, cases, ended })
    }
}

/// Makes a directory, or takes one that is empty.
fn take(path: &Path) -> Result<(), Refused> {
    let system = |why| Refused::File(Error::System { path: path.to_owned(), why });
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(system)?;
    }
    match fs::create_dir(path) {
        Ok(()) => Ok(()),
        Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {
            let empty = path.is_dir() && fs::read_dir(path).map_err(system)?.next().is_none();
            if empty { Ok(()) } else { Err(Refused::Used(path.to_owned())) }
        }
        Err(why) => Err(system(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_campaign::results::Shortfall;

    fn begun(path: &Path) -> RunDirectory {
        let directory = RunDirectory::create(Some(path), "unused").unwrap();
        directory.begin(&Origin { seed: 7, ..Origin::default() }).unwrap();
        directory
    }

    #[test]
    fn what_was_appended_is_read_back_and_a_torn_line_counts_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let directory = begun(&path);
        let ended = Ended {
            shortfalls: vec![Shortfall::Interrupted { by: "SIGTERM".into(), cases_ended: false }],
            wall_seconds: 1.5,
        };
        directory.append(&Line::End(ended.clone())).unwrap();
        let read = Recorded::read(&path).unwrap();
        assert_eq!((read.origin.seed, read.cases.len(), read.ended), (7, 0, Some(ended)));
        let file = path.join(RESULTS);
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, &text[..text.len() - 5]).unwrap();
        assert_eq!(Recorded::read(&path).unwrap().ended, None);
        fs::write(&file, "{}\n").unwrap();
        assert!(Recorded::read(&path).unwrap_err().to_string().contains("results.jsonl: line 1: "));
        fs::write(&file, "").unwrap();
        assert!(Recorded::read(&path).unwrap_err().to_string().contains("begin with what was run"));
    }

    #[test]
    fn a_used_directory_is_refused_and_an_empty_one_taken() {
        let folder = tempfile::tempdir().unwrap();
        let (used, empty) = (folder.path().join("used"), folder.path().join("a/empty"));
        fs::create_dir(&used).unwrap();
        fs::write(used.join("mine"), "mine").unwrap();
        assert!(matches!(RunDirectory::create(Some(&used), ""), Err(Refused::Used(_))));
        fs::create_dir_all(&empty).unwrap();
        drop(begun(&empty));
        assert!(matches!(RunDirectory::create(Some(&empty), ""), Err(Refused::Used(_))));
        let file = folder.path().join("used/mine");
        assert!(matches!(RunDirectory::create(Some(&file), ""), Err(Refused::Used(_))));
        assert_eq!(fs::read_to_string(file).unwrap(), "mine");
    }

    #[test]
    fn the_reserve_of_a_killed_run_is_given_back_and_that_of_one_that_goes_on_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let going = begun(&path);
        RunDirectory::release_dead(&path);
        assert!(path.join(RESERVE).exists(), "it is still going");
        drop(going);
        RunDirectory::release_dead(&path);
        assert!(!path.join(RESERVE).exists());
    }

    #[test]
    fn a_directory_that_was_given_up_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        RunDirectory::create(Some(&path), "").unwrap().give_up();
        assert!(!path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn latest_is_written_among_runs_only_and_over_links_only() {
        let folder = tempfile::tempdir().unwrap();
        let (mine, runs) = (folder.path().join("mine"), folder.path().join(RUNS));
        begun(&mine.join("run")).link_latest();
        assert!(!mine.join(LATEST).exists());
        for name in ["1", "2"] {
            begun(&runs.join(name)).link_latest();
            assert_eq!(fs::read_link(runs.join(LATEST)).unwrap(), Path::new(name));
        }
        fs::remove_file(runs.join(LATEST)).unwrap();
        fs::write(runs.join(LATEST), "a file of somebody").unwrap();
        begun(&runs.join("3")).link_latest();
        assert_eq!(fs::read_to_string(runs.join(LATEST)).unwrap(), "a file of somebody");
    }
}
