//! `summary.json` and `times.json`: what a run showed, for machines, and how long it took.

use crate::Error;
use resurgam_campaign::summary::Summary;

/// The content of `summary.json`: the same for two runs of one seed, byte for byte.
///
/// # Errors
/// If a number cannot be written, which no summary of a real run has.
pub fn render(summary: &Summary) -> Result<String, Error> {
    Ok(serde_json::to_string_pretty(summary)? + "\n")
}

/// The content of `times.json`.
///
/// # Errors
/// If a number cannot be written, which no run has.
pub fn times(summary: &Summary) -> Result<String, Error> {
    Ok(serde_json::to_string_pretty(&summary.times)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milestones_are_there_for_a_simulated_run_only() {
        let value = |summary| serde_json::from_str::<serde_json::Value>(&render(summary).unwrap()).unwrap();
        let (simulated, real) = (crate::sample::simulated(), crate::sample::mixed());
        let shown = value(&simulated);
        assert_eq!(shown["simulation"]["milestones"]["reached"]["timer-fired"]["times"], 3);
        assert!(shown["simulation"]["unreached"].as_array().unwrap().contains(&"fault-partition".into()));
        assert_eq!(shown["cases"][0]["simulated"]["trace"], "000000000000abc7");
        assert!(value(&real).get("simulation").is_none());
    }

    #[test]
    fn state_and_conclusion_are_in_it_and_times_are_not() {
        let summary = crate::sample::mixed();
        let shown: serde_json::Value = serde_json::from_str(&render(&summary).unwrap()).unwrap();
        assert_eq!((&shown["state"], &shown["conclusion"]), (&"complete".into(), &"violated".into()));
        assert!(!render(&summary).unwrap().contains("_ms") && times(&summary).unwrap().contains("executing_ms"));
    }
}
