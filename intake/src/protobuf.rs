//! Histories in protobuf: told by trying, since bytes of protobuf do not say what they are.
//!
//! What is tried: a history, an answer of the server, an export of Temporal Cloud, events or histories each after its length;
//! in bytes, or as base64. Events are taken one by one, and the first that cannot be one ends the attempt: a hostile file costs
//! no more than its own size. A history that was found goes on as JSON, by the only decoder that evidence has.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message as _;
use prost::encoding::decode_varint;
use resurgam_api::json::event_to_json;
use resurgam_api::temporal::history::v1::HistoryEvent;
use std::fmt::Write as _;

type Histories = Vec<Vec<HistoryEvent>>;

/// The histories in these bytes as JSON, one list a line; `None` if they are no protobuf that is known here.
pub(super) fn to_json(bytes: &[u8], max: u64) -> Option<Result<String, String>> {
    let first = bytes.trim_ascii().first()?;
    // JSON and logs; a history in protobuf begins with 0x0a, which is also a blank.
    if matches!(first, b'{' | b'[') {
        return None;
    }
    let histories = binary(bytes).or_else(|| encoded(bytes));
    let Some(histories) = histories else { return in_words(bytes).then(|| Err(IN_WORDS.to_owned())) };
    let mut text = String::new();
    for history in histories {
        let mut before = '[';
        for event in history {
            let json = match event_to_json(&event) {
                Ok(json) => json,
                Err(e) => return Some(Err(format!("event {}: {e}", event.event_id))),
            };
            // Writing to a string cannot fail.
            let _ = write!(text, "{before}{json}");
            before = ',';
            if text.len() as u64 > max.saturating_mul(8) {
                return Some(Err(format!("is protobuf that takes more than {max} bytes eight times as JSON")));
            }
        }
        text.push_str("]\n");
    }
    Some(Ok(text))
}

fn binary(bytes: &[u8]) -> Option<Histories> {
    let one = |history: Option<Vec<HistoryEvent>>| history.map(|events| vec![events]);
    one(history(bytes))
        .or_else(|| one(answer(bytes)))
        .or_else(|| export(bytes))
        .or_else(|| one(delimited(bytes)?.into_iter().map(event).collect()))
        .or_else(|| delimited(bytes)?.into_iter().map(history).collect())
}

/// Base64 of any of these: in one piece, or a piece a line.
fn encoded(bytes: &[u8]) -> Option<Histories> {
    let text = std::str::from_utf8(bytes).ok()?.trim().trim_matches('"');
    let alphabet = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '\n' | '\r');
    if !text.chars().all(alphabet) {
        return None;
    }
    let joined: String = text.split_ascii_whitespace().collect();
    if let Some(found) = STANDARD.decode(joined).ok().and_then(|bytes| binary(&bytes)) {
        return Some(found);
    }
    let lines = text.split_ascii_whitespace().map(|line| binary(&STANDARD.decode(line).ok()?));
    Some(lines.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
}

const IN_WORDS: &str = "is protobuf in its text form, which is not read here; export it as JSON or in binary";

fn in_words(bytes: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]);
    let words = start.split_ascii_whitespace().take(3).collect::<String>();
    ["events{", "history{", "event_id:"].iter().any(|begin| words.starts_with(begin))
}

/// A message as its fields: number, and content if it has a length.
fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, &[u8])>> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let key = decode_varint(&mut bytes).ok()?;
        let skip = match key & 7 {
            0 => {
                decode_varint(&mut bytes).ok()?;
                continue;
            }
            1 => 8,
            5 => 4,
            2 => usize::try_from(decode_varint(&mut bytes).ok()?).ok()?,
            _ => return None,
        };
        let (content, rest) = bytes.split_at_checked(skip)?;
        if key & 7 == 2 {
            all.push((key >> 3, content));
        }
        bytes = rest;
    }
    Some(all)
}

/// The contents of a field that stands once or more, with nothing else beside it.
fn only(bytes: &[u8], number: u64) -> Option<Vec<&[u8]>> {
    let all = fields(bytes)?;
    (!all.is_empty()).then_some(())?;
    all.into_iter().map(|(of, content)| (of == number).then_some(content)).collect()
}

fn event(bytes: &[u8]) -> Option<HistoryEvent> {
    let event = HistoryEvent::decode(bytes).ok()?;
    (event.event_id > 0 && event.event_type != 0).then_some(event)
}

/// `History`: a list of events.
fn history(bytes: &[u8]) -> Option<Vec<HistoryEvent>> {
    only(bytes, 1)?.into_iter().map(event).collect()
}

/// `GetWorkflowExecutionHistoryResponse`: a history, or batches of one, encoded (`DataBlob`).
fn answer(bytes: &[u8]) -> Option<Vec<HistoryEvent>> {
    let mut events = Vec::new();
    for (number, content) in fields(bytes)? {
        match number {
            1 => events.extend(history(content)?),
            2 => {
                let data = fields(content)?.into_iter().find(|(number, _)| *number == 2)?.1;
                events.extend(history(data)?);
            }
            _ => {}
        }
    }
    (!events.is_empty()).then_some(events)
}

/// `export.v1.WorkflowExecutions`: what Temporal Cloud puts into a bucket.
fn export(bytes: &[u8]) -> Option<Histories> {
    only(bytes, 1)?.into_iter().map(|item| history(only(item, 1)?.first()?)).collect()
}

/// Messages one after another, each after its length.
fn delimited(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let length = usize::try_from(decode_varint(&mut bytes).ok()?).ok()?;
        let (content, rest) = bytes.split_at_checked(length)?;
        all.push(content);
        bytes = rest;
    }
    (!all.is_empty()).then_some(all)
}
