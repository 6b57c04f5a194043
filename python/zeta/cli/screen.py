"""The screen: text for people, one JSON object for scripts, progress on the error stream."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)


class _Stream(Console):
    def on_broken_pipe(self) -> None:
        # Rich would end with the exit code that says that an attack was detected.
        raise BrokenPipeError


class Screen:
    """With `as_json` the text moves to the error stream, so that scripts read only the object."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._errors = _Stream(stderr=True, highlight=False, soft_wrap=True)
        self._text = (
            self._errors if as_json else _Stream(highlight=False, soft_wrap=True, emoji=False)
        )

    def say(self, text: str = "", style: str | None = None) -> None:
        # Text may hold what a user named, so brackets in it are no markup.
        self._text.print(text, style=style, markup=False)

    def title(self, text: str) -> None:
        self.say()
        self.say(text, "bold")

    def table(self, rows: Sequence[tuple[str, str]]) -> None:
        width = max(len(name) for name, _ in rows)
        for name, value in rows:
            self.say(f"  {name:<{width}}   {value}")

    def columns(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table whose first column is text and whose others are numbers."""
        widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
        for row in [header, *rows]:
            cells = [f"{row[0]:<{widths[0]}}"]
            cells += [f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)]
            self.say("  " + "   ".join(cells), "bold" if row is header else None)

    def result(self, contract: Mapping[str, Any]) -> None:
        """The last line of the output, where JSON was asked for."""
        if self._as_json:
            print(json.dumps(contract), flush=True)

    @contextmanager
    def progress(self, what: str, total: float | None) -> Iterator[Bar]:
        """A bar that a terminal shows and a file does not."""
        columns = (
            TextColumn("  {task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(
            *columns,
            console=self._errors,
            transient=True,
            disable=not self._errors.is_terminal,
        ) as progress:
            yield Bar(progress, progress.add_task(what, total=total))


class Bar:
    def __init__(self, progress: Progress, task: Any) -> None:
        self._progress = progress
        self._task = task

    def advance(self, by: float) -> None:
        self._progress.advance(self._task, by)

    def to(self, completed: float) -> None:
        self._progress.update(self._task, completed=completed)

    def of(self, completed: float, total: float) -> None:
        self._progress.update(self._task, completed=completed, total=total)


def rate(operations: float, seconds: float) -> str:
    return f"{operations / max(seconds, 1e-9):,.0f} operations/s"


def short(ms: float) -> str:
    """A time that may be far below a millisecond."""
    return f"{ms:,.0f} ms" if ms >= 10 else f"{ms * 1000:,.0f} us"


def milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f} ms"
