//! Programs: blocks nested at most three deep, children that have no children, at most two continuations. Every wait
//! has a timeout, so every program ends by itself.

use super::activity::{any_var, calls, cancellations, kinds, retries};
use super::mask::{Feature, Mask};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use resurgam_formats::program::{
    Block, ChildCall, ChildWait, Expr, Handler, Input, ParentClose, Program, Statement, Until, VERSION,
};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Names of signals. So few that waits and signals meet.
pub(super) const SIGNALS: [&str; 2] = ["a", "b"];
/// Names of updates.
pub(super) const UPDATES: [&str; 2] = ["u", "v"];
/// Names of queries.
pub(super) const QUERIES: [&str; 2] = ["p", "q"];

type Choice = (Feature, u32, BoxedStrategy<Statement>);

/// Programs with their initial variables.
pub(super) fn inputs(mask: Mask) -> impl Strategy<Value = Input> {
    let variables = mask.sometimes(Feature::InitialVariables, 60, vec(0..=3i64, 1..=4));
    let body = blocks(mask, leaves(mask, true), 3, 1..=5);
    (chain(mask, body, 2), variables)
        .prop_map(|(program, variables)| Input { program, variables: variables.unwrap_or_default() })
}

/// Programs that may continue as new, at most so many times.
fn chain(mask: Mask, body: BoxedStrategy<Block>, links: u8) -> BoxedStrategy<Program> {
    let mut next = Just(None).boxed();
    for _ in 0..links {
        let short = blocks(mask, leaves(mask, false), 1, 1..=2);
        next = mask.sometimes(Feature::ContinueAsNew, 45, one(mask, short, next)).boxed();
    }
    one(mask, body, next).boxed()
}

/// One program with a body and what it continues as.
fn one(
    mask: Mask,
    body: BoxedStrategy<Block>,
    next: BoxedStrategy<Option<Program>>,
) -> impl Strategy<Value = Program> + Clone {
    let some = |names: [&'static str; 2], feature, percent| {
        let each = names.map(|name| mask.flag(feature, percent).prop_map(move |on| on.then_some(name)));
        each.prop_map(|names| names.into_iter().flatten().map(str::to_owned).collect::<Vec<_>>())
    };
    let queries = (some(QUERIES, Feature::Queries, 60), vec(exprs(), 2))
        .prop_map(|(names, exprs)| names.into_iter().zip(exprs).collect::<BTreeMap<_, _>>());
    let updates = (some(UPDATES, Feature::Updates, 65), vec(handlers(mask), 2))
        .prop_map(|(names, handlers)| names.into_iter().zip(handlers).collect::<BTreeMap<_, _>>());
    let variables = prop_oneof![1 => 2..=3u8, 4 => Just(4u8)];
    let rest = (variables, exprs(), queries, updates, mask.flag(Feature::DrainUpdates, 60));
    (body, rest, next)
        .prop_map(|(body, (variables, result, queries, updates, drain), next)| Program {
            version: VERSION,
            variables,
            body,
            result,
            queries,
            drain_updates: drain && !updates.is_empty(),
            updates,
            continue_as: next.map(Box::new),
        })
        .boxed()
}

fn handlers(mask: Mask) -> impl Strategy<Value = Handler> {
    let body = prop_oneof![
        1 => Just(Block::new()),
        2 => blocks(mask, leaves(mask, false), 1, 1..=2),
    ];
    (0..=2i64, any_var(), body, exprs()).prop_map(|(at_least, into, body, result)| Handler {
        at_least,
        into,
        body,
        result,
    })
}

fn exprs() -> impl Strategy<Value = Expr> {
    let part = prop_oneof![1 => (0..=9i64).prop_map(Expr::Const), 3 => any_var().prop_map(Expr::Var)];
    prop_oneof![3 => part.clone(), 1 => vec(part, 2..=3).prop_map(Expr::Sum)]
}

/// Blocks of so many statements, nested so deep; nested blocks are short.
fn blocks(mask: Mask, leaves: Vec<Choice>, depth: u8, size: RangeInclusive<usize>) -> BoxedStrategy<Block> {
    let mut options = leaves.clone();
    if depth > 0 {
        options.extend(compounds(&blocks(mask, leaves, depth - 1, 1..=2)));
    }
    mask.choose(options).map_or_else(|| Just(Block::new()).boxed(), |statement| vec(statement, size).boxed())
}

/// Statements that contain blocks.
fn compounds(inner: &BoxedStrategy<Block>) -> Vec<Choice> {
    let parallel =
        |until| vec(inner.clone(), 2..=3).prop_map(move |branches| Statement::Parallel { until, branches }).boxed();
    let scope = (option::weighted(0.75, 20..=500u32), inner.clone())
        .prop_map(|(cancel_after_ms, body)| Statement::Scope { cancel_after_ms, body });
    let finally = prop_oneof![1 => Just(Block::new()), 1 => inner.clone()];
    let attempt = (inner.clone(), option::weighted(0.7, inner.clone()), finally)
        .prop_map(|(body, catch, finally)| Statement::Try { body, catch, finally });
    vec![
        (Feature::ParallelAll, 2, parallel(Until::All)),
        (Feature::ParallelFirst, 2, parallel(Until::First)),
        (Feature::Scope, 2, scope.boxed()),
        (Feature::Try, 2, attempt.boxed()),
    ]
}

/// Statements without blocks.
fn leaves(mask: Mask, with_children: bool) -> Vec<Choice> {
    let set = (any_var(), exprs()).prop_map(|(into, value)| Statement::Set { into, value });
    let local = (1..=5i64, any_var()).prop_map(|(value, into)| Statement::LocalActivity { value, into });
    let timer = (10..=400u32).prop_map(|ms| Statement::Timer { ms });
    let wait = (select(SIGNALS.to_vec()), any_var(), 200..=1500u32)
        .prop_map(|(name, into, ms)| Statement::AwaitSignal { name: name.to_owned(), into, timeout_ms: Some(ms) });
    let condition = (any_var(), 1..=6i64, 200..=1500u32, any_var())
        .prop_map(|(var, at_least, ms, into)| Statement::Condition { var, at_least, timeout_ms: Some(ms), into });
    let fail = (kinds(), mask.flag(Feature::NonRetryable, 25))
        .prop_map(|(kind, non_retryable)| Statement::Fail { kind, non_retryable });
    let mut leaves = vec![
        (Feature::Set, 3, set.boxed()),
        (Feature::Activity, 8, calls(mask).prop_map(Statement::Activity).boxed()),
        (Feature::LocalActivity, 2, local.boxed()),
        (Feature::Timer, 4, timer.boxed()),
        (Feature::AwaitSignal, 3, wait.boxed()),
        (Feature::Condition, 3, condition.boxed()),
        (Feature::Fail, 1, fail.boxed()),
    ];
    if with_children && mask.has(Feature::Child) {
        leaves.push((Feature::Child, 3, children(mask).boxed()));
    }
    leaves
}

fn children(mask: Mask) -> impl Strategy<Value = Statement> {
    let program = chain(mask, blocks(mask, leaves(mask, false), 1, 1..=3), 1);
    let parent_close = if mask.has(Feature::ParentClose) {
        select(vec![ParentClose::Terminate, ParentClose::RequestCancel, ParentClose::Abandon]).boxed()
    } else {
        Just(ParentClose::Terminate).boxed()
    };
    let how = (
        mask.sometimes(Feature::ChildRetry, 50, retries(mask)),
        parent_close,
        cancellations(mask),
        mask.flag(Feature::DetachedChildren, 35),
        any_var(),
    );
    (program, how).prop_map(|(program, (retry, parent_close, cancellation, detached, into))| {
        let wait = if detached { ChildWait::Started } else { ChildWait::Completed };
        Statement::Child(Box::new(ChildCall { program, retry, parent_close, cancellation, wait, into }))
    })
}
