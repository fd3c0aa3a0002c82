//! Histories that are drawn: what happens at one moment of each operation is what it says, so there is an order by construction; where
//! one is to be spoiled, one read says what was true long before.

use crate::dice::Dice;
use crate::shape::{Habit, Shape};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How many values of a key before the true one is what a spoiled read says.
const STALE: usize = 8;

/// One operation, as it happened.
struct Drawn {
    process: u64,
    from: u64,
    /// When it was answered; `None` if it was not.
    until: Option<u64>,
    key: u64,
    function: &'static str,
    asked: String,
    /// What was answered; `None` if it failed.
    answer: Option<String>,
}

/// The text of a history of this shape.
pub(crate) fn draw(shape: &Shape, seed: u64) -> String {
    let mut dice = Dice(seed);
    let mut held: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut processes: Vec<u64> = (0..shape.clients).collect();
    let (mut all, mut spoil) = (Vec::new(), shape.spoiled);
    for (number, (client, from, until)) in (1..).zip(moments(&mut dice, shape)) {
        let key = dice.roll(shape.keys);
        let past = held.entry(key).or_insert_with(|| vec![shape.initial().trim_matches('"').to_owned()]);
        let now = past.last().cloned().unwrap_or_default();
        let lost = shape.lost && dice.roll(10) == 0;
        // Half of what was not answered has not happened.
        let happens = !lost || dice.roll(2) == 0;
        let (function, asked, mut answer, after) = operation(&mut dice, shape.habit, number, &now);
        if let Some(after) = after.filter(|_| happens) {
            past.push(after);
        }
        // Late enough that there is a past, and early enough that what follows has to be searched, too.
        if spoil && number * 3 > shape.operations * 2 && !lost && matches!(function, "read" | "get") {
            let old = past.len().checked_sub(STALE).map(|place| past[place].clone()).filter(|old| *old != now);
            spoil = old.is_none();
            answer = old.or(answer);
        }
        let process = &mut processes[client];
        all.push(Drawn { process: *process, from, until: (!lost).then_some(until), key, function, asked, answer });
        if lost {
            // Whoever has waited in vain goes on under another name.
            *process += shape.clients;
        }
    }
    text(&all, shape)
}

/// Function, what is asked, what is answered if that is known (`None`: it fails), and what the key holds then, if it was changed.
type Happening = (&'static str, String, Option<String>, Option<String>);

fn operation(dice: &mut Dice, habit: Habit, number: u64, now: &str) -> Happening {
    let few = dice.roll(5).to_string();
    let word = format!("{number};");
    let write = |value: String| ("write", value.clone(), Some(value.clone()), Some(value));
    let read = |function| (function, "nil".to_owned(), Some(now.to_owned()), None);
    match (habit, dice.roll(4)) {
        (Habit::Unique | Habit::Few | Habit::Cas, 0 | 1) if habit != Habit::Cas || dice.roll(2) == 0 => read("read"),
        (Habit::Unique, _) => write(number.to_string()),
        (Habit::Few, _) | (Habit::Cas, 0 | 1) => write(few),
        (Habit::Cas, _) => {
            let from = dice.roll(5).to_string();
            let fits = from == now;
            let asked = format!("[{from} {few}]");
            ("cas", asked.clone(), fits.then_some(asked), fits.then_some(few))
        }
        (Habit::Append | Habit::Put, 0 | 1) => read("get"),
        (Habit::Put, 2) => ("put", word.clone(), Some(word.clone()), Some(word)),
        (Habit::Append | Habit::Put, _) => ("append", word.clone(), Some(word.clone()), Some(format!("{now}{word}"))),
    }
}

/// Client, from and until of all operations, in the order of the moments at which they happen.
fn moments(dice: &mut Dice, shape: &Shape) -> Vec<(usize, u64, u64)> {
    let mut all = Vec::new();
    for client in 0..shape.clients {
        let mut at = client;
        for _ in 0..shape.operations / shape.clients {
            let (before, after) = (dice.roll(30), dice.roll(30));
            // No two clients at the same time.
            let time = |at: u64| at * shape.clients + client;
            all.push((time(at + before), usize::try_from(client).unwrap_or(0), time(at), time(at + before + after)));
            at += before + after + 1 + dice.roll(10);
        }
    }
    all.sort_unstable();
    all.into_iter().map(|(_, client, from, until)| (client, from, until)).collect()
}

/// Events in the order of their times: lines of a log for a compare-and-set register, else maps of EDN.
fn text(all: &[Drawn], shape: &Shape) -> String {
    let mut events: Vec<(u64, bool, &Drawn)> = Vec::new();
    for it in all {
        events.push((it.from, false, it));
        events.extend(it.until.map(|until| (until, true, it)));
    }
    events.sort_by_key(|(at, ends, _)| (*at, *ends));
    let mut out = String::new();
    for (_, ends, Drawn { process, key, function, asked, answer, .. }) in events {
        let (of, value) = match (ends, answer) {
            (false, _) => ("invoke", asked),
            (true, Some(answer)) => ("ok", answer),
            (true, None) => ("fail", asked),
        };
        // Writing to a string cannot fail.
        let _ = match shape.habit {
            Habit::Cas => writeln!(out, "INFO  jepsen.util - {process}\t:{of}\t:{function}\t{value}"),
            Habit::Unique | Habit::Few => {
                writeln!(out, "{{:process {process}, :type :{of}, :f :{function}, :key {key}, :value {value}}}")
            }
            Habit::Append | Habit::Put if value == "nil" => {
                writeln!(out, "{{:process {process}, :type :{of}, :f :{function}, :key {key}, :value nil}}")
            }
            Habit::Append | Habit::Put => {
                writeln!(out, "{{:process {process}, :type :{of}, :f :{function}, :key {key}, :value \"{value}\"}}")
            }
        };
    }
    out
}
