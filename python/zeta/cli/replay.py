"""`zeta replay`: runs a trace through a store and compares every answer with a dict's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import typer

import zeta
from zeta.cli import options
from zeta.cli.checking import Checker
from zeta.cli.failure import found_wrong
from zeta.cli.loading import load
from zeta.cli.measure import Side, prepare
from zeta.cli.screen import Screen, milliseconds, rate
from zeta.workload.operations import Operations
from zeta.workload.oracle import PlainDict
from zeta.workload.trace import Trace, read_trace

# Numbers of the values that are there before the trace begins, far above any access number.
_LOADED = np.uint64(1 << 63)
_ROUND_BYTES = 64 << 20
_ROUND_OPERATIONS = 1 << 18


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
    checker = Checker(PlainDict(), value_size)
    with ExitStack() as stack:
        sides = []
        kinds: tuple[zeta.Policy, ...] = (policy, "unverified")
        for kind in kinds:
            verified = kind != "unverified"
            store = stack.enter_context(
                zeta.open(workers=threads, policy=kind, epoch=None, log=log if verified else None)
            )
            load(store, source.loaded, source.loaded + _LOADED, value_size, screen)
            if verified:
                store.certify()
            seconds = epoch_ms / 1000 if verified else None
            sides.append(stack.enter_context(Side(store, threads=threads, epoch_seconds=seconds)))
        verified_side, unverified_side = sides
        checker.oracle.load(source.loaded, source.loaded + _LOADED)
        with screen.progress("replaying", count) as bar:
            for operations in rounds(source, value_size):
                calls = prepare(
                    operations, threads=threads, batch_size=batch, value_size=value_size
                )
                answers = verified_side.serve(calls)
                unverified_side.serve(calls)
                checker.check(operations, answers)
                bar.advance(len(operations))
        verified_side.settle()
        contract = figures(verified_side, unverified_side, checker.wrong)
    report(screen, contract)
    screen.result(contract)
    if checker.wrong:
        found_wrong(f"{checker.wrong} answers differ from the dict's")


def rounds(source: Trace, value_size: int) -> Iterator[Operations]:
    size = max(1, min(_ROUND_OPERATIONS, _ROUND_BYTES // value_size))
    for start in range(0, len(source.operations), size):
        yield source.operations.slice(start, start + size)


def figures(verified: Side, unverified: Side, wrong: int) -> dict[str, Any]:
    """What the contract with scripts names, for a verified and an unverified side."""
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
            (
                "answer to certification",
                f"median {milliseconds(certification['p50'])}, "
                f"99 % within {milliseconds(certification['p99'])}",
            ),
            *more,
        ]
    )
