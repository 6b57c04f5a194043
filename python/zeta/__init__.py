"""Zeta: a stateful service whose every answer a small trusted verifier checks.

`open` gives a verified key-value store inside this process, `connect` one that others run and that
need not be trusted. `Verifier` and `log` are for those who bring their own host, `summary` for
those who bring existing data, `receipts` for those who were shown one.
"""

from typing import TYPE_CHECKING, Any

from zeta import errors

if TYPE_CHECKING:
    from zeta import aio, answer, client, hazmat, log, receipts
    from zeta.access import AccessList, Client, Grant
    from zeta.adoption import Summary, summary
    from zeta.application_store import ApplicationStore
    from zeta.auditing import AuditReport, audit
    from zeta.calls import Calls
    from zeta.client.blocking import connect
    from zeta.operation import Operation
    from zeta.outcome import Certified, Mismatch, Outcome, Pending, Poisoned
    from zeta.reason import NotYet, Reason
    from zeta.store import KINDS, UNVERIFIED, EpochInfo, Policy, Stats, Store, open
    from zeta.values import Batch, Values
    from zeta.verifier import KEY_VALUE, Progress, Verifier

__all__ = [
    "KEY_VALUE",
    "KINDS",
    "UNVERIFIED",
    "AccessList",
    "ApplicationStore",
    "AuditReport",
    "Batch",
    "Calls",
    "Certified",
    "Client",
    "EpochInfo",
    "Grant",
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
    "client",
    "connect",
    "errors",
    "hazmat",
    "log",
    "open",
    "receipts",
    "summary",
]

# Everything is loaded when it is used: an import costs milliseconds, and who only checks receipts
# needs neither the host nor the extension.
_MODULES = {"aio", "answer", "client", "hazmat", "log", "receipts"}
_NAMES = {
    "access": ("AccessList", "Client", "Grant"),
    "adoption": ("Summary", "summary"),
    "application_store": ("ApplicationStore",),
    "auditing": ("AuditReport", "audit"),
    "calls": ("Calls",),
    "client.blocking": ("connect",),
    "operation": ("Operation",),
    "outcome": ("Certified", "Mismatch", "Outcome", "Pending", "Poisoned"),
    "reason": ("NotYet", "Reason"),
    "store": ("KINDS", "UNVERIFIED", "EpochInfo", "Policy", "Stats", "Store", "open"),
    "values": ("Batch", "Values"),
    "verifier": ("KEY_VALUE", "Progress", "Verifier"),
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names}


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
