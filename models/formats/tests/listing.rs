//! The listing shows whatever a plan says.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use resurgam_formats::listing::plan;
use resurgam_formats::plan::Plan;
use resurgam_generate::{chaos, plans};
use serde_json::Value;

/// Changes the n-th number, flag or text (of those that the listing is to show) a little.
fn change(value: &mut Value, n: &mut usize) {
    let mut here = || n.checked_sub(1).map(|less| *n = less).is_none();
    match value {
        Value::Array(all) => all.iter_mut().for_each(|one| change(one, n)),
        Value::Object(all) => {
            all.iter_mut().filter(|(name, _)| *name != "version").for_each(|(_, one)| change(one, n));
        }
        Value::Number(number) if here() => {
            *value = number.as_u64().map_or(Value::Null, |number| Value::from(number.wrapping_add(1)));
            *n = usize::MAX;
        }
        Value::Bool(flag) if here() => {
            *value = Value::Bool(!*flag);
            *n = usize::MAX;
        }
        Value::String(text) if here() => {
            *value = Value::String(text.clone() + "x");
            *n = usize::MAX;
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_differs_in_a_plan_shows(one in plans(), n in 0..200usize, faulty in any::<bool>()) {
        let one = if faulty { chaos(one.seed) } else { one };
        let mut other = serde_json::to_value(&one).unwrap();
        change(&mut other, &mut n.clone());
        // A changed name of a variant is no plan.
        if let Ok(other) = serde_json::from_value::<Plan>(other) {
            prop_assert_eq!(plan(&one) == plan(&other), one == other, "{}", plan(&other));
        }
    }
}

#[test]
fn a_plan_reads_like_this() {
    insta::assert_snapshot!(plan(&resurgam_generate::plan(EXAMPLE)));
}

/// A seed whose plan shows much in few lines.
const EXAMPLE: u64 = 3;
