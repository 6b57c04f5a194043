"""Values as bytes: arguments, results, keys and rows (docs/reference/program_format.md)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias

from zeta.app.types import (
    Boolean,
    Bytes,
    Enumeration,
    Fixed,
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
from zeta.app.values import admitted, made
from zeta.errors import InvalidType, InvalidValue

Encoder: TypeAlias = Callable[[Any], bytes]
"""Gives the encoding of an admitted value."""
Decoder: TypeAlias = Callable[[bytes, int], tuple[Any, int]]
"""Gives the value at a place of some bytes, and the place after it."""

_LENGTH = struct.Struct("<I")
_COUNT = struct.Struct("<H")
_FORMATS = {1: "B", 2: "H", 4: "I", 8: "Q"}


def encoded(type_: Type, value: Any, *, is_record: bool = False) -> bytes:
    """The encoding of an admitted value.

    That of a key or a row (`is_record`) leaves out the length of bytes or text at its end.
    """
    return encoder(type_, False, is_record)(value)


@cache
def encoder(type_: Type, marked: bool = False, takes_rest: bool = False) -> Encoder:
    """What encodes values of a type.

    `marked` values are inside of a structure that may be none, where each is optional. The last
    value of one that `takes_rest` has no length.
    """
    match type_:
        case Nothing():
            return lambda value: b""
        case Structure():
            return _structure_encoder(type_, marked, takes_rest)
        case Optional(Structure() as inner):
            before = b"\x01" if marked else b""
            absent = before + bytes(1 + len(flatten(inner, "")))
            inside = encoder(inner, True, takes_rest)
            before += b"\x01"
            return lambda value: absent if value is None else before + inside(value)
        case Optional(inner):
            inside = encoder(inner, False, takes_rest)
            return lambda value: b"\0" if value is None else b"\x01" + inside(value)
        case Boolean() | Integer() | Bytes() | Fixed() | Text() | Enumeration():
            plain = _leaf_encoder(type_, takes_rest)
            return (lambda value: b"\x01" + plain(value)) if marked else plain
    raise TypeError(f"a value of the type `{type_}` is no argument")


def _structure_encoder(type_: Structure, marked: bool, takes_rest: bool) -> Encoder:
    last = _last_place(type_) if takes_rest else -1
    inside = [encoder(one, marked, i == last) for i, one in enumerate(type_.types)]
    if type_.cls is None:
        return lambda value: b"".join([one(part) for one, part in zip(inside, value, strict=True)])
    pairs = [(attrgetter(name), one) for name, one in zip(type_.names, inside, strict=True)]
    return lambda value: b"".join([one(part(value)) for part, one in pairs])


def _last_place(type_: Structure) -> int:
    """The part that holds the last value of a structure."""
    return max((i for i, one in enumerate(type_.types) if flatten(one, "")), default=-1)


def _leaf_encoder(leaf: Leaf, takes_rest: bool) -> Encoder:
    match leaf:
        case Boolean():
            return lambda value: b"\x01" if value else b"\0"
        case Integer():
            return _number(leaf).pack
        case Enumeration():
            places = {member: bytes([place]) for place, member in enumerate(leaf.members)}
            return places.__getitem__
        case Fixed():
            return bytes
        case Text() if takes_rest:
            return str.encode
        case Text():
            return lambda value: _sized(value.encode())
        case Bytes():
            return bytes if takes_rest else _sized


def _sized(raw: bytes) -> bytes:
    return _LENGTH.pack(len(raw)) + raw


def _number(leaf: Integer) -> struct.Struct:
    form = _FORMATS[leaf.width]
    return struct.Struct("<" + (form.lower() if leaf.low < 0 else form))


def decoded(type_: Type, data: bytes, *, is_record: bool = False) -> Any:
    """The value of an encoding; raises `InvalidValue` for other bytes."""
    try:
        value, end = decoder(type_, False, is_record)(data, 0)
        if end != len(data):
            raise InvalidValue("a value has bytes that nothing accounts for")
        # Only a record may come from elsewhere: a value that is there beside one that is not.
        if is_record and _record_bytes(type_, value) != data:
            raise InvalidValue("what may be none is neither wholly there nor wholly absent")
    except (struct.error, UnicodeDecodeError, InvalidType):
        raise InvalidValue("bytes of a value end too early, or are no text") from None
    return value


def _record_bytes(type_: Type, value: Any) -> bytes:
    """The encoding of a record, after a check of its value."""
    return encoded(type_, admitted(type_, value, "value"), is_record=True)


@cache
def decoder(type_: Type, marked: bool = False, takes_rest: bool = False) -> Decoder:
    """What decodes values of a type; an absent one that is `marked` gives none."""
    match type_:
        case Nothing():
            return lambda data, at: (None, at)
        case Structure():
            return _structure_decoder(type_, marked, takes_rest)
        case Optional(Structure() as inner):
            present = decoder(Boolean(), marked)
            return _optional_decoder(present, decoder(inner, True, takes_rest))
        case Optional(inner):
            return _marked_decoder(decoder(inner, False, takes_rest))
        case Listing(element):
            return _listing_decoder(decoder(element))
        case Boolean() | Integer() | Bytes() | Fixed() | Text() | Enumeration():
            plain = _leaf_decoder(type_, takes_rest)
            return _marked_decoder(plain) if marked else plain
    raise TypeError(f"no value has the type `{type_}`")


def _structure_decoder(type_: Structure, marked: bool, takes_rest: bool) -> Decoder:
    last = _last_place(type_) if takes_rest else -1
    inside = [decoder(one, marked, i == last) for i, one in enumerate(type_.types)]

    def decode(data: bytes, at: int) -> tuple[Any, int]:
        parts = []
        for one in inside:
            part, at = one(data, at)
            parts.append(part)
        return made(type_, parts), at

    return decode


def _optional_decoder(present: Decoder, inside: Decoder) -> Decoder:
    def decode(data: bytes, at: int) -> tuple[Any, int]:
        is_there, at = present(data, at)
        found, at = inside(data, at)
        return (found if is_there else None), at

    return decode


def _marked_decoder(inside: Decoder) -> Decoder:
    def decode(data: bytes, at: int) -> tuple[Any, int]:
        is_there, at = _bool(data, at)
        return inside(data, at) if is_there else (None, at)

    return decode


def _listing_decoder(element: Decoder) -> Decoder:
    def decode(data: bytes, at: int) -> tuple[Any, int]:
        (count,) = _COUNT.unpack_from(data, at)
        inner, end = _sized_bytes(data, at + 2)
        found, at = [], 0
        for _ in range(count):
            one, at = element(inner, at)
            found.append(one)
        if at != len(inner):
            raise InvalidValue("a list has bytes that no element accounts for")
        return found, end

    return decode


def _leaf_decoder(leaf: Leaf, takes_rest: bool) -> Decoder:
    match leaf:
        case Boolean():
            return _bool
        case Integer():
            number = _number(leaf)
            return lambda data, at: (number.unpack_from(data, at)[0], at + number.size)
        case Enumeration():
            return _enum_decoder(leaf)
        case Fixed(length):
            return lambda data, at: (_taken(data, at, length), at + length)
        case Text():
            raw = _rest if takes_rest else _sized_bytes
            return lambda data, at: _as_text(*raw(data, at))
        case Bytes():
            return _rest if takes_rest else _sized_bytes


def _enum_decoder(leaf: Enumeration) -> Decoder:
    members = leaf.members

    def decode(data: bytes, at: int) -> tuple[Any, int]:
        place = _taken(data, at, 1)[0]
        if place >= len(members):
            raise InvalidValue(f"`{place}` is no member of `{leaf}`")
        return members[place], at + 1

    return decode


def _bool(data: bytes, at: int) -> tuple[bool, int]:
    byte = _taken(data, at, 1)
    if byte > b"\x01":
        raise InvalidValue(f"`{byte[0]}` is no bool")
    return byte == b"\x01", at + 1


def _sized_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    (length,) = _LENGTH.unpack_from(data, at)
    return _taken(data, at + 4, length), at + 4 + length


def _rest(data: bytes, at: int) -> tuple[bytes, int]:
    return data[at:], len(data)


def _as_text(raw: bytes, end: int) -> tuple[str, int]:
    return raw.decode(), end


def _taken(data: bytes, at: int, length: int) -> bytes:
    taken = data[at : at + length]
    if len(taken) != length:
        raise InvalidValue("bytes of a value end too early")
    return taken
