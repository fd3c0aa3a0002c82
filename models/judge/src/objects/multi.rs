//! Several registers that are read and written together. Those that no operation ever names together are independent.

use super::names::Names;
use super::operation::{Numbered, answered, collect, is_value};
use crate::wgl::Specification;
use resurgam_formats::objects::{ObjectForm, ObjectOperation, OperationEnd, Operations, Term};
use std::collections::BTreeMap;

/// Groups of registers.
pub(super) struct Registers {
    initial: u32,
    /// How many registers are in a group.
    sizes: Vec<usize>,
}

/// Reads and writes in the order in which they are done, all at once.
#[derive(Debug)]
pub(super) struct MultiCall {
    group: usize,
    parts: Vec<Part>,
}

/// A register by its place in its group, what was read there, or what is written.
#[derive(Debug)]
enum Part {
    Read(usize, u32),
    Write(usize, u32),
}

impl Specification for Registers {
    type State = Vec<u32>;
    type Call = MultiCall;
    type Key = usize;

    fn initial(&self, group: &usize) -> Vec<u32> {
        vec![self.initial; self.sizes[*group]]
    }
    fn key(&self, call: &MultiCall) -> usize {
        call.group
    }
    fn step(&self, state: &Vec<u32>, call: &MultiCall) -> Option<Vec<u32>> {
        let mut state = state.clone();
        for part in &call.parts {
            match *part {
                Part::Read(place, value) if state[place] != value => return None,
                Part::Read(..) => {}
                Part::Write(place, value) => state[place] = value,
            }
        }
        Some(state)
    }
    fn weight(&self, state: &Vec<u32>) -> usize {
        size_of::<Vec<u32>>() + 4 * state.len()
    }
    fn only_reads(&self, call: &MultiCall) -> bool {
        call.parts.iter().all(|part| matches!(part, Part::Read(..)))
    }
}

/// What an operation does, part by part: to write or not, which register, with which value (`None` if not known).
type Parts = Vec<(bool, Term, Option<Term>)>;

fn parts(operation: &ObjectOperation, form: ObjectForm) -> Result<Option<Parts>, String> {
    if operation.end == OperationEnd::Fail {
        return Ok(None);
    }
    let done = answered(operation);
    let list = done.filter(|term| **term != Term::Nil).unwrap_or(&operation.asked);
    let Term::List(items) = list else { return Err(format!("expected [[:r key value] …], found {list}")) };
    let part = |item: &Term| match item {
        Term::List(part) if part.len() == 3 => match part[0].word() {
            "w" | "write" => Ok((true, part[1].clone(), Some(part[2].clone()))),
            "r" | "read" => {
                let known = done.is_some() && is_value(&part[2], form);
                Ok((false, part[1].clone(), known.then(|| part[2].clone())))
            }
            other => Err(format!("expected :r or :w, found {other}")),
        },
        other => Err(format!("expected [:r key value], found {other}")),
    };
    items.iter().map(part).collect::<Result<_, _>>().map(Some)
}

/// The first register of a group. The way there is made shorter for whoever comes next.
fn root(of: &mut [usize], mut at: usize) -> usize {
    while of[at] != at {
        of[at] = of[of[at]];
        at = of[at];
    }
    at
}

/// The registers of a history, and the calls on them.
pub(super) fn calls(history: &Operations, names: &mut Names) -> Result<(Registers, Vec<Numbered<MultiCall>>), String> {
    let asked = collect(history, |operation| parts(operation, history.form))?;
    let mut keys: BTreeMap<Term, usize> = BTreeMap::new();
    for key in asked.iter().flat_map(|(_, it)| &it.call).map(|(_, key, _)| key) {
        let next = keys.len();
        keys.entry(key.clone()).or_insert(next);
    }
    let mut of: Vec<usize> = (0..keys.len()).collect();
    for (_, operation) in &asked {
        for pair in operation.call.windows(2) {
            let (one, two) = (root(&mut of, keys[&pair[0].1]), root(&mut of, keys[&pair[1].1]));
            of[one.max(two)] = one.min(two);
        }
    }
    let mut sizes = vec![0; keys.len()];
    let mut places = vec![0; keys.len()];
    for (number, place) in places.iter_mut().enumerate() {
        let group = root(&mut of, number);
        *place = sizes[group];
        sizes[group] += 1;
    }
    let mut calls = Vec::new();
    for (index, operation) in asked {
        let Some((_, first, _)) = operation.call.first() else { continue };
        let group = root(&mut of, keys[first]);
        let mut parts = Vec::new();
        for (writes, key, value) in &operation.call {
            let place = places[keys[key]];
            match value {
                Some(value) if *writes => parts.push(Part::Write(place, names.number(value))),
                Some(value) => parts.push(Part::Read(place, names.number(value))),
                None => {}
            }
        }
        let call = MultiCall { group, parts };
        calls.push((index, crate::wgl::Operation { from: operation.from, until: operation.until, call }));
    }
    Ok((Registers { initial: names.initial(), sizes }, calls))
}
