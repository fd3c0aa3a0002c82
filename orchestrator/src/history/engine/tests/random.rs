//! Whatever comes in whatever order: the histories keep their shape.

use super::shape::check;
use super::shard::{Handed, Shard, finish, marker, short, sticky, timer};
use crate::cluster::Rejection;
use crate::history::engine::TransferResult;
use prost_wkt_types::Duration;
use resurgam_api::internal::{self, TaskToken};
use resurgam_api::temporal::command::v1::command::Attributes as Decided;
use resurgam_api::temporal::command::v1::{
    CancelTimerCommandAttributes, ContinueAsNewWorkflowExecutionCommandAttributes,
    FailWorkflowExecutionCommandAttributes, RequestCancelActivityTaskCommandAttributes,
    ScheduleActivityTaskCommandAttributes,
};
use resurgam_api::temporal::common::v1::{ActivityType, RetryPolicy};
use resurgam_api::temporal::failure::v1::Failure;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_state::task::TransferKind;

/// A small generator of numbers (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

fn activity(id: u64) -> Decided {
    Decided::ScheduleActivityTaskCommandAttributes(ScheduleActivityTaskCommandAttributes {
        activity_id: format!("a{id}"),
        activity_type: Some(ActivityType { name: "t".into() }),
        task_queue: Some(TaskQueue { name: "queue".into(), ..TaskQueue::default() }),
        start_to_close_timeout: Some(Duration { seconds: 3, nanos: 0 }),
        retry_policy: Some(RetryPolicy { maximum_attempts: 2, ..RetryPolicy::default() }),
        ..Default::default()
    })
}

fn decision(dice: &mut Dice) -> Vec<Decided> {
    let mut commands: Vec<Decided> = (0..dice.below(4))
        .map(|_| match dice.below(7) {
            0 => marker(),
            1 | 2 => timer(&format!("t{}", dice.below(50)), 1 + dice.below(9) as i64),
            3 => Decided::CancelTimerCommandAttributes(CancelTimerCommandAttributes {
                timer_id: format!("t{}", dice.below(50)),
            }),
            4 => Decided::RequestCancelActivityTaskCommandAttributes(RequestCancelActivityTaskCommandAttributes {
                scheduled_event_id: 5 + dice.below(9) as i64,
            }),
            _ => activity(dice.below(50)),
        })
        .collect();
    match dice.below(24) {
        0 => commands.push(finish()),
        1 => commands.push(Decided::FailWorkflowExecutionCommandAttributes(FailWorkflowExecutionCommandAttributes {
            failure: Some(Failure::default()),
        })),
        2 => commands.push(Decided::ContinueAsNewWorkflowExecutionCommandAttributes(
            ContinueAsNewWorkflowExecutionCommandAttributes::default(),
        )),
        _ => {}
    }
    commands
}

/// An activity task, perhaps an old one, is started, or ended in some way.
fn work(shard: &mut Shard, dice: &mut Dice) {
    let tasks: Vec<_> = shard
        .transfers
        .iter()
        .filter_map(|transfer| match &transfer.kind {
            Some(TransferKind::ActivityTask(task)) => Some((transfer.run.run_id.clone(), task.clone())),
            _ => None,
        })
        .collect();
    if tasks.is_empty() {
        return;
    }
    let newest = tasks.len() as u64 - 1;
    let (run_id, transfer) = &tasks[(newest - dice.below(tasks.len().min(3) as u64)) as usize];
    let task = Some(TaskToken {
        run_id: run_id.clone(),
        scheduled_event_id: transfer.scheduled_event_id,
        attempt: transfer.attempt,
        ..TaskToken::default()
    });
    // Whatever is refused changes nothing.
    let _ = match dice.below(4) {
        0 => shard.step(internal::CompleteActivityRequest { task, request: Some(Default::default()) }).map(drop),
        1 => shard.step(internal::FailActivityRequest { task, request: Some(Default::default()) }).map(drop),
        _ => {
            let request_id = format!("{} {}", transfer.scheduled_event_id, transfer.attempt);
            let request = internal::RecordActivityTaskStartedRequest { task, request_id, ..Default::default() };
            shard.step(request).map(drop)
        }
    };
}

fn play(seed: u64) -> (Shard, Vec<Result<(), Rejection>>) {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut shard = Shard::new();
    let mut handed: Vec<Handed> = Vec::new();
    let mut answers = Vec::new();
    let start = |shard: &mut Shard, dice: &mut Dice| {
        let (name, policy, limit) = (dice.below(6), dice.below(4), dice.below(4));
        shard.start(&format!("q{name}"), |it| {
            it.workflow_id_conflict_policy = policy as i32;
            it.workflow_run_timeout = (limit == 0).then_some(Duration { seconds: 40, nanos: 0 });
            it.retry_policy = (limit < 2).then(RetryPolicy::default);
        })
    };
    start(&mut shard, &mut dice).expect("the id is free");
    for _ in 0..120 {
        let answer = match dice.below(30) {
            0..5 => shard.signal(&format!("s{}", dice.below(20))).map(|_| ()),
            5 => shard.cancel(&format!("c{}", dice.below(3))).map(|_| ()),
            6..13 => {
                let task = shard.newest_task();
                let request = format!("p{}", dice.below(2));
                shard.poll_as(&task, &request).map(|task| handed.push(task))
            }
            13..20 if !handed.is_empty() => {
                let stale = usize::from(dice.below(8) == 0).min(handed.len() - 1);
                let task = handed[handed.len() - 1 - stale].clone();
                let commands = decision(&mut dice);
                let how = dice.below(8);
                let next = shard.respond(&task, commands, |request| {
                    if how < 4 {
                        sticky(request);
                    }
                    request.force_create_new_workflow_task = how == 0;
                    request.return_new_workflow_task = how < 2;
                });
                next.map(|next| handed.extend(next))
            }
            20 if !handed.is_empty() => shard.fail(&handed[handed.len() - 1].clone()).map(|_| ()),
            21 => start(&mut shard, &mut dice).map(|_| ()),
            22 if dice.below(4) == 0 => shard.terminate().map(|_| ()),
            23 => {
                let (run_id, id) = (shard.current(), shard.state().next_event_id - 1);
                shard.step(TransferResult::StickyUnavailable(run_id, id)).map(|_| ())
            }
            24..28 => {
                work(&mut shard, &mut dice);
                Ok(())
            }
            _ => {
                let longest = if dice.below(3) == 0 { 25_000 } else { 4_000 };
                shard.pass(dice.below(longest) as i64);
                Ok(())
            }
        };
        answers.push(answer);
    }
    (shard, answers)
}

#[test]
fn histories_keep_their_shape() {
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    let mut refused = 0;
    for seed in 1..=150 {
        let (shard, answers) = play(seed);
        for (run_id, events) in &shard.histories {
            if let Err(message) = check(events) {
                panic!("seed {seed}, run {run_id}: {message}\n{}", shard.names_of(run_id));
            }
            events.iter().for_each(|event| *seen.entry(short(event)).or_default() += 1);
        }
        let open = shard.workflow.runs.values().filter(|run| run.state.status == 1).count();
        assert!(open <= 1, "seed {seed}: {open} runs are open");
        refused += answers.iter().filter(|answer| answer.is_err()).count();
    }
    // The dice reach what matters; a play that does nothing would keep every shape.
    for name in [
        "Scheduled2",
        "TaskFailed:UnhandledCommand",
        "TaskFailed:BadCancelTimerAttributes",
        "TaskFailed:ForceCloseCommand",
        "TaskTimedOut:ScheduleToStart",
        "TaskTimedOut:StartToClose",
        "ActivityTaskStarted",
        "ActivityTaskCanceled",
        "ActivityTaskTimedOut",
        "TimerFired",
        "TimerCanceled",
        "ContinuedAsNew",
        "TimedOut",
        "Terminated",
        "Failed",
    ] {
        assert!(seen.contains_key(name), "{name} never happened: {seen:?}");
    }
    assert!(refused > 150, "{refused}");
}

#[test]
fn the_same_dice_play_the_same_game() {
    for seed in 1..=20 {
        assert_eq!(play(seed).0.histories, play(seed).0.histories);
    }
}
