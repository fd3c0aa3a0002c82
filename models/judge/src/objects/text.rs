//! A map of texts that are put, appended to and read.
//!
//! Where a key is only appended to, every text that was read is a beginning of the longest one: until then the state is a
//! place in it, and behind it there is nothing left to read. So there is one way to go on, where a search over texts would try
//! every order of appends that nobody has read yet.

use super::operation::{Numbered, answered, collect, unknown_function};
use crate::wgl::Specification;
use resurgam_formats::objects::{ObjectOperation, OperationEnd, Operations, Term};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Texts by their keys.
pub(super) struct Texts {
    initial: String,
    /// The keys that are only appended to.
    appended: BTreeMap<Term, Rc<Appended>>,
}

/// What is known of a key that is only appended to.
#[derive(Debug)]
struct Appended {
    /// The longest text that was read.
    longest: String,
    /// How often something was read.
    reads: u32,
}

/// A call on a key.
#[derive(Debug)]
pub(super) struct TextCall {
    key: Term,
    what: What,
    appended: Option<Rc<Appended>>,
}

#[derive(Debug)]
enum What {
    Get(String),
    Put(String),
    Append(String),
}

/// What a key holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum State {
    /// All of it, where it may be put anew.
    Text(Rc<str>),
    /// So many bytes of the longest that was read, after so many reads.
    Within(usize, u32),
    /// More than was ever read, and all reads are done.
    Beyond,
}

impl Specification for Texts {
    type State = State;
    type Call = TextCall;
    type Key = Term;

    fn initial(&self, key: &Term) -> State {
        match self.appended.get(key) {
            Some(known) if known.longest.starts_with(&self.initial) => State::Within(self.initial.len(), 0),
            _ => State::Text(self.initial.as_str().into()),
        }
    }
    fn key(&self, call: &TextCall) -> Term {
        call.key.clone()
    }
    fn step(&self, state: &State, call: &TextCall) -> Option<State> {
        let known = call.appended.as_deref();
        match (state, &call.what, known) {
            (State::Text(text), What::Get(value), _) => (**text == **value).then(|| state.clone()),
            (State::Text(text), What::Append(more), _) => Some(State::Text(format!("{text}{more}").into())),
            (_, What::Put(value), _) => Some(State::Text(value.as_str().into())),
            (State::Within(length, reads), What::Get(value), Some(known)) => {
                let same = value.len() == *length && known.longest.starts_with(value.as_str());
                same.then_some(State::Within(*length, reads + 1))
            }
            (State::Within(length, reads), What::Append(more), Some(known)) => {
                let rest = known.longest.get(*length..)?;
                match rest.starts_with(more.as_str()) {
                    true => Some(State::Within(length + more.len(), *reads)),
                    // Whoever reads after this would have to read more.
                    false => (more.starts_with(rest) && *reads == known.reads).then_some(State::Beyond),
                }
            }
            (State::Beyond, What::Append(_), _) => Some(State::Beyond),
            (State::Within(..) | State::Beyond, ..) => None,
        }
    }
    fn weight(&self, state: &State) -> usize {
        size_of::<State>() + if let State::Text(text) = state { text.len() + 16 } else { 0 }
    }
    fn only_reads(&self, call: &TextCall) -> bool {
        matches!(call.what, What::Get(_))
    }
}

fn call(operation: &ObjectOperation) -> Result<Option<TextCall>, String> {
    if operation.end == OperationEnd::Fail {
        return Ok(None);
    }
    let (key, asked) = match (&operation.key, &operation.asked) {
        (Some(key), asked) => (key.clone(), asked.clone()),
        (None, Term::List(pair)) if pair.len() == 2 => (pair[0].clone(), pair[1].clone()),
        (None, asked) => (Term::Nil, asked.clone()),
    };
    let text = |term: &Term| term.word().to_owned();
    let what = match operation.function.as_str() {
        "put" => What::Put(text(&asked)),
        "append" => What::Append(text(&asked)),
        "get" => match answered(operation) {
            Some(Term::List(pair)) if operation.key.is_none() && pair.len() == 2 => What::Get(text(&pair[1])),
            Some(value) => What::Get(text(value)),
            None => return Ok(None),
        },
        _ => return unknown_function(operation, "map of texts"),
    };
    Ok(Some(TextCall { key, what, appended: None }))
}

/// The texts of a history, and the calls on them.
pub(super) fn calls(history: &Operations, initial: Option<&Term>) -> Result<(Texts, Vec<Numbered<TextCall>>), String> {
    let mut asked = collect(history, false, |operation, _| call(operation))?;
    let mut appended: BTreeMap<Term, Option<Appended>> = BTreeMap::new();
    for (_, operation) in &asked {
        let TextCall { key, what, .. } = &operation.call;
        let known = appended.entry(key.clone()).or_insert_with(|| Some(Appended { longest: String::new(), reads: 0 }));
        match (what, known.as_mut()) {
            (What::Put(_), _) => *known = None,
            (What::Get(value), Some(known)) => {
                known.reads += 1;
                if value.len() > known.longest.len() {
                    known.longest.clone_from(value);
                }
            }
            _ => {}
        }
    }
    let initial = initial.map(|term| term.word().to_owned()).unwrap_or_default();
    let known =
        |(key, it): (Term, Option<Appended>)| Some((key, Rc::new(it.filter(|it| it.longest.starts_with(&initial))?)));
    let appended: BTreeMap<Term, Rc<Appended>> = appended.into_iter().filter_map(known).collect();
    for (_, operation) in &mut asked {
        operation.call.appended = appended.get(&operation.call.key).cloned();
    }
    Ok((Texts { initial, appended }, asked))
}
