"""`zeta replay`: runs a trace through a store and compares every answer with a dict's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import typer

import zeta
from zeta.cli import options
from zeta.cli.checking import Checker
from zeta.cli.failure import found_wrong
from zeta.cli.loading import load
from zeta.cli.measure import Side, prepare, runner
from zeta.cli.screen import Screen, milliseconds, rate
from zeta.workload.operations import Operations
from zeta.workload.oracle import PlainDict
from zeta.workload.trace import Trace, attribution, read_trace

# Numbers of the values that are there before the trace begins, far above any access number.
_LOADED = np.uint64(1 << 63)
_ROUND_BYTES = 64 << 20
_ROUND_OPERATIONS = 1 << 18


@dataclass(frozen=True, slots=True)
class Plan:
    """How the trace is run."""

    threads: int
    epoch_seconds: float
    policy: zeta.Policy
    value_size: int
    batch_size: int
    log: Path | None


def replay(
    trace: Annotated[
        Path,
        typer.Argument(
            help="xz or bare numbers of 32 bits (an object for each access), or lines of "
            "`op,key[,value]`.",
            exists=True,
            dir_okay=False,
            readable=True,
        ),
    ],
    limit: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many accesses; else run all.")
    ] = None,
    read_share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of reads, where the trace says none.")
    ] = 0.95,
    value_size: options.ValueSize = 8,
    threads: options.Threads = 1,
    epoch_ms: options.EpochMs = 1000,
    policy: options.PolicyName = "hybrid",
    batch: options.BatchSize = 8192,
    format_name: Annotated[
        Literal["auto", "xz", "u32", "csv"],
        typer.Option("--format", help="Format of the trace; `auto` looks at it."),
    ] = "auto",
    log: Annotated[
        Path | None, typer.Option(help="A new folder for the logs, for `zeta verify-log`.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Run a trace through a store, verified and not, by turns; compare every answer with a dict's.

    A trace of ids holds neither kinds nor values. Writes are spread evenly, the values follow from
    the access number, and all objects are loaded first.
    """
    screen = Screen(json)
    source = read_trace(
        trace, format_name, limit=limit, read_share=read_share, value_size=value_size
    )
    count = len(source.operations)
    screen.say(
        f"{trace}: {count:,} accesses to {source.distinct:,} records, {threads} thread(s), "
        f"epochs of {epoch_ms} ms, policy {policy}"
    )
    if attribution(trace):
        screen.say(attribution(trace), "dim")
    plan = Plan(threads, epoch_ms / 1000, policy, value_size, batch, log)
    contract = compare(screen, source, plan)
    report(screen, contract)
    screen.result(contract)
    if contract["wrong_answers"]:
        found_wrong(f"{contract['wrong_answers']} answers differ from the dict's")


def compare(screen: Screen, source: Trace, plan: Plan) -> dict[str, Any]:
    """Runs the trace through all three kinds of store by turns, a dict beside them."""
    size = plan.value_size
    numbers = source.loaded + _LOADED
    checker = Checker(PlainDict(), size)
    checker.oracle.load(source.loaded, numbers)
    with ExitStack() as stack:
        sides = []
        kinds: tuple[zeta.Policy, ...] = (plan.policy, *zeta.UNVERIFIED)
        for kind in kinds:
            verified = kind not in zeta.UNVERIFIED
            log = plan.log if verified else None
            store = stack.enter_context(
                zeta.open(workers=plan.threads, policy=kind, epoch=None, log=log)
            )
            load(store, source.loaded, numbers, size, screen)
            if verified:
                store.certify()
            seconds = plan.epoch_seconds if verified else None
            side = Side(store, runner(store), threads=plan.threads, epoch_seconds=seconds)
            sides.append(stack.enter_context(side))
        verified_side, unverified_side, map_side = sides
        with screen.progress("replaying", len(source.operations)) as bar:
            for operations in rounds(source, size):
                calls = prepare(
                    operations,
                    threads=plan.threads,
                    batch_size=plan.batch_size,
                    value_size=size,
                )
                answers = verified_side.serve(calls)
                unverified_side.serve(calls)
                map_side.serve(calls)
                checker.check(operations, answers)
                bar.advance(len(operations))
        verified_side.settle()
        return figures(verified_side, unverified_side, map_side, checker.wrong)


def rounds(source: Trace, value_size: int) -> Iterator[Operations]:
    size = max(1, min(_ROUND_OPERATIONS, _ROUND_BYTES // value_size))
    for start in range(0, len(source.operations), size):
        yield source.operations.slice(start, start + size)


def figures(
    verified: Side[Any, Any], unverified: Side[Any, Any], plain_map: Side[Any, Any], wrong: int
) -> dict[str, Any]:
    """What the contract with scripts names, and the speed of a plain map beside it."""
    return compared(verified, unverified, wrong) | {
        "plain_map_ops_per_s": round(plain_map.operations_per_s)
    }


def compared(verified: Side[Any, Any], unverified: Side[Any, Any], wrong: int) -> dict[str, Any]:
    """The figures of a store beside the same without a verifier."""
    return {
        "operations": verified.operations,
        "wrong_answers": wrong,
        "epochs_certified": verified.epochs_certified,
        "verified_ops_per_s": round(verified.operations_per_s),
        "unverified_ops_per_s": round(unverified.operations_per_s),
        "ratio": round(verified.operations_per_s / unverified.operations_per_s, 4),
        "certification_ms": verified.certification_ms(),
    }


def report(screen: Screen, contract: dict[str, Any], *more: tuple[str, str]) -> None:
    certification = contract["certification_ms"]
    screen.table(
        [
            ("operations", f"{contract['operations']:,}"),
            ("wrong answers", f"{contract['wrong_answers']:,}"),
            ("epochs certified", f"{contract['epochs_certified']:,}"),
            ("verified", rate(contract["verified_ops_per_s"], 1)),
            ("unverified", rate(contract["unverified_ops_per_s"], 1)),
            ("ratio", f"{contract['ratio']:.3f}"),
            *(
                [("a plain map", rate(contract["plain_map_ops_per_s"], 1))]
                if "plain_map_ops_per_s" in contract
                else []
            ),
            (
                "answer to certification",
                f"median {milliseconds(certification['p50'])}, "
                f"99 % within {milliseconds(certification['p99'])}",
            ),
            *more,
        ]
    )
