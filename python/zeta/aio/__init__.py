"""The twins for coroutines: `open` a store, or `connect` to one that others run.

The names are those of `zeta.open` and `zeta.connect`, and so is what they mean.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zeta.aio.store import (
        ApplicationStore,
        Operation,
        Operations,
        Store,
        Transition,
        TransitionOperations,
        open,
    )
    from zeta.client.coroutine import Client, Handle, Pipeline, connect

__all__ = [
    "ApplicationStore",
    "Client",
    "Handle",
    "Operation",
    "Operations",
    "Pipeline",
    "Store",
    "Transition",
    "TransitionOperations",
    "connect",
    "open",
]

# A client needs neither the store nor the extension.
_OF_CLIENTS = {"Client", "Handle", "Pipeline", "connect"}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module `zeta.aio` has no attribute `{name}`")
    home = "zeta.client.coroutine" if name in _OF_CLIENTS else "zeta.aio.store"
    found = getattr(import_module(home), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
