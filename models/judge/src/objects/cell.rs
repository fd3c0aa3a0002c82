//! Registers, each by itself: read, write, compare and set.
//!
//! A value that only one operation can have brought is not left before all who read it have read it: it does not come back. That leaves
//! a search with next to nothing to try where values are written once.

use super::names::Names;
use super::operation::{Numbered, answered, collect, is_value, unknown_function};
use crate::wgl::Specification;
use resurgam_formats::objects::{Model, ObjectForm, ObjectOperation, OperationEnd, Operations, Term};
use rustc_hash::{FxHashMap, FxHashSet};

/// Registers by their keys.
pub(super) struct Cells {
    /// What each holds at first.
    initial: u32,
    /// How often a value of a register is read, if it comes only once.
    reads: FxHashMap<(u32, u32), u32>,
}

/// What a register holds, and how often that was read, if it comes only once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct CellState {
    value: u32,
    seen: u32,
}

/// A call on a register.
#[derive(Debug)]
pub(super) struct CellCall {
    key: u32,
    what: What,
}

#[derive(Debug)]
enum What {
    Read(u32),
    Write(u32),
    /// If it holds the first it holds the second then; whether it did, `None` if nobody knows.
    Cas(u32, u32, Option<bool>),
}

impl Specification for Cells {
    type State = CellState;
    type Call = CellCall;
    type Key = u32;

    fn initial(&self, _: &u32) -> CellState {
        CellState { value: self.initial, seen: 0 }
    }
    fn key(&self, call: &CellCall) -> u32 {
        call.key
    }
    fn step(&self, state: &CellState, call: &CellCall) -> Option<CellState> {
        let due = || self.reads.get(&(call.key, state.value)).copied().unwrap_or(0);
        let value = match call.what {
            What::Read(value) => {
                return (value == state.value).then(|| CellState { seen: (state.seen + 1).min(due()), ..*state });
            }
            What::Write(value) => value,
            What::Cas(from, to, done) => {
                let fits = state.value == from;
                if done.is_some_and(|done| done != fits) {
                    return None;
                }
                if fits { to } else { state.value }
            }
        };
        match value == state.value {
            true => Some(*state),
            false => (state.seen == due()).then_some(CellState { value, seen: 0 }),
        }
    }
    fn only_reads(&self, call: &CellCall) -> bool {
        matches!(call.what, What::Read(_) | What::Cas(_, _, Some(false)))
    }
    fn overwrites(&self, call: &CellCall) -> bool {
        matches!(call.what, What::Write(_))
    }
    fn alike(&self, call: &CellCall) -> Option<[u32; 3]> {
        match call.what {
            What::Read(_) | What::Cas(_, _, Some(false)) => None,
            What::Write(value) => Some([0, value, 0]),
            What::Cas(from, to, Some(true)) => Some([1, from, to]),
            What::Cas(from, to, None) => Some([2, from, to]),
        }
    }
}

/// True if values are pairs of a key and a value, as Jepsen's independent registers write them: then every read has one.
fn keyed(history: &Operations) -> bool {
    let mut reads = history.all.iter().filter(|it| it.function == "read").peekable();
    reads.peek().is_some() && reads.all(|it| matches!(&it.asked, Term::List(pair) if pair.len() == 2))
}

/// The registers of a history, and the calls on them.
pub(super) fn calls(
    history: &Operations,
    model: Model,
    initial: Option<&Term>,
) -> Result<(Cells, Vec<Numbered<CellCall>>), String> {
    let mut values = Names::new(initial);
    let mut reader =
        Reader { form: history.form, model, keyed: keyed(history), keys: Names::new(None), values: &mut values };
    let mut asked = collect(history, |operation| reader.call(operation))?;
    let mut known: FxHashMap<(u32, u32), Seen> = FxHashMap::default();
    let mut refused = FxHashSet::default();
    for (_, operation) in &asked {
        let CellCall { key, what } = &operation.call;
        match what {
            What::Read(value) => known.entry((*key, *value)).or_default().reads += 1,
            What::Write(value) => known.entry((*key, *value)).or_default().brought += 1,
            What::Cas(_, _, Some(false)) => drop(refused.insert(*key)),
            What::Cas(from, to, Some(true) | None) => {
                known.entry((*key, *from)).or_default().compared = true;
                known.entry((*key, *to)).or_default().brought += 1;
            }
        }
    }
    // What an operation of unknown outcome has left is to be seen in a value, or in a comparison that failed; or it did not happen.
    asked.retain(|(_, operation)| match operation.call {
        _ if operation.until.is_some() => true,
        CellCall { key, what: What::Write(value) | What::Cas(_, value, _) } => {
            refused.contains(&key) || known.get(&(key, value)).is_some_and(|it| it.reads > 0 || it.compared)
        }
        CellCall { what: What::Read(_), .. } => true,
    });
    let initial = values.initial();
    let once = |((key, value), it): ((u32, u32), Seen)| {
        (it.reads > 0 && it.brought + u32::from(value == initial) == 1).then_some(((key, value), it.reads))
    };
    Ok((Cells { initial, reads: known.into_iter().filter_map(once).collect() }, asked))
}

/// What is seen of a value of a register.
#[derive(Default)]
struct Seen {
    /// How often it was read, and how many operations may have brought it.
    reads: u32,
    brought: u32,
    /// Something was compared with it.
    compared: bool,
}

/// Makes calls of operations.
struct Reader<'n> {
    form: ObjectForm,
    model: Model,
    /// Values are pairs of a key and a value.
    keyed: bool,
    keys: Names,
    values: &'n mut Names,
}

impl Reader<'_> {
    /// The key of a value, if it has one, and the value.
    fn split<'t>(&self, operation: &'t ObjectOperation, term: &'t Term) -> (&'t Term, &'t Term) {
        match term {
            Term::List(pair) if self.keyed && pair.len() == 2 => (&pair[0], &pair[1]),
            _ => (operation.key.as_ref().unwrap_or(&Term::Nil), term),
        }
    }

    /// The call of an operation; `None` if it proves nothing.
    fn call(&mut self, operation: &ObjectOperation) -> Result<Option<CellCall>, String> {
        let (key, asked) = self.split(operation, &operation.asked);
        let read = answered(operation).map(|term| self.split(operation, term).1);
        let what = match operation.function.as_str() {
            "read" => match read.filter(|term| is_value(term, self.form)) {
                Some(value) => What::Read(self.values.number(value)),
                None => return Ok(None),
            },
            "write" if operation.end == OperationEnd::Fail => return Ok(None),
            "write" => What::Write(self.values.number(asked)),
            "cas" if self.model == Model::CasRegister => {
                let Term::List(pair) = asked else { return Err(format!("cas takes [from to], not {asked}")) };
                let [from, to] = pair.as_slice() else { return Err(format!("cas takes [from to], not {asked}")) };
                let done = match operation.end {
                    OperationEnd::Ok(_) => Some(true),
                    OperationEnd::Fail if self.form == ObjectForm::Log => Some(false),
                    OperationEnd::Fail => return Ok(None),
                    OperationEnd::Unknown => None,
                };
                What::Cas(self.values.number(from), self.values.number(to), done)
            }
            _ => return unknown_function(operation, "register of this model"),
        };
        Ok(Some(CellCall { key: self.keys.number(key), what }))
    }
}
