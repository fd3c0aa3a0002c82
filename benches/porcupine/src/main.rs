//! Histories of several shapes, judged in turn by our search and by Porcupine: in one run, on one machine, from the same files.
//!
//! What is timed is what is done with operations that are read already: making calls of them, and the search. Reading files is not
//! timed on either side. The processor's time of Porcupine is that of all cores, as it searches keys side by side; ours uses one.

#![allow(clippy::print_stdout, reason = "a program")]

mod dice;
mod history;
mod opponent;
mod shape;

use clap::Parser;
use opponent::{Opponent, Said};
use resurgam_formats::objects::{Term, read};
use resurgam_formats::verdict::Outcome;
use resurgam_judge::objects;
use shape::Shape;
use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[derive(Parser)]
struct Args {
    /// Where the histories and the built program of the other side are put.
    #[arg(long, default_value = "target/porcupine")]
    out: PathBuf,
    /// Histories of each shape.
    #[arg(long, default_value_t = 5)]
    seeds: u64,
    /// How often each history is judged by either side; the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds after which Porcupine gives up.
    #[arg(long, default_value_t = 10)]
    limit: u64,
    /// Fail if the median of all ratios is smaller.
    #[arg(long)]
    at_least: Option<f64>,
}

/// One history, judged by both.
struct Compared {
    ours: Duration,
    theirs: Duration,
    gave_up: bool,
    /// What was found: there is an order, or none.
    ok: Option<bool>,
}

impl Compared {
    fn ratio(&self) -> f64 {
        self.theirs.as_secs_f64() / self.ours.as_secs_f64()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    fs::create_dir_all(&args.out)?;
    let out = fs::canonicalize(&args.out)?;
    let mut opponent = Opponent::start(&out, Duration::from_secs(args.limit))?;
    println!("| shape | an order | ours, ms | Porcupine, ms | ratio | least |\n|---|---|---|---|---|---|");
    let mut ratios = Vec::new();
    for shape in Shape::all() {
        let mut all = Vec::new();
        for seed in 0..args.seeds {
            all.push(compare(&shape, seed, &out.join("history"), args.rounds.max(1), &mut opponent)?);
        }
        println!("{}", row(&shape, &all));
        ratios.extend(all.iter().map(Compared::ratio));
    }
    let median = median(&mut ratios);
    println!("\nmedian of {} ratios: {median:.1}", ratios.len());
    match args.at_least {
        Some(least) if median < least => Err(format!("less than {least}").into()),
        _ => Ok(()),
    }
}

/// Judges one history by both sides in turn.
fn compare(
    shape: &Shape,
    seed: u64,
    file: &std::path::Path,
    rounds: usize,
    opponent: &mut Opponent,
) -> Result<Compared, Box<dyn Error>> {
    let text = history::draw(shape, seed);
    fs::write(file, &text)?;
    let operations = read("drawn", &text)?;
    let initial = Term::one(shape.initial())?;
    let (mut ours, mut theirs, mut found) = (Vec::new(), Vec::new(), None);
    let mut gave_up = false;
    for _ in 0..rounds {
        let began = Instant::now();
        let judged = black_box(objects::check(black_box(&operations), shape.model(), Some(&initial)))?;
        ours.push(began.elapsed());
        let (said, took) = opponent.check(&shape.model().to_string(), file)?;
        theirs.push(took);
        let ok = match judged.outcome {
            Outcome::Ok => Some(true),
            Outcome::Violated => Some(false),
            Outcome::Unknown | Outcome::NotApplicable => None,
        };
        match said {
            Said::Decided(theirs) if ok.is_some_and(|ok| ok != theirs) => {
                return Err(format!("{shape}, seed {seed}: ours {ok:?}, theirs {theirs}").into());
            }
            Said::Decided(_) => {}
            Said::GaveUp => gave_up = true,
        }
        found = ok;
        if gave_up {
            break;
        }
    }
    Ok(Compared { ours: median(&mut ours), theirs: median(&mut theirs), gave_up, ok: found })
}

fn row(shape: &Shape, all: &[Compared]) -> String {
    let millis =
        |of: fn(&Compared) -> Duration| median(&mut all.iter().map(of).collect::<Vec<_>>()).as_secs_f64() * 1e3;
    let mut ratios: Vec<f64> = all.iter().map(Compared::ratio).collect();
    let gave_up = all.iter().filter(|it| it.gave_up).count();
    let least = if gave_up > 0 { format!(" (gave up {gave_up} of {})", all.len()) } else { String::new() };
    let of = |ok| all.iter().filter(|it| it.ok == ok).count();
    let ok = match (of(Some(true)), of(Some(false)), of(None)) {
        (_, 0, 0) => "yes".to_owned(),
        (0, _, 0) => "no".to_owned(),
        (yes, no, unknown) => format!("{yes} yes, {no} no, {unknown} unknown"),
    };
    let middle = median(&mut ratios);
    let smallest = ratios.first().copied().unwrap_or_default();
    format!(
        "| {shape} | {ok} | {:.3} | {:.2}{least} | {middle:.1} | {smallest:.1} |",
        millis(|it| it.ours),
        millis(|it| it.theirs)
    )
}

/// The one in the middle; sorts them.
fn median<T: PartialOrd + Copy + Default>(all: &mut [T]) -> T {
    all.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    all.get(all.len() / 2).copied().unwrap_or_default()
}
