//! The swarm mask: which features a plan may use. Leaving features out lets the others meet more often, and finds more
//! than a mixture of everything (Groce et al., "Swarm testing", 2012). A mask says what is *allowed*, never what must be.

use proptest::prelude::*;
use proptest::strategy::Union;

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident $percent:literal)*) => {
        /// Something that a plan may use or leave out.
        #[allow(missing_docs, reason = "they are named as what they allow")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Feature { $($(#[$doc])* $name),* }

        impl Feature {
            /// All features, each with the percentage of masks that allow it.
            pub(super) const ALL: &[(Self, u32)] = &[$((Self::$name, $percent)),*];
        }
    };
}

features! {
    // Statements.
    Set 60
    Activity 90
    LocalActivity 50
    Timer 70
    AwaitSignal 65
    Condition 60
    Child 40
    ParallelAll 55
    ParallelFirst 45
    Scope 50
    Try 50
    Fail 35
    // Activities and retries.
    ActivityFailure 55
    NonRetryable 40
    Hang 30
    CompleteById 30
    Heartbeat 40
    ScheduleToClose 40
    ScheduleToStart 25
    UnlimitedAttempts 25
    /// Other cancellation types than `TryCancel`, of activities and children.
    CancellationTypes 50
    // Programs.
    ContinueAsNew 30
    Queries 60
    Updates 60
    DrainUpdates 50
    InitialVariables 40
    // Children.
    ChildRetry 40
    DetachedChildren 50
    /// Other parent close policies than `Terminate`.
    ParentClose 50
    // Operations.
    Signal 80
    SignalWithStart 35
    Query 55
    Update 60
    Cancel 30
    Terminate 20
    Describe 40
    ReadHistory 40
    /// A slot is started again.
    Restart 40
    /// The first start of a slot is late or missing.
    LateStart 20
    /// Other id policies than the defaults.
    IdPolicies 50
    RunTimeout 25
    ExecutionTimeout 20
    WorkflowRetry 30
    /// Attempts of one operation that overlap or nearly do.
    Duplicates 50
    /// Attempts after the answer, often after the end of the run.
    LateRetries 40
    // Workers.
    SeveralWorkers 60
    CacheOff 15
    SmallCache 30
    FullReplay 30
    // Workers that misbehave.
    WorkerFault 62
    WorkflowTaskFaults 80
    ActivityTaskFaults 70
    Drop 45
    Late 45
    Twice 45
    Crash 40
    FailTask 40
    /// Clients use what they hold of one workflow in the name of another. Drawn apart, for it is younger than the others.
    Misuse 25
}

/// A set of features.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mask(u64);

const _: () = assert!(Feature::ALL.len() <= 64, "a mask is one word");

impl Mask {
    /// True if the feature is in the set.
    pub(super) fn has(self, feature: Feature) -> bool {
        self.0 & (1 << feature as u64) != 0
    }

    /// What is in both sets; a statement that takes time is kept if `allowed` has one.
    pub(super) fn within(self, allowed: &[Feature]) -> Self {
        let mut mask = Self::default();
        allowed.iter().filter(|feature| self.has(**feature)).for_each(|feature| mask.insert(*feature));
        if !mask.has(Feature::Activity) && !mask.has(Feature::Timer) {
            let one = [Feature::Activity, Feature::Timer].into_iter().find(|feature| allowed.contains(feature));
            one.into_iter().for_each(|feature| mask.insert(feature));
        }
        mask
    }

    /// Adds a feature.
    pub(super) fn insert(&mut self, feature: Feature) {
        self.0 |= 1 << feature as u64;
    }

    /// A choice among the options that the mask allows, by weight; `None` if it allows none of them.
    pub(super) fn choose<T: std::fmt::Debug + 'static>(
        self,
        options: Vec<(Feature, u32, BoxedStrategy<T>)>,
    ) -> Option<BoxedStrategy<T>> {
        let allowed: Vec<_> =
            options.into_iter().filter(|(feature, ..)| self.has(*feature)).map(|(_, w, s)| (w, s)).collect();
        (!allowed.is_empty()).then(|| Union::new_weighted(allowed).boxed())
    }

    /// The value in so many of a hundred cases if the mask allows it, and never otherwise.
    pub(super) fn sometimes<S>(self, feature: Feature, percent: u32, value: S) -> BoxedStrategy<Option<S::Value>>
    where
        S: Strategy + 'static,
        S::Value: Clone,
    {
        if self.has(feature) {
            proptest::option::weighted(f64::from(percent) / 100.0, value).boxed()
        } else {
            Just(None).boxed()
        }
    }

    /// True in so many of a hundred cases if the mask allows it, and never otherwise.
    pub(super) fn flag(self, feature: Feature, percent: u32) -> BoxedStrategy<bool> {
        if self.has(feature) {
            proptest::bool::weighted(f64::from(percent) / 100.0).boxed()
        } else {
            Just(false).boxed()
        }
    }
}

/// In so many of a hundred plans clients misuse something.
pub(super) fn misuse_percent() -> u32 {
    Feature::ALL.iter().find(|(feature, _)| *feature == Feature::Misuse).map_or(0, |(_, percent)| *percent)
}

/// Masks, each feature drawn by itself. One statement at least is allowed, and somewhere to put the others.
pub(super) fn masks() -> impl Strategy<Value = Mask> {
    let drawn = || Feature::ALL.iter().filter(|(feature, _)| *feature != Feature::Misuse);
    let each: Vec<_> = drawn().map(|(_, percent)| proptest::bool::weighted(f64::from(*percent) / 100.0)).collect();
    each.prop_map(move |on| {
        let mut mask = Mask::default();
        for ((feature, _), _) in drawn().zip(on).filter(|(_, on)| *on) {
            mask.insert(*feature);
        }
        if !mask.has(Feature::Activity) && !mask.has(Feature::Timer) {
            mask.insert(Feature::Activity);
        }
        mask
    })
}
