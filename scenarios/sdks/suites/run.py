"""Runs the tests of official suites one by one on a server at an address, and compares what they came to on two servers.

    python run.py temporal PROGRAM 7300
    python run.py prepare ADDRESS
    python run.py run sdk-core ADDRESS PROGRAM results.json [--only TEXT] [--jobs 4] [--limit 60]
    python run.py run cli ADDRESS PROGRAM results.json
    python run.py table SUITE VERSION real.json ours.json > table.md

PROGRAM is the compiled test program of the suite; README.md says how it is made. Every test is a process of its own with a
time limit, so that one that hangs, or a server that fails it, costs only itself. Addresses are of loopback. A suite's tests
know nothing of this: what is missing on a server is a failure there.
"""

import argparse
import asyncio
import collections
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import tempfile

# The namespaces and search attributes that the suites' own servers are started with.
NAMESPACES = ["default", "batch-empty"]
ATTRIBUTES = {"CustomTextField": 1, "CustomKeywordField": 2, "CustomIntField": 3}

# What the suites' own servers are told beyond their defaults, as far as the pinned version knows of it.
DYNAMIC = {
    "system.enableEagerWorkflowStart": True,
    "frontend.workerVersioningRuleAPIs": True,
    "frontend.workerVersioningWorkflowAPIs": True,
    "frontend.workerVersioningDataAPIs": True,
    "system.enableDeployments": True,
    "system.enableDeploymentVersions": True,
    "component.nexusoperations.recordCancelRequestCompletionEvents": True,
    "frontend.activityAPIsEnabled": True,
    "frontend.enableUpdateWorkflowExecution": True,
    "frontend.enableUpdateWorkflowExecutionAsyncAccepted": True,
    "frontend.WorkerHeartbeatsEnabled": True,
    "frontend.ListWorkersEnabled": True,
    "frontend.enableCancelWorkerPollsOnShutdown": True,
    "frontend.workerCommandsEnabled": True,
    "frontend.WorkflowPauseEnabled": True,
    "system.enableCancelActivityWorkerCommand": True,
    "history.enableWorkflowTaskCompletionPagination": True,
    "system.transactionSizeLimit": 33554432,
    "system.forceSearchAttributesCacheRefreshOnRead": True,
    "matching.TaskQueueInfoByBuildIdTTL": 0,
    "frontend.namespaceRPS.visibility": 10000,
    "frontend.MaxConcurrentBatchOperationPerNamespace": 1000,
    "frontend.namespaceRPS": 1000000,
    "frontend.rps": 1000000,
    "matching.numTaskqueueReadPartitions": 1,
    "matching.numTaskqueueWritePartitions": 1,
}

SERVER = """log: {{stdout: true, level: warn}}
x-store: &store
  pluginName: sqlite
  connectAddr: localhost
  connectProtocol: tcp
  maxConns: 1
  maxIdleConns: 1
  maxConnLifetime: 24h
  connectAttributes: {{mode: memory, cache: private}}
persistence:
  defaultStore: main
  visibilityStore: visibility
  numHistoryShards: 4
  datastores:
    main: {{sql: {{<<: *store, databaseName: main}}}}
    visibility: {{sql: {{<<: *store, databaseName: visibility}}}}
global: {{membership: {{maxJoinDuration: 30s, broadcastAddress: "127.0.0.1"}}}}
services:
  frontend: {{rpc: {{grpcPort: {0}, membershipPort: {1}, httpPort: {8}, bindOnLocalHost: true}}}}
  history: {{rpc: {{grpcPort: {2}, membershipPort: {3}, bindOnLocalHost: true}}}}
  matching: {{rpc: {{grpcPort: {4}, membershipPort: {5}, bindOnLocalHost: true}}}}
  worker: {{rpc: {{grpcPort: {6}, membershipPort: {7}, bindOnLocalHost: true}}}}
clusterMetadata:
  enableGlobalNamespace: false
  failoverVersionIncrement: 10
  masterClusterName: active
  currentClusterName: active
  clusterInformation:
    active: {{enabled: true, initialFailoverVersion: 1, rpcName: frontend, rpcAddress: "127.0.0.1:{0}"}}
dcRedirectionPolicy: {{policy: noop}}
publicClient: {{hostPort: "127.0.0.1:{0}"}}
dynamicConfigClient: {{filepath: {dynamic}, pollInterval: 60s}}
"""


def temporal(program, port):
    """Runs the real server on loopback, in memory, until it is interrupted."""
    with tempfile.TemporaryDirectory() as folder:
        dynamic = os.path.join(folder, "dynamic.yaml")
        with open(dynamic, "w", encoding="utf-8") as file:
            file.writelines(f"{name}: [{{value: {json.dumps(value)}}}]\n" for name, value in DYNAMIC.items())
        config = os.path.join(folder, "server.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(SERVER.format(*(port + place for place in range(9)), dynamic=json.dumps(dynamic)))
        subprocess.run([program, "--config-file", config, "--allow-no-auth", "start"], check=False)


async def prepare(address):
    """Makes the namespaces and search attributes that the suites expect."""
    from google.protobuf.duration_pb2 import Duration
    from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
    from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
    from temporalio.client import Client
    from temporalio.service import RPCError

    async def until(call, request):
        for _ in range(100):
            try:
                return await call(request)
            except RPCError as error:
                if error.status.name == "ALREADY_EXISTS":
                    return None
                last = error
                await asyncio.sleep(0.3)
        raise last

    client = await Client.connect(address)
    for name in NAMESPACES:
        kept = Duration(seconds=86_400)
        request = RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=kept)
        await until(client.workflow_service.register_namespace, request)
    for name, kind in ATTRIBUTES.items():
        request = AddSearchAttributesRequest(namespace="default", search_attributes={name: kind})
        await until(client.operator_service.add_search_attributes, request)


def tests(suite, program):
    """The names of the suite's tests."""
    flag = {"sdk-core": ["--list", "--format", "terse"], "cli": ["-test.list", ".*"]}[suite]
    listed = subprocess.run([program, *flag], capture_output=True, text=True, check=True, cwd=os.path.dirname(program))
    if suite == "sdk-core":
        return [line[: -len(": test")] for line in listed.stdout.splitlines() if line.endswith(": test")]
    # Go lists the functions; the tests that need a server are methods of one suite, which its sources name.
    names = []
    folder = os.path.dirname(program)
    for file in sorted(os.listdir(folder)):
        if file.endswith("_test.go"):
            with open(os.path.join(folder, file), encoding="utf-8") as text:
                names += re.findall(r"^func \(s \*SharedServerSuite\) (Test\w+)\(\)", text.read(), re.M)
    return names


def command(suite, program, name):
    if suite == "sdk-core":
        return [program, "--exact", name, "--nocapture"]
    return [program, "-test.run", f"^TestSharedServerSuite$/^{name}$", "-test.v"]


def one(suite, program, address, name, limit):
    """Runs one test: its outcome, and the last words of one that failed."""
    environment = dict(os.environ)
    if suite == "sdk-core":
        environment |= {"TEMPORAL_SERVICE_ADDRESS": f"http://{address}", "RUST_BACKTRACE": "0"}
    else:
        environment |= {"CLI_TEST_ADDRESS": address}
    process = subprocess.Popen(
        command(suite, program, name),
        cwd=os.path.dirname(program) if suite == "cli" else os.getcwd(),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        return "timeout", said[-6000:]
    passed = process.returncode == 0
    if suite == "sdk-core" and passed and ("1 ignored" in said or "running 0 tests" in said):
        return "ignored", ""
    if suite == "cli" and f"--- SKIP: TestSharedServerSuite/{name}" in said:
        return "ignored", ""
    if suite == "cli" and passed and f"--- PASS: TestSharedServerSuite/{name}" not in said:
        return "failed", said[-6000:]
    return ("passed", "") if passed else ("failed", said[-6000:])


def run(suite, address, program, results, only, jobs, limit):
    """Runs all tests of a suite, and writes what each came to."""
    host = address.rsplit(":", 1)[0]
    if host not in ("127.0.0.1", "localhost", "[::1]"):
        sys.exit(f"{address} is not of loopback")
    names = [name for name in tests(suite, program) if only in name]
    found = {}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(one, suite, program, address, name, limit): name for name in names}
        for done in concurrent.futures.as_completed(running):
            outcome, said = done.result()
            found[running[done]] = {"outcome": outcome, "said": said}
            print(f"{len(found)}/{len(names)} {outcome:8} {running[done]}", flush=True)
    with open(results, "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1, sort_keys=True)
    print(collections.Counter(it["outcome"] for it in found.values()))


def reason(said):
    """The line that says best why a test failed."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    patterns = [
        r"(\w+ is not served\S*)",
        r"([\w ]+ are not supported)",
        r"message: \"([^\"]{5,160})\"",
        r"Error:\s+(.{5,160})",
        r"panicked at [^:]+:\d+",
        r"(assertion .{5,160})",
    ]
    for pattern in patterns:
        for line in reversed(lines):
            if match := re.search(pattern, line):
                return (match.group(1) if match.groups() else line)[:160]
    return lines[-1][:160] if lines else ""


def table(suite, version, real, ours):
    """How many pass on both, and why those fail here that pass there, as a part of a page."""
    with open(real, encoding="utf-8") as file:
        there = json.load(file)
    with open(ours, encoding="utf-8") as file:
        here = json.load(file)
    passes = [name for name, it in there.items() if it["outcome"] == "passed"]
    both = [name for name in passes if here.get(name, {}).get("outcome") == "passed"]
    print(f"| {suite} | {version} | {len(there)} | {len(passes)} | {len(both)} |")
    print()
    for name in sorted(set(passes) - set(both)):
        it = here.get(name, {"outcome": "not run", "said": ""})
        why = reason(it["said"]).replace("|", "\\|")
        print(f"| `{name}` | {it['outcome']} | {why} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    it = verbs.add_parser("prepare")
    it.add_argument("address")
    it = verbs.add_parser("temporal")
    it.add_argument("program", type=os.path.abspath)
    it.add_argument("port", type=int)
    it = verbs.add_parser("run")
    it.add_argument("suite", choices=["sdk-core", "cli"])
    it.add_argument("address")
    it.add_argument("program", type=os.path.abspath)
    it.add_argument("results")
    it.add_argument("--only", default="")
    it.add_argument("--jobs", type=int, default=4)
    it.add_argument("--limit", type=int, default=60)
    it = verbs.add_parser("table")
    for name in ("suite", "version", "real", "ours"):
        it.add_argument(name)
    options = vars(parser.parse_args())
    verb = options.pop("verb")
    if verb == "prepare":
        asyncio.run(prepare(options["address"]))
    else:
        {"run": run, "table": table, "temporal": temporal}[verb](**options)


if __name__ == "__main__":
    main()
