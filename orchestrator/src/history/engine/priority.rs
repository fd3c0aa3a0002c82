//! Priorities: a workflow's hold for what it starts, as far as that has none of its own. They are hints for the order of
//! tasks of different workflows. They are kept, inherited and shown, but queues go by age alone.

use resurgam_api::temporal::common::v1::Priority;

/// What holds for something with the priority `own` that a workflow with the priority `base` starts.
#[must_use]
pub fn merge(base: Option<&Priority>, own: Option<&Priority>) -> Option<Priority> {
    let (Some(base), Some(own)) = (base, own) else { return own.or(base).cloned() };
    Some(Priority {
        priority_key: if own.priority_key == 0 { base.priority_key } else { own.priority_key },
        fairness_key: if own.fairness_key.is_empty() { &base.fairness_key } else { &own.fairness_key }.clone(),
        fairness_weight: if own.fairness_weight == 0.0 { base.fairness_weight } else { own.fairness_weight },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_given_is_inherited() {
        let of = |priority_key, fairness_key: &str, fairness_weight| {
            Some(Priority { priority_key, fairness_key: fairness_key.into(), fairness_weight })
        };
        let (base, own) = (of(3, "base", 2.0), of(1, "", 0.0));
        assert_eq!(merge(base.as_ref(), own.as_ref()), of(1, "base", 2.0));
        assert_eq!(merge(base.as_ref(), of(0, "own", 5.0).as_ref()), of(3, "own", 5.0));
        assert_eq!(merge(base.as_ref(), None), base);
        assert_eq!(merge(None, own.as_ref()), own);
        assert_eq!(merge(None, None), None);
    }
}
