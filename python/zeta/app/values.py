"""Values of the language as Python has them: checked on the way in, plain on the way out."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Never, TypeAlias

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
)
from zeta.errors import InvalidType, InvalidValue

Admitter: TypeAlias = Callable[[Any, str], Any]
"""Gives a value as one of a type, or raises and says the name."""


def admitted(type_: Type, value: Any, name: str) -> Any:
    """The value as one of the type; integers become those that are checked.

    Raises `InvalidType` or `InvalidValue`, which say `name`.
    """
    return admitter(type_)(value, name)


@cache
def admitter(type_: Type) -> Admitter:
    """What admits values of a type."""
    match type_:
        case Boolean():
            return lambda value, name: (
                value if isinstance(value, bool) else _ill_typed(type_, value, name)
            )
        case Integer():
            return _integer_admitter(type_)
        case Bytes() | Fixed():
            return lambda value, name: _bytes(type_, value, name)
        case Text():
            return lambda value, name: _text(type_, value, name)
        case Enumeration(cls):
            return lambda value, name: (
                value if isinstance(value, cls) else _ill_typed(type_, value, name)
            )
        case Optional(inner):
            inside = admitter(inner)
            return lambda value, name: None if value is None else inside(value, name)
        case Structure():
            return _structure_admitter(type_)
        case Listing():
            return _listing_admitter(type_)
        case Nothing():
            return lambda value, name: None if value is None else _ill_typed(type_, value, name)
    raise TypeError(f"no value has the type `{type_}`")


def _integer_admitter(type_: Integer) -> Admitter:
    cls, low, high = type_.cls, type_.low, type_.high

    def admit(value: Any, name: str) -> Any:
        # numpy's integers have an index too; a bool is a mistake more often than not.
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            _ill_typed(type_, value, name)
        number: int = value.__index__()
        if not low <= number <= high:
            raise InvalidValue(f"`{name}` is `{number}`: `{type_}` is {low} to {high}")
        return int.__new__(cls, number)

    return admit


def _bytes(type_: Bytes | Fixed, value: Any, name: str) -> bytes:
    if not isinstance(value, bytes | bytearray | memoryview):
        _ill_typed(type_, value, name)
    found = bytes(value)
    if isinstance(type_, Fixed) and len(found) != type_.length:
        raise InvalidValue(f"`{name}` has `{len(found)}` bytes, not `{type_.length}`")
    _at_most(type_.longest, len(found), name)
    return found


def _text(type_: Text, value: Any, name: str) -> str:
    if not isinstance(value, str):
        _ill_typed(type_, value, name)
    try:
        length = len(value.encode())
    except UnicodeEncodeError:
        raise InvalidValue(f"`{name}` is text that UTF-8 cannot hold") from None
    _at_most(type_.longest, length, name)
    return value


def _at_most(longest: int, length: int, name: str) -> None:
    if length > longest:
        raise InvalidValue(f"`{name}` has `{length}` bytes, at most `{longest}`")


def _structure_admitter(type_: Structure) -> Admitter:
    wanted = tuple if type_.cls is None else type_.cls
    inside = [
        (admitter(inner), f".{inner_name}")
        for inner, inner_name in zip(type_.types, type_.names, strict=True)
    ]

    def admit(value: Any, name: str) -> Any:
        if not isinstance(value, wanted):
            _ill_typed(type_, value, name)
        parts = parts_of(type_, value)
        if len(parts) != len(inside):
            _ill_typed(type_, value, name)
        pairs = zip(inside, parts, strict=True)
        return made(type_, [one(part, name + suffix) for (one, suffix), part in pairs])

    return admit


def _listing_admitter(type_: Listing) -> Admitter:
    element = admitter(type_.element)

    def admit(value: Any, name: str) -> Any:
        if not isinstance(value, list):
            _ill_typed(type_, value, name)
        if len(value) > type_.longest:
            raise InvalidValue(f"`{name}` has `{len(value)}` elements, at most `{type_.longest}`")
        return [element(one, f"{name}[{index}]") for index, one in enumerate(value)]

    return admit


def parts_of(type_: Structure, value: Any) -> list[Any]:
    """The values inside a row or a tuple."""
    return list(value) if type_.cls is None else [getattr(value, name) for name in type_.names]


def made(type_: Structure, parts: list[Any]) -> Any:
    """A row or tuple of values that are known to be right."""
    if type_.cls is None:
        return tuple(parts)
    instance: Any = object.__new__(type_.cls)
    for name, part in zip(type_.names, parts, strict=True):
        object.__setattr__(instance, name, part)
    return instance


def plain(type_: Type, value: Any) -> Any:
    """The value with ordinary integers, as callers get it."""
    match type_:
        case Integer():
            return int(value)
        case Optional(inner):
            return None if value is None else plain(inner, value)
        case Structure():
            parts = zip(type_.types, parts_of(type_, value), strict=True)
            return made(type_, [plain(inner, part) for inner, part in parts])
        case Listing(element):
            return [plain(element, one) for one in value]
        case _:
            return value


def _ill_typed(type_: Type, value: Any, name: str) -> Never:
    raise InvalidType(f"`{name}` should be `{type_}`, not `{type(value).__name__}`")
