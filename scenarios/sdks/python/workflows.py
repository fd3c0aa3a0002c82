"""Workflows and activities of the smoke test. Each does one family of things, so that a failure says which one broke.

Workers load this file inside the SDK's sandbox: nothing here looks at the world but through `workflow` and `activity`.
"""

import asyncio
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy, SearchAttributeKey, WorkflowIDReusePolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    ChildWorkflowError,
    TimeoutError as TemporalTimeout,
)

SECOND = timedelta(seconds=1)
QUICK = RetryPolicy(initial_interval=timedelta(milliseconds=50), maximum_attempts=5)
ONCE = RetryPolicy(maximum_attempts=1)


@activity.defn
async def greet(name: str) -> str:
    return f"hello {name}"


@activity.defn
async def fail_twice() -> int:
    attempt = activity.info().attempt
    if attempt < 3:
        raise ApplicationError(f"attempt {attempt}", attempt, type="Scripted")
    return attempt


@activity.defn
async def never_works() -> None:
    raise ApplicationError("for good", type="Final", non_retryable=True)


@activity.defn
async def beat_until_cancelled() -> str:
    """Heartbeats until it is told to stop, and says so."""
    try:
        while True:
            activity.heartbeat("alive")
            await asyncio.sleep(0.1)
    except asyncio.CancelledError:
        activity.heartbeat("dying")
        raise


@activity.defn
async def die_once() -> list[int]:
    """The first attempt heartbeats and goes silent; the second shows what it was left."""
    details = list(activity.info().heartbeat_details)
    if activity.info().attempt == 1:
        activity.heartbeat(41, 42)
        await asyncio.sleep(30)
    return details


@activity.defn
async def complete_elsewhere() -> str:
    activity.raise_complete_async()


@activity.defn
async def stay(seconds: float) -> None:
    await asyncio.sleep(seconds)


@workflow.defn
class Order:
    """Activity, retry, local activity, timer, patch, child, query, signal, update, continue-as-new."""

    def __init__(self) -> None:
        self.items: list[str] = []
        self.done = False

    @workflow.run
    async def run(self, generation: int) -> str:
        greeting = await workflow.execute_activity(greet, "you", start_to_close_timeout=5 * SECOND)
        attempts = await workflow.execute_activity(
            fail_twice, start_to_close_timeout=5 * SECOND, retry_policy=QUICK
        )
        local = await workflow.execute_local_activity(greet, "here", start_to_close_timeout=5 * SECOND)
        if workflow.patched("louder"):
            greeting = greeting.upper()
        await workflow.sleep(0.05)
        if generation == 0:
            workflow.continue_as_new(generation + 1)
        child = await workflow.execute_child_workflow(Echo.run, "child")
        await workflow.wait_condition(lambda: self.done)
        return f"{greeting} {attempts} {local} {child} {','.join(self.items)}"

    @workflow.signal
    def add(self, item: str) -> None:
        self.items.append(item)

    @workflow.query
    def shown(self) -> list[str]:
        return self.items

    @workflow.query
    def broken(self) -> None:
        raise ApplicationError("no answer")

    @workflow.update
    async def finish(self, item: str) -> int:
        await workflow.sleep(0.05)
        self.items.append(item)
        self.done = True
        return len(self.items)

    @finish.validator
    def check(self, item: str) -> None:
        if not item:
            raise ApplicationError("an item needs a name")

    @workflow.update
    async def slow(self) -> str:
        await workflow.wait_condition(lambda: "go" in self.items)
        return "went"


@workflow.defn
class Echo:
    @workflow.run
    async def run(self, text: str) -> str:
        return text


@workflow.defn
class Waits:
    """Waits for a signal; when it is cancelled it cleans up and ends as cancelled."""

    def __init__(self) -> None:
        self.news: list[str] = []

    @workflow.run
    async def run(self) -> list[str]:
        try:
            await workflow.wait_condition(lambda: "end" in self.news)
        except asyncio.CancelledError:
            await workflow.execute_activity(greet, "cleanup", start_to_close_timeout=5 * SECOND)
            raise
        return self.news

    @workflow.signal
    def tell(self, text: str) -> None:
        self.news.append(text)

    @workflow.query
    def heard(self) -> list[str]:
        return self.news


@workflow.defn
class CancelsActivity:
    @workflow.run
    async def run(self) -> str:
        handle = workflow.start_activity(
            beat_until_cancelled,
            start_to_close_timeout=20 * SECOND,
            heartbeat_timeout=2 * SECOND,
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        await workflow.sleep(0.5)
        handle.cancel()
        try:
            await handle
        except ActivityError as problem:
            return type(problem.cause).__name__
        return "went on"


@workflow.defn
class Heartbeats:
    @workflow.run
    async def run(self) -> list[int]:
        return await workflow.execute_activity(
            die_once,
            start_to_close_timeout=20 * SECOND,
            heartbeat_timeout=SECOND,
            retry_policy=QUICK,
        )


@workflow.defn
class Elsewhere:
    @workflow.run
    async def run(self) -> str:
        try:
            return await workflow.execute_activity(
                complete_elsewhere,
                activity_id="elsewhere",
                start_to_close_timeout=20 * SECOND,
                retry_policy=ONCE,
                cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            )
        except ActivityError as problem:
            return f"{type(problem.cause).__name__}: {problem.cause}"


@workflow.defn
class Timeouts:
    @workflow.run
    async def run(self) -> list[str]:
        kinds = []
        for options in (
            {"start_to_close_timeout": timedelta(milliseconds=300)},
            {"schedule_to_close_timeout": timedelta(milliseconds=300)},
            {"schedule_to_start_timeout": timedelta(milliseconds=300), "start_to_close_timeout": SECOND,
             "task_queue": "nobody-polls-here"},
        ):
            try:
                await workflow.execute_activity(stay, 2.0, retry_policy=ONCE, **options)
            except ActivityError as problem:
                assert isinstance(problem.cause, TemporalTimeout)
                kinds.append(problem.cause.type.name)
        return kinds


@workflow.defn
class Family:
    """A child that fails, one that is cancelled, one that is abandoned; a stranger that is signalled and cancelled."""

    @workflow.run
    async def run(self, stranger: str) -> list[str]:
        seen = []
        try:
            await workflow.execute_child_workflow(Fails.run, 99, retry_policy=ONCE)
        except ChildWorkflowError as problem:
            seen.append(str(problem.cause))
        child = await workflow.start_child_workflow(Waits.run)
        await child.signal(Waits.tell, "from the parent")
        child.cancel()
        try:
            await child
        except ChildWorkflowError as problem:
            seen.append(type(problem.cause).__name__)
        await workflow.start_child_workflow(
            Waits.run,
            id=f"{workflow.info().workflow_id}-abandoned",
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
        )
        await workflow.start_child_workflow(Waits.run, id=f"{workflow.info().workflow_id}-terminated")
        await workflow.start_child_workflow(
            Waits.run,
            id=f"{workflow.info().workflow_id}-cancelled",
            parent_close_policy=workflow.ParentClosePolicy.REQUEST_CANCEL,
        )
        other = workflow.get_external_workflow_handle(stranger)
        await other.signal("tell", "hello stranger")
        await other.cancel()
        try:
            await workflow.get_external_workflow_handle("nobody").signal("tell", "?")
        except ApplicationError as problem:
            seen.append("nobody there" if "not found" in str(problem).lower() else str(problem))
        try:
            await workflow.start_child_workflow(Waits.run, id=f"{workflow.info().workflow_id}-abandoned")
        except Exception as problem:
            seen.append(type(problem).__name__)
        return seen


@workflow.defn
class Replaces:
    """Starts a child under an id that another workflow has, and takes the id from it."""

    @workflow.run
    async def run(self, id: str) -> str:
        return await workflow.execute_child_workflow(
            Echo.run, "mine", id=id, id_reuse_policy=WorkflowIDReusePolicy.TERMINATE_IF_RUNNING
        )


@workflow.defn
class Nightly:
    """Wants a child by a schedule."""

    @workflow.run
    async def run(self) -> None:
        await workflow.start_child_workflow(Echo.run, "x", cron_schedule="@daily")


@workflow.defn
class Fails:
    """Fails until its attempt is high enough."""

    @workflow.run
    async def run(self, until: int) -> int:
        attempt = workflow.info().attempt
        if attempt < until:
            raise ApplicationError(f"attempt {attempt} of {until}")
        return attempt


@workflow.defn
class Sleeps:
    @workflow.run
    async def run(self, seconds: float) -> None:
        await workflow.sleep(seconds)


@workflow.defn
class Long:
    """Runs many activities at once, for a history of several pages."""

    @workflow.run
    async def run(self, count: int) -> int:
        calls = [
            workflow.execute_activity(greet, str(number), start_to_close_timeout=20 * SECOND)
            for number in range(count)
        ]
        return len(await asyncio.gather(*calls))


@workflow.defn
class Notes:
    """Changes its memo and its search attributes, and works with details of its own."""

    @workflow.run
    async def run(self) -> str:
        workflow.upsert_memo({"colour": "red"})
        workflow.upsert_search_attributes([SearchAttributeKey.for_keyword("CustomKeywordField").value_set("x")])
        workflow.set_current_details("thinking")
        await workflow.sleep(0.05)
        return workflow.memo_value("colour")


@workflow.defn
class Interrupted:
    """A timer and an activity are cancelled by the workflow itself."""

    @workflow.run
    async def run(self) -> list[str]:
        ended = []
        for work in (
            asyncio.create_task(workflow.sleep(100)),
            asyncio.create_task(
                workflow.execute_activity(
                    stay, 100.0, task_queue="nobody-polls-here", start_to_close_timeout=100 * SECOND
                )
            ),
        ):
            await workflow.sleep(0.05)
            work.cancel()
            try:
                await work
            except (asyncio.CancelledError, ActivityError) as problem:
                ended.append(type(problem).__name__)
        return ended


WORKFLOWS = [
    Order, Echo, Waits, CancelsActivity, Heartbeats, Elsewhere, Timeouts, Family, Replaces, Nightly, Fails, Sleeps, Long, Notes, Interrupted,
]
ACTIVITIES = [greet, fail_twice, never_works, beat_until_cancelled, die_once, complete_elsewhere, stay]
