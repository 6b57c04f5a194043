"""What a batch of calls returned: a typed result or a failed check for each, decoded when asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from zeta import _native
from zeta.app.failure import TEXTS
from zeta.app.signature import Signature
from zeta.app.types import Boolean, Enumeration, Fixed, Integer, Structure, Type
from zeta.errors import CheckFailed, InvalidValue

if TYPE_CHECKING:
    import numpy

    from zeta.app import Application

_DONE = 0
_FAILED = 2
_NOT_EMBEDDED = 264
_OK = b"\1" + bytes(255)
"""Makes of each status whether it is done."""


class Calls(Sequence[Any]):
    """The results of a batch in the order of its calls; provisional until `epoch` is certified.

    To take the result of a call whose check failed raises `CheckFailed`.
    """

    __slots__ = ("_app", "_results", "_signature")

    def __init__(
        self, app: type[Application], signature: Signature, results: _native.CallResults
    ) -> None:
        self._app = app
        self._signature = signature
        self._results = results

    @property
    def epoch(self) -> int:
        """The last epoch in which a call of the batch ran: it certifies them all."""
        return self._results.epoch

    @property
    def ok(self) -> memoryview[bool]:
        """For each call whether it ran; `numpy.asarray` makes it an array of bool."""
        return memoryview(self._results.statuses.translate(_OK)).cast("?")

    @property
    def codes(self) -> memoryview[int]:
        """For each call the code of its failed check, or zero."""
        return memoryview(self._results.codes).cast("H")

    @property
    def failed(self) -> int:
        """How many calls failed a check."""
        return len(self) - self._results.statuses.count(_DONE)

    def error(self, index: int) -> CheckFailed | None:
        """The failed check of a call; `None` where it ran."""
        status, code, _ = self._answer(index)
        return None if status == _DONE else check_failed(self._app, self._signature, status, code)

    def __len__(self) -> int:
        return len(self._results)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        status, code, result = self._answer(index)
        if status != _DONE:
            raise check_failed(self._app, self._signature, status, code)
        return self._signature.decode_result(result)

    def __iter__(self) -> Iterator[Any]:
        return map(self.__getitem__, range(len(self)))

    def _answer(self, index: int) -> tuple[int, int, bytes]:
        at = index + len(self) if index < 0 else index
        if not 0 <= at < len(self):
            raise IndexError("a batch has no such call")
        return self._results.answer(at)

    def to_numpy(self) -> numpy.ndarray[Any, Any]:
        """The results as an array; zeros where a call failed.

        Only for results of one width: numbers, bools, enums, fixed bytes, and rows or tuples of
        them, which make a structured array. Raises `InvalidValue` for others.
        """
        import numpy

        if width_of(self._signature.result) is None:
            raise InvalidValue(f"results of the type `{self._signature.result}` are no array")
        return numpy.frombuffer(self._results.content, _dtype(self._signature.result))

    def __repr__(self) -> str:
        return (
            f"<{len(self)} calls of {self._signature.name} in epoch {self.epoch}, "
            f"{self.failed} failed>"
        )


def check_failed(
    app: type[Application], signature: Signature, status: int, code: int
) -> CheckFailed:
    """Why a call has no result, to be raised."""
    if status != _FAILED and code == _NOT_EMBEDDED:
        raise InvalidValue("the access list lets clients ask, and not the host itself")
    if status != _FAILED:
        raise InvalidValue(f"the verifier refused the arguments of `{signature.name}`")
    reason = app.reasons.get(code, TEXTS.get(code))
    return CheckFailed(code, reason, signature.name)


def width_of(type_: Type) -> int | None:
    """The bytes that every result of a type takes; `None` where they differ, or are none."""
    match type_:
        case Boolean() | Enumeration():
            return 1
        case Integer():
            return type_.width
        case Fixed(length):
            return length
        case Structure(_, _, types) if types:
            widths = [width_of(inner) for inner in types]
            known = [width for width in widths if width is not None]
            return sum(known) if len(known) == len(widths) else None
        case _:
            return None


def _dtype(type_: Type) -> Any:
    match type_:
        case Boolean():
            return "?"
        case Integer():
            return f"<{'i' if type_.low < 0 else 'u'}{type_.width}"
        case Fixed(length):
            return f"V{length}"
        case Structure(_, names, types):
            return [(name, _dtype(inner)) for name, inner in zip(names, types, strict=True)]
        case _:
            return "u1"
