//! What the version of a worker leaves in a run when it completes a workflow task: a point to which the run can be reset, and
//! search attributes by which the runs are found that it has worked on. As in temporalio/temporal,
//! `service/history/workflow/workflow_task_state_machine.go`.

use super::transaction::timestamp;
use prost_wkt_types::Timestamp;
use resurgam_api::temporal::common::v1::WorkerVersionStamp;
use resurgam_api::temporal::deployment::v1::WorkerDeploymentVersion;
use resurgam_api::temporal::enums::v1::WorkerVersioningMode as Mode;
use resurgam_api::temporal::history::v1::WorkflowTaskCompletedEventAttributes;
use resurgam_api::temporal::workflow::v1::{ResetPointInfo, ResetPoints};
use resurgam_api::temporal::workflowservice::v1::RespondWorkflowTaskCompletedRequest;
use resurgam_state::{EventId, Millis, State};
use resurgam_visibility::value::{keywords, texts};

/// So many points are kept, the last ones.
const POINTS: usize = 20;
/// So many bytes the value of a search attribute may have.
const VALUE_BYTES: usize = 2048;
/// Stands for a worker of no version.
const UNVERSIONED: &str = "unversioned";

/// What a worker says of itself, as the event has it.
#[allow(deprecated, reason = "workers may still say their version so")]
pub(super) fn said(answer: &RespondWorkflowTaskCompletedRequest) -> WorkflowTaskCompletedEventAttributes {
    let options = answer.deployment_options.as_ref();
    let before = answer.deployment.clone().unwrap_or_default();
    let versioned = options.filter(|it| it.worker_versioning_mode() == Mode::Versioned);
    let (deployment_name, build_id) = match versioned {
        Some(it) => (it.deployment_name.clone(), it.build_id.clone()),
        None => (before.series_name.clone(), before.build_id),
    };
    let whole = !deployment_name.is_empty() && !build_id.is_empty();
    let name = options.map(|it| it.deployment_name.clone()).filter(|name| !name.is_empty());
    WorkflowTaskCompletedEventAttributes {
        identity: answer.identity.clone(),
        binary_checksum: answer.binary_checksum.clone(),
        worker_version: answer.worker_version_stamp.clone(),
        sdk_metadata: answer.sdk_metadata.clone(),
        metering_metadata: answer.metering_metadata,
        // Who is not versioned behaves in no such way, whatever it says.
        versioning_behavior: if options.is_none() || versioned.is_some() { answer.versioning_behavior } else { 0 },
        worker_deployment_name: name.unwrap_or(before.series_name),
        deployment_version: whole.then_some(WorkerDeploymentVersion { deployment_name, build_id }),
        ..Default::default()
    }
}

/// A workflow task was completed, by this event.
#[allow(deprecated, reason = "workers may still say their version so")]
pub(super) fn completed(state: &mut State, event: EventId, it: &WorkflowTaskCompletedEventAttributes, now: Millis) {
    state.last_worker.clone_from(&it.worker_version);
    state.worker_deployment.clone_from(&it.worker_deployment_name);
    let version = it.deployment_version.as_ref();
    let build_id = match version {
        Some(version) => version.build_id.clone(),
        None => it.worker_version.clone().unwrap_or_default().build_id,
    };
    let added = add_point(state, event, &it.binary_checksum, build_id, now);
    add_build(state, it.worker_version.as_ref());
    if let Some(version) = version {
        add_keyword(
            state,
            "TemporalUsedWorkerDeploymentVersions",
            format!("{}:{}", version.deployment_name, version.build_id),
        );
    }
    if added && !it.binary_checksum.is_empty() {
        let checksums = state.reset_points.iter().map(|point| point.binary_checksum.clone());
        let checksums: Vec<_> = checksums.filter(|checksum| !checksum.is_empty()).collect();
        state.search_attributes.insert("BinaryChecksums".to_owned(), keywords(&checksums));
    }
}

/// The run can be reset to the first workflow task of each build; whether a point was added.
#[allow(deprecated, reason = "workers may still say their version so")]
fn add_point(state: &mut State, event: EventId, binary_checksum: &str, build_id: String, now: Millis) -> bool {
    let known = |point: &ResetPointInfo| point.binary_checksum == binary_checksum && point.build_id == build_id;
    if state.reset_points.iter().any(known) {
        return false;
    }
    let pending = !state.children.is_empty() || !state.signals.is_empty() || !state.cancels.is_empty();
    state.reset_points.push(ResetPointInfo {
        binary_checksum: binary_checksum.to_owned(),
        build_id,
        run_id: state.run_id.clone(),
        first_workflow_task_completed_id: event,
        create_time: Some(timestamp(now)),
        resettable: !pending,
        ..ResetPointInfo::default()
    });
    let over = state.reset_points.len().saturating_sub(POINTS);
    state.reset_points.drain(..over);
    true
}

/// The attribute `BuildIds` begins with what the last worker was; the builds of all workers follow, each once.
fn add_build(state: &mut State, worker: Option<&WorkerVersionStamp>) {
    const NAME: &str = "BuildIds";
    let before = state.search_attributes.get(NAME).map(texts).unwrap_or_default();
    let versioned = worker.is_some_and(|worker| worker.use_versioning);
    let build = worker.map(|worker| match (worker.build_id.as_str(), versioned) {
        ("", _) => UNVERSIONED.to_owned(),
        (id, true) => format!("versioned:{id}"),
        (id, false) => format!("unversioned:{id}"),
    });
    let first = (!versioned).then(|| UNVERSIONED.to_owned());
    let is_build = |it: &&String| **it != UNVERSIONED && !it.starts_with("assigned:") && !it.starts_with("pinned:");
    let mut builds: Vec<_> = first.into_iter().chain(before.iter().filter(is_build).cloned()).collect();
    builds.extend(build.filter(|build| !before.contains(build)));
    if builds != before {
        put(state, NAME, builds, usize::from(!versioned));
    }
}

/// A list of keywords has one more, if it has not got it.
fn add_keyword(state: &mut State, name: &str, word: String) {
    let mut words = state.search_attributes.get(name).map(texts).unwrap_or_default();
    if !words.contains(&word) {
        words.push(word);
        put(state, name, words, 0);
    }
}

/// Sets a list of keywords. Those behind the first `kept` ones go, the oldest first, if it would be too large.
fn put(state: &mut State, name: &str, mut words: Vec<String>, kept: usize) {
    while words.len() > kept && keywords(&words).data.len() > VALUE_BYTES {
        words.remove(kept);
    }
    state.search_attributes.insert(name.to_owned(), keywords(&words));
}

/// The run is over, and another follows: its own points are good until then.
pub(super) fn hand_over(state: &mut State, until: Option<Millis>) {
    let State { run_id, reset_points, .. } = state;
    for point in reset_points.iter_mut().filter(|point| point.run_id == *run_id) {
        point.expire_time = until.map(timestamp);
    }
}

/// The points of the runs before that are still good.
pub(super) fn inherited(points: Option<&ResetPoints>, now: Millis) -> Vec<ResetPointInfo> {
    let at = |time: &Timestamp| (time.seconds, time.nanos);
    let good = |point: &&ResetPointInfo| point.expire_time.as_ref().is_none_or(|end| at(end) >= at(&timestamp(now)));
    points.map(|points| points.points.iter().filter(good).cloned().collect()).unwrap_or_default()
}

/// Points as answers and events have them.
pub(super) fn points(points: &[ResetPointInfo]) -> Option<ResetPoints> {
    (!points.is_empty()).then(|| ResetPoints { points: points.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> State {
        State { run_id: "r".into(), ..State::default() }
    }

    #[allow(deprecated, reason = "workers may still say their version so")]
    fn by(worker: Option<(&str, bool)>) -> WorkflowTaskCompletedEventAttributes {
        let stamp = |(id, use_versioning): (&str, bool)| WorkerVersionStamp { build_id: id.into(), use_versioning };
        WorkflowTaskCompletedEventAttributes { worker_version: worker.map(stamp), ..Default::default() }
    }

    fn builds(state: &State) -> Vec<String> {
        texts(state.search_attributes.get("BuildIds").expect("there are some"))
    }

    #[test]
    fn each_build_is_a_point_and_is_found() {
        let mut state = open();
        completed(&mut state, 4, &by(None), 10);
        assert_eq!(builds(&state), ["unversioned"]);
        completed(&mut state, 8, &by(None), 20);
        completed(&mut state, 12, &by(Some(("b", false))), 30);
        assert_eq!(builds(&state), ["unversioned", "unversioned:b"]);
        completed(&mut state, 16, &by(Some(("c", true))), 40);
        assert_eq!(builds(&state), ["unversioned:b", "versioned:c"]);
        let points: Vec<_> = state.reset_points.iter().map(|it| it.first_workflow_task_completed_id).collect();
        assert_eq!(points, [4, 12, 16]);
        assert!(state.reset_points.iter().all(|it| it.resettable && it.run_id == "r"));
        // As by the pinned server: a stamp without a build counts once more, until the next task.
        let mut empty = open();
        completed(&mut empty, 4, &by(Some(("", false))), 10);
        assert_eq!(builds(&empty), ["unversioned", "unversioned"]);
        completed(&mut empty, 8, &by(Some(("", false))), 10);
        assert_eq!(builds(&empty), ["unversioned"]);
    }

    #[test]
    fn the_points_of_runs_before_are_good_for_a_time() {
        let mut state = open();
        completed(&mut state, 4, &by(None), 10);
        hand_over(&mut state, Some(1_000));
        let handed = points(&state.reset_points);
        assert_eq!(inherited(handed.as_ref(), 1_000), state.reset_points);
        assert_eq!(inherited(handed.as_ref(), 1_001), []);
        assert_eq!((points(&[]), inherited(None, 0)), (None, vec![]));
    }

    #[test]
    fn a_deployment_and_a_checksum_are_found() {
        let mut state = open();
        let version = WorkerDeploymentVersion { deployment_name: "d".into(), build_id: "1".into() };
        #[allow(deprecated, reason = "workers may still say their version so")]
        let it = WorkflowTaskCompletedEventAttributes {
            deployment_version: Some(version),
            binary_checksum: "sum".into(),
            worker_deployment_name: "d".into(),
            ..Default::default()
        };
        completed(&mut state, 4, &it, 10);
        let listed = |name: &str| texts(state.search_attributes.get(name).expect("it is there"));
        assert_eq!(listed("TemporalUsedWorkerDeploymentVersions"), ["d:1"]);
        assert_eq!(listed("BinaryChecksums"), ["sum"]);
        assert_eq!((state.reset_points[0].build_id.as_str(), state.worker_deployment.as_str()), ("1", "d"));
    }

    #[test]
    fn too_many_builds_are_cut_and_the_oldest_go() {
        let mut state = open();
        for build in 0..300 {
            completed(&mut state, 4, &by(Some((&format!("build-{build}"), false))), 10);
        }
        let builds = builds(&state);
        assert_eq!((builds[0].as_str(), builds.last().unwrap().as_str()), ("unversioned", "unversioned:build-299"));
        assert!(keywords(&builds).data.len() <= VALUE_BYTES && builds.len() > 50);
        assert_eq!(state.reset_points.len(), POINTS);
    }
}
