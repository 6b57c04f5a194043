"""The asynchronous twin of the store: the same names, and no call blocks the loop for long.

Single operations take microseconds and run at once; batches, listings and whatever waits for an
epoch run in a thread of the loop's own pool.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, Union, overload

import zeta.store
from zeta.access import AccessList
from zeta.adoption import Summary
from zeta.aio.opening import Opening
from zeta.column import BytesLike, Data, Strings
from zeta.operation import Operation as BlockingOperation
from zeta.outcome import Certified, Outcome
from zeta.store import EpochInfo, Kind, Policy, Stats
from zeta.values import Batch, Values

if TYPE_CHECKING:
    from zeta.app import Application
    from zeta.application_store import ApplicationStore as BlockingApplicationStore
    from zeta.application_store import Transition as BlockingTransition
    from zeta.calls import Calls

Result = TypeVar("Result", covariant=True)
Blocking = TypeVar("Blocking", bound=Union[zeta.store.Store, "BlockingApplicationStore"])


class Operation(Generic[Result]):
    """One operation: it ran, and its result is provisional until its epoch is certified."""

    __slots__ = ("_blocking",)

    def __init__(self, blocking: BlockingOperation[Result]) -> None:
        self._blocking = blocking

    @property
    def result(self) -> Result:
        """What the operation returned."""
        return self._blocking.result

    @property
    def epoch(self) -> int:
        """The epoch that certifies it."""
        return self._blocking.epoch

    @property
    def outcome(self) -> Outcome:
        """What became of the epoch so far."""
        return self._blocking.outcome

    async def certified(self, timeout: float | None = None) -> Certified:
        """Waits until the epoch is certified, at most `timeout` seconds; else raises."""
        return await asyncio.to_thread(self._blocking.certified, timeout)


class Operations:
    """The operations of a store, each returning a handle instead of a bare result."""

    __slots__ = ("_blocking",)

    def __init__(self, store: zeta.store.Store) -> None:
        self._blocking = store.op

    async def get(self, key: BytesLike) -> Operation[bytes | None]:
        """Reads a value; `None` where the key is absent."""
        return Operation(self._blocking.get(key))

    async def put(self, key: BytesLike, value: BytesLike) -> Operation[None]:
        """Writes a value."""
        return Operation(self._blocking.put(key, value))

    async def delete(self, key: BytesLike) -> Operation[bool]:
        """Makes a key absent; whether it was present."""
        return Operation(self._blocking.delete(key))

    async def compare_and_set(
        self, key: BytesLike, expected: BytesLike | None, new: BytesLike | None
    ) -> Operation[bool]:
        """Sets the value to `new` where it is `expected`; `None` is absent."""
        return Operation(self._blocking.compare_and_set(key, expected, new))

    async def rename(self, source: BytesLike, target: BytesLike) -> Operation[bool]:
        """Moves the value of `source` to `target`; whether there was one."""
        return Operation(self._blocking.rename(source, target))


class _Certifying(Generic[Blocking]):
    """A store whose answers are provisional until their epoch is certified."""

    def __init__(self, blocking: Blocking) -> None:
        self._blocking = blocking

    async def certify(self, timeout: float | None = None) -> int:
        """Turns the epoch, and waits until everything answered so far is certified."""
        return await asyncio.to_thread(self._blocking.certify, timeout)

    async def wait(self, epoch: int, timeout: float | None = None) -> Certified:
        """Waits until an epoch is certified, at most `timeout` seconds; else raises."""
        return await asyncio.to_thread(self._blocking.wait, epoch, timeout)

    async def stats(self) -> Stats:
        """Where records are, and what they take; takes a pass over all records."""
        return await asyncio.to_thread(self._blocking.stats)

    async def close(self) -> None:
        """Certifies everything and closes; raises where the host lied."""
        await asyncio.to_thread(self._blocking.close)

    def outcome(self, epoch: int) -> Outcome:
        """What became of an epoch."""
        return self._blocking.outcome(epoch)

    def epochs(self, first: int = 0) -> list[EpochInfo]:
        """The latest epochs, oldest first; none before `first`."""
        return self._blocking.epochs(first)

    @property
    def epoch(self) -> int:
        """The epoch in which operations run now."""
        return self._blocking.epoch

    @property
    def certified_epoch(self) -> int | None:
        """The last certified epoch."""
        return self._blocking.certified_epoch

    @property
    def instance(self) -> bytes:
        """Names the application with its initial state, for clients to pin: 16 bytes."""
        return self._blocking.instance

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self._blocking.__exit__, kind, error, traceback)


class Store(_Certifying[zeta.store.Store]):
    """A verified key-value store for coroutines, made by `zeta.aio.open`."""

    @property
    def op(self) -> Operations:
        """The same operations, each returning a handle that can be waited for."""
        return Operations(self._blocking)

    async def get(self, key: BytesLike) -> bytes | None:
        """The value of a key; `None` where it is absent."""
        return self._blocking.get(key)

    async def put(self, key: BytesLike, value: BytesLike) -> None:
        """Writes a value."""
        self._blocking.put(key, value)

    async def delete(self, key: BytesLike) -> bool:
        """Makes a key absent; whether it was present."""
        return self._blocking.delete(key)

    async def compare_and_set(
        self, key: BytesLike, expected: BytesLike | None, new: BytesLike | None
    ) -> bool:
        """Sets the value to `new` where it is `expected`, and says whether; `None` is absent."""
        return self._blocking.compare_and_set(key, expected, new)

    async def rename(self, source: BytesLike, target: BytesLike) -> bool:
        """Moves the value of `source` to `target`; whether there was one."""
        return self._blocking.rename(source, target)

    async def get_many(self, keys: Strings, *, width: int | None = None) -> Values:
        """Reads many keys at once."""
        return await asyncio.to_thread(self._blocking.get_many, keys, width=width)

    async def put_many(self, keys: Strings, values: Strings) -> Batch:
        """Writes many values at once."""
        return await asyncio.to_thread(self._blocking.put_many, keys, values)

    async def run_many(
        self,
        kinds: Kind | Iterable[int],
        keys: Strings,
        values: Strings | None = None,
        *,
        width: int | None = None,
    ) -> Batch:
        """Runs many operations at once."""
        run_many = self._blocking.run_many
        return await asyncio.to_thread(run_many, kinds, keys, values, width=width)

    async def keys(self) -> AsyncIterator[bytes]:
        """The keys, by the host's word."""
        for key in await asyncio.to_thread(self._blocking.key_list):
            yield key

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.keys()


class Transition:
    """A transition of a store's application: call it, or call it with columns, by `many`."""

    __slots__ = ("_blocking",)

    def __init__(self, blocking: "BlockingTransition") -> None:
        self._blocking = blocking

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the transition; raises `CheckFailed` where a check of the application fails."""
        return self._blocking(*args, **kwargs)

    async def many(self, *columns: Any, **named: Any) -> "Calls":
        """Runs the transition for each row of some columns."""
        return await asyncio.to_thread(self._blocking.many, *columns, **named)


class TransitionOperations:
    """The transitions of a store, each returning a handle that can be waited for."""

    __slots__ = ("_store",)

    def __init__(self, store: "ApplicationStore") -> None:
        self._store = store

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Operation[Any]]]:
        run = getattr(self._store._blocking.op, name)

        async def operation(*args: Any, **kwargs: Any) -> Operation[Any]:
            return Operation(run(*args, **kwargs))

        return operation


class ApplicationStore(_Certifying["BlockingApplicationStore"]):
    """A verified store of an application for coroutines: every transition is a method."""

    @property
    def op(self) -> TransitionOperations:
        """The same transitions, each returning a handle that can be waited for."""
        return TransitionOperations(self)

    def __getattr__(self, name: str) -> Transition:
        if name.startswith("_"):
            raise AttributeError(name)
        return Transition(self._blocking.transition(name))


@overload
def open(
    data: Data | None = None,
    *,
    app: None = None,
    workers: int = 1,
    policy: Policy = "hybrid",
    slots: int | None = None,
    byte_budget: int | None = None,
    epoch: float | None = 1.0,
    log: str | os.PathLike[str] | None = None,
    summary: Summary | None = None,
    access: AccessList | None = None,
    identity: bytes | None = None,
    sessions: int = 1024,
    on_epoch: Callable[[EpochInfo], object] | None = None,
) -> Opening[Store]: ...
@overload
def open(
    data: Mapping[str, Any] | None = None,
    *,
    app: "type[Application]",
    workers: int = 1,
    policy: Policy = "hybrid",
    slots: int | None = None,
    byte_budget: int | None = None,
    epoch: float | None = 1.0,
    log: str | os.PathLike[str] | None = None,
    summary: Summary | None = None,
    access: AccessList | None = None,
    identity: bytes | None = None,
    sessions: int = 1024,
    on_epoch: Callable[[EpochInfo], object] | None = None,
) -> Opening[ApplicationStore]: ...
def open(
    data: Data | Mapping[str, Any] | None = None,
    *,
    app: "type[Application] | None" = None,
    workers: int = 1,
    policy: Policy = "hybrid",
    slots: int | None = None,
    byte_budget: int | None = None,
    epoch: float | None = 1.0,
    log: str | os.PathLike[str] | None = None,
    summary: Summary | None = None,
    access: AccessList | None = None,
    identity: bytes | None = None,
    sessions: int = 1024,
    on_epoch: Callable[[EpochInfo], object] | None = None,
) -> Opening[Store] | Opening[ApplicationStore]:
    """Opens a verified store as `zeta.open` does: `async with`, or `await`, what it returns."""
    open_blocking: Callable[..., Any] = partial(
        zeta.store.open,
        data,
        workers=workers,
        policy=policy,
        slots=slots,
        byte_budget=byte_budget,
        epoch=epoch,
        log=log,
        summary=summary,
        access=access,
        identity=identity,
        sessions=sessions,
        on_epoch=on_epoch,
    )
    if app is None:
        return Opening(lambda: asyncio.to_thread(lambda: Store(open_blocking())))
    return Opening(lambda: asyncio.to_thread(lambda: ApplicationStore(open_blocking(app=app))))
