//! Random histories of one partition: whatever the scripted outcomes, what is decided is a linear history.

use super::*;
use proptest::prelude::*;

/// A step of a random history of one partition.
#[derive(Clone, Debug)]
enum Step {
    /// A node commits on the head row that it believes in, or fences what it sees.
    Commit { node: u8, scripted: ScriptedCommit, fence: bool, row: u8, delete: bool },
    /// A node looks at the head row by a plain or serial read, and believes it.
    Look { node: u8, serial: bool },
    /// The n-th held request begins, or is dropped.
    Held { nth: u8, begins: bool },
}

fn scripts() -> impl Strategy<Value = ScriptedCommit> {
    prop_oneof![
        6 => Just(ScriptedCommit::Answered),
        2 => Just(ScriptedCommit::ReplyLost),
        1 => Just(ScriptedCommit::Lost),
        2 => Just(ScriptedCommit::Held(HeldUntil::Released)),
        2 => Just(ScriptedCommit::Held(HeldUntil::NextBatch)),
        4 => Just(ScriptedCommit::Limbo),
        1 => Just(ScriptedCommit::Resent),
        1 => Just(ScriptedCommit::Unavailable),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let commit = (0..3u8, scripts(), proptest::bool::weighted(0.3), 0..4u8, proptest::bool::weighted(0.2));
    let commit =
        commit.prop_map(|(node, scripted, fence, row, delete)| Step::Commit { node, scripted, fence, row, delete });
    let look = (0..3u8, any::<bool>()).prop_map(|(node, serial)| Step::Look { node, serial });
    let held = (0..4u8, any::<bool>()).prop_map(|(nth, begins)| Step::Held { nth, begins });
    proptest::collection::vec(prop_oneof![5 => commit, 3 => look, 2 => held], 1..60)
}

/// The simple map: the decided batches, one after another, each with its condition true.
#[derive(Default)]
struct Simple {
    head: Option<Head>,
    rows: BTreeMap<String, Vec<u8>>,
}

impl Simple {
    fn execute(&mut self, batch: &Batch) -> bool {
        if !batch.condition.holds(self.head.as_ref()) {
            return false;
        }
        for range in &batch.deleted {
            self.rows.retain(|key, _| !range.contains(key));
        }
        for (key, value) in &batch.rows {
            match value {
                Some(value) => drop(self.rows.insert(key.clone(), value.clone())),
                None => drop(self.rows.remove(key)),
            }
        }
        self.head = Some(batch.head.clone());
        true
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_scripted_outcomes_the_decided_is_a_linear_history(steps in steps(), luck in any::<u64>()) {
        let mut luck = luck;
        let mut chooser = |_| {
            luck = luck.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            luck >> 63 == 1
        };
        let mut store = store();
        let mut sent: BTreeMap<String, Batch> = BTreeMap::new();
        let mut beliefs = [head(1, 0, 0), head(1, 0, 0), head(1, 0, 0)];
        // Who may, must and must not be in the end; the owner names each batch, fences too.
        let (mut shown, mut applied, mut never) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut before: Vec<Head> = store.partition(P).unwrap().decided().to_vec();
        let (mut ids, mut now) = (Vec::new(), 10);
        for (n, step) in (1u128..).zip(steps) {
            now += 1;
            match step {
                Step::Commit { node, scripted, fence: fences, row, delete } => {
                    let belief = &mut beliefs[usize::from(node)];
                    let mut batch = if fences { fence(belief, "") } else { next(belief, n) };
                    batch.head.owner = n.to_string();
                    batch.rows = vec![put(&format!("{row}"), &n.to_string())];
                    if delete {
                        batch.deleted = vec![format!("{}", row + 1).."9".to_owned()];
                    }
                    sent.insert(n.to_string(), batch.clone());
                    let already = before.len();
                    let done = store.commit(now, node, P, batch.clone(), scripted, &mut chooser);
                    ids.extend(done.held);
                    let decided = store.partition(P).unwrap().decided();
                    let at = decided.iter().position(|head| head.owner == batch.head.owner);
                    match &done.answer {
                        WriteAnswer::Applied => {
                            prop_assert!(at.is_some_and(|at| at >= already), "acknowledged within the call");
                            applied.insert(n.to_string());
                            *belief = batch.head;
                        }
                        WriteAnswer::NotApplied(seen) => {
                            // What was settled on the way stands before it, what was held until now follows.
                            let since = &decided[already - 1..];
                            prop_assert!(seen.as_ref().is_some_and(|seen| since.contains(seen)), "not {:?}", seen);
                            if scripted == ScriptedCommit::Answered {
                                never.insert(n.to_string());
                            }
                        }
                        WriteAnswer::Unavailable => drop(never.insert(n.to_string())),
                        WriteAnswer::Unknown => prop_assert!(!matches!(scripted, ScriptedCommit::Answered | ScriptedCommit::Resent)),
                    }
                    if scripted == ScriptedCommit::Lost {
                        never.insert(n.to_string());
                    }
                }
                Step::Look { node, serial } => {
                    let kind = if serial { Consistency::Serial } else { Consistency::Quorum };
                    let view = store.read(P, kind, &everything(), 99, &mut chooser);
                    let seen = view.head.unwrap();
                    if serial {
                        prop_assert_eq!(store.partition(P).unwrap().head(), Some(&seen));
                        prop_assert!(store.partition(P).unwrap().undecided().is_none());
                    }
                    // The first head row has an owner that nobody sent.
                    if sent.contains_key(&seen.owner) {
                        shown.insert(seen.owner.clone());
                    }
                    beliefs[usize::from(node)] = seen;
                }
                Step::Held { nth, begins } => {
                    if let Some(id) = ids.get(usize::from(nth)) {
                        if begins { store.release(now, *id, &mut chooser); } else { store.drop_held(*id); }
                    }
                }
            }
            let decided = store.partition(P).unwrap().decided();
            prop_assert!(decided.starts_with(&before), "what is decided stays decided");
            before = decided.to_vec();
        }
        store.settle(&mut chooser);
        let partition = store.partition(P).unwrap();
        let decided: Vec<&str> = partition.decided().iter().map(|head| head.owner.as_str()).collect();
        let distinct: BTreeSet<&str> = decided.iter().copied().collect();
        prop_assert_eq!(distinct.len(), decided.len(), "nothing takes effect twice");
        for owner in applied.iter().chain(&shown) {
            prop_assert!(distinct.contains(owner.as_str()), "{} was acknowledged or shown", owner);
        }
        prop_assert!(never.iter().all(|owner| !distinct.contains(owner.as_str())));
        let mut simple = Simple { head: Some(head(1, 0, 0)), rows: BTreeMap::new() };
        for owner in &decided[1..] {
            prop_assert!(simple.execute(&sent[*owner]), "{} found its condition false", owner);
        }
        prop_assert_eq!(partition.head(), simple.head.as_ref());
        let rows: BTreeMap<_, _> = partition.cells().iter().map(|(k, v)| (k.to_owned(), v.to_vec())).collect();
        prop_assert_eq!(rows, simple.rows);
    }
}

#[test]
fn random_histories_meet_every_outcome_of_batches() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut met: BTreeSet<StoreEvent> = BTreeSet::new();
    for round in 0..300u32 {
        let mut coin = round;
        let mut chooser = |_| {
            coin = coin.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            coin >> 31 == 1
        };
        let (mut store, mut belief, mut ids) = (store(), head(1, 0, 0), Vec::new());
        for (n, step) in (1u128..).zip(steps().new_tree(&mut runner).unwrap().current()) {
            match step {
                Step::Commit { scripted, fence: fences, .. } => {
                    let batch = if fences { fence(&belief, "n") } else { next(&belief, n) };
                    let done = store.commit(2, 0, P, batch, scripted, &mut chooser);
                    ids.extend(done.held);
                    met.extend(done.outcomes);
                }
                Step::Look { serial, .. } => {
                    let kind = if serial { Consistency::Serial } else { Consistency::Quorum };
                    let view = store.read(P, kind, &everything(), 9, &mut chooser);
                    met.extend(view.outcomes);
                    belief = view.head.unwrap();
                }
                Step::Held { nth, begins } => {
                    if let Some(id) = ids.get(usize::from(nth)) {
                        if begins {
                            met.extend(store.release(2, *id, &mut chooser));
                        } else {
                            met.extend(store.drop_held(*id));
                        }
                    }
                }
            }
        }
    }
    let batches =
        StoreEvent::ALL.iter().filter(|one| **one < StoreEvent::Collision && **one != StoreEvent::AppliedTwice);
    let unmet: Vec<_> = batches.filter(|one| !met.contains(one)).collect();
    assert!(unmet.is_empty(), "{unmet:?}");
}
