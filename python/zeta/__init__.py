"""Zeta: a stateful service whose every answer a small trusted verifier checks.

`open` gives a verified key-value store inside this process. `Verifier` and `log` are for those who
bring their own host, `summary` for those who bring existing data.
"""

from typing import TYPE_CHECKING, Any

from zeta import errors
from zeta.adoption import Summary, summary
from zeta.operation import Operation
from zeta.outcome import Certified, Mismatch, Outcome, Pending, Poisoned
from zeta.reason import NotYet, Reason
from zeta.store import KINDS, UNVERIFIED, EpochInfo, Policy, Stats, Store, open
from zeta.values import Batch, Values

if TYPE_CHECKING:
    from zeta import aio, answer, hazmat, log
    from zeta.auditing import AuditReport, audit
    from zeta.verifier import KEY_VALUE, Progress, Verifier

__all__ = [
    "KEY_VALUE",
    "KINDS",
    "UNVERIFIED",
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

# An import of `zeta` costs milliseconds: what not every program uses is loaded when it is used.
_MODULES = {"aio", "answer", "hazmat", "log"}
_HOMES = {
    "AuditReport": "auditing",
    "KEY_VALUE": "verifier",
    "Progress": "verifier",
    "Verifier": "verifier",
    "audit": "auditing",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _MODULES:
        return import_module(f"zeta.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module `zeta` has no attribute `{name}`")
    found = getattr(import_module(f"zeta.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
