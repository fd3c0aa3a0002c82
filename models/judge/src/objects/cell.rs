//! Registers, each by itself: read, write, compare and set.

use super::names::Names;
use super::operation::{answered, is_value, unknown_function};
use crate::wgl::Specification;
use resurgam_formats::objects::{Model, ObjectForm, ObjectOperation, OperationEnd, Operations, Term};

/// Registers by their keys.
pub(super) struct Cells {
    /// What each holds at first.
    pub(super) initial: u32,
}

/// A call on a register.
#[derive(Debug)]
pub(super) struct CellCall {
    key: Term,
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
    type State = u32;
    type Call = CellCall;
    type Key = Term;

    fn initial(&self, _: &Term) -> u32 {
        self.initial
    }
    fn key(&self, call: &CellCall) -> Term {
        call.key.clone()
    }
    fn step(&self, state: &u32, call: &CellCall) -> Option<u32> {
        match call.what {
            What::Read(value) => (value == *state).then_some(*state),
            What::Write(value) => Some(value),
            What::Cas(from, to, done) => {
                let fits = *state == from;
                done.is_none_or(|done| done == fits).then_some(if fits { to } else { *state })
            }
        }
    }
    fn only_reads(&self, call: &CellCall) -> bool {
        matches!(call.what, What::Read(_) | What::Cas(_, _, Some(false)))
    }
}

/// True if values are pairs of a key and a value, as Jepsen's independent registers write them: then every read has one.
pub(super) fn keyed(history: &Operations) -> bool {
    let mut reads = history.all.iter().filter(|it| it.function == "read").peekable();
    reads.peek().is_some() && reads.all(|it| matches!(&it.asked, Term::List(pair) if pair.len() == 2))
}

/// The call of an operation; `None` if it proves nothing.
pub(super) fn call(
    operation: &ObjectOperation,
    form: ObjectForm,
    model: Model,
    keyed: bool,
    names: &mut Names,
) -> Result<Option<CellCall>, String> {
    let split = |term: &Term| match term {
        Term::List(pair) if keyed && pair.len() == 2 => (pair[0].clone(), pair[1].clone()),
        _ => (operation.key.clone().unwrap_or(Term::Nil), term.clone()),
    };
    let (key, asked) = split(&operation.asked);
    let what = match operation.function.as_str() {
        "read" => match answered(operation).map(|term| split(term).1).filter(|term| is_value(term, form)) {
            Some(value) => What::Read(names.number(&value)),
            None => return Ok(None),
        },
        "write" if operation.end == OperationEnd::Fail => return Ok(None),
        "write" => What::Write(names.number(&asked)),
        "cas" if model == Model::CasRegister => {
            let Term::List(pair) = &asked else { return Err(format!("cas takes [from to], not {asked}")) };
            let [from, to] = pair.as_slice() else { return Err(format!("cas takes [from to], not {asked}")) };
            let done = match operation.end {
                OperationEnd::Ok(_) => Some(true),
                OperationEnd::Fail if form == ObjectForm::Log => Some(false),
                OperationEnd::Fail => return Ok(None),
                OperationEnd::Unknown => None,
            };
            What::Cas(names.number(from), names.number(to), done)
        }
        _ => return unknown_function(operation, "register of this model"),
    };
    Ok(Some(CellCall { key, what }))
}
