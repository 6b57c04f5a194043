"""Failures: whose fault, in a line on the error stream, and the exit code that goes with it."""

from __future__ import annotations

import errno
import functools
import os
import sys
from collections.abc import Callable
from typing import Never, ParamSpec

import typer

from zeta import errors

P = ParamSpec("P")

TAMPERED = 1
"""An attack was detected, or an answer was wrong."""
MISUSED = 2
"""The command line or an input is at fault."""
UNCLOSED = 3
"""Logs are in order as far as they go, and nobody can tell whether they are whole."""
OURS = 70
"""A bug of Zeta's own."""
INTERRUPTED = 130


def found_wrong(what: str) -> Never:
    say(what)
    raise typer.Exit(TAMPERED)


def found_unclosed(what: str) -> Never:
    say(what)
    raise typer.Exit(UNCLOSED)


def misuse(what: str) -> Never:
    say(what)
    raise typer.Exit(MISUSED)


def say(what: str) -> None:
    print(f"zeta: {what}", file=sys.stderr, flush=True)


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """The command, with a line and an exit code for whatever it raises."""

    @functools.wraps(command)
    def run(*arguments: P.args, **options: P.kwargs) -> None:
        try:
            command(*arguments, **options)
        except (errors.Error, OSError, MemoryError, KeyboardInterrupt) as error:
            what, code = verdict(error)
            if isinstance(error, BrokenPipeError):
                # Or the interpreter tries once more to write, at its end.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            say(what)
            raise typer.Exit(code) from None

    return run


def verdict(error: BaseException) -> tuple[str, int]:
    """What to say of an error, and the exit code."""
    match error:
        case errors.InternalError():
            return f"{error}: this is a bug of zeta, please report it", OURS
        case errors.LogWriteError() | errors.LogReadError():
            return str(error), MISUSED
        case errors.HostError():
            return str(error), TAMPERED
        case errors.Error():
            return str(error), MISUSED
        case MemoryError():
            return "the memory is not enough: ask for fewer records or smaller values", MISUSED
        case KeyboardInterrupt():
            return "interrupted", INTERRUPTED
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return f"the disk is full: `{error.filename or 'the output'}`", MISUSED
        case BrokenPipeError():
            return "whoever read the output has gone", MISUSED
        case OSError(filename=filename) if filename is not None:
            return f"cannot use `{filename}`: {error.strerror}", MISUSED
        case OSError(strerror=strerror) if strerror is not None:
            return f"the system refused an operation: {strerror}", MISUSED
    raise error
