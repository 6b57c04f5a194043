"""`zeta bench`: YCSB, policies side by side, single calls, receipts, and the network."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
import typer

import zeta
from zeta.cli import banking, memory, networking, options, proving, serve, single
from zeta.cli.checking import Checker
from zeta.cli.failure import found_wrong, misuse
from zeta.cli.loading import load
from zeta.cli.measure import Call, Side, prepare, runner
from zeta.cli.replay import figures, report
from zeta.cli.screen import Screen, milliseconds
from zeta.workload.operations import Numbers, key_bytes, value_bytes
from zeta.workload.oracle import Table
from zeta.workload.ycsb import MIXES, Ycsb

# A round is long enough to be timed, and short enough that both sides see the same machine.
_ROUND_SECONDS = 0.25
_ROUND_REQUESTS_MAX = 2_000_000
# Of values that are made up before a round and kept until its answers are checked.
_ROUND_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured."""

    records: int
    seconds: float
    distribution: str
    theta: float
    threads: int
    epoch_seconds: float
    value_size: int
    batch_size: int
    adopt: bool


Workload: TypeAlias = Literal[
    "ycsb-a",
    "ycsb-b",
    "ycsb-c",
    "ycsb-d",
    "ycsb-f",
    "bank",
    "policies",
    "single",
    "receipts",
    "network",
]


def bench(
    workload: Annotated[
        Workload,
        typer.Argument(
            help="A core workload of YCSB; `bank`: transfers between accounts; `policies`: YCSB-A "
            "under each policy; `single`: one get or put at a time; `receipts`: verifying them; "
            "`network`: gets over TCP."
        ),
    ],
    records: Annotated[
        int, typer.Option("--records", "--accounts", min=1, max=1 << 32, help="Records.")
    ] = 1_000_000,
    seconds: Annotated[
        float, typer.Option(min=0.05, max=86400, help="Seconds under load, for the slower side.")
    ] = 5.0,
    distribution: options.Distribution = "zipfian",
    theta: Annotated[
        float, typer.Option(help="Skew of the zipfian distribution, between 0 and 1.")
    ] = 0.9,
    threads: options.Threads = 1,
    epoch_ms: options.EpochMs = 1000,
    policy: options.PolicyName = "hybrid",
    value_size: options.ValueSize = 8,
    batch: options.BatchSize = 8192,
    adopt: Annotated[
        bool,
        typer.Option("--adopt", help="Adopt the records as a data set instead of putting them."),
    ] = False,
    connections: Annotated[
        int, typer.Option(min=1, max=60_000, help="Of the network: clients.")
    ] = 1000,
    pipeline: Annotated[
        int, typer.Option(min=1, max=500, help="Of the network: requests under way, each.")
    ] = 16,
    json: options.Json = False,
) -> None:
    """Measure the store, by turns with the same host without its verifier.

    Every answer is checked while no watch runs. Workload D always asks for the latest records.
    """
    if not 0.0 < theta < 1.0:
        misuse(f"`--theta` must lie between 0 and 1, and is `{theta}`")
    screen = Screen(json)
    plan = Plan(
        records, seconds, distribution, theta, threads, epoch_ms / 1000, value_size, batch, adopt
    )
    if workload == "single":
        screen.result(single.bench_single(screen, records, seconds, value_size))
        return
    if workload == "receipts":
        screen.result(proving.bench_receipts(screen, seconds))
        return
    if workload == "network":
        # Each connection has two ends on this machine.
        serve.make_room(3 * connections)
        networking.bench_network(
            screen,
            networking.Plan(records, seconds, epoch_ms / 1000, connections, pipeline),
        )
        return
    if workload == "bank":
        banking.bench_bank(
            screen, banking.Plan(records, seconds, threads, epoch_ms / 1000, batch), policy
        )
        return
    bench_ycsb(screen, plan, workload, policy)


def bench_ycsb(screen: Screen, plan: Plan, workload: str, policy: zeta.Policy) -> None:
    """Measures one mix, or one under each policy, and fails where an answer is wrong."""
    name = "ycsb-a" if workload == "policies" else workload
    skew = f" {plan.theta}" if plan.distribution == "zipfian" else ""
    screen.say(
        f"{name} ({MIXES[name].about}): {plan.records:,} records of 8+{plan.value_size} bytes, "
        f"{plan.distribution}{skew}, "
        f"{plan.threads} thread(s), epochs of {plan.epoch_seconds * 1000:.0f} ms"
    )
    if workload == "policies":
        contract = compare_policies(screen, plan)
    else:
        contract = run_ycsb(screen, plan, name, policy)
        nanoseconds = contract["verified_ns_per_op"], contract["unverified_ns_per_op"]
        report(
            screen,
            contract,
            ("one operation", "{:,.0f} ns verified, {:,.0f} ns unverified".format(*nanoseconds)),
            ("memory per record", f"{contract['bytes_per_record']:,.0f} bytes"),
        )
    screen.result(contract)
    if contract["wrong_answers"]:
        found_wrong(f"{contract['wrong_answers']} answers are wrong")


def run_ycsb(screen: Screen, plan: Plan, name: str, policy: zeta.Policy) -> dict[str, Any]:
    """The figures of a policy, by turns with an unverified store and a plain map."""
    source = Ycsb(MIXES[name], plan.records, plan.distribution, plan.theta)
    numbers = np.arange(plan.records, dtype=np.uint64)
    checker = Checker(Table(plan.records), plan.value_size)
    checker.oracle.load(numbers, numbers)
    with ExitStack() as stack:
        before = memory.resident_bytes()
        store = stack.enter_context(open_loaded(screen, plan, policy, numbers))
        size = (memory.resident_bytes() - before) / plan.records
        verified = stack.enter_context(
            Side(store, runner(store), threads=plan.threads, epoch_seconds=plan.epoch_seconds)
        )
        others = [
            stack.enter_context(open_loaded(screen, plan, kind, numbers))
            for kind in zeta.UNVERIFIED
        ]
        unverified, plain_map = (
            stack.enter_context(
                Side(other, runner(other), threads=plan.threads, epoch_seconds=None)
            )
            for other in others
        )
        serve_for(screen, plan, source, (verified, unverified, plain_map), checker)
        verified.settle()
        return figures(verified, unverified, plain_map, checker.wrong) | {
            "bytes_per_record": round(size, 1),
            "verified_ns_per_op": round(1e9 / verified.operations_per_s, 1),
            "unverified_ns_per_op": round(1e9 / unverified.operations_per_s, 1),
        }


def open_loaded(screen: Screen, plan: Plan, policy: zeta.Policy, numbers: Numbers) -> zeta.Store:
    """A store that holds the records, all certified."""
    verified = policy not in zeta.UNVERIFIED
    if plan.adopt and verified:
        data = key_bytes(numbers), value_bytes(numbers, plan.value_size)
        return zeta.open(data, workers=plan.threads, policy=policy, epoch=None)
    store = zeta.open(workers=plan.threads, policy=policy, epoch=None)
    load(store, numbers, numbers, plan.value_size, screen)
    if verified:
        store.certify()
    return store


def serve_for(
    screen: Screen,
    plan: Plan,
    source: Ycsb,
    sides: tuple[Side[Call, zeta.Batch], ...],
    checker: Checker,
) -> None:
    """Rounds of the same operations on all sides, until the slowest has worked long enough."""
    most = max(1, min(_ROUND_REQUESTS_MAX, _ROUND_BYTES // plan.value_size))
    requests = min(4 * plan.batch_size, most)
    warm = False
    with screen.progress("measuring", plan.seconds) as bar:
        while (passed := max(side.watch.now() for side in sides)) < plan.seconds or not warm:
            if not warm and passed >= min(0.1 * plan.seconds, 1.0):
                for side in sides:
                    side.forget()
                warm = True
                continue
            if warm:
                bar.to(passed)
            operations = source.draw(requests)
            calls = prepare(
                operations,
                threads=plan.threads,
                batch_size=plan.batch_size,
                value_size=plan.value_size,
            )
            began = time.perf_counter()
            answers = [side.serve(calls) for side in sides]
            slowness = (time.perf_counter() - began) / len(sides) / _ROUND_SECONDS
            checker.check(operations, answers[0])
            requests = int(requests / max(slowness, 0.25))
            requests = min(max(requests, plan.batch_size), most)


def compare_policies(screen: Screen, plan: Plan) -> dict[str, Any]:
    # Each for itself: in equal numbers of operations the tree alone would take all the time.
    results = {
        policy: run_ycsb(screen, plan, "ycsb-a", policy) for policy in options.VERIFIED_POLICIES
    }
    rows: list[tuple[str, ...]] = [
        (
            name,
            f"{result['verified_ops_per_s']:,}",
            f"{result['verified_ns_per_op']:,.0f}",
            f"{result['ratio']:.3f}",
            milliseconds(result["certification_ms"]["p99"]),
        )
        for name, result in results.items()
    ]
    hybrid = results["hybrid"]
    unverified = hybrid["unverified_ops_per_s"]
    nanoseconds = f"{hybrid['unverified_ns_per_op']:,.0f}"
    rows.append(("unverified", f"{unverified:,}", nanoseconds, "1.000", "-"))
    plain_map = hybrid["plain_map_ops_per_s"]
    rows.append(("plain map", f"{plain_map:,}", f"{1e9 / plain_map:,.0f}", "-", "-"))
    screen.columns(("policy", "operations/s", "ns each", "ratio", "certified, 99 %"), rows)
    wrong = sum(result["wrong_answers"] for result in results.values())
    return {**hybrid, "wrong_answers": wrong, "policies": results}
