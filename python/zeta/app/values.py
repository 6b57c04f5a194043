"""Values of the language as Python has them: checked on the way in, plain on the way out."""

from __future__ import annotations

from typing import Any, Never

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


def admitted(type_: Type, value: Any, name: str) -> Any:
    """The value as one of the type; integers become those that are checked.

    Raises `InvalidType` or `InvalidValue`, which say `name`.
    """
    match type_:
        case Boolean():
            return value if isinstance(value, bool) else _ill_typed(type_, value, name)
        case Integer(cls):
            return cls(_integer(type_, value, name))
        case Bytes() | Fixed():
            return _bytes(type_, value, name)
        case Text(longest):
            if not isinstance(value, str):
                _ill_typed(type_, value, name)
            _at_most(longest, len(_utf8(value, name)), name)
            return value
        case Enumeration(cls):
            return value if isinstance(value, cls) else _ill_typed(type_, value, name)
        case Optional(inner):
            return None if value is None else admitted(inner, value, name)
        case Structure():
            return _structure(type_, value, name)
        case Listing(element, longest):
            if not isinstance(value, list):
                _ill_typed(type_, value, name)
            if len(value) > longest:
                raise InvalidValue(f"`{name}` has `{len(value)}` elements, at most `{longest}`")
            return [admitted(element, one, f"{name}[{i}]") for i, one in enumerate(value)]
        case Nothing():
            return None if value is None else _ill_typed(type_, value, name)
    raise TypeError(f"no value has the type `{type_}`")


def _integer(type_: Integer, value: Any, name: str) -> int:
    # numpy's integers have an index too; a bool is a mistake more often than not.
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        _ill_typed(type_, value, name)
    number: int = value.__index__()
    if not type_.holds(number):
        raise InvalidValue(f"`{name}` is `{number}`: `{type_}` is {type_.low} to {type_.high}")
    return number


def _bytes(type_: Bytes | Fixed, value: Any, name: str) -> bytes:
    if not isinstance(value, bytes | bytearray | memoryview):
        _ill_typed(type_, value, name)
    found = bytes(value)
    if isinstance(type_, Fixed) and len(found) != type_.length:
        raise InvalidValue(f"`{name}` has `{len(found)}` bytes, not `{type_.length}`")
    _at_most(type_.longest, len(found), name)
    return found


def _utf8(value: str, name: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise InvalidValue(f"`{name}` is text that UTF-8 cannot hold") from None


def _at_most(longest: int, length: int, name: str) -> None:
    if length > longest:
        raise InvalidValue(f"`{name}` has `{length}` bytes, at most `{longest}`")


def _structure(type_: Structure, value: Any, name: str) -> Any:
    wanted = tuple if type_.cls is None else type_.cls
    if not isinstance(value, wanted) or (
        type_.cls is None and len(value) != len(type_.types)  # type: ignore[arg-type]
    ):
        _ill_typed(type_, value, name)
    parts = parts_of(type_, value)
    admitted_parts = [
        admitted(inner, part, f"{name}.{inner_name}")
        for inner, part, inner_name in zip(type_.types, parts, type_.names, strict=True)
    ]
    return made(type_, admitted_parts)


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
