"""`zeta verify-log`: replays the logs that a store wrote through a fresh verifier, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import zeta
from zeta.cli import options
from zeta.cli.screen import Screen


def verify_log(
    folder: Annotated[
        Path,
        typer.Argument(
            help="The folder that `--log` or `zeta.open(log=..)` named.",
            exists=True,
            file_okay=False,
            readable=True,
        ),
    ],
    json: options.Json = False,
) -> None:
    """Replay logs that a store wrote through a fresh verifier: its own secret, nobody's word."""
    screen = Screen(json)
    report = zeta.audit(folder)
    raise typer.Exit(0)
