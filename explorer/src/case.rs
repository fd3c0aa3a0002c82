//! A case: a situation and what is requested in it. It is drawn from a seed, and can be written down.

use crate::catalogue::{self, Situation, Step, situations};
use crate::course::follow;
use crate::request::{Drawn, draw};
use crate::values::one;
use rand::SeedableRng as _;
use rand::rngs::SmallRng;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A case before it is executed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub(crate) situation: Situation,
    pub(crate) requests: Vec<Drawn>,
}

impl Case {
    /// The case of a seed, in the given situation and of the given call, if there is one.
    ///
    /// # Errors
    /// There is no such situation.
    pub(crate) fn drawn(seed: u64, situation: Option<&str>, call: Option<&str>) -> Result<Self, String> {
        let mut random = SmallRng::seed_from_u64(seed);
        let named = |name: &str| {
            let found = situations().iter().find(|situation| situation.name == *name);
            found.ok_or_else(|| format!("there is no situation {name}"))
        };
        let often: Vec<&Situation> = situations().iter().filter(|situation| !situation.slow).collect();
        let drawn = *one(&mut random, &often).ok_or("there are no situations")?;
        let situation = situation.map_or(Ok(drawn), named)?.clone();
        let mut requests = draw(&mut random, &situation.steps, call);
        if let [first] = requests.as_slice()
            && call.is_none()
            && !catalogue::reads_late(&first.call)
        {
            requests.extend(follow(&mut random, &first.call.clone()));
        }
        Ok(Self { situation, requests })
    }

    /// The same with every request of its situation written out, so that it stays the same when valid requests are written otherwise.
    pub(crate) fn whole(mut self) -> Self {
        for step in &mut self.situation.steps {
            match step {
                Step::Call { call, with, .. } | Step::Begin { begin: call, with } => {
                    if let Value::Object(fields) = catalogue::request(call, with) {
                        *with = fields;
                    }
                }
                Step::Until { .. } => {}
            }
        }
        self
    }

    /// False if all nodes cannot be restarted before the requests without its being seen: somebody waits for an answer, which only
    /// the memory of a server knows of; a time limit passes meanwhile; or something is done with what a poll was given, which may be
    /// a task that is handed out once more.
    pub(crate) fn outlasts_a_restart(&self) -> bool {
        let waits = self.situation.steps.iter().any(|step| matches!(step, Step::Begin { .. }));
        let polls =
            self.requests.iter().filter(|it| it.call.starts_with("Poll") && it.call.ends_with("TaskQueue")).count();
        !waits && self.situation.name != "task-timed-out" && (polls == 0 || polls == self.requests.len())
    }

    /// What is asked at the end: of the workflow, and of a schedule or a namespace if the case has one.
    pub(crate) fn looks(&self) -> Vec<(&'static str, Value)> {
        let before = self.situation.steps.iter().filter_map(|step| match step {
            Step::Call { call, .. } => Some(call),
            Step::Begin { .. } | Step::Until { .. } => None,
        });
        let calls: Vec<&String> = before.chain(self.requests.iter().map(|it| &it.call)).collect();
        let has = |part: &str| calls.iter().any(|call| call.contains(part));
        let mut looks = vec!["GetWorkflowExecutionHistory", "DescribeWorkflowExecution", "ListWorkflowExecutions"];
        if has("Schedule") {
            looks.push("DescribeSchedule");
        }
        let mut looks: Vec<_> = looks.into_iter().map(|call| (call, catalogue::request(call, &Map::new()))).collect();
        if has("Namespace") {
            looks.push(("DescribeNamespace", json!({"namespace": "{id}-namespace"})));
        }
        looks
    }

    /// The situation and the requests, in a line.
    #[must_use]
    pub fn line(&self) -> String {
        let requests = self.requests.iter().map(|it| format!("{} {}", it.call, it.body));
        format!("{}: {}", self.situation.name, requests.collect::<Vec<_>>().join(", then "))
    }
}
