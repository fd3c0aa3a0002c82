//! Histories of objects, as Jepsen (EDN) and Porcupine (lines of a log) write them, judged by every model.

use super::short;
use crate::memory::within;
use crate::samples::OBJECTS;
use crate::spoilt;
use resurgam_formats::objects::{Model, Term, read};
use resurgam_judge::objects;
use resurgam_reports::processes;

/// Operations that are judged, and shown where they fail; or a short line.
pub fn run(script: &[u8]) {
    let input = spoilt::input(script, &OBJECTS);
    let text = String::from_utf8_lossy(&input);
    let most = (256 << 10) + 256 * text.len();
    let operations = match within(most, || read("file", &text)) {
        Ok(operations) => operations,
        Err(problem) => return short("file", &problem.0),
    };
    let first = Term::one(text.get(..4).unwrap_or_default()).ok();
    for (_, model) in Model::ALL {
        let Ok(found) = objects::check(&operations, model, first.as_ref()) else { continue };
        if let Some(stuck) = found.stuck {
            assert!(!found.order.contains(&stuck), "{stuck} is stuck, and in the order");
            let _ = processes::html("file", &operations, &found.order, stuck);
        }
    }
}
