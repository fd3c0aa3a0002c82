//! A map of texts that are put, appended to and read.
//!
//! A search over texts would try every order of appends that nobody has read yet. But what can still be read is known: a text matters
//! only as far as it is a beginning of some text that was read. So the state of a key is a place in the texts that were read of it,
//! or outside of them all, where it stays until something is put. A text that comes only once is not left before all who read it
//! have read it; and a key to which nothing is put leaves none of its texts out.

use super::names::Names;
use super::operation::{Numbered, answered, collect, unknown_function};
use crate::wgl::{Operation, Specification};
use resurgam_formats::objects::{ObjectOperation, OperationEnd, Operations, Term};
use rustc_hash::FxHashMap;

/// Texts by their keys.
pub(super) struct Texts(Vec<Known>);

/// What is known of a key.
#[derive(Debug, Default)]
struct Known {
    /// The texts that were read of it, in order.
    texts: Vec<String>,
    /// How often each of them was read; 0 if it may come more than once.
    reads: Vec<u32>,
    initial: Option<Place>,
    /// Something is put there.
    put: bool,
}

/// A text that is a beginning of these texts of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place {
    from: u32,
    to: u32,
    /// How long it is, in bytes.
    length: usize,
}

/// A call on a key.
#[derive(Debug)]
pub(super) struct TextCall {
    key: u32,
    what: What,
    /// Its outcome is unknown.
    open: bool,
}

/// Where what was read or put is; what is appended as it is.
#[derive(Debug)]
enum What {
    Get(Option<Place>),
    Put(Option<Place>),
    Append(String),
}

/// What a key holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct TextState {
    /// Where it is in the texts that were read; `None` if it is no beginning of any.
    at: Option<Place>,
    /// How often this text was read, if it comes only once.
    seen: u32,
}

fn number(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

impl Known {
    /// Where a text is.
    fn place(&self, text: &str) -> Option<Place> {
        self.behind(Place { from: 0, to: number(self.texts.len()), length: 0 }, text)
    }

    /// Where a text is to which this was appended.
    fn behind(&self, at: Place, more: &str) -> Option<Place> {
        let among = self.texts.get(at.from as usize..at.to as usize)?;
        let rest = |text: &String| text.as_bytes().get(at.length..).unwrap_or_default().cmp(more.as_bytes());
        let begins = |text: &String| text.as_bytes().get(at.length..).is_some_and(|it| it.starts_with(more.as_bytes()));
        let skipped = among.partition_point(|text| rest(text).is_lt());
        let found = among[skipped..].partition_point(begins);
        let from = at.from + number(skipped);
        (found > 0).then(|| Place { from, to: from + number(found), length: at.length + more.len() })
    }

    /// The number of a text that was read, if that is what stands at a place.
    fn whole(&self, at: Place) -> Option<usize> {
        let number = at.from as usize;
        self.texts.get(number).is_some_and(|text| text.len() == at.length).then_some(number)
    }

    /// How often a place has to be read before it is left.
    fn due(&self, at: Place) -> u32 {
        self.whole(at).map_or(0, |number| self.reads[number])
    }

    /// True if the key may go from one place to another.
    fn may_go(&self, from: Option<Place>, seen: u32, to: Option<Place>) -> bool {
        let Some(from) = from else { return self.put || self.texts.is_empty() };
        let left = from.to - from.from - u32::from(self.whole(from).is_some());
        seen == self.due(from) && (self.put || left == to.map_or(0, |to| to.to - to.from))
    }
}

impl Specification for Texts {
    type State = TextState;
    type Call = TextCall;
    type Key = u32;

    fn initial(&self, key: &u32) -> TextState {
        TextState { at: self.0[*key as usize].initial, seen: 0 }
    }
    fn key(&self, call: &TextCall) -> u32 {
        call.key
    }
    fn step(&self, state: &TextState, call: &TextCall) -> Option<TextState> {
        let known = &self.0[call.key as usize];
        let at = match (&call.what, state.at) {
            (What::Get(asked), Some(at)) if *asked == Some(at) => {
                return Some(TextState { seen: (state.seen + 1).min(known.due(at)), ..*state });
            }
            (What::Get(_), _) => return None,
            (What::Put(at), _) => *at,
            (What::Append(more), Some(at)) => known.behind(at, more),
            (What::Append(_), None) => None,
        };
        if at == state.at {
            return Some(state.clone());
        }
        // What nobody sees has not happened, if nobody was told so.
        (known.may_go(state.at, state.seen, at) && (at.is_some() || !call.open)).then_some(TextState { at, seen: 0 })
    }
    fn only_reads(&self, call: &TextCall) -> bool {
        matches!(call.what, What::Get(_))
    }
    fn overwrites(&self, call: &TextCall) -> bool {
        matches!(call.what, What::Put(_))
    }
}

/// A call as the history has it.
enum Asked<'h> {
    Get(&'h str),
    Put(&'h str),
    Append(&'h str),
}

/// The call of an operation and the key that it is on; `None` if it proves nothing.
fn call(operation: &ObjectOperation) -> Result<Option<(&Term, Asked<'_>)>, String> {
    if operation.end == OperationEnd::Fail {
        return Ok(None);
    }
    let (key, asked) = match (&operation.key, &operation.asked) {
        (Some(key), asked) => (key, asked),
        (None, Term::List(pair)) if pair.len() == 2 => (&pair[0], &pair[1]),
        (None, asked) => (&Term::Nil, asked),
    };
    let what = match operation.function.as_str() {
        "put" => Asked::Put(asked.word()),
        "append" => Asked::Append(asked.word()),
        "get" => match answered(operation) {
            Some(Term::List(pair)) if operation.key.is_none() && pair.len() == 2 => Asked::Get(pair[1].word()),
            Some(value) => Asked::Get(value.word()),
            None => return Ok(None),
        },
        _ => return unknown_function(operation, "map of texts"),
    };
    Ok(Some((key, what)))
}

/// What clients have done to a key, as the history has it.
#[derive(Default)]
struct Done<'h> {
    reads: Vec<&'h str>,
    puts: FxHashMap<&'h str, u32>,
    appends: FxHashMap<&'h str, u32>,
}

/// The beginnings of a text that are among some words, as their lengths.
fn beginnings<'t>(
    text: &'t str,
    words: &'t FxHashMap<&str, u32>,
    lengths: &'t [usize],
) -> impl Iterator<Item = (usize, u32)> + 't {
    lengths.iter().filter_map(move |length| Some((*length, *words.get(text.get(..*length)?)?)))
}

fn lengths(words: &FxHashMap<&str, u32>) -> Vec<usize> {
    let mut all: Vec<usize> = words.keys().map(|word| word.len()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

impl<'h> Done<'h> {
    /// What is known of the key of which this is all.
    fn known(mut self, initial: &'h str) -> Known {
        *self.puts.entry(initial).or_default() += 1;
        let put = self.puts.len() > 1 || self.puts[initial] > 1;
        self.reads.sort_unstable();
        let mut known = Known { put, ..Known::default() };
        let (puts, appends) = (lengths(&self.puts), lengths(&self.appends));
        // A text goes back to something that was put, from where it grows; it comes once if there is one such thing.
        let origins = |text: &str| {
            let of = |(length, times): (usize, u32)| {
                let rest = &text[length..];
                let grows = rest.is_empty() || beginnings(rest, &self.appends, &appends).any(|(length, _)| length > 0);
                if grows { times } else { 0 }
            };
            beginnings(text, &self.puts, &puts).map(of).fold(0, u32::saturating_add)
        };
        for same in self.reads.chunk_by(|one, two| one == two) {
            known.reads.push(if origins(same[0]) == 1 { number(same.len()) } else { 0 });
            known.texts.push(same[0].to_owned());
        }
        known.initial = known.place(initial);
        known
    }
}

/// The texts of a history, and the calls on them.
pub(super) fn calls(history: &Operations, initial: Option<&Term>) -> Result<(Texts, Vec<Numbered<TextCall>>), String> {
    let mut keys = Names::new(None);
    let asked = collect(history, |operation| Ok(call(operation)?.map(|(key, what)| (keys.number(key), what))))?;
    let mut all: Vec<Done<'_>> = Vec::new();
    for (_, Operation { call: (key, what), .. }) in &asked {
        if *key as usize >= all.len() {
            all.resize_with(*key as usize + 1, Default::default);
        }
        let done = &mut all[*key as usize];
        match what {
            Asked::Get(text) => done.reads.push(text),
            Asked::Put(text) => *done.puts.entry(text).or_default() += 1,
            Asked::Append(text) => *done.appends.entry(text).or_default() += 1,
        }
    }
    let initial = initial.map(Term::word).unwrap_or_default();
    let texts = Texts(all.into_iter().map(|done| done.known(initial)).collect());
    let placed = asked.into_iter().map(|(index, Operation { from, until, call: (key, what) })| {
        let known = &texts.0[key as usize];
        let what = match what {
            Asked::Get(text) => What::Get(known.place(text)),
            Asked::Put(text) => What::Put(known.place(text)),
            Asked::Append(text) => What::Append(text.to_owned()),
        };
        (index, Operation { from, until, call: TextCall { key, what, open: until.is_none() } })
    });
    let placed = placed.collect();
    Ok((texts, placed))
}
