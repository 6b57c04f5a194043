"""Zeta: a stateful service whose every answer a small trusted verifier checks.

`open` gives a verified key-value store inside this process. `Verifier` and `log` are for those who
bring their own host, `summary` for those who bring existing data.
"""

from typing import TYPE_CHECKING, Any

from zeta import answer, errors
from zeta.adoption import Summary, summary
from zeta.auditing import AuditReport, audit
from zeta.operation import Operation
from zeta.outcome import Certified, Mismatch, Outcome, Pending, Poisoned
from zeta.reason import NotYet, Reason
from zeta.store import KINDS, EpochInfo, Policy, Stats, Store, open
from zeta.values import Batch, Values
from zeta.verifier import KEY_VALUE, Progress, Verifier

if TYPE_CHECKING:
    from zeta import aio, hazmat, log

__all__ = [
    "KEY_VALUE",
    "KINDS",
    "AuditReport",
    "Batch",
    "Certified",
    "EpochInfo",
    "Mismatch",
    "NotYet",
    "Operation",
    "Outcome",
    "Pending",
    "Poisoned",
    "Policy",
    "Progress",
    "Reason",
    "Stats",
    "Store",
    "Summary",
    "Values",
    "Verifier",
    "aio",
    "answer",
    "audit",
    "errors",
    "hazmat",
    "log",
    "open",
    "summary",
]

_LOADED_WHEN_USED = {"aio", "hazmat", "log"}


def __getattr__(name: str) -> Any:
    if name not in _LOADED_WHEN_USED:
        raise AttributeError(f"module `zeta` has no attribute `{name}`")
    from importlib import import_module

    return import_module(f"zeta.{name}")
