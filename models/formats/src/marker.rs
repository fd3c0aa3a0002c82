//! The marker of a local activity: what a worker writes into its details and what an evaluator reads back.
//!
//! The details of a marker are a map from names to payloads. Ours has one entry, [`DETAIL`], with one `json/plain`
//! payload: `{"seq": 3, "value": 42}`. Markers of other names are not looked at.

use crate::event::{Field as _, MarkerRecorded, Payloads, Raw, integer};
use crate::program::LOCAL_MARKER;
use serde_json::{Value, json};

/// The name of the only entry of the details.
pub const DETAIL: &str = "resurgam";

/// The JSON value inside the payload, for those who build the API's own types.
#[must_use]
pub fn content(seq: u32, value: i64) -> Value {
    json!({"seq": seq, "value": value})
}

/// The details as they stand in an event.
#[must_use]
pub fn encode(seq: u32, value: i64) -> Raw {
    let payloads = Payloads::one(&content(seq, value)).write();
    Raw(Some(Box::new(json!({ DETAIL: payloads }))))
}

/// Number and result of a local activity; `None` for markers that are not of local activities.
///
/// # Errors
/// A sentence if the marker has our name and not our content.
pub fn decode(marker: &MarkerRecorded) -> Result<Option<(u32, i64)>, String> {
    if marker.name != LOCAL_MARKER {
        return Ok(None);
    }
    let detail = marker.details.0.as_ref().and_then(|details| details.get(DETAIL));
    let detail = detail.ok_or_else(|| format!("the marker has no detail {DETAIL}"))?;
    let content = Payloads::read(detail.clone())?.first_json().ok_or("the marker's payload is not plain JSON")?;
    let number = |name: &str| content.get(name).map_or_else(|| Err(format!("{name} is missing")), integer);
    let seq = u32::try_from(number("seq")?).map_err(|_| "seq is out of range".to_owned())?;
    Ok(Some((seq, number("value")?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_survive_the_way_there_and_back() {
        let marker = MarkerRecorded { name: LOCAL_MARKER.into(), details: encode(7, -3), ..Default::default() };
        assert_eq!(decode(&marker), Ok(Some((7, -3))));
    }

    #[test]
    fn other_markers_are_not_ours_and_bad_ones_are_errors() {
        let other = MarkerRecorded { name: "Version".into(), ..Default::default() };
        assert_eq!(decode(&other), Ok(None));
        for details in
            [Value::Null, json!({}), json!({"resurgam": {"payloads": []}}), json!({"resurgam": [{"seq": 1}]})]
        {
            let details = Raw(Some(Box::new(details)));
            let marker = MarkerRecorded { name: LOCAL_MARKER.into(), details, ..Default::default() };
            assert!(decode(&marker).is_err(), "{marker:?}");
        }
    }
}
