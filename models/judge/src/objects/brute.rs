//! The search agrees with trying every order, on small histories of every model, told apart by text as a file would be.

use super::check;
use proptest::collection::vec;
use proptest::prelude::*;
use resurgam_formats::objects::{Model, ObjectForm, Operations, Term, read};
use resurgam_formats::verdict::Outcome;
use std::collections::BTreeMap;

/// What an object holds, for all models: registers and texts by key, and whether the lock is held.
type World = (BTreeMap<String, String>, bool);

/// One operation as a test knows it: what it does to the world, told from its text alone and not by the code that is tested.
#[derive(Clone, Debug)]
struct Told {
    function: &'static str,
    key: u8,
    asked: String,
    from: u64,
    until: Option<u64>,
    /// `Some(true)` done, `Some(false)` refused.
    done: Option<bool>,
    answer: String,
}

fn after(world: &World, it: &Told, form: ObjectForm, initial: &str) -> Option<World> {
    let (mut cells, mut held) = world.clone();
    let key = it.key.to_string();
    let now = cells.get(&key).cloned().unwrap_or_else(|| initial.to_owned());
    match it.function {
        "read" if it.done != Some(true) || form == ObjectForm::Edn && it.answer == "nil" => {}
        "read" if it.answer != now => return None,
        "get" if it.done == Some(true) && it.answer.trim_matches('"') != now => return None,
        "read" | "get" => {}
        "write" => drop(cells.insert(key, it.asked.clone())),
        "put" => drop(cells.insert(key, it.asked.trim_matches('"').to_owned())),
        "append" => drop(cells.insert(key, now + it.asked.trim_matches('"'))),
        "cas" => {
            let (from, to) = it.asked.trim_matches(['[', ']']).split_once(' ').unwrap_or_default();
            match (now == from, it.done) {
                (true, Some(true) | None) => drop(cells.insert(key, to.to_owned())),
                (true, Some(false)) | (false, Some(true)) => return None,
                (false, _) => {}
            }
        }
        "txn" => {
            // As it was asked, where nobody knows what was read.
            let list = if it.done == Some(true) { &it.answer } else { &it.asked };
            for part in list.trim_matches(['[', ']']).split("] [") {
                let words: Vec<&str> = part.split(' ').collect();
                let cell = cells.get(words[1]).cloned().unwrap_or_else(|| initial.to_owned());
                let known = it.done == Some(true) && (form == ObjectForm::Log || words[2] != "nil");
                match words[0] {
                    ":w" => drop(cells.insert(words[1].to_owned(), words[2].to_owned())),
                    _ if known && words[2] != cell => return None,
                    _ => {}
                }
            }
        }
        "acquire" if held => return None,
        "release" if !held => return None,
        _ => held = it.function == "acquire",
    }
    Some((cells, held))
}

/// Tries every order.
fn possible(world: &World, left: &[&Told], form: ObjectForm, initial: &str) -> bool {
    let Some(first) = left.iter().filter_map(|it| it.until).min() else { return true };
    (0..left.len()).filter(|next| left[*next].from <= first).any(|next| {
        after(world, left[next], form, initial).is_some_and(|world| {
            let mut rest = left.to_vec();
            rest.remove(next);
            possible(&world, &rest, form, initial)
        })
    })
}

/// The text of a history: events in the order of their times, each operation by a process of its own.
fn text(all: &[Told], form: ObjectForm) -> String {
    let mut events: Vec<(u64, bool, usize)> = Vec::new();
    for (process, it) in all.iter().enumerate() {
        events.push((it.from, false, process));
        events.extend(it.until.map(|until| (until, true, process)));
    }
    events.sort_unstable();
    let line = |(_, ends, process): (u64, bool, usize)| {
        let it = &all[process];
        let of = match (ends, it.done) {
            (false, _) => "invoke",
            (true, Some(true)) => "ok",
            _ => "fail",
        };
        let value = if ends && it.done == Some(true) { &it.answer } else { &it.asked };
        match form {
            ObjectForm::Log => format!("INFO  jepsen.util - {process}\t:{of}\t:{}\t{value}\n", it.function),
            ObjectForm::Edn => {
                format!("{{:process {process}, :type :{of}, :f :{}, :key {}, :value {value}}}\n", it.function, it.key)
            }
        }
    };
    events.into_iter().map(line).collect()
}

fn parsed(all: &[Told], form: ObjectForm) -> Option<Operations> {
    (!all.is_empty()).then(|| read("drawn", &text(all, form)).unwrap_or_else(|e| panic!("{e}")))
}

/// Values of the model's functions: what is asked, and what may be answered.
fn drawn(model: Model, form: ObjectForm) -> BoxedStrategy<Vec<Told>> {
    let value = || prop_oneof![1 => Just("nil".to_owned()), 3 => (0..3_u8).prop_map(|value| value.to_string())];
    let word = || prop_oneof![Just("\"a\""), Just("\"b\""), Just("\"ab\""), Just("\"\"")].prop_map(str::to_owned);
    let read = prop_oneof![4 => "\"[ab]{0,3}\"", 1 => Just("\"\"".to_owned())];
    let nothing = || Just("nil".to_owned());
    let of = |function: &'static str| move |(asked, answer): (String, String)| (function, asked, answer);
    let same = |asked: String| (asked.clone(), asked);
    let registers =
        prop_oneof![(nothing(), value()).prop_map(of("read")), value().prop_map(same).prop_map(of("write"))];
    let cas = (0..3_u8, 0..3_u8).prop_map(|(from, to)| format!("[{from} {to}]")).prop_map(same).prop_map(of("cas"));
    let call = match model {
        Model::CasRegister => prop_oneof![2 => registers, 1 => cas].boxed(),
        Model::Mutex => {
            prop_oneof![(nothing(), nothing()).prop_map(of("acquire")), (nothing(), nothing()).prop_map(of("release"))]
                .boxed()
        }
        Model::KvAppend => prop_oneof![
            2 => (nothing(), read).prop_map(of("get")),
            2 => word().prop_map(same).prop_map(of("append")),
            1 => word().prop_map(same).prop_map(of("put")),
        ]
        .boxed(),
        Model::MultiRegister => {
            let part = (any::<bool>(), 0..3_u8, value());
            let told = |parts: Vec<(bool, u8, String)>| {
                let of = |read: &dyn Fn(&str) -> String| {
                    let words = parts.iter().map(|(writes, key, value)| match writes {
                        true => format!("[:w {key} {value}]"),
                        false => format!("[:r {key} {}]", read(value)),
                    });
                    format!("[{}]", words.collect::<Vec<_>>().join(" "))
                };
                (of(&|_| "nil".to_owned()), of(&|value| value.to_owned()))
            };
            vec(part, 1..3).prop_map(told).prop_map(of("txn")).boxed()
        }
        Model::Register => registers.boxed(),
    };
    let one = matches!(model, Model::Mutex | Model::MultiRegister) || form == ObjectForm::Log;
    let keys: u8 = if one { 1 } else { 2 };
    let done = prop_oneof![6 => Just(Some(true)), 1 => Just(Some(false)), 2 => Just(None)];
    let one =
        (call, 0..keys, 0..12_u64, 0..6_u64, done).prop_map(|((function, asked, answer), key, from, long, done)| {
            let until = done.map(|_| from + long);
            Told { function, key, asked, from, until, done, answer }
        });
    vec(one, 0..7).boxed()
}

/// What the search says of a history that is judged by brute force as well.
fn agrees(all: &[Told], model: Model, form: ObjectForm, initial: &str) -> Result<(), TestCaseError> {
    let Some(operations) = parsed(all, form) else { return Ok(()) };
    // A refusal says that it did not happen; but for that of a compare-and-set in a log, which is an observation.
    let happened = |it: &&Told| it.done != Some(false) || it.function == "cas" && form == ObjectForm::Log;
    // Where only completions have an order in a file, times that are equal have one too.
    let place: BTreeMap<String, (u64, Option<u64>)> =
        operations.all.iter().map(|it| (it.process.clone(), (it.from, it.until))).collect();
    let placed = |(process, it): (usize, &Told)| {
        let (from, until) = place[&process.to_string()];
        Told { from, until, ..it.clone() }
    };
    let told: Vec<Told> = all.iter().enumerate().map(placed).collect();
    let left: Vec<&Told> = told.iter().filter(happened).collect();
    let start = (BTreeMap::new(), false);
    let expected = possible(&start, &left, form, initial);
    let term = Term::one(if initial.is_empty() { "\"\"" } else { initial }).unwrap_or(Term::Nil);
    let found = check(&operations, model, Some(&term)).unwrap_or_else(|e| panic!("{e}"));
    prop_assert_eq!(found.outcome != Outcome::Violated, expected, "{:?}\n{}", found, text(all, form));
    if let Some(stuck) = found.stuck {
        prop_assert!(!found.order.contains(&stuck) && operations.all[stuck].until.is_some());
    }
    Ok(())
}

fn small() -> impl Strategy<Value = (Vec<Told>, Model, ObjectForm)> {
    let model = (0..Model::ALL.len()).prop_map(|place| Model::ALL[place].1);
    let form = prop_oneof![Just(ObjectForm::Edn), Just(ObjectForm::Log)];
    (model, form).prop_flat_map(|(model, form)| {
        // Texts have keys, which lines of a log have not.
        let form = if model == Model::KvAppend { ObjectForm::Edn } else { form };
        (drawn(model, form), Just(model), Just(form))
    })
}

fn initial(model: Model) -> &'static str {
    if model == Model::KvAppend { "" } else { "nil" }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn search_and_brute_force_agree((all, model, form) in small()) {
        agrees(&all, model, form, initial(model))?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000_000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    #[ignore = "minutes"]
    fn search_and_brute_force_agree_a_million_times((all, model, form) in small()) {
        agrees(&all, model, form, initial(model))?;
    }
}
