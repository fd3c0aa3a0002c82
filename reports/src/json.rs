//! `verdict.json`: the summary of a run, for machines.

use crate::Error;
use resurgam_campaign::summary::{Summary, VERSION};

/// The content of `verdict.json`.
///
/// # Errors
/// If a number cannot be written, which no summary of a real run has.
pub fn render(summary: &Summary) -> Result<String, Error> {
    Ok(serde_json::to_string_pretty(summary)? + "\n")
}

/// Reads a `verdict.json` back, to render it again.
///
/// # Errors
/// If it is not one, or was written by a newer version.
pub fn parse(text: &str) -> Result<Summary, Error> {
    let value: serde_json::Value = serde_json::from_str(text)?;
    let found = value.get("version").and_then(serde_json::Value::as_u64).unwrap_or_default();
    if found > u64::from(VERSION) {
        return Err(Error::Newer { found, known: VERSION });
    }
    Ok(serde_json::from_value(value)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_campaign::summary::Origin;

    #[test]
    fn a_summary_can_be_read_back() {
        let summary = Summary::new(Origin { scenario: "random".into(), seed: u64::MAX, ..Origin::default() });
        assert_eq!(parse(&render(&summary).unwrap()).unwrap(), summary);
    }

    #[test]
    fn milestones_are_there_for_a_simulated_run_only() {
        let value = |summary| serde_json::from_str::<serde_json::Value>(&render(summary).unwrap()).unwrap();
        let (simulated, real) = (crate::sample::simulated(), crate::sample::mixed());
        let shown = value(&simulated);
        assert_eq!(shown["simulation"]["milestones"]["reached"]["timer-fired"]["times"], 3);
        assert!(shown["simulation"]["unreached"].as_array().unwrap().contains(&"fault-partition".into()));
        assert_eq!(shown["cases"][0]["simulated"]["trace"], "000000000000abc7");
        assert!(value(&real).get("simulation").is_none());
        assert_eq!(parse(&render(&simulated).unwrap()).unwrap(), simulated);
    }

    #[test]
    fn a_newer_version_is_named() {
        let problem = parse(r#"{"version": 99}"#).unwrap_err().to_string();
        assert!(problem.contains("version 99") && problem.contains("newer"), "{problem}");
        assert!(parse("{").is_err() && parse("[]").is_err());
    }
}
