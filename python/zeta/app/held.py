"""Values while code is made: constants, registers, and what is built of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from zeta.app.code import Register
from zeta.app.node import Node
from zeta.app.types import (
    BOOL,
    NUMBER,
    U16,
    Boolean,
    Bytes,
    Enumeration,
    Fixed,
    Integer,
    Leaf,
    Listing,
    Nothing,
    Number,
    Optional,
    Structure,
    Text,
    Type,
    encoded_max,
)


class Known(Node):
    """A leaf whose value is known; no register holds it yet."""

    type: Leaf | Number
    value: Any


class Maybe(Node):
    """A value that may be none; where it is, the payload is made of zeros."""

    presence: Atom
    payload: Value


class Parts(Node):
    """The values of a structure."""

    values: tuple[Value, ...]


class Row(Node):
    """The elements of a list, encoded."""

    count: Atom
    data: Atom


class Void(Node):
    """None."""


Atom: TypeAlias = Known | Register
Value: TypeAlias = Atom | Maybe | Parts | Row | Void

TRUE, FALSE = Known(BOOL, True), Known(BOOL, False)
VOID = Void()


def zero(type_: Type) -> Value:
    """The value made of zeros, as an absent payload has it."""
    match type_:
        case Boolean():
            return FALSE
        case Integer():
            return Known(type_, 0)
        case Enumeration():
            return Known(type_, type_.members[0])
        case Fixed(length):
            return Known(type_, bytes(length))
        case Bytes():
            return Known(Bytes(0), b"")
        case Text():
            return Known(Text(0), "")
        case Optional(inner):
            return Maybe(FALSE, zero(inner))
        case Structure(_, _, types):
            return Parts(tuple(zero(inner) for inner in types))
        case Listing():
            return Row(Known(U16, 0), Known(Bytes(0), b""))
        case Nothing():
            return VOID
    return Known(NUMBER, 0)


def conform(value: Value, type_: Type) -> Value:
    """The value at a type that it fits, or that conditions have narrowed it to."""
    match type_:
        case Optional(inner):
            if isinstance(value, Void):
                return Maybe(FALSE, zero(inner))
            if isinstance(value, Maybe):
                return Maybe(value.presence, conform(value.payload, inner))
            return Maybe(TRUE, conform(value, inner))
        case Structure(_, _, types) if isinstance(narrowed := payload(value), Parts):
            pairs = zip(narrowed.values, types, strict=True)
            return Parts(tuple(conform(part, inner) for part, inner in pairs))
        case Nothing():
            return VOID
        case _:
            return payload(value)


def payload(value: Value) -> Value:
    """The value where it is known to be there."""
    return value.payload if isinstance(value, Maybe) else value


def registers_for(type_: Type) -> Value:
    """New registers for a value of a type."""
    match type_:
        case Optional(inner):
            return Maybe(Register(BOOL), registers_for(inner))
        case Structure(_, _, types):
            return Parts(tuple(registers_for(inner) for inner in types))
        case Listing():
            return Row(Register(U16), Register(Bytes(encoded_max(type_) - 6)))
        case Nothing():
            return VOID
        case Number():
            raise TypeError("a plain number has no register")
        case _:
            return Register(type_)


def atoms(value: Value) -> Iterator[Atom]:
    """The leaves of a value, in order."""
    match value:
        case Maybe(presence, inner):
            yield presence
            yield from atoms(inner)
        case Parts(values):
            for part in values:
                yield from atoms(part)
        case Row(count, data):
            yield count
            yield data
        case Void():
            return
        case _:
            yield value


def with_atoms(value: Value, found: Iterator[Atom]) -> Value:
    """A value of the same shape, of other leaves."""
    match value:
        case Maybe(_, inner):
            presence = next(found)
            return Maybe(presence, with_atoms(inner, found))
        case Parts(values):
            return Parts(tuple(with_atoms(part, found) for part in values))
        case Row():
            return Row(next(found), next(found))
        case Void():
            return value
        case _:
            return next(found)


def flat(type_: Type, value: Value, mark: Atom | None = None) -> Iterator[tuple[Atom | None, Atom]]:
    """Presence and payload of each value that a program holds, as `types.flatten` lists them.

    `mark` is the presence of the structure around, where that may be none.
    """
    match type_, value:
        case Optional(Structure() as inner), Maybe(presence, inside):
            yield mark, presence
            yield from flat(inner, inside, presence)
        case Optional(), Maybe(presence, inside) if isinstance(inside, Known | Register):
            yield presence, inside
        case Structure(_, _, types), Parts(values):
            for inner_type, part in zip(types, values, strict=True):
                yield from flat(inner_type, part, mark)
        case Listing(), Row(count, data):
            yield None, count
            yield None, data
        case Nothing(), Void():
            return
        case _:
            assert isinstance(value, Known | Register), (type_, value)
            yield mark, value


class Incoming(Node):
    """A value from outside: an argument, or what is read of a row."""

    value: Value
    registers: list[Register]
    """The registers that a program fills, in order."""
    marks: list[tuple[Register, Register, bool]]
    """The presence of a structure, the mark of a value in it, and whether that may be none too."""


def incoming(type_: Type) -> Incoming:
    """New registers for a value from outside."""
    found = Incoming(VOID, [], [])
    return Incoming(_incoming(type_, None, found), found.registers, found.marks)


def _incoming(type_: Type, around: Register | None, into: Incoming) -> Value:
    match type_:
        case Structure(_, _, types):
            return Parts(tuple(_incoming(inner, around, into) for inner in types))
        case Optional(Structure() as inner):
            _mark(around, into)
            presence = Register(BOOL)
            into.registers.append(presence)
            return Maybe(presence, _incoming(inner, presence, into))
        case Optional(Boolean() | Integer() | Bytes() | Fixed() | Text() | Enumeration() as leaf):
            presence, held = Register(BOOL), Register(leaf)
            into.registers.extend((presence, held))
            if around is not None:
                into.marks.append((around, presence, True))
            return Maybe(presence, held)
        case Boolean() | Integer() | Bytes() | Fixed() | Text() | Enumeration():
            _mark(around, into)
            held = Register(type_)
            into.registers.append(held)
            return held
    raise TypeError(f"no value from outside is `{type_}`")


def _mark(around: Register | None, into: Incoming) -> None:
    if around is not None:
        mark = Register(BOOL)
        into.registers.append(mark)
        into.marks.append((around, mark, False))
