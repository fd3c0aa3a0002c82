//! Workflow tasks that fail one after another: from some number on, the run is found by what is wrong with it, until one is
//! completed.

use resurgam_state::State;
use resurgam_visibility::value::keywords;

/// So many failures are a problem.
const MANY: i32 = 5;
/// The search attribute that tells of it.
const NAME: &str = "TemporalReportedProblems";

/// A workflow task ended without success, of this category and by this cause, and another attempt follows.
pub(super) fn met(state: &mut State, category: &str, cause: &str) {
    state.failures = state.failures.saturating_add(1);
    if state.failures < MANY {
        return;
    }
    let words = [format!("category={category}"), format!("cause={category}Cause{cause}")];
    state.search_attributes.insert(NAME.to_owned(), keywords(&words));
}

/// A workflow task was completed.
pub(super) fn solved(state: &mut State) {
    state.failures = 0;
    if state.search_attributes.contains_key(NAME) {
        state.search_attributes.remove(NAME);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_visibility::value::texts;

    #[test]
    fn the_fifth_failure_in_a_row_is_told_until_one_succeeds() {
        let mut state = State::default();
        let failed = |state: &mut State| met(state, "WorkflowTaskFailed", "NonDeterministicError");
        (0..4).for_each(|_| failed(&mut state));
        assert!(state.search_attributes.is_empty());
        failed(&mut state);
        let told = |state: &State| state.search_attributes.get(NAME).map(texts).unwrap_or_default();
        assert_eq!(told(&state), ["category=WorkflowTaskFailed", "cause=WorkflowTaskFailedCauseNonDeterministicError"]);
        met(&mut state, "WorkflowTaskTimedOut", "StartToClose");
        assert_eq!(told(&state), ["category=WorkflowTaskTimedOut", "cause=WorkflowTaskTimedOutCauseStartToClose"]);
        solved(&mut state);
        assert_eq!((told(&state).len(), state.failures), (0, 0));
    }
}
