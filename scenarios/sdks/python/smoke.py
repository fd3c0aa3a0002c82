"""Tries a server with the official Python SDK: worker, client and replayer, all with their defaults (sandbox, sticky cache).

    python smoke.py [--address HOST:PORT] [--namespace NAME] [CHECK ...]

Each check is one function below; without names all of them run. It prints a line per check and exits with 1 if one fails.
It judges what a person would: results, errors and the events they ask for. The rules of this repository do the rest.
"""

import argparse
import asyncio
import logging
import sys
import time
import traceback
import uuid
from datetime import timedelta

from temporalio.api.common.v1 import WorkflowExecution, WorkflowType
from temporalio.api.enums.v1 import EventType, HistoryEventFilterType, IndexedValueType, WorkerVersioningMode
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    GetClusterInfoRequest,
    GetSystemInfoRequest,
    GetWorkflowExecutionHistoryRequest,
    ListBatchOperationsRequest,
    ListNamespacesRequest,
    PollActivityTaskQueueRequest,
    PollWorkflowTaskQueueRequest,
    RegisterNamespaceRequest,
    StartWorkflowExecutionRequest,
)
from temporalio.client import (
    AsyncActivityCancelledError,
    Client,
    WorkflowExecutionStatus as Status,
    WorkflowFailureError,
    WorkflowHistory,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateStage,
)
from temporalio.common import (
    RetryPolicy,
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import (
    ApplicationError,
    CancelledError,
    TerminatedError,
    TimeoutError as TemporalTimeout,
    WorkflowAlreadyStartedError,
)
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer, Worker

import workflows as w

QUEUE = "smoke"
CHECKS = []
# What the workflow `Notes` changes.
ATTRIBUTE = SearchAttributeKey.for_keyword("CustomKeywordField")


def check(function):
    CHECKS.append(function)
    return function


class Trial:
    """What checks share."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.service = client.workflow_service
        self.namespace = client.namespace
        self.histories: list[WorkflowHistory] = []

    def id(self) -> str:
        return f"smoke-{uuid.uuid4()}"

    async def start(self, run, *args, **options):
        options.setdefault("id", self.id())
        return await self.client.start_workflow(run, args=args, task_queue=QUEUE, **options)

    async def keep(self, handle) -> WorkflowHistory:
        """Fetches a history, and keeps it for the replayer."""
        history = await handle.fetch_history()
        self.histories.append(history)
        return history

    def worker(self, **options) -> Worker:
        return Worker(self.client, task_queue=QUEUE, workflows=w.WORKFLOWS, activities=w.ACTIVITIES, **options)


def kinds(history) -> list[str]:
    return [EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in history.events]


def same(got, expected) -> None:
    assert got == expected, f"got {got!r}, expected {expected!r}"


async def refused(code: RPCStatusCode, awaitable) -> RPCError:
    try:
        answer = await awaitable
    except RPCError as problem:
        assert problem.status == code, f"got {problem.status.name} ({problem}), expected {code.name}"
        return problem
    raise AssertionError(f"got an answer, expected {code.name}: {answer}")


async def fails(kind, awaitable):
    """The cause of a workflow's failure, which has to be of this kind."""
    try:
        answer = await awaitable
    except WorkflowFailureError as problem:
        assert isinstance(problem.cause, kind), f"got {problem.cause!r}, expected {kind.__name__}"
        return problem.cause
    raise AssertionError(f"got {answer!r}, expected {kind.__name__}")


async def until(holds, limit: float = 10) -> None:
    end = time.monotonic() + limit
    while not await holds():
        assert time.monotonic() < end, "it does not come to hold"
        await asyncio.sleep(0.05)


@check
async def namespaces(t: Trial) -> None:
    info = await t.service.get_system_info(GetSystemInfoRequest())
    assert info.server_version and info.capabilities.internal_error_differentiation
    assert (await t.service.get_cluster_info(GetClusterInfoRequest())).history_shard_count > 0
    assert await t.client.service_client.check_health()
    described = await t.service.describe_namespace(DescribeNamespaceRequest(namespace=t.namespace))
    same(described.namespace_info.name, t.namespace)
    listed = await t.service.list_namespaces(ListNamespacesRequest())
    assert t.namespace in [namespace.namespace_info.name for namespace in listed.namespaces]
    again = RegisterNamespaceRequest(namespace=t.namespace)
    again.workflow_execution_retention_period.FromTimedelta(timedelta(days=1))
    await refused(RPCStatusCode.ALREADY_EXISTS, t.service.register_namespace(again))
    nowhere = DescribeNamespaceRequest(namespace="nowhere")
    await refused(RPCStatusCode.NOT_FOUND, t.service.describe_namespace(nowhere))


@check
async def order(t: Trial) -> None:
    handle = await t.start(w.Order.run, 0)
    first = handle.first_execution_run_id

    async def second_run() -> bool:
        described = await t.client.get_workflow_handle(handle.id).describe()
        # A run that waits before its first task can be asked nothing.
        return described.run_id != first and described.history_length > 3

    await until(second_run)
    current = t.client.get_workflow_handle(handle.id)
    await current.signal(w.Order.add, "a")
    same(await current.query(w.Order.shown), ["a"])
    try:
        await current.query(w.Order.broken)
        raise AssertionError("the query ought to fail")
    except WorkflowQueryFailedError as problem:
        assert "no answer" in str(problem), problem
    try:
        await current.execute_update(w.Order.finish, "")
        raise AssertionError("the update ought to be rejected")
    except WorkflowUpdateFailedError as problem:
        assert "needs a name" in str(problem.cause), problem.cause
    slow = await current.start_update(w.Order.slow, id="slow", wait_for_stage=WorkflowUpdateStage.ACCEPTED)
    again = await current.start_update(w.Order.slow, id="slow", wait_for_stage=WorkflowUpdateStage.ACCEPTED)
    await current.signal(w.Order.add, "go")
    same(await slow.result(), "went")
    same(await again.result(), "went")
    same(await current.get_update_handle("slow").result(), "went")
    same(await current.execute_update(w.Order.finish, "b", id="finish"), 3)
    same(await handle.result(), "HELLO YOU 3 hello here child a,go,b")
    same(await current.execute_update(w.Order.finish, "b", id="finish"), 3)
    same(await current.query(w.Order.shown), ["a", "go", "b"])
    history = await t.keep(t.client.get_workflow_handle(handle.id, run_id=first))
    same(kinds(history)[-1], "WORKFLOW_EXECUTION_CONTINUED_AS_NEW")
    seen = kinds(await t.keep(current))
    same(seen[-1], "WORKFLOW_EXECUTION_COMPLETED")
    same(seen.count("WORKFLOW_EXECUTION_UPDATE_ACCEPTED"), 2)
    same(seen.count("WORKFLOW_EXECUTION_UPDATE_COMPLETED"), 2)
    same(seen.count("MARKER_RECORDED"), 2)
    same(seen.count("CHILD_WORKFLOW_EXECUTION_COMPLETED"), 1)
    await refused(RPCStatusCode.NOT_FOUND, current.execute_update(w.Order.finish, "c"))


@check
async def starts(t: Trial) -> None:
    handle = await t.start(w.Waits.run)
    try:
        await t.start(w.Waits.run, id=handle.id)
        raise AssertionError("the id is taken")
    except WorkflowAlreadyStartedError as problem:
        same(problem.run_id, handle.first_execution_run_id)
    joined = await t.start(w.Waits.run, id=handle.id, id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING)
    same(joined.first_execution_run_id, handle.first_execution_run_id)
    taken = await t.start(w.Waits.run, id=handle.id, id_conflict_policy=WorkflowIDConflictPolicy.TERMINATE_EXISTING)
    assert taken.first_execution_run_id != handle.first_execution_run_id
    await fails(TerminatedError, t.client.get_workflow_handle(handle.id, run_id=handle.first_execution_run_id).result())
    await taken.signal(w.Waits.tell, "end")
    same(await taken.result(), ["end"])
    for policy in (WorkflowIDReusePolicy.REJECT_DUPLICATE, WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY):
        try:
            await t.start(w.Waits.run, id=handle.id, id_reuse_policy=policy)
            raise AssertionError("the id was used")
        except WorkflowAlreadyStartedError:
            pass
    request = StartWorkflowExecutionRequest(
        namespace=t.namespace,
        workflow_id=t.id(),
        workflow_type=WorkflowType(name="Waits"),
        task_queue=TaskQueue(name=QUEUE),
        request_id="same",
    )
    first, second = [await t.service.start_workflow_execution(request) for _ in range(2)]
    same(first.run_id, second.run_id)
    request.request_id = "other"
    await refused(RPCStatusCode.ALREADY_EXISTS, t.service.start_workflow_execution(request))
    await t.client.get_workflow_handle(request.workflow_id).terminate()
    delayed = await t.start(w.Echo.run, "late", start_delay=timedelta(seconds=1))
    began = time.monotonic()
    same(await delayed.result(), "late")
    assert time.monotonic() - began > 0.8, "it did not wait"


@check
async def signal_with_start(t: Trial) -> None:
    id = t.id()
    for text in ("one", "two", "end"):
        handle = await t.start(w.Waits.run, id=id, start_signal="tell", start_signal_args=[text])
    same(await handle.result(), ["one", "two", "end"])
    await t.keep(handle)
    await refused(RPCStatusCode.NOT_FOUND, handle.signal(w.Waits.tell, "late"))


@check
async def cancellation(t: Trial) -> None:
    handle = await t.start(w.Waits.run)
    await handle.cancel()
    await fails(CancelledError, handle.result())
    same(kinds(await t.keep(handle))[-1], "WORKFLOW_EXECUTION_CANCELED")
    await handle.cancel()
    handle = await t.start(w.CancelsActivity.run)
    same(await handle.result(), "CancelledError")
    same(kinds(await t.keep(handle)).count("ACTIVITY_TASK_CANCELED"), 1)
    handle = await t.start(w.Interrupted.run)
    same(await handle.result(), ["CancelledError", "ActivityError"])
    await t.keep(handle)


@check
async def termination(t: Trial) -> None:
    handle = await t.start(w.Waits.run)
    await handle.terminate("reasons", reason="a test")
    cause = await fails(TerminatedError, handle.result())
    assert "a test" in str(cause), cause
    same((await handle.describe()).status, Status.TERMINATED)
    await refused(RPCStatusCode.NOT_FOUND, handle.terminate())
    await refused(RPCStatusCode.NOT_FOUND, t.client.get_workflow_handle("nobody").terminate())


@check
async def heartbeats(t: Trial) -> None:
    handle = await t.start(w.Heartbeats.run)
    same(await handle.result(), [41, 42])
    await t.keep(handle)


@check
async def activity_timeouts(t: Trial) -> None:
    handle = await t.start(w.Timeouts.run)
    same(await handle.result(), ["START_TO_CLOSE", "SCHEDULE_TO_CLOSE", "SCHEDULE_TO_START"])
    await t.keep(handle)


@check
async def completion_by_id(t: Trial) -> None:
    async def begun():
        handle = await t.start(w.Elsewhere.run)

        async def started() -> bool:
            pending = (await handle.describe()).raw_description.pending_activities
            return len(pending) == 1 and pending[0].state == 2

        await until(started)
        return handle, t.client.get_async_activity_handle(workflow_id=handle.id, run_id=None, activity_id="elsewhere")

    handle, work = await begun()
    await work.heartbeat("still here")
    pending = (await handle.describe()).raw_description.pending_activities[0]
    assert b"still here" in pending.heartbeat_details.payloads[0].data
    await work.complete("done elsewhere")
    same(await handle.result(), "done elsewhere")
    await t.keep(handle)
    await refused(RPCStatusCode.NOT_FOUND, work.complete("again"))

    handle, work = await begun()
    await work.fail(ApplicationError("broke elsewhere"))
    same(await handle.result(), "ApplicationError: broke elsewhere")
    await t.keep(handle)

    handle, work = await begun()
    await handle.cancel()

    async def told() -> bool:
        try:
            await work.heartbeat()
            return False
        except AsyncActivityCancelledError:
            return True

    await until(told)
    await work.report_cancellation("gone")
    same(await handle.result(), "CancelledError: Cancelled")
    await t.keep(handle)


@check
async def family(t: Trial) -> None:
    stranger = await t.start(w.Waits.run)
    handle = await t.start(w.Family.run, stranger.id)
    same(
        await handle.result(),
        ["attempt 1 of 99", "CancelledError", "nobody there", "WorkflowAlreadyStartedError"],
    )
    await t.keep(handle)
    await fails(CancelledError, stranger.result())
    same((await t.keep(stranger)).events[-1].event_type, EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED)
    await fails(TerminatedError, t.client.get_workflow_handle(f"{handle.id}-terminated").result())
    await fails(CancelledError, t.client.get_workflow_handle(f"{handle.id}-cancelled").result())
    left = t.client.get_workflow_handle_for(w.Waits.run, f"{handle.id}-abandoned")
    await left.signal(w.Waits.tell, "end")
    same(await left.result(), ["end"])
    other = await t.start(w.Waits.run)
    handle = await t.start(w.Replaces.run, other.id)
    same(await handle.result(), "mine")
    await t.keep(handle)
    run = t.client.get_workflow_handle(other.id, run_id=other.first_execution_run_id)
    await fails(TerminatedError, run.result())


@check
async def workflow_retry(t: Trial) -> None:
    policy = RetryPolicy(initial_interval=timedelta(milliseconds=50), maximum_attempts=3)
    handle = await t.start(w.Fails.run, 3, retry_policy=policy)
    same(await handle.result(), 3)
    await t.keep(handle)
    handle = await t.start(w.Fails.run, 9, retry_policy=policy)
    cause = await fails(ApplicationError, handle.result())
    same(cause.message, "attempt 3 of 9")


@check
async def workflow_timeouts(t: Trial) -> None:
    handle = await t.start(w.Sleeps.run, 30.0, run_timeout=timedelta(seconds=1))
    await fails(TemporalTimeout, handle.result())
    same((await handle.describe()).status, Status.TIMED_OUT)
    policy = RetryPolicy(initial_interval=timedelta(milliseconds=50))
    handle = await t.start(
        w.Sleeps.run,
        30.0,
        run_timeout=timedelta(seconds=1),
        execution_timeout=timedelta(milliseconds=1500),
        retry_policy=policy,
    )
    await fails(TemporalTimeout, handle.result())


@check
async def histories(t: Trial) -> None:
    handle = await t.start(w.Long.run, 120)
    same(await handle.result(), 120)
    history = await t.keep(handle)
    same([event.event_id for event in history.events], list(range(1, len(history.events) + 1)))
    assert len(history.events) > 360, len(history.events)
    execution = WorkflowExecution(workflow_id=handle.id)
    request = GetWorkflowExecutionHistoryRequest(
        namespace=t.namespace, execution=execution, maximum_page_size=50
    )
    events = []
    while True:
        page = await t.service.get_workflow_execution_history(request)
        assert len(page.history.events) <= 50
        events += page.history.events
        if not page.next_page_token:
            break
        request.next_page_token = page.next_page_token
    same(events, list(history.events))
    request.ClearField("next_page_token")
    request.history_event_filter_type = HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT
    page = await t.service.get_workflow_execution_history(request)
    same(list(page.history.events), [history.events[-1]])


@check
async def long_polls(t: Trial) -> None:
    """Who waits for news is answered before giving up, however short the patience."""
    handle = await t.start(w.Sleeps.run, 60.0)
    request = GetWorkflowExecutionHistoryRequest(
        namespace=t.namespace, execution=WorkflowExecution(workflow_id=handle.id), wait_new_event=True
    )
    known = 0
    for _ in range(3):
        page = await t.service.get_workflow_execution_history(request, timeout=timedelta(seconds=3))
        known += len(page.history.events)
        assert page.next_page_token
        request.next_page_token = page.next_page_token
    request.ClearField("next_page_token")
    request.history_event_filter_type = HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT
    page = await t.service.get_workflow_execution_history(request, timeout=timedelta(seconds=3))
    assert page.next_page_token and not page.history.events
    poll = PollActivityTaskQueueRequest(namespace=t.namespace, task_queue=TaskQueue(name="nobody"))
    answer = await t.service.poll_activity_task_queue(poll, timeout=timedelta(seconds=3))
    assert not answer.task_token
    await handle.terminate()


@check
async def notes(t: Trial) -> None:
    handle = await t.start(
        w.Notes.run, memo={"size": 1}, static_summary="a summary", static_details="some details"
    )
    same(await handle.result(), "red")
    described = await handle.describe()
    same(await described.memo(), {"size": 1, "colour": "red"})
    same(await described.static_summary(), "a summary")
    same(await described.static_details(), "some details")
    same(described.typed_search_attributes.get(ATTRIBUTE), "x")
    await t.keep(handle)


@check
async def lists(t: Trial) -> None:
    ids = []
    for colour in ("red", "blue"):
        attributes = TypedSearchAttributes([SearchAttributePair(ATTRIBUTE, colour)])
        handle = await t.start(w.Order.run, 0, search_attributes=attributes, memo={"colour": colour})
        ids.append(handle.id)
    mine = f"WorkflowId IN ('{ids[0]}', '{ids[1]}') AND ExecutionStatus = 'Running'"
    found = [it async for it in t.client.list_workflows(f"{mine} AND {ATTRIBUTE.name} = 'red'")]
    same([it.id for it in found], ids[:1])
    same(await found[0].memo(), {"colour": "red"})
    same(found[0].typed_search_attributes.get(ATTRIBUTE), "red")
    paged = [it.id async for it in t.client.list_workflows(mine, page_size=1)]
    same(sorted(set(paged)), sorted(ids))
    counted = await t.client.count_workflows(f"WorkflowId = '{ids[0]}' AND {mine} GROUP BY ExecutionStatus")
    same([(group.count, list(group.group_values)) for group in counted.groups], [(counted.count, ["Running"])])
    await refused(RPCStatusCode.INVALID_ARGUMENT, t.client.count_workflows("Nothing = 1"))
    for name in ids:
        await t.client.get_workflow_handle(name).terminate()


@check
async def not_served(t: Trial) -> None:
    await refused(
        RPCStatusCode.UNIMPLEMENTED, t.service.list_batch_operations(ListBatchOperationsRequest())
    )
    await refused(RPCStatusCode.UNIMPLEMENTED, t.start(w.Echo.run, "x", cron_schedule="* * * * *"))
    handle = await t.start(w.Nightly.run)

    async def said() -> bool:
        return "WORKFLOW_TASK_FAILED" in kinds(await handle.fetch_history())

    await until(said)
    await handle.terminate()
    # A worker that wants only the tasks of its version would get all of them.
    poll = PollWorkflowTaskQueueRequest(namespace=t.namespace, task_queue=TaskQueue(name="versioned"))
    poll.deployment_options.deployment_name = "smoke"
    poll.deployment_options.build_id = "1"
    poll.deployment_options.worker_versioning_mode = WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED
    await refused(RPCStatusCode.UNIMPLEMENTED, t.service.poll_workflow_task_queue(poll, timeout=timedelta(seconds=5)))
    # An eager start may be any other.
    same(await (await t.start(w.Echo.run, "eager", request_eager_start=True)).result(), "eager")


@check
async def pace(t: Trial) -> None:
    """A task queue gives no more activities a second than its workers say."""
    queue = f"{QUEUE}-{uuid.uuid4()}"
    async with Worker(
        t.client,
        task_queue=queue,
        workflows=w.WORKFLOWS,
        activities=w.ACTIVITIES,
        max_task_queue_activities_per_second=5,
        disable_eager_activity_execution=True,
    ):
        began = time.monotonic()
        handle = await t.client.start_workflow(w.Long.run, 15, id=t.id(), task_queue=queue)
        same(await handle.result(), 15)
        assert 1.5 < time.monotonic() - began < 6, time.monotonic() - began


@check
async def another_worker(t: Trial) -> None:
    """Runs go on at the worker that is left when the one that had them in its cache has shut down."""
    queue = f"{QUEUE}-{uuid.uuid4()}"
    options = {"task_queue": queue, "workflows": w.WORKFLOWS, "activities": w.ACTIVITIES}
    async with Worker(t.client, **options):
        handle = await t.client.start_workflow(w.Waits.run, id=t.id(), task_queue=queue)
        await handle.signal(w.Waits.tell, "one")
        same(await handle.query(w.Waits.heard), ["one"])
    async with Worker(t.client, **options):
        began = time.monotonic()
        same(await handle.query(w.Waits.heard), ["one"])
        await handle.signal(w.Waits.tell, "end")
        same(await handle.result(), ["one", "end"])
        assert time.monotonic() - began < 8, "it waited for the worker that has gone"
    seen = kinds(await t.keep(handle))
    assert "WORKFLOW_TASK_TIMED_OUT" not in seen, seen
    async with Worker(t.client, max_cached_workflows=0, **options):
        handle = await t.client.start_workflow(w.Order.run, 1, id=t.id(), task_queue=queue)
        await handle.signal(w.Order.add, "a")
        same(await handle.execute_update(w.Order.finish, "b"), 2)
        same(await handle.result(), "HELLO YOU 3 hello here child a,b")
    await t.keep(handle)


@check
async def replay(t: Trial) -> None:
    """Every history that was fetched so far gives the same commands again, and a wrong one does not."""
    replayer = Replayer(workflows=w.WORKFLOWS)
    for history in t.histories:
        read = WorkflowHistory.from_json(history.workflow_id, history.to_json())
        await replayer.replay_workflow(read)
    print(f"    replayed {len(t.histories)} histories, {sum(len(h.events) for h in t.histories)} events")


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", default="127.0.0.1:7233")
    parser.add_argument("--namespace", default="smoke")
    parser.add_argument("--limit", type=float, default=60, help="seconds that a check may take")
    parser.add_argument("checks", nargs="*")
    given = parser.parse_args()
    unknown = set(given.checks) - {function.__name__ for function in CHECKS}
    if unknown:
        parser.error(f"no such check: {', '.join(sorted(unknown))}")
    # Most checks make something fail on purpose; the SDK warns of each.
    logging.getLogger("temporalio").setLevel(logging.ERROR)
    quiet = TelemetryFilter(core_level="ERROR", other_level="ERROR")
    runtime = Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter=quiet)))
    client = await Client.connect(given.address, namespace=given.namespace, runtime=runtime)
    request = RegisterNamespaceRequest(namespace=given.namespace)
    request.workflow_execution_retention_period.FromTimedelta(timedelta(days=1))
    try:
        await client.workflow_service.register_namespace(request)
    except RPCError as problem:
        if problem.status != RPCStatusCode.ALREADY_EXISTS:
            raise
    attributes = {ATTRIBUTE.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD}
    request = AddSearchAttributesRequest(namespace=given.namespace, search_attributes=attributes)
    await client.operator_service.add_search_attributes(request)
    trial, failed = Trial(client), 0
    async with trial.worker():
        for function in CHECKS:
            if given.checks and function.__name__ not in given.checks:
                continue
            began = time.monotonic()
            try:
                await asyncio.wait_for(function(trial), given.limit)
                verdict = "ok"
            except (Exception, asyncio.TimeoutError):
                failed += 1
                verdict = "FAILED"
                traceback.print_exc()
            print(f"{verdict:7} {function.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
