"""Zeta: a stateful service whose every answer a small trusted verifier checks."""

from typing import TYPE_CHECKING, Any

from zeta import errors
from zeta.outcome import Certified, Mismatch, Outcome, Pending, Poisoned
from zeta.reason import NotYet, Reason
from zeta.verifier import KEY_VALUE, Progress, Verifier

if TYPE_CHECKING:
    from zeta import answer, log

__all__ = [
    "KEY_VALUE",
    "Certified",
    "Mismatch",
    "NotYet",
    "Outcome",
    "Pending",
    "Poisoned",
    "Progress",
    "Reason",
    "Verifier",
    "answer",
    "errors",
    "log",
]

_LOADED_WHEN_USED = {"answer", "log"}


def __getattr__(name: str) -> Any:
    if name not in _LOADED_WHEN_USED:
        raise AttributeError(f"module `zeta` has no attribute `{name}`")
    from importlib import import_module

    return import_module(f"zeta.{name}")
