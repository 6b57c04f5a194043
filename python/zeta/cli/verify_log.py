"""`zeta verify-log`: replays the logs that a store wrote through a fresh verifier, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import zeta
from zeta.auditing import (
    AuditReport,
    EpochReport,
    Problem,
    Sessions,
    Stuck,
    Truncated,
    Uncertified,
    WrongLength,
)
from zeta.cli import options
from zeta.cli.app import named
from zeta.cli.failure import found_unclosed, found_wrong
from zeta.cli.screen import Screen

# A line for each epoch of a day would be 86,400; the JSON object has them all.
_EPOCHS_SHOWN = 20


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
    app: Annotated[
        str | None,
        typer.Option(
            metavar="MODULE:CLASS",
            help="The application that the logs should be of, as Python imports it; "
            "without it, the program that lies beside them.",
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Replay logs that a store wrote through a fresh verifier: its own secret, nobody's word."""
    screen = Screen(json)
    application = None if app is None else named(app)
    with screen.progress("replaying", None) as bar:
        report = zeta.audit(folder, app=application, on_progress=bar.of)
    problem = None if report.problem is None else describe(report.problem)
    show(screen, folder, report)
    screen.result(
        {
            "operations": report.operations,
            "uncertified_operations": report.uncertified_operations,
            "epochs_certified": epochs_certified(report),
            "threads": report.threads,
            "entries": report.entries,
            "bytes": report.bytes,
            "closed": report.closed,
            "epochs": [epoch_row(epoch) for epoch in report.epochs],
            "problem": problem,
        }
    )
    if problem:
        found_wrong(f"{problem['text']}{place(problem)}")
    if not report.closed:
        found_unclosed(
            "the logs were not closed, so nobody can tell whether something is missing at the end: "
            "their store still runs, or ended without `close`"
        )


def show(screen: Screen, folder: Path, report: AuditReport) -> None:
    certified = epochs_certified(report)
    screen.say(
        f"{folder}: {report.bytes:,} bytes of {report.threads} thread(s), {report.entries:,} "
        f"entries, {report.operations:,} operations"
    )
    epochs = f"0 to {report.certified}: certified" if certified else "none is certified"
    closed = "by their store, which noted where they end" if report.closed else "no"
    rows = [("epochs", epochs), ("closed", closed)]
    if report.uncertified_operations:
        rows.append(
            ("not closed", f"up to {report.uncertified_operations:,} operations await their epoch")
        )
    screen.table(rows)
    if report.epochs:
        shown = report.epochs[-_EPOCHS_SHOWN:]
        if len(shown) < len(report.epochs):
            screen.say(f"the last {len(shown)} of {report.epochs[-1].epoch + 1:,} epochs:")
        lines = [epoch_row(epoch) for epoch in shown]
        screen.columns(
            ("epoch", "operations", "outcome"),
            [(f"{row['epoch']}", f"{row['operations']:,}", row["outcome"]) for row in lines],
        )


def epoch_row(report: EpochReport) -> dict[str, Any]:
    return {
        "epoch": report.epoch,
        "operations": report.operations,
        "outcome": type(report.outcome).__name__.lower(),
    }


def epochs_certified(report: AuditReport) -> int:
    return 0 if report.certified is None else report.certified + 1


def describe(problem: Problem) -> dict[str, Any]:
    """The first problem: where it is, the name of its check, and a sentence."""
    match problem:
        case zeta.Mismatch(first=first):
            text = f"epoch `{first}` does not add up: deferred records were tampered with"
            return {"thread": None, "position": None, "reason": "Mismatch", "text": text}
        case Uncertified(first=first):
            text = f"the store was closed, but epoch `{first}`, with operations, is not certified"
            return {"thread": None, "position": None, "reason": "Uncertified", "text": text}
        case WrongLength(thread=thread, position=position, closed_at=closed_at):
            reason = "WrongLength"
            text = f"the log ends elsewhere than where its store closed it, at byte `{closed_at}`"
        case Truncated(thread=thread, position=position):
            reason, text = "Truncated", "the log ends in the middle of an entry"
        case Sessions(thread=thread, position=position):
            reason = "Sessions"
            text = (
                "only the store's own verifier can replay what follows, the requests of sessions; "
                "clients have their receipts"
            )
        case Stuck(thread=thread, position=position, reason=not_yet):
            reason = str(not_yet)
            text = "every thread waits for another: a part of some log is missing"
        case _:
            thread, position = problem.thread, problem.position
            reason, text = str(problem.reason), problem.reason.text
    return {"thread": thread, "position": position, "reason": reason, "text": text}


def place(problem: dict[str, Any]) -> str:
    """Where a problem is, where it is in one place."""
    if problem["thread"] is None:
        return ""
    return (
        f" (thread `{problem['thread']}`, byte `{problem['position']}` of its log, "
        f"`{problem['reason']}`)"
    )
