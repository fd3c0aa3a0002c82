//! The two evaluators agree.

use resurgam_judge::replay;
use resurgam_testing::dense;
use resurgam_testing::fake_server::{FakeServer, Refused, history};

use proptest::collection::vec;
use proptest::prelude::*;
use resurgam_formats::program::Input;

fn config(per_usual: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases * per_usual / 4, failure_persistence: None, ..usual }
}

/// What the machine commanded at each completed workflow task is what the naive evaluator says it commands there.
fn agree(input: &Input, server: Result<FakeServer, Refused>) -> Result<(), TestCaseError> {
    let server = server.expect("no server refuses what a program commands");
    let judged = replay::commands("w", &server.events).expect("the history is its own");
    let judged: Vec<_> = judged.into_iter().map(|task| (task.completed, task.commands)).collect();
    let shorter = judged.len().min(server.tasks.len());
    for (judged, commanded) in judged.iter().zip(&server.tasks) {
        prop_assert_eq!(judged, commanded, "\n{}\n{:#?}", serde_json::json!(input), server.events);
    }
    prop_assert_eq!(judged.len(), server.tasks.len(), "{} in common", shorter);
    Ok(())
}

proptest! {
    #![proptest_config(config(1))]

    #[test]
    fn machine_and_replay_agree_on_generated_programs(
        plan in resurgam_generate::plans(),
        choices in vec(any::<u16>(), 0..150),
    ) {
        let input = &plan.programs[0];
        agree(input, history("w", input, &choices))?;
    }
}

proptest! {
    #![proptest_config(config(8))]

    #[test]
    fn machine_and_replay_agree_on_dense_programs(input in dense::inputs(), choices in vec(any::<u16>(), 0..120)) {
        agree(&input, history("w", &input, &choices))?;
    }
}
