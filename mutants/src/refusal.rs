//! Which mutants an error of the compiler is about, so that they are left out and the others stay.
//!
//! Mostly the error names what was put in, or stands within the piece that was changed. But a statement that may not be
//! executed any more, such as a `continue`, breaks what comes after it, and arguments of a closure that are mixed up break its
//! other calls. Then those of the function go that can do that, and if there are none, all of the function.

use crate::compiler::{Complaint, Place};
use crate::edit::Inserted;
use crate::mutant::{Change, Mutant, Operator};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A file of the sources.
pub(crate) struct File {
    /// Its path from the root.
    pub(crate) path: String,
    /// What it says.
    pub(crate) text: String,
    /// What is changed in it.
    pub(crate) changes: Vec<Change>,
    /// Where its functions are.
    pub(crate) functions: Vec<Range<usize>>,
}

/// Takes away the changes that errors are about; gives their mutants. `inserted` is what was put into the files that the
/// compiler was given, `mutants` all of them, in the order of their ids from 1.
pub(crate) fn refuse(
    complaints: &[Complaint],
    files: &mut [File],
    inserted: &BTreeMap<String, Vec<Inserted>>,
    mutants: &[Mutant],
) -> Vec<u32> {
    let (mut refused, mut unclear) = (Vec::new(), Vec::new());
    for complaint in complaints {
        let mut known = Vec::new();
        for place in &complaint.places {
            let Some(index) = files.iter().position(|file| file.path == place.file) else { continue };
            if let Some(put) = inserted.get(&place.file) {
                known.push((index, put, place));
            }
        }
        let named = known.iter().find_map(|(file, put, place)| Some((*file, names(&files[*file], put, place)?)));
        let around =
            || known.iter().find_map(|(file, put, place)| Some((*file, surrounds(&files[*file], put, place)?)));
        match named.or_else(around) {
            Some((file, change)) => refused.append(&mut take(&mut files[file], change)),
            None => unclear.extend(known.first().map(|(file, put, place)| (*file, before(put, place)))),
        }
    }
    if refused.is_empty() {
        for (file, at) in unclear {
            for change in of_function(&files[file], at, mutants) {
                refused.append(&mut take(&mut files[file], change));
            }
        }
    }
    refused
}

/// Takes away the changes of mutants that are known not to compile.
pub(crate) fn leave_out(files: &mut [File], refused: &BTreeSet<u32>) {
    for file in files {
        for change in 0..file.changes.len() {
            if file.changes[change].mutants.iter().any(|mutant| refused.contains(mutant)) {
                take(file, change);
            }
        }
    }
}

/// Takes a change away; gives its mutants. Its place among the others stays, since they are known by their places until the next
/// round.
fn take(file: &mut File, change: usize) -> Vec<u32> {
    let change = &mut file.changes[change];
    (change.before, change.after) = (String::new(), String::new());
    std::mem::take(&mut change.mutants)
}

/// The innermost change that put in what is at a place.
fn names(file: &File, put: &[Inserted], place: &Place) -> Option<usize> {
    let meets = |one: &&Inserted| one.at.start < place.at.end && place.at.start < one.at.end;
    let all = put.iter().filter(|one| !file.changes[one.change].mutants.is_empty());
    all.filter(meets).map(|one| one.change).next_back()
}

/// The innermost change around a place.
fn surrounds(file: &File, put: &[Inserted], place: &Place) -> Option<usize> {
    let mut open: Vec<usize> = Vec::new();
    for one in put.iter().take_while(|one| one.at.end <= place.at.start) {
        let change = &file.changes[one.change];
        if change.start == change.end {
            continue;
        }
        match open.last() {
            Some(last) if *last == one.change => drop(open.pop()),
            _ => open.push(one.change),
        }
    }
    open.into_iter().rev().find(|change| !file.changes[*change].mutants.is_empty())
}

/// Where a place is in the text as it was.
fn before(put: &[Inserted], place: &Place) -> usize {
    let in_front = put.iter().filter(|one| one.at.end <= place.at.start).map(|one| one.at.len());
    place.at.start - in_front.sum::<usize>()
}

/// The changes of the function around a place of the text that can break what is elsewhere in it; if there are none, all.
fn of_function(file: &File, at: usize, mutants: &[Mutant]) -> Vec<usize> {
    let Some(function) = file.functions.iter().rfind(|function| function.contains(&at)) else { return Vec::new() };
    let within = |change: &Change| function.contains(&change.start) && !change.mutants.is_empty();
    let all: Vec<usize> = (0..file.changes.len()).filter(|index| within(&file.changes[*index])).collect();
    let far = |index: &usize| {
        let mutant = file.changes[*index].mutants.first().and_then(|id| mutants.get(*id as usize - 1));
        mutant.is_some_and(|mutant| {
            let jump = ["return", "continue", "break"].iter().any(|jump| mutant.was.starts_with(jump));
            mutant.operator == Operator::Swap || mutant.operator == Operator::Statement && jump
        })
    };
    let some: Vec<usize> = all.iter().copied().filter(far).collect();
    if some.is_empty() { all } else { some }
}
