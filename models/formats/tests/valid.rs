//! What is wrong with a plan is found wherever it stands, and plans of the generator have nothing wrong with them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_formats::plan::{Crowd, Growth, Plan, problem};
use resurgam_formats::program::Statement;
use resurgam_generate::{chaos, plan};

#[test]
fn generated_plans_have_no_problem() {
    for seed in 0..300 {
        assert_eq!((problem(&plan(seed)), problem(&chaos(seed))), (None, None), "seed {seed}");
    }
}

#[test]
fn problems_are_found_wherever_they_are() {
    let whole = plan(3);
    let broken = |what: &dyn Fn(&mut Plan)| {
        let mut plan = whole.clone();
        what(&mut plan);
        problem(&plan)
    };
    let statement = |text: &str| serde_json::from_str::<Statement>(text).unwrap();
    let activity = |script: &str, retry: &str| {
        statement(&format!(
            r#"{{"do":"activity","script":{{"attempts":[{script}]}},"start_to_close_ms":5,"retry":{retry},
            "cancellation":"try_cancel","into":0}}"#
        ))
    };
    let fine = r#"{"initial_ms":9,"coefficient_tenths":10,"maximum_ms":9,"maximum_attempts":1}"#;
    let inside = |statement: Statement| {
        broken(&|plan| {
            let scope = Statement::Scope { cancel_after_ms: None, body: vec![statement.clone()] };
            plan.programs[0].program.body = vec![scope];
        })
    };
    assert_eq!(inside(activity(r#"{"end":"hang"}"#, fine)), None);
    assert!(inside(activity("", fine)).unwrap().contains("script"));
    for (policy, field) in [
        (fine.replace("\"initial_ms\":9", "\"initial_ms\":10"), "maximum_ms"),
        (fine.replace("s\":10", "s\":9"), "coefficient_tenths"),
    ] {
        let found = inside(activity(r#"{"end":"hang"}"#, &policy)).unwrap();
        assert!(found.starts_with(&format!("plan.programs[0].program.body[0].body[0].retry.{field}: ")), "{found}");
    }
    assert!(inside(Statement::Timer { ms: 0 }).unwrap().contains("timer"));
    let many = |to| move |plan: &mut Plan| plan.growths = vec![Growth { of: Crowd::Signals, to, faults: false }];
    assert_eq!(broken(&many(9000)), None);
    assert!(broken(&many(9001)).unwrap().contains("signals"));
    assert!(broken(&|plan| plan.workers.count = 0).unwrap().contains("worker"));
    assert!(broken(&|plan| plan.programs[0].program.variables = 9).unwrap().contains("variables"));
    assert!(broken(&|plan| plan.programs[0].program.version = 7).unwrap().contains("version"));
}
