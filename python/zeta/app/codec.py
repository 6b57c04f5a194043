"""Values as bytes: arguments, results, keys and rows (docs/reference/program_format.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zeta.app.types import (
    BOOL,
    Boolean,
    Bytes,
    Enumeration,
    Fixed,
    Flat,
    Integer,
    Leaf,
    Listing,
    Nothing,
    Optional,
    Structure,
    Text,
    Type,
    flatten,
)
from zeta.app.values import made, parts_of
from zeta.errors import InvalidValue


def encoded(type_: Type, value: Any, *, is_record: bool = False) -> bytes:
    """The encoding of an admitted value.

    That of a key or a row (`is_record`) leaves out the length of bytes or text at its end.
    """
    out = bytearray()
    found = list(_leaves(type_, value, marked=False))
    for index, (leaf, present, part) in enumerate(found):
        if present is not None:
            out.append(present)
        if present is not False:
            takes_rest = is_record and index == len(found) - 1
            out += _leaf_bytes(leaf, part, takes_rest)
    return bytes(out)


def _leaves(type_: Type, value: Any, marked: bool) -> Iterator[tuple[Leaf, bool | None, Any]]:
    """Each value that a program holds, with its mark where it is optional.

    `marked` values are inside of a structure that may be none, where each is optional.
    """
    mark = True if marked else None
    match type_:
        case Structure(_, _, types):
            for inner, part in zip(types, parts_of(type_, value), strict=True):
                yield from _leaves(inner, part, marked)
        case Optional(Structure() as inner):
            yield BOOL, mark, value is not None
            if value is None:
                for flat in flatten(inner, ""):
                    yield flat.leaf, False, None
            else:
                yield from _leaves(inner, value, marked=True)
        case Optional(Boolean() | Integer() | Bytes() | Fixed() | Text() | Enumeration() as leaf):
            yield leaf, value is not None, value
        case Boolean() | Integer() | Bytes() | Fixed() | Text() | Enumeration():
            yield type_, mark, value
        case Nothing():
            return
        case _:
            raise TypeError(f"a value of the type `{type_}` is no argument")


def _leaf_bytes(leaf: Leaf, value: Any, takes_rest: bool) -> bytes:
    match leaf:
        case Boolean():
            return bytes([value])
        case Integer():
            return int.to_bytes(value, leaf.width, "little", signed=leaf.low < 0)
        case Enumeration():
            return bytes([leaf.members.index(value)])
        case Fixed():
            return bytes(value)
        case _:
            raw: bytes = value.encode() if isinstance(value, str) else value
            return raw if takes_rest else len(raw).to_bytes(4, "little") + raw


def decoded(type_: Type, data: bytes, *, is_record: bool = False) -> Any:
    """The value of an encoding; raises `InvalidValue` for other bytes."""
    reader = _Reader(data)
    value = reader.value(type_, is_record)
    reader.end()
    return value


class _Reader:
    """The bytes that are left."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._next = 0

    def value(self, type_: Type, is_record: bool) -> Any:
        """The next value, of this type."""
        if isinstance(type_, Listing):
            count = int.from_bytes(self._take(2), "little")
            inner = _Reader(self._take(self._length()))
            found = [inner.value(type_.element, False) for _ in range(count)]
            inner.end()
            return found
        flats = flatten(type_, "")
        last = len(flats) - 1
        parts = [self._flat(flat, is_record and i == last) for i, flat in enumerate(flats)]
        return _assembled(type_, iter(parts))

    def _flat(self, flat: Flat, takes_rest: bool) -> Any:
        if flat.optional and not self._bool():
            return None
        match flat.leaf:
            case Boolean():
                return self._bool()
            case Integer() as leaf:
                return int.from_bytes(self._take(leaf.width), "little", signed=leaf.low < 0)
            case Enumeration() as leaf:
                place = self._take(1)[0]
                if place < len(leaf.members):
                    return leaf.members[place]
                raise InvalidValue(f"`{place}` is no member of `{leaf}`")
            case Fixed(length):
                return self._take(length)
            case leaf:
                rest = len(self._data) - self._next
                raw = self._take(rest if takes_rest else self._length())
                return raw.decode() if isinstance(leaf, Text) else raw

    def _bool(self) -> bool:
        return self._take(1) == b"\x01"

    def _length(self) -> int:
        return int.from_bytes(self._take(4), "little")

    def _take(self, length: int) -> bytes:
        taken = self._data[self._next : self._next + length]
        if len(taken) != length:
            raise InvalidValue("bytes of a value end too early")
        self._next += length
        return taken

    def end(self) -> None:
        """Raises `InvalidValue` where bytes are left."""
        if self._next != len(self._data):
            raise InvalidValue("a value has bytes that nothing accounts for")


def _assembled(type_: Type, parts: Iterator[Any]) -> Any:
    match type_:
        case Structure(_, _, types):
            return made(type_, [_assembled(inner, parts) for inner in types])
        case Optional(Structure() as inner):
            present = next(parts)
            found = _assembled(inner, parts)
            return found if present else None
        case Nothing():
            return None
        case _:
            return next(parts)
