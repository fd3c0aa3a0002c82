//! What the forms of histories mean, and that long ones are judged in time.

use super::check;
use resurgam_formats::objects::{Model, Term, read};
use resurgam_formats::verdict::Outcome;
use std::collections::BTreeMap;

fn outcome(model: Model, initial: Option<&str>, text: &str) -> Outcome {
    let operations = read("text", text).unwrap_or_else(|e| panic!("{e}"));
    let initial = initial.map(|text| Term::one(text).unwrap_or(Term::Nil));
    check(&operations, model, initial.as_ref()).unwrap_or_else(|e| panic!("{e}")).outcome
}

#[test]
fn the_forms_differ_in_what_fail_and_nil_say() {
    let log = |lines: &[&str]| lines.iter().map(|line| format!("INFO  jepsen.util - {line}\n")).collect::<String>();
    let edn = |lines: &[&str]| {
        let map = |line: &&str| {
            let mut words = line.splitn(4, ' ');
            let mut next = || words.next().unwrap_or_default();
            format!("{{:process {} :type {} :f {} :value {}}}", next(), next(), next(), next())
        };
        lines.iter().map(map).collect::<String>()
    };
    let failed = ["0 :invoke :write 1", "0 :ok :write 1", "1 :invoke :cas [1 2]", "1 :fail :cas [1 2]"];
    assert_eq!(outcome(Model::CasRegister, None, &log(&failed)), Outcome::Violated, "it holds 1, so it must not fail");
    assert_eq!(outcome(Model::CasRegister, None, &edn(&failed)), Outcome::Ok, "it did not happen");
    let nil = ["0 :invoke :write 1", "0 :ok :write 1", "1 :invoke :read nil", "1 :ok :read nil"];
    assert_eq!(outcome(Model::Register, None, &log(&nil)), Outcome::Violated);
    assert_eq!(outcome(Model::Register, None, &edn(&nil)), Outcome::Ok);
    let first = ["0 :invoke :read nil", "0 :ok :read 7"];
    assert_eq!(outcome(Model::Register, Some("7"), &log(&first)), Outcome::Ok);
    assert_eq!(outcome(Model::Register, None, &log(&first)), Outcome::Violated);
}

#[test]
fn registers_that_are_written_together_are_read_together() {
    let history = |second: &str| {
        format!(
            "{{:process 0 :type :invoke :f :txn :value [[:w x 1] [:w y 1]]}}{{:process 0 :type :ok :f :txn :value [[:w x 1] [:w y 1]]}}
             {{:process 1 :type :invoke :f :txn :value [[:r x nil] [:r y nil]]}}{{:process 1 :type :ok :f :txn :value {second}}}
             {{:process 2 :type :invoke :f :txn :value [[:w z 1]]}}"
        )
    };
    assert_eq!(outcome(Model::MultiRegister, Some("0"), &history("[[:r x 1] [:r y 1]]")), Outcome::Ok);
    assert_eq!(outcome(Model::MultiRegister, Some("0"), &history("[[:r x 1] [:r y 0]]")), Outcome::Violated);
    assert_eq!(outcome(Model::MultiRegister, Some("0"), &history("[[:r x 1] [:r y nil]]")), Outcome::Ok);
}

#[test]
fn independent_registers_are_told_by_pairs() {
    let history = |key: u8| {
        format!(
            "{{:process 0 :type :invoke :f :write :value [1 5]}}{{:process 0 :type :ok :f :write :value [1 5]}}
             {{:process 0 :type :invoke :f :read :value [{key} nil]}}{{:process 0 :type :ok :f :read :value [{key} 5]}}"
        )
    };
    assert_eq!(outcome(Model::CasRegister, None, &history(1)), Outcome::Ok);
    assert_eq!(outcome(Model::CasRegister, None, &history(2)), Outcome::Violated);
}

/// Fifty clients append to ten keys and read them, 2,000 operations, a tenth of unknown outcome; `spoiled`: one read lies.
fn appends(spoiled: bool) -> String {
    use std::fmt::Write as _;
    let mut state: BTreeMap<u64, String> = BTreeMap::new();
    let (mut out, mut open, mut seed) = (String::new(), Vec::<(u64, u64, Option<String>)>::new(), 7_u64);
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let (mut free, mut fresh): (Vec<u64>, u64) = ((0..50).collect(), 50);
    for number in 0..2000_u64 {
        while free.is_empty() || open.len() > 40 && next(2) == 0 {
            let (process, key, append) = open.swap_remove(usize::try_from(next(open.len() as u64)).unwrap_or(0));
            if next(10) == 0 {
                let _ = writeln!(
                    out,
                    "{{:process {process} :type :info :f {}}}",
                    if append.is_some() { ":append" } else { ":get" }
                );
                free.push(fresh);
                fresh += 1;
                continue;
            }
            let _ = match append {
                Some(text) => {
                    writeln!(out, "{{:process {process} :type :ok :f :append :key \"{key}\" :value \"{text}\"}}")
                }
                None => {
                    let mut text = state.get(&key).cloned().unwrap_or_default();
                    if spoiled && number > 1500 {
                        text = text.chars().rev().collect();
                    }
                    writeln!(out, "{{:process {process} :type :ok :f :get :key \"{key}\" :value \"{text}\"}}")
                }
            };
            free.push(process);
        }
        let (process, key) = (free.pop().unwrap_or_default(), next(10));
        let append = (next(2) == 0).then(|| format!("x {process} {number} y"));
        let _ = match &append {
            Some(text) => {
                state.entry(key).or_default().push_str(text);
                writeln!(out, "{{:process {process} :type :invoke :f :append :key \"{key}\" :value \"{text}\"}}")
            }
            None => writeln!(out, "{{:process {process} :type :invoke :f :get :key \"{key}\" :value nil}}"),
        };
        open.push((process, key, append));
    }
    out
}

#[test]
fn a_long_history_of_appends_does_not_blow_up() {
    assert_eq!(outcome(Model::KvAppend, None, &appends(false)), Outcome::Ok);
    assert_eq!(outcome(Model::KvAppend, None, &appends(true)), Outcome::Violated);
}
