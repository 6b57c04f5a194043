"""DANGER: ways to tamper with a store's own memory and logs, for demonstrations and tests.

Everything here is what a hostile host could do anyway; the verifier is there to catch it. A store
that was tampered with is lost: answers may be wrong until an epoch is asked for, which raises.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from zeta import _native
from zeta.access import AccessList
from zeta.column import BytesLike
from zeta.errors import InvalidValue
from zeta.log import Timestamp
from zeta.store import EpochInfo, Store, open_copy

if TYPE_CHECKING:
    from zeta.app import Application
    from zeta.application_store import ApplicationStore

_ENTROPY_LEN = 96


@dataclass(frozen=True, slots=True)
class Element:
    """A record as the host holds it while it is deferred."""

    value: bytes | None
    timestamp: Timestamp
    """When it was evicted."""
    thread: int
    """By which verifier thread."""


class Tamper:
    """The hands of whoever controls the host's memory."""

    __slots__ = ("_relation", "_store")

    def __init__(self, store: _native.Store, relation: int = 0) -> None:
        self._store = store
        self._relation = relation

    def element(self, key: BytesLike) -> Element:
        """Moves a record out of its slot, where nobody can touch it, and shows it."""
        value, epoch, counter, thread = _native.element(self._store, self._relation, key)
        return Element(value, Timestamp(epoch, counter), thread)

    def set_value(self, key: BytesLike, value: BytesLike | None) -> None:
        """Overwrites a value in the host's memory; `None` makes the key absent."""
        _native.set_value(self._store, self._relation, key, value)

    def roll_back(self, key: BytesLike, earlier: Element) -> None:
        """Gives a record an earlier value, with the timestamp of now."""
        _native.set_value(self._store, self._relation, key, earlier.value)

    def set_element(self, key: BytesLike, element: Element) -> None:
        """Puts another element in the place of the record's: an earlier one, for a replay."""
        epoch, counter = element.timestamp
        _native.set_element(
            self._store, self._relation, key, element.value, epoch, counter, element.thread
        )

    def swap_values(self, first: BytesLike, second: BytesLike) -> None:
        """Swaps the values of two records."""
        _native.swap_values(self._store, self._relation, first, second)

    def skew_timestamp(self, key: BytesLike, by: int = 1) -> None:
        """Moves a deferred record's timestamp by some counts."""
        _native.skew_timestamp(self._store, self._relation, key, by)

    def retire(self, key: BytesLike) -> None:
        """Moves a record to the tree, where the hash of its leaf vouches for it; no lie yet."""
        _native.retire(self._store, self._relation, key)

    def corrupt_node(self, key: BytesLike, part: Literal["hash", "deferred"] = "hash") -> None:
        """Flips a bit of the node above a record's leaf: of its hash, or its deferred flag."""
        if not isinstance(part, str) or part not in ("hash", "deferred"):
            raise InvalidValue(f"`part` is `hash` or `deferred`, not `{part!r}`")
        _native.corrupt_node(self._store, self._relation, key, part)

    def duplicate(self, key: BytesLike) -> None:
        """Pretends that a key that exists is new."""
        _native.duplicate(self._store, self._relation, key)

    def intercept(self, change: Callable[[int, bytes], bytes | None]) -> None:
        """Puts a function between the host and its verifier: it gets a thread and its log.

        What it returns is verified instead; `None` leaves the log as it is. It must not use the
        store, whose worker waits for it. One lie is not caught:
        another operation in the place of the one that was asked for, since only a client's session
        would bind the request.
        """
        _native.intercept(self._store, change)


class Copies:
    """A verifier whose machine its host controls, so that it can be copied.

    All stores that it opens with the same arguments have the same verifier, to the bit: asked the
    same they answer the same, asked differently they go apart. A copy of an earlier state is one
    that was asked only the beginning.
    """

    __slots__ = ("_entropy",)

    def __init__(self) -> None:
        self._entropy = secrets.token_bytes(_ENTROPY_LEN)

    def open(
        self,
        *,
        app: "type[Application]",
        access: AccessList,
        identity: bytes,
        on_epoch: Callable[[EpochInfo], object] | None = None,
    ) -> "ApplicationStore":
        """Opens a copy, as `zeta.open` does; its epoch turns when it is asked to."""
        return open_copy(app, access, identity, self._entropy, on_epoch)


def tamper(store: "Store | ApplicationStore", relation: str | None = None) -> Tamper:
    """The hands of whoever controls the memory of this store's host.

    Of an application they reach into one `relation`, by default its first. Keys and values are
    then the bytes of its keys and rows, as `record_bytes` encodes them.
    """
    if isinstance(store, Store):
        return Tamper(store)
    relations = store.app.relations
    name = next(iter(relations)) if relation is None else relation
    if name not in relations:
        raise InvalidValue(f"`{store.app.__name__}` has no relation `{name}`")
    return Tamper(store.native, relations[name].index)


def record_bytes(
    app: "type[Application]", relation: str, key: Any, row: Any
) -> tuple[bytes, bytes]:
    """The bytes of a key and of a row of a relation, for what a host would forge."""
    from zeta import typed_column

    table = app.relations[relation]
    return (
        typed_column.record_bytes(table.key, key, "key"),
        typed_column.record_bytes(table.row, row, "row"),
    )
