//! All of it from sources to score, in a directory from which it goes on when it was stopped.

use crate::case_id::CaseId;
use crate::mutant::Mutant;
use crate::score::{Score, by};
use crate::serve::Ended;
use crate::survey::{Survey, survey};
use crate::tree::{self, Tree};
use crate::trials::{Tried, trials};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom as _;
use resurgam_explorer::{TOGETHER, recording};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Order {
    /// The root of the workspace.
    pub root: PathBuf,
    /// The directory into which cargo builds.
    pub target: PathBuf,
    /// The directory of the results.
    pub out: PathBuf,
    /// Only mutants in files whose path begins with one of these, without `orchestrator/` and `src/`; all if there is none.
    pub paths: Vec<String>,
    /// Only so many of those, drawn from this seed.
    pub sample: Option<(usize, u64)>,
    /// The first case of the survey.
    pub seed: u64,
    /// How many cases the survey has.
    pub cases: u64,
    /// In how many cases each mutant is tried at most.
    pub tries: usize,
    /// Processes at the same time.
    pub jobs: usize,
}

/// What it came to.
#[derive(Debug)]
pub struct Results {
    /// The mutants that were asked for.
    pub mutants: Vec<Mutant>,
    /// What became of each, by its id.
    pub tried: BTreeMap<u32, Tried>,
    /// How many proposals did not compile.
    pub refused: usize,
    /// How many cases of the survey held.
    pub cases: usize,
}

/// Why there is no score.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no copy with mutants.
    #[error(transparent)]
    Tree(#[from] tree::Error),
    /// A file or a process.
    #[error("{0}: {1}")]
    Io(String, io::Error),
    /// The directory has results of something else.
    #[error("{} has results of other sources or other cases; take another directory, or delete it", .0.display())]
    Other(PathBuf),
}

impl Error {
    /// True if it is what was asked for that is wrong, and not the machine.
    #[must_use]
    pub fn is_bad_input(&self) -> bool {
        matches!(self, Self::Other(_) | Self::Tree(tree::Error::Sources(_)))
    }
}

/// What the results in a directory are of.
#[derive(PartialEq, Eq, Serialize, serde::Deserialize)]
struct Of {
    mutants: Vec<Mutant>,
    seed: u64,
    cases: u64,
    tries: usize,
}

/// Carries the order out with the copy's program told `arguments`. `say` hears how far it is. What was tried in an earlier
/// call on the same sources is not tried again.
///
/// # Errors
/// [`Error`].
pub fn run(order: &Order, arguments: &[&str], say: &mut (dyn FnMut(&str) + Send)) -> Result<Results, Error> {
    let Tree { program, mutants, refused } = tree::prepare(&order.root, &order.target, say)?;
    let io = |path: &Path| {
        let name = path.display().to_string();
        move |why| Error::Io(name, why)
    };
    fs::create_dir_all(&order.out).map_err(io(&order.out))?;
    let of = Of { mutants, seed: order.seed, cases: order.cases, tries: order.tries };
    let catalogue = order.out.join("mutants.json");
    match fs::read(&catalogue) {
        Ok(text) if serde_json::from_slice::<Of>(&text).is_ok_and(|there| there == of) => {}
        Ok(_) => return Err(Error::Other(order.out.clone())),
        Err(_) => {
            let text = serde_json::to_vec_pretty(&of).map_err(|why| io(&catalogue)(why.into()))?;
            fs::write(&catalogue, text).map_err(io(&catalogue))?;
        }
    }
    let surveyed = surveyed(order, &program, arguments, say).map_err(io(&order.out.join("survey.jsonl")))?;
    let chosen = chosen(order, of.mutants);
    let tried =
        all_tried(order, &program, arguments, &surveyed, &chosen, say).map_err(io(&order.out.join("trials.jsonl")))?;
    Ok(Results { mutants: chosen, tried, refused, cases: surveyed.recordings.len() })
}

/// The mutants that are asked for.
fn chosen(order: &Order, mutants: Vec<Mutant>) -> Vec<Mutant> {
    let within = |mutant: &Mutant| {
        let place = mutant.place();
        order.paths.is_empty() || order.paths.iter().any(|begin| place.starts_with(begin))
    };
    let mut mutants: Vec<Mutant> = mutants.into_iter().filter(within).collect();
    if let Some((count, seed)) = order.sample {
        let mut ids: Vec<u32> = mutants.iter().map(|mutant| mutant.id).collect();
        ids.sort_unstable();
        let drawn: BTreeSet<u32> =
            ids.into_iter().sample(&mut StdRng::seed_from_u64(seed), count).into_iter().collect();
        mutants.retain(|mutant| drawn.contains(&mutant.id));
    }
    mutants
}

fn surveyed(
    order: &Order,
    program: &Path,
    arguments: &[&str],
    say: &mut (dyn FnMut(&str) + Send),
) -> io::Result<Survey> {
    let path = order.out.join("survey.jsonl");
    let mut result = Survey::default();
    let groups = 2 * recording::temporal().len().div_ceil(TOGETHER) as u64;
    let plans = (order.seed..order.seed.saturating_add(order.cases)).map(CaseId::Plan);
    let mut missing: BTreeSet<CaseId> = plans.chain((0..groups).map(CaseId::Recorded)).collect();
    for ended in read::<Ended>(&path)? {
        if missing.remove(&ended.case) {
            result.take(&ended);
        }
    }
    let mut file = append(&path)?;
    let (missing, mut count) = (missing.into_iter().collect::<Vec<CaseId>>(), 0);
    survey(program, arguments, order.jobs, &missing, |ended| {
        result.take(ended);
        count += 1;
        if count % 100 == 0 {
            say(&format!("survey: {count} of {} cases", missing.len()));
        }
        write(&mut file, ended)
    })?;
    let (held, reached) = (result.recordings.len(), result.reaching.len());
    say(&format!("survey: {held} cases held, {} did not; they reach {reached} mutants", result.useless.len()));
    Ok(result)
}

fn all_tried(
    order: &Order,
    program: &Path,
    arguments: &[&str],
    survey: &Survey,
    mutants: &[Mutant],
    say: &mut (dyn FnMut(&str) + Send),
) -> io::Result<BTreeMap<u32, Tried>> {
    let path = order.out.join("trials.jsonl");
    let mut all: BTreeMap<u32, Tried> = read::<Tried>(&path)?.into_iter().map(|tried| (tried.mutant, tried)).collect();
    let left: Vec<u32> = mutants.iter().map(|mutant| mutant.id).filter(|id| !all.contains_key(id)).collect();
    let mut file = append(&path)?;
    let (mut count, mut sum) = (0, Score::default());
    trials(program, arguments, order.jobs, survey, &left, order.tries, |tried| {
        count += 1;
        sum += Score::of(&tried);
        if count % 100 == 0 {
            say(&format!(
                "{count} of {} mutants: {:.1} % of the reached ones killed, {:.1} % with answers",
                left.len(),
                sum.percent(),
                sum.percent_seen()
            ));
        }
        write(&mut file, &tried)?;
        all.insert(tried.mutant, tried);
        Ok(())
    })?;
    Ok(all)
}

impl Results {
    /// All of them together.
    #[must_use]
    pub fn total(&self) -> Score {
        by(&self.mutants, &self.tried, |_| ()).into_values().next().unwrap_or_default()
    }
}

/// The lines of a file, but for a last one that was cut; none if there is no file.
fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Vec<T>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(why) => return Err(why),
    };
    let mut all = Vec::new();
    for line in BufReader::new(file).lines() {
        if let Ok(value) = serde_json::from_str(&line?) {
            all.push(value);
        }
    }
    Ok(all)
}

fn append(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    // A line that was cut does not take the next one with it.
    if file.metadata()?.len() > 0 {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

fn write(file: &mut File, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    file.write_all(&line)
}
