"""Annotations: what a user writes for a type, and the type that it stands for."""

from __future__ import annotations

import builtins
import sys
import types as python_types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, Flag
from typing import Any

from zeta.app import integers
from zeta.app.types import (
    BOOL,
    BYTES_MAX,
    CASES_MAX,
    FIXED_MAX,
    LEAVES,
    NOTHING,
    Bytes,
    Enumeration,
    Fixed,
    Integer,
    Listing,
    Optional,
    Structure,
    Text,
    Type,
    tuple_of,
)


@dataclass(frozen=True)
class Max:
    """The most bytes of a byte string, the most bytes of UTF-8 of a text, or elements of a list."""

    count: int


@dataclass(frozen=True)
class Exactly:
    """The bytes of a byte string of fixed length."""

    length: int


class Unsuitable(Exception):
    """An annotation that is no type of the language: what it is, and what to write instead."""

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(what)
        self.what = what
        self.instead = instead


_UNBOUNDED: dict[Any, str] = {
    bytes: "`Annotated[bytes, Max(64)]`, or `Annotated[bytes, Exactly(32)]`",
    str: "`Annotated[str, Max(64)]`: at most 64 bytes of UTF-8",
    list: "`Annotated[list[T], Max(16)]`",
    int: "`U64`, or another of `U8` to `I64`",
    tuple: "`tuple[U32, U64]`",
    bytearray: "`Annotated[bytes, Max(64)]`",
    float: "an integer of the smallest unit, as `U64`",
    dict: "a `Relation` of the class",
    set: "a `Relation` of the class",
}


def type_of(annotation: Any) -> Type:
    """The type of an annotation; raises `Unsuitable`."""
    if annotation is None or annotation is type(None):
        return NOTHING
    if annotation is bool:
        return BOOL
    if annotation in integers.ALL:
        return Integer(annotation)
    structure = getattr(annotation, "__zeta_row__", None)
    if isinstance(annotation, type) and isinstance(structure, Structure):
        return structure
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _enumeration(annotation)
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _bounded(*typing.get_args(annotation))
    if origin in (typing.Union, python_types.UnionType):
        return _optional(typing.get_args(annotation))
    if origin is tuple:
        return _tuple(typing.get_args(annotation))
    name = getattr(annotation, "__name__", None) or str(annotation)
    for bare in (annotation, origin):
        instead = _UNBOUNDED.get(bare) if isinstance(bare, type) else None
        if instead is not None:
            raise Unsuitable(
                f"`{bare.__name__}` has no bound that the verifier could check", instead
            )
    raise Unsuitable(
        f"`{name}` is not a type of the language",
        "an integer type, `bool`, bounded bytes or text, an enum, a `@row` class, or a tuple",
    )


def _enumeration(cls: type[Enum]) -> Type:
    if issubclass(cls, Flag) or not 1 <= len(cls) <= CASES_MAX or _has_own_equality(cls):
        raise Unsuitable(
            f"`{cls.__name__}` is no enum with 1 to {CASES_MAX} members", "an `enum.Enum`"
        )
    return Enumeration(cls)


def _has_own_equality(cls: type[Enum]) -> bool:
    """Whether somebody wrote what equality of the members means."""
    bases = [base for base in cls.__mro__ if base.__module__ not in ("builtins", "enum")]
    return any("__eq__" in vars(base) for base in bases)


def _bounded(base: Any, *marks: Any) -> Type:
    bounds = [mark for mark in marks if isinstance(mark, Max | Exactly)]
    if not bounds:
        return type_of(base)
    if len(bounds) > 1:
        raise Unsuitable("a type with two bounds", "one `Max(n)` or one `Exactly(n)`")
    match base, bounds[0]:
        case (_, Max(count) | Exactly(count)) if type(count) is not int:
            raise Unsuitable("a bound that is not an integer", "`Max(64)`")
        case builtins.bytes, Max(longest) if 0 <= longest <= BYTES_MAX:
            return Bytes(longest)
        case builtins.bytes, Exactly(length) if 1 <= length <= FIXED_MAX:
            return Fixed(length)
        case builtins.str, Max(longest) if 0 <= longest <= BYTES_MAX:
            return Text(longest)
        case listed, Max(longest) if typing.get_origin(listed) is list and 1 <= longest <= 4096:
            return Listing(_element(typing.get_args(listed)), longest)
        case ((builtins.bytes | builtins.str), Max()):
            raise Unsuitable("a byte string that may be too long", f"at most `Max({BYTES_MAX})`")
        case builtins.bytes, Exactly():
            raise Unsuitable("a length that cannot be", f"`Exactly(1)` to `Exactly({FIXED_MAX})`")
    raise Unsuitable(
        "a bound where none belongs",
        "`Max` for bytes, text and lists, `Exactly` for bytes",
    )


def _element(arguments: tuple[Any, ...]) -> Type:
    element = type_of(arguments[0]) if arguments else NOTHING
    if not isinstance(element, (*LEAVES, Structure, Optional)):
        raise Unsuitable("a list of these", "a list of values, rows or tuples")
    return element


def _optional(arguments: tuple[Any, ...]) -> Type:
    inner = [argument for argument in arguments if argument is not type(None)]
    if len(inner) != 1 or len(arguments) != 2:
        raise Unsuitable("a union of several types", "`T | None`, or a `@row` class")
    found = type_of(inner[0])
    if isinstance(found, (*LEAVES, Structure)):
        return Optional(found)
    raise Unsuitable("a list that may be none", "an empty list")


def _tuple(arguments: tuple[Any, ...]) -> Type:
    if Ellipsis in arguments:
        raise Unsuitable("a tuple of any length", "`tuple[U32, U64]`, with a type for each place")
    found = tuple(type_of(argument) for argument in arguments)
    if not all(isinstance(one, (*LEAVES, Structure, Optional)) for one in found):
        raise Unsuitable("a tuple of these", "a tuple of values or rows")
    return tuple_of(found)


def evaluated(annotation: Any, names: Mapping[str, Any], module: Mapping[str, Any]) -> Any:
    """The annotation itself, where `from __future__ import annotations` left its text."""
    if not isinstance(annotation, str):
        return annotation
    try:
        return eval(annotation, dict(module), dict(names))
    except Exception as error:
        raise Unsuitable(
            f"`{annotation}` cannot be evaluated here: {error}",
            "a type that is defined above",
        ) from None


def names_around(depth: int) -> dict[str, Any]:
    """The local names of the code that called, `depth` calls up: where a class was written."""
    frame = sys._getframe(depth + 1)
    return dict(frame.f_locals)
