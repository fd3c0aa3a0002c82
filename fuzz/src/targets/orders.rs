//! The search for orders, over small histories of objects that make sense: operations of a few clients on two keys, with any answers.

use crate::memory::within;
use crate::script::Script;
use resurgam_formats::objects::{Model, read};
use resurgam_formats::verdict::Outcome;
use resurgam_judge::objects;
use std::fmt::Write as _;

/// Operations of one history.
const MOST: usize = 24;
/// Clients: more would make the search long, and nothing new.
const CLIENTS: usize = 5;

/// A verdict: small histories are decided.
pub fn run(script: &[u8]) {
    let mut script = Script::new(script);
    let model = script.one(&Model::ALL).1;
    let text = drawn(&mut script, model);
    if text.is_empty() {
        return;
    }
    let operations = read("drawn", &text).unwrap_or_else(|problem| panic!("{problem}\n{text}"));
    let found = within(64 << 20, || objects::check(&operations, model, None));
    let found = found.unwrap_or_else(|problem| panic!("{problem}\n{text}"));
    assert_ne!(found.outcome, Outcome::Unknown, "{}\n{text}", found.why);
    assert_eq!(found.outcome == Outcome::Violated, found.stuck.is_some(), "{text}");
}

/// Events of clients that ask one thing at a time.
fn drawn(script: &mut Script<'_>, model: Model) -> String {
    let mut out = String::new();
    let mut open: [Option<(&str, usize, String)>; CLIENTS] = Default::default();
    let mut names: [usize; CLIENTS] = std::array::from_fn(|client| client);
    let mut asked = 0;
    while !script.is_over() && asked < MOST {
        let client = script.below(CLIENTS);
        let name = names[client];
        let Some((function, key, value)) = open[client].take() else {
            let (function, value) = call(script, model);
            let key = script.below(2);
            let _ = writeln!(out, "{{:process {name}, :type :invoke, :f :{function}, :key {key}, :value {value}}}");
            open[client] = Some((function, key, value));
            asked += 1;
            continue;
        };
        let (of, answer) = match script.below(8) {
            0 => ("fail", value),
            1 => {
                names[client] += CLIENTS;
                ("info", "nil".to_owned())
            }
            _ if function == "read" => ("ok", script.below(4).to_string()),
            _ if function == "get" => {
                ("ok", (*script.one(&["\"\"", "\"a\"", "\"b\"", "\"ab\"", "\"ba\"", "\"aab\""])).to_owned())
            }
            _ => ("ok", value),
        };
        let _ = writeln!(out, "{{:process {name}, :type :{of}, :f :{function}, :key {key}, :value {answer}}}");
    }
    out
}

/// A function of the model and what it is asked with.
fn call(script: &mut Script<'_>, model: Model) -> (&'static str, String) {
    let value = script.below(4);
    let which = script.below(3);
    match model {
        Model::Register | Model::CasRegister if which == 0 => ("read", "nil".to_owned()),
        Model::CasRegister if which == 1 => ("cas", format!("[{value} {}]", script.below(4))),
        Model::Register | Model::CasRegister => ("write", value.to_string()),
        Model::MultiRegister => {
            let part = |script: &mut Script<'_>| match script.below(2) {
                0 => format!("[:w {} {}]", script.below(3), script.below(3)),
                _ => format!("[:r {} {}]", script.below(3), script.below(3)),
            };
            ("txn", format!("[{} {}]", part(script), part(script)))
        }
        Model::Mutex => (if which == 0 { "release" } else { "acquire" }, "nil".to_owned()),
        Model::KvAppend => match which {
            0 => ("get", "nil".to_owned()),
            1 => ("put", "\"a\"".to_owned()),
            _ => ("append", if value < 2 { "\"a\"".to_owned() } else { "\"b\"".to_owned() }),
        },
    }
}
