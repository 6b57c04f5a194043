"""Operations with a handle: the result, the epoch that will certify it, and a way to wait."""

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from zeta import _native
from zeta.asking import Asked, ask
from zeta.certifying import Certifying
from zeta.column import BytesLike
from zeta.errors import CheckFailed, InvalidValue
from zeta.outcome import Certified, Outcome

if TYPE_CHECKING:
    from zeta.store import Store

Result = TypeVar("Result", covariant=True)

_FAILED = 2


class Operation(Generic[Result]):
    """One operation: it ran, and its result is provisional until its epoch is certified."""

    __slots__ = ("_asked", "_store", "epoch", "result")

    def __init__(
        self, store: Certifying, result: Result, epoch: int, asked: Asked | None = None
    ) -> None:
        self._store = store
        self._asked = asked
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

    def receipt(self, timeout: float | None = None) -> bytes:
        """Waits as `certified` does, and gives the operation's receipt: a file's bytes.

        Raises `InvalidValue` where the store's own operations have no receipts, or the epoch was
        certified so long ago that the host keeps its receipts no longer.
        """
        if self._asked is None:
            raise InvalidValue(
                "the store's own operations have no receipts: "
                "`AccessList(embedded_receipts=True)` gives them some"
            )
        self.certified(timeout)
        return self._asked.receipt()

    def __repr__(self) -> str:
        return f"<operation of epoch {self.epoch}: {self.result!r}>"


class Operations:
    """The operations of a store, each returning a handle instead of a bare result."""

    __slots__ = ("_store",)

    def __init__(self, store: "Store") -> None:
        self._store = store

    def get(self, key: BytesLike) -> Operation[bytes | None]:
        """Reads a value; `None` where the key is absent."""
        if self._store._shows:
            return self._shown("get", key)
        return Operation(self._store, *_native.Store.get_in_epoch(self._store, key))

    def put(self, key: BytesLike, value: BytesLike) -> Operation[None]:
        """Writes a value."""
        if self._store._shows:
            return self._shown("put", key, value)
        return Operation(self._store, None, _native.Store.put_in_epoch(self._store, key, value))

    def delete(self, key: BytesLike) -> Operation[bool]:
        """Makes a key absent; whether it was present."""
        if self._store._shows:
            return self._shown("delete", key)
        return Operation(self._store, *_native.Store.delete_in_epoch(self._store, key))

    def compare_and_set(
        self, key: BytesLike, expected: BytesLike | None, new: BytesLike | None
    ) -> Operation[bool]:
        """Sets the value to `new` where it is `expected`; `None` is absent."""
        if self._store._shows:
            return self._shown("compare_and_set", key, expected, new)
        native = _native.Store.compare_and_set_in_epoch
        return Operation(self._store, *native(self._store, key, expected, new))

    def rename(self, source: BytesLike, target: BytesLike) -> Operation[bool]:
        """Moves the value of `source` to `target`; whether there was one."""
        if self._store._shows:
            return self._shown("rename", source, target)
        return Operation(self._store, *_native.Store.rename_in_epoch(self._store, source, target))

    def _shown(self, name: str, *args: BytesLike | None) -> Operation[Any]:
        """An operation that has a receipt."""
        from zeta.applications.key_value import KeyValue

        signature = KeyValue.transitions[name]
        encoded = signature.encode_arguments(args, {})
        number = list(KeyValue.transitions).index(name)
        status, code, result, asked = ask(self._store, number, encoded)
        if asked is None:
            raise (
                CheckFailed(code)
                if status == _FAILED
                else InvalidValue(f"the verifier refused the operation with code `{code}`")
            )
        return Operation(self._store, signature.decode_result(result), asked.shown.epoch, asked)
