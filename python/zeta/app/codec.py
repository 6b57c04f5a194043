"""Values as bytes: the arguments of a call, and its result (docs/reference/program_format.md)."""

from __future__ import annotations

from typing import Any

from zeta.app.types import (
    Boolean,
    Bytes,
    Enumeration,
    Fixed,
    Integer,
    Listing,
    Nothing,
    Optional,
    Structure,
    Text,
    Type,
    flatten,
)
from zeta.app.values import made, parts_of
from zeta.errors import InternalError


def write(type_: Type, value: Any, out: bytearray, marked: bool = False) -> None:
    """Appends the encoding of an admitted value.

    `marked` values are inside of an optional structure, where each is optional.
    """
    match type_:
        case Structure(_, _, types):
            for inner, part in zip(types, parts_of(type_, value), strict=True):
                write(inner, part, out, marked)
        case Optional(Structure() as inner):
            if marked:
                out.append(1)
            out.append(value is not None)
            if value is None:
                out.extend(bytes(len(flatten(inner, ""))))
            else:
                write(inner, value, out, marked=True)
        case Optional(inner):
            out.append(value is not None)
            if value is not None:
                write(inner, value, out)
        case Nothing():
            return
        case _:
            if marked:
                out.append(1)
            _write_leaf(type_, value, out)


def _write_leaf(type_: Type, value: Any, out: bytearray) -> None:
    match type_:
        case Boolean():
            out.append(value)
        case Integer():
            out.extend(int.to_bytes(value, type_.width, "little", signed=type_.low < 0))
        case Enumeration():
            out.append(type_.members.index(value))
        case Fixed():
            out.extend(value)
        case Bytes() | Text():
            raw = value.encode() if isinstance(value, str) else value
            out.extend(len(raw).to_bytes(4, "little"))
            out.extend(raw)
        case _:
            raise TypeError(f"a value of the type `{type_}` is no argument")


class Reader:
    """The bytes of a result that are left."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._next = 0

    def value(self, type_: Type) -> Any:
        """The next value, of this type."""
        match type_:
            case Listing(element):
                count = int.from_bytes(self._take(2), "little")
                inner = Reader(self._take(int.from_bytes(self._take(4), "little")))
                found = [inner.value(element) for _ in range(count)]
                inner.end()
                return found
            case _:
                return self._value(type_, marked=False)

    def _value(self, type_: Type, marked: bool) -> Any:
        match type_:
            case Nothing():
                return None
            case Structure(_, _, types):
                return made(type_, [self._value(inner, marked) for inner in types])
            case Optional(Structure() as inner):
                present = bool(self._leaf(Boolean())) if not marked or self._mark() else False
                found = self._value(inner, marked=True)
                return found if present else None
            case Optional(inner):
                return self._leaf(inner) if self._mark() else None
            case _:
                return self._leaf(type_) if not marked or self._mark() else None

    def _mark(self) -> bool:
        return self._take(1) == b"\x01"

    def _leaf(self, type_: Type) -> Any:
        match type_:
            case Boolean():
                return self._mark()
            case Integer():
                return int.from_bytes(self._take(type_.width), "little", signed=type_.low < 0)
            case Enumeration():
                return type_.members[self._take(1)[0]]
            case Fixed(length):
                return self._take(length)
            case Bytes():
                return self._take(int.from_bytes(self._take(4), "little"))
            case Text():
                return self._take(int.from_bytes(self._take(4), "little")).decode()
        raise InternalError(f"a result has no type `{type_}`")

    def _take(self, length: int) -> bytes:
        taken = self._data[self._next : self._next + length]
        if len(taken) != length:
            raise InternalError("a result ends too early")
        self._next += length
        return taken

    def end(self) -> None:
        """Raises `InternalError` where bytes are left."""
        if self._next != len(self._data):
            raise InternalError("a result has bytes that no value accounts for")
