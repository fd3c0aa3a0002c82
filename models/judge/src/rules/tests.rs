//! Every rule is loud on its violating example and silent on its near miss.

use super::*;
use resurgam_formats::verdict::Outcome;
use resurgam_testing::notation::parse;

fn judge(rule: &dyn Rule, text: &str) -> Findings {
    let evidence = parse(text).unwrap_or_else(|e| panic!("{}: {e}", rule.about().name()));
    let mut findings = Findings::default();
    rule.judge(&Indexed::plain(&evidence), &mut findings);
    findings
}

#[test]
fn violating_examples_are_violated() {
    for rule in all() {
        let found = judge(rule.as_ref(), rule.about().violating);
        let name = rule.about().name();
        assert_eq!(found.into_parts().0, Outcome::Violated, "{name} is silent on its violating example");
    }
}

#[test]
fn near_misses_are_ok_and_examined() {
    for rule in all() {
        let found = judge(rule.as_ref(), rule.about().allowed);
        let name = rule.about().name();
        let parts = found.into_parts();
        assert_eq!(parts.0, Outcome::Ok, "{name} on its near miss: {parts:?}");
    }
}

#[test]
fn nothing_is_not_applicable() {
    for rule in all() {
        let parts = judge(rule.as_ref(), "").into_parts();
        assert_eq!(parts.0, Outcome::NotApplicable, "{} on nothing: {parts:?}", rule.about().name());
    }
}

#[test]
fn every_rule_explains_itself_and_is_unique() {
    let mut names = std::collections::BTreeSet::new();
    for rule in all() {
        let about = rule.about();
        for text in [about.title, about.reason, about.source] {
            assert!(text.len() > 8, "{}", about.name());
        }
        assert!(about.reason.len() > 80, "{} needs a paragraph", about.name());
        assert!(names.insert(about.id) && names.insert(about.slug), "{} is not unique", about.name());
        assert!(find(about.id).is_some() && find(&about.name().to_lowercase()).is_some());
    }
}
