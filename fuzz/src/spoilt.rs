//! Inputs for decoders: bytes as they are, or a sample with some mistakes in it.

use crate::script::Script;

/// Mistakes in one input.
const MOST_MISTAKES: usize = 6;
/// The most bytes of an input; mistakes that would make it larger are not made.
pub(crate) const LONGEST: usize = 1 << 15;

/// Numbers at the edges of types, and what is not quite one.
const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "1",
    "255",
    "256",
    "65536",
    "2147483647",
    "-2147483648",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "1e308",
    "1e999",
    "-0.0",
    "0.1",
    "NaN",
    "99999999999999999999999999",
];
/// What has a meaning in one of the notations.
const TOKENS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    ",",
    ":",
    ";",
    "\"",
    "'",
    "`",
    "\\",
    "\n",
    "\r\n",
    "\t",
    " ",
    "=",
    "*",
    "/",
    "-",
    "null",
    "nil",
    "true",
    "{}",
    "[]",
    "\"\"",
    "[[",
    "{\"",
    "#{",
    "#_",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "\u{1b}[2J",
    "\u{7f}",
    "é",
    "𐀀",
    "\0",
];

/// The input that a script describes. One in four is what is left of the script, as it is; the others are one of the samples with some
/// mistakes, which may take pieces of other samples.
#[must_use]
pub(crate) fn input(script: &[u8], samples: &[Vec<u8>]) -> Vec<u8> {
    let mut script = Script::new(script);
    if samples.is_empty() || script.byte().is_multiple_of(4) {
        return script.rest().to_vec();
    }
    let mut bytes = script.one(samples).clone();
    for _ in 0..MOST_MISTAKES {
        if script.is_over() || bytes.len() > LONGEST {
            break;
        }
        mistake(&mut script, &mut bytes, samples);
    }
    bytes
}

/// Makes one mistake.
fn mistake(script: &mut Script<'_>, bytes: &mut Vec<u8>, samples: &[Vec<u8>]) {
    let kind = script.below(12);
    let at = script.below(bytes.len() + 1);
    let end = |length: usize| (at + length).min(bytes.len());
    match kind {
        0 | 1 => {
            let mask = script.byte().max(1);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= mask;
            }
        }
        2 => drop(bytes.drain(at..end(1 + script.below(64)))),
        3 => {
            let piece = bytes[at..end(1 + script.below(256))].to_vec();
            let to = script.below(bytes.len() + 1);
            bytes.splice(to..to, piece);
        }
        4 | 5 => drop(bytes.splice(at..at, script.one(TOKENS).bytes())),
        6 | 7 => {
            // A number in place of the next one.
            let digit = |byte: &u8| byte.is_ascii_digit() || *byte == b'-';
            let from = bytes[at..].iter().position(digit).map_or(at, |place| at + place);
            let to = bytes[from..].iter().position(|byte| !digit(byte)).map_or(bytes.len(), |place| from + place);
            bytes.splice(from..to, script.one(NUMBERS).bytes());
        }
        8 => {
            let other = script.one(samples);
            let from = script.below(other.len() + 1);
            let piece = other[from..(from + 1 + script.below(256)).min(other.len())].to_vec();
            bytes.splice(at..at, piece);
        }
        9 => {
            let piece = bytes[at..end(1 + script.below(16))].to_vec();
            let times = 1 + script.below(256);
            if piece.len() * times < LONGEST {
                bytes.splice(at..at, piece.repeat(times));
            }
        }
        10 => bytes.truncate(at),
        _ => {
            let drawn = [script.byte(), script.byte(), script.byte()];
            bytes.splice(at..end(script.below(4)), drawn);
        }
    }
}
