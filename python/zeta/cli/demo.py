"""`zeta demo`: a verified store under load, then attacked, before your eyes."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

import zeta
from zeta.cli import options
from zeta.cli.failure import found_wrong
from zeta.cli.loading import load
from zeta.cli.measure import Call, prepare
from zeta.cli.screen import Screen, rate, short
from zeta.cli.serving import Served, places, serve
from zeta.drills.memory import ATTACKS, Catch, attempt
from zeta.workload.operations import GET, PUT, Numbers, Operations, write_share
from zeta.workload.popularity import TraceShape, scatter
from zeta.workload.trace import REAL_TRACE, attribution, read_trace

_RECORDS = 100_000
_ACCESSES = 1_000_000
_VALUE_SIZE = 16
_READ_SHARE = 0.8
_ORIGIN = "Accesses are drawn: popular records are as popular as in a real trace."


def demo(
    trace: Annotated[
        Path | None,
        typer.Option(
            help="Serve the accesses of a real trace (xz or numbers of 32 bits).",
            exists=True,
            dir_okay=False,
            readable=True,
        ),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=0.1, max=3600, help="How long to serve before the attacks.")
    ] = 20.0,
    threads: options.Threads = 2,
    epoch_ms: options.EpochMs = 1000,
    json: options.Json = False,
) -> None:
    """See a verified store under load, then attacked: every attack is caught, by a named check."""
    began = time.perf_counter()
    screen = Screen(json)
    screen.say("Zeta: a key-value store that you need not trust.", "bold")
    screen.say(
        "The host keeps the records and answers. A small verifier checks each of its steps and\n"
        "certifies every epoch: all its answers were those of one honest run, or you get to know."
    )
    served = show_service(screen, trace, seconds, threads, epoch_ms)
    catches = show_attacks(screen, pace=1.0 if sys.stdout.isatty() else 0.0)
    summary(screen, served, catches, time.perf_counter() - began)
    screen.result(contract(served, catches))
    missed = [catch.attack.name for catch in catches if not catch.caught]
    if missed:
        found_wrong(f"not caught: {', '.join(missed)}")


def show_service(
    screen: Screen, trace: Path | None, seconds: float, threads: int, epoch_ms: int
) -> Served:
    screen.title("1. Honest service")
    operations, loaded = data_set(trace)
    screen.say(
        f"{len(loaded):,} records of 8+{_VALUE_SIZE} bytes, {_READ_SHARE:.0%} reads, "
        f"{threads} threads, an epoch every {epoch_ms} ms."
    )
    screen.say(f"The accesses are those of `{trace}`." if trace else _ORIGIN)
    if trace is None or attribution(trace):
        screen.say(attribution(trace or Path(REAL_TRACE)), "dim")
    screen.say()
    with zeta.open(workers=threads, epoch=epoch_ms / 1000) as store:
        began = time.perf_counter()
        load(store, loaded, loaded, _VALUE_SIZE, screen)
        store.certify()
        passed = time.perf_counter() - began
        screen.say(
            f"  loaded and certified {len(loaded) / passed:,.0f} records/s   {places(store)}"
        )
        calls: list[list[Call]] = prepare(
            operations, threads=threads, batch_size=4096, value_size=_VALUE_SIZE
        )
        served = serve(screen, store, calls, seconds)
    screen.say(
        f"  {served.operations:,} operations in {served.seconds:.1f} s, every one certified: "
        f"{rate(served.operations, served.seconds)}"
    )
    return served


def data_set(trace: Path | None) -> tuple[Operations, Numbers]:
    """Operations to serve, and the records that are there beforehand."""
    if trace is not None:
        read = read_trace(trace, limit=_ACCESSES, read_share=_READ_SHARE, value_size=_VALUE_SIZE)
        if read.operations.keys is None:
            return read.operations, read.loaded
        records = np.unique(read.operations.records)
        return Operations(
            read.operations.kinds, read.operations.records, read.operations.numbers
        ), records
    ranks = TraceShape(_RECORDS).ranks(_ACCESSES, np.random.default_rng(1))
    kinds = np.where(write_share(_READ_SHARE, _ACCESSES, 0), PUT, GET).astype(np.uint8)
    numbers = np.arange(_ACCESSES, dtype=np.uint64)
    operations = Operations(kinds, scatter(ranks, _RECORDS), numbers)
    return operations, np.arange(_RECORDS, dtype=np.uint64)


def show_attacks(screen: Screen, pace: float) -> list[Catch]:
    screen.title("2. The host turns hostile")
    screen.say(
        "Each time a fresh store, and then somebody with write access to the host's memory or\n"
        "logs. Wrong answers may get out, but they are provisional: their epoch never certifies."
    )
    catches = []
    for number, attack in enumerate(ATTACKS, 1):
        time.sleep(pace)
        screen.say()
        screen.say(f"  {number} of {len(ATTACKS)}: {attack.name}", "bold")
        catch = attempt(attack)
        for line in catch.story:
            screen.say(f"     {line}")
        if catch.caught:
            screen.say(
                f"     CAUGHT after {short(catch.ms)} by {catch.by}: {catch.sentence}", "green"
            )
        else:
            screen.say("     NOT CAUGHT", "bold red")
        catches.append(catch)
    return catches


def summary(screen: Screen, served: Served, catches: list[Catch], seconds: float) -> None:
    caught = sum(catch.caught for catch in catches)
    screen.title("3. Summary")
    screen.table(
        [
            ("operations", f"{served.operations:,}, all certified"),
            ("rate", rate(served.operations, served.seconds)),
            ("epochs certified", f"{served.epochs_certified}"),
            (
                "from an epoch's end to its certification",
                f"median {np.median(served.latencies_ms or [0.0]):.1f} ms, "
                f"longest {max(served.latencies_ms, default=0.0):.1f} ms",
            ),
            ("attacks caught", f"{caught} of {len(catches)}"),
            ("took", f"{seconds:.0f} s"),
        ]
    )
    screen.say()
    screen.say("Next: `zeta replay TRACE`, `zeta bench ycsb-a`, docs/start.md.")


def contract(served: Served, catches: list[Catch]) -> dict[str, Any]:
    return {
        "operations": served.operations,
        "epochs_certified": served.epochs_certified,
        "attacks": [
            {
                "name": catch.attack.name,
                "caught": catch.caught,
                "by": catch.by,
                "ms": round(catch.ms, 3),
            }
            for catch in catches
        ],
    }
