"""Operations with a handle: the result, the epoch that will certify it, and a way to wait."""

from typing import TYPE_CHECKING, Generic, TypeVar

from zeta import _native
from zeta.certifying import Certifying
from zeta.column import BytesLike
from zeta.outcome import Certified, Outcome

if TYPE_CHECKING:
    from zeta.store import Store

Result = TypeVar("Result", covariant=True)


class Operation(Generic[Result]):
    """One operation: it ran, and its result is provisional until its epoch is certified."""

    __slots__ = ("_store", "epoch", "result")

    def __init__(self, store: Certifying, result: Result, epoch: int) -> None:
        self._store = store
        self.result = result
        """What the operation returned."""
        self.epoch = epoch
        """The epoch that certifies it."""

    @property
    def outcome(self) -> Outcome:
        """What became of the epoch so far."""
        return self._store.outcome(self.epoch)

    def certified(self, timeout: float | None = None) -> Certified:
        """Waits until the epoch is certified, at most `timeout` seconds.

        Raises `MismatchError` or `PoisonedError` where the host lied, and `CertificationTimeout`
        where the epoch is not decided in time. A store without a clock turns its epoch for this.
        """
        return self._store.wait(self.epoch, timeout)

    def __repr__(self) -> str:
        return f"<operation of epoch {self.epoch}: {self.result!r}>"


class Operations:
    """The operations of a store, each returning a handle instead of a bare result."""

    __slots__ = ("_store",)

    def __init__(self, store: "Store") -> None:
        self._store = store

    def get(self, key: BytesLike) -> Operation[bytes | None]:
        """Reads a value; `None` where the key is absent."""
        return Operation(self._store, *_native.Store.get_in_epoch(self._store, key))

    def put(self, key: BytesLike, value: BytesLike) -> Operation[None]:
        """Writes a value."""
        return Operation(self._store, None, _native.Store.put_in_epoch(self._store, key, value))

    def delete(self, key: BytesLike) -> Operation[bool]:
        """Makes a key absent; whether it was present."""
        return Operation(self._store, *_native.Store.delete_in_epoch(self._store, key))

    def compare_and_set(
        self, key: BytesLike, expected: BytesLike | None, new: BytesLike | None
    ) -> Operation[bool]:
        """Sets the value to `new` where it is `expected`; `None` is absent."""
        native = _native.Store.compare_and_set_in_epoch
        return Operation(self._store, *native(self._store, key, expected, new))

    def rename(self, source: BytesLike, target: BytesLike) -> Operation[bool]:
        """Moves the value of `source` to `target`; whether there was one."""
        return Operation(self._store, *_native.Store.rename_in_epoch(self._store, source, target))
