"""What the twins have in common: an operation's result, and the calls of a pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zeta.errors import HostError, InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable

    from zeta.client.naming import Transitions
    from zeta.client.session import Answered, Request
    from zeta.client.task import Call


class Handle:
    """One operation; its result is provisional until its epoch is certified."""

    __slots__ = ("_call",)

    def __init__(self, call: Call) -> None:
        self._call = call

    @property
    def result(self) -> Any:
        """What the operation returned; raises as the call does where it returned nothing."""
        self._check()
        return self._call.outcome()

    @property
    def error(self) -> Exception | None:
        """Why it returned nothing; `None` where it did."""
        self._check()
        return self._call.error

    @property
    def request(self) -> Request | None:
        """What was sent, and may be sent again; `None` for nothing yet."""
        return self._call.request

    @property
    def answered(self) -> Answered:
        """The verifier's own answer, also of a failed check.

        Raises:
            InvalidValue: there is none.
        """
        if self._call.answered is None:
            raise InvalidValue("the verifier has not answered it")
        return self._call.answered

    @property
    def epoch(self) -> int:
        """The epoch that certifies it; raises as `answered` does."""
        return self.answered.receipt.epoch

    @property
    def leaf_index(self) -> int:
        """The place of its leaf among those of its thread and epoch: the host's word."""
        return self._call.leaf_index

    @property
    def receipt(self) -> bytes | None:
        """The portable receipt, verified; `None` until somebody waited for it."""
        return self._call.receipt

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Handle) and self._call is other._call

    def __hash__(self) -> int:
        return id(self._call)

    def _check(self) -> None:
        if not self._call.finished:
            raise InvalidValue("it is not answered yet: leave the pipeline's `with` block first")

    def __repr__(self) -> str:
        call = self._call
        if not call.finished:
            return "<operation that is not answered>"
        shown = f": {call.result!r}" if call.error is None else f" failed: {call.error}"
        place = "" if call.answered is None else f" of epoch {call.answered.receipt.epoch}"
        return f"<operation{place}{shown}>"


class PipelineCalls:
    """The calls of a pipeline until they are sent, in their order."""

    def __init__(self, client: Any, transitions: Transitions) -> None:
        self._client = client
        self._transitions = transitions
        self._calls: list[Call] = []
        self._is_sent = False

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._transitions:
            raise self._transitions.unknown(name)

        def call(*args: Any, **kwargs: Any) -> Any:
            return self.call(name, *args, **kwargs)

        return call

    def call(self, name: str | int, *args: Any, **kwargs: Any) -> Any:
        """Adds a call: its handle. As `Client.call`, which says what is raised."""
        if self._is_sent:
            raise InvalidValue("the pipeline was sent already: begin another")
        call = self._transitions.call(name, args, kwargs)
        self._calls.append(call)
        return self._client._handle(call)

    def __len__(self) -> int:
        return len(self._calls)

    def _take(self) -> list[Call]:
        self._is_sent = True
        return self._calls

    def _finish(self) -> None:
        """Raises what is not a result: a lie, or a loss."""
        for call in self._calls:
            if isinstance(call.error, HostError):
                raise call.error
