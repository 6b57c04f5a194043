"""Options that several commands take, spelled and bounded once."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import typer

from zeta import Policy

VERIFIED_POLICIES: tuple[Policy, ...] = ("hybrid", "deferred", "merkle")

Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print one JSON object as the last line of the output.")
]
Distribution: TypeAlias = Annotated[
    Literal["zipfian", "uniform"], typer.Option(help="Which records are asked for.")
]
Threads: TypeAlias = Annotated[
    int, typer.Option(min=1, max=64, help="Client threads, and as many workers.")
]
EpochMs: TypeAlias = Annotated[
    int, typer.Option(min=1, max=600_000, help="How often an epoch is turned, in milliseconds.")
]
PolicyName: TypeAlias = Annotated[
    Literal["hybrid", "deferred", "merkle"],
    typer.Option(help="Where records live while no operation touches them."),
]
ValueSize: TypeAlias = Annotated[
    int, typer.Option(min=1, max=1 << 20, help="Bytes of a value that is made up.")
]
BatchSize: TypeAlias = Annotated[
    int, typer.Option("--batch", min=1, max=1 << 20, help="Operations of one batch call.")
]
