"""Integers of fixed width: an `int` whose every operation is checked at its type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from zeta.app.failure import DIVISION_BY_ZERO, OVERFLOW, failed
from zeta.errors import InvalidType

if TYPE_CHECKING:
    from typing import TypeAlias

    # To a type checker they are integers, so that literals may be written for them; that types
    # are not mixed is checked when the application is defined.
    U8: TypeAlias = int
    U16: TypeAlias = int
    U32: TypeAlias = int
    U64: TypeAlias = int
    I8: TypeAlias = int
    I16: TypeAlias = int
    I32: TypeAlias = int
    I64: TypeAlias = int


class FixedWidth(int):
    """An integer of a stated range; a result outside of it is a failed check."""

    low: ClassVar[int]
    high: ClassVar[int]

    def __new__(cls, value: int) -> FixedWidth:
        if not isinstance(value, int) or isinstance(value, bool):
            raise InvalidType(f"`{cls.__name__}` takes an integer, not `{value!r}`")
        if not cls.low <= value <= cls.high:
            failed(OVERFLOW)
        return int.__new__(cls, value)

    def _other(self, other: Any) -> int:
        if type(other) is not int and type(other) is not type(self):
            raise InvalidType(
                f"`{type(self).__name__}` and `{type(other).__name__}` are not to be mixed"
            )
        return int(other)

    def __add__(self, other: int) -> FixedWidth:
        return type(self)(int(self) + self._other(other))

    def __radd__(self, other: int) -> FixedWidth:
        return type(self)(self._other(other) + int(self))

    def __sub__(self, other: int) -> FixedWidth:
        return type(self)(int(self) - self._other(other))

    def __rsub__(self, other: int) -> FixedWidth:
        return type(self)(self._other(other) - int(self))

    def __mul__(self, other: int) -> FixedWidth:
        return type(self)(int(self) * self._other(other))

    def __rmul__(self, other: int) -> FixedWidth:
        return type(self)(self._other(other) * int(self))

    def __floordiv__(self, other: int) -> FixedWidth:
        return type(self)(int(self) // nonzero(self._other(other)))

    def __rfloordiv__(self, other: int) -> FixedWidth:
        return type(self)(self._other(other) // nonzero(int(self)))

    def __mod__(self, other: int) -> FixedWidth:
        return type(self)(int(self) % nonzero(self._other(other)))

    def __rmod__(self, other: int) -> FixedWidth:
        return type(self)(self._other(other) % nonzero(int(self)))

    def __neg__(self) -> FixedWidth:
        return type(self)(-int(self))


def nonzero(divisor: int) -> int:
    """The divisor; zero is a failed check."""
    return divisor if divisor else failed(DIVISION_BY_ZERO)


def _fixed_width(name: str, low: int, high: int) -> type[FixedWidth]:
    doc = f"An integer from {low} to {high}."
    return type(name, (FixedWidth,), {"low": low, "high": high, "__doc__": doc})


if not TYPE_CHECKING:
    U8 = _fixed_width("U8", 0, 2**8 - 1)
    U16 = _fixed_width("U16", 0, 2**16 - 1)
    U32 = _fixed_width("U32", 0, 2**32 - 1)
    U64 = _fixed_width("U64", 0, 2**64 - 1)
    I8 = _fixed_width("I8", -(2**7), 2**7 - 1)
    I16 = _fixed_width("I16", -(2**15), 2**15 - 1)
    I32 = _fixed_width("I32", -(2**31), 2**31 - 1)
    I64 = _fixed_width("I64", -(2**63), 2**63 - 1)

ALL: tuple[Any, ...] = (U8, U16, U32, U64, I8, I16, I32, I64)
"""The types, in the order of their tags in a program, from 1 on."""
