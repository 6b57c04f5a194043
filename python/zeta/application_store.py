"""The embedded store of any application: its transitions as methods, every answer checked."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from zeta import _native
from zeta.app.signature import Signature
from zeta.asking import Asked, ask
from zeta.calls import Calls, check_failed, width_of
from zeta.certifying import Certifying
from zeta.errors import InvalidValue
from zeta.operation import Operation
from zeta.outcome import Outcome
from zeta.serving import Serving
from zeta.typed_column import argument_column

if TYPE_CHECKING:
    from zeta.app import Application
    from zeta.store import EpochInfo, Stats

_DONE = 0


class Transition:
    """A transition of a store's application: call it, or call it with columns, by `many`."""

    def __init__(self, store: ApplicationStore, number: int, signature: Signature) -> None:
        self._store = store
        self._number = number
        self._transition = signature
        self.__name__ = signature.name
        self.__doc__ = signature.doc

    @property
    def __signature__(self) -> inspect.Signature:
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Signature(
            [
                inspect.Parameter(one.name, kind, annotation=str(one.type))
                for one in self._transition.parameters
            ],
            return_annotation=str(self._transition.result),
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the transition; raises `CheckFailed` where a check of the application fails."""
        return self.in_epoch(args, kwargs)[0]

    def in_epoch(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, int]:
        """Runs the transition: its result, and the epoch that certifies it."""
        encoded = self._transition.encode_arguments(args, kwargs)
        status, code, result, epoch = self._store.native.call(self._number, encoded)
        if status != _DONE:
            raise check_failed(self._store.app, self._transition, status, code)
        return self._transition.decode_result(result), epoch

    def asked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Asked]:
        """As `in_epoch`, where what is asked for here has receipts."""
        encoded = self._transition.encode_arguments(args, kwargs)
        status, code, result, asked = ask(self._store, self._number, encoded)
        if asked is None:
            raise check_failed(self._store.app, self._transition, status, code)
        return self._transition.decode_result(result), asked

    def many(self, *columns: Any, **named: Any) -> Calls:
        """Runs the transition for each row of some columns, while other Python threads run.

        There is a column for each argument: an array, an Arrow array or an iterable of values, or
        one value for all rows. Calls that share a record run in their order. Raises `InvalidType`
        and `InvalidValue` before anything runs; a failed check is a call's own affair.
        """
        parameters = self._transition.parameters
        names = [parameter.name for parameter in parameters]
        given = inspect.signature(self).bind(*columns, **named).arguments if names else {}
        types = [parameter.type for parameter in parameters]
        arguments = argument_column(names, types, [given[name] for name in names])
        width = width_of(self._transition.result)
        results = self._store.native.call_many(self._number, arguments, width)
        return Calls(self._store.app, self._transition, results)

    def __repr__(self) -> str:
        return f"<transition {self._transition}>"


class TransitionOperation:
    """A transition that returns a handle instead of a bare result."""

    __slots__ = ("_transition",)

    def __init__(self, transition: Transition) -> None:
        self._transition = transition

    def __call__(self, *args: Any, **kwargs: Any) -> Operation[Any]:
        """Runs the transition; the handle says which epoch certifies it."""
        store = self._transition._store
        if store._shows:
            result, asked = self._transition.asked(args, kwargs)
            return Operation(store, result, asked.shown.epoch, asked)
        return Operation(store, *self._transition.in_epoch(args, kwargs))


class TransitionOperations:
    """The transitions of a store, each returning a handle that can be waited for."""

    __slots__ = ("_store",)

    def __init__(self, store: ApplicationStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> TransitionOperation:
        return TransitionOperation(self._store.transition(name))

    def __dir__(self) -> list[str]:
        return sorted(self._store.app.transitions)


class ApplicationStore(Certifying, Serving):
    """A verified store of an application, made by `zeta.open(app=...)`.

    Every transition of the application is a method, which takes and returns its types. Every
    answer is provisional until its epoch is certified. Where the host lied, `certify`, `close`, a
    wait for a certification, and every later call raise a `HostError`. Threads may share a store.
    """

    def __init__(self, app: type[Application], native: _native.Store) -> None:
        self.app = app
        """The application."""
        self.native = native
        self._transitions = {
            name: Transition(self, number, signature)
            for number, (name, signature) in enumerate(app.transitions.items())
        }
        taken = [
            name for name in app.transitions if hasattr(type(self), name) or name in self.__dict__
        ]
        if taken:
            raise InvalidValue(
                f"every store has a `{taken[0]}` already: the transition needs another name"
            )

    def transition(self, name: str) -> Transition:
        """A transition by its name; raises `AttributeError` where there is none."""
        try:
            return self._transitions[name]
        except KeyError:
            raise AttributeError(
                f"`{self.app.__name__}` has no transition `{name}`", name=name, obj=self
            ) from None

    def __getattr__(self, name: str) -> Transition:
        # Also asked for while the store is being made, before it knows its transitions.
        if name.startswith("_") or "_transitions" not in self.__dict__:
            raise AttributeError(name)
        return self.transition(name)

    def __dir__(self) -> Iterator[str]:
        yield from object.__dir__(self)
        yield from self._transitions

    @property
    def _native_store(self) -> _native.Store:
        return self.native

    @property
    def op(self) -> TransitionOperations:
        """The same transitions, each returning a handle that can be waited for."""
        return TransitionOperations(self)

    @property
    def digest(self) -> bytes:
        """The digest of the application's program: what people approve, 32 bytes."""
        return self.app.digest()

    @property
    def epoch(self) -> int:
        """The epoch in which calls run now."""
        return self.native.epoch

    @property
    def certified_epoch(self) -> int | None:
        """The last certified epoch."""
        return self.native.certified_epoch

    @property
    def instance(self) -> bytes:
        """Names the application with its initial state, for clients to pin: 16 bytes."""
        return self.native.instance

    def turn(self) -> int:
        """Turns the epoch; the one that ended certifies everything answered so far."""
        return self.native.turn()

    def wait_for(self, epoch: int, timeout: float | None) -> None:
        self.native.wait_for(epoch, timeout)

    def outcome(self, epoch: int) -> Outcome:
        """What became of an epoch."""
        return self.native.outcome(epoch)

    def epochs(self, first: int = 0) -> list[EpochInfo]:
        """The latest epochs, up to 4096, oldest first; none before `first`."""
        return self.native.epochs(first)

    def stats(self) -> Stats:
        """Where records are, and what they take; takes a pass over all records."""
        return self.native.stats()

    def close(self) -> None:
        """Certifies everything and closes; raises where the host lied.

        Returns when `on_epoch` was told of all epochs.
        """
        try:
            self.native.close()
        finally:
            self._end_watch()
