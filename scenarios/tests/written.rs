//! Scenarios as files: each is read, and those of the simulation are played and hold.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_formats::scenario::{self, Scenario};
use resurgam_formats::target::Choice;
use resurgam_formats::verdict::Outcome;
use resurgam_harness::SimulatedRun;
use resurgam_scenarios::written;
use std::collections::BTreeSet;
use std::path::Path;

fn all() -> Vec<Scenario> {
    let read = |(name, text): &(&str, &str)| scenario::read(&format!("{name}.toml"), text);
    written::ALL.iter().map(|one| read(one).unwrap_or_else(|wrong| panic!("{wrong}"))).collect()
}

#[test]
fn the_list_is_the_folder_and_all_can_be_read() {
    let folder = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("written")).unwrap();
    let files: BTreeSet<String> = folder.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let listed: BTreeSet<String> = written::ALL.iter().map(|(name, _)| format!("{name}.toml")).collect();
    assert_eq!(files, listed);
    let all = all();
    assert!(all.len() >= 12);
    for scenario in &all {
        let plan = resurgam_generate::scenario::plan(scenario, 1);
        assert_eq!(resurgam_formats::plan::problem(&plan), None, "{}", scenario.name);
        assert!(resurgam_generate::deadline::ends(&plan), "{} may never end", scenario.name);
    }
}

#[test]
fn those_of_the_simulation_hold_and_their_faults_strike() {
    let simulated: Vec<Scenario> =
        all().into_iter().filter(|scenario| matches!(scenario.choice, Choice::Simulation { .. })).collect();
    assert!(simulated.len() >= 5, "there is little to play");
    for scenario in simulated {
        let subject = resurgam_builtin::subject(None);
        let mut hits = 0;
        for seed in 1..=2 {
            let plan = resurgam_generate::scenario::plan(&scenario, seed);
            let run = SimulatedRun::of(&plan, &subject);
            let (evidence, verdict) = run.judged.unwrap_or_else(|why| panic!("{}: {why}", scenario.name));
            let complaints: Vec<_> = verdict.violated().collect();
            assert_eq!(verdict.worst(), Outcome::Ok, "{} with seed {seed}: {complaints:?}", scenario.name);
            hits += evidence.faults.iter().filter_map(|fault| fault.hits).sum::<u32>();
        }
        assert!(scenario.faults.is_empty() || hits > 0, "no fault of {} struck", scenario.name);
    }
}

#[test]
fn what_is_wrong_is_a_line_with_file_and_line() {
    let whole = "about = \"a\"\non = { target = \"temporal\", world = \"container\" }\n[[load.workflows]]\ncount = 1\ndoes = [{ timer = \"1s\" }]\n";
    assert!(scenario::read("x.toml", whole).is_ok());
    let with = |faults: &str| format!("about = \"a\"\nfaults = [\n{faults}\n]\n{}", &whole[12..]);
    for (text, wanted) in [
        (String::new(), "x.toml:1: missing field `about`"),
        (whole.replace("count = 1", "count = 1\nnumber = 2"), "x.toml:5: unknown field `number`"),
        (whole.replace("\"1s\"", "\"soon\""), "x.toml:5: \"soon\" is not a length of time; expected"),
        (whole.replace("container", "simulation"), "x.toml:2: Temporal cannot be simulated; expected"),
        (whole.replace("[[load", "[load]\ngenerated = true\n[[load"), "`generated` and `workflows`; expected one"),
        (with("{ at = \"1s\" }"), "x.toml:3: 0 verbs; expected one of kill, "),
        (
            with("\n{ at = \"1s\", kill = \"matching\" }"),
            "x.toml:4: there is no process \"matching\"; expected one of server",
        ),
        (
            with("{ at = \"1s\", spoil = \"commit\" }"),
            "x.toml:3: there is no outcome \"commit\"; expected one of commit_reply_lost, ",
        ),
        (
            with("{ at = \"1s\", clock_of = \"server\", by = \"1s\" }"),
            "x.toml:3: the processes of Temporal have the clock",
        ),
        (with("{ at = \"1s\", kill = \"server\", on = \"queue\" }"), "x.toml:3: `on` says nothing with this verb"),
        (
            with("{ at = \"1s\", kill = \"server\", times = 3 }"),
            "x.toml:3: `times` is for faults that come again; expected",
        ),
        (with("{ at = \"1s\", spoil = \"append_partial\" }"), "x.toml:3: append_partial needs several replicas"),
        (format!("{whole}[expect]\nwithout = [\"Timeout\"]\n"), "there is no event \"Timeout\"; expected"),
    ] {
        let wrong = scenario::read("x.toml", &text).unwrap_err().to_string();
        assert!(wrong.contains(wanted) && !wrong.contains('\n'), "{wrong:?} does not say {wanted:?}");
    }
}
