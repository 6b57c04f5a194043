"""The types of the language, and the flat values that a program holds for each."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, TypeAlias

from zeta.app import integers
from zeta.app.node import Node

BYTES_MAX = 1 << 20
"""The longest byte string."""
FIXED_MAX = 1024
"""The longest byte string of fixed length."""
CASES_MAX = 256
"""The most members of an enum."""


class Boolean(Node):
    """True or false."""

    def __str__(self) -> str:
        return "bool"


class Integer(Node):
    """An integer of fixed width; `cls` is the class that checks it."""

    cls: Any

    @property
    def low(self) -> int:
        low: int = self.cls.low
        return low

    @property
    def high(self) -> int:
        high: int = self.cls.high
        return high

    @property
    def width(self) -> int:
        """In bytes."""
        return (self.high - self.low).bit_length() // 8

    def holds(self, value: int) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        name: str = self.cls.__name__
        return name


class Bytes(Node):
    """At most `longest` bytes."""

    longest: int

    def __str__(self) -> str:
        return f"Annotated[bytes, Max({self.longest})]"


class Fixed(Node):
    """Exactly `length` bytes."""

    length: int

    @property
    def longest(self) -> int:
        return self.length

    def __str__(self) -> str:
        return f"Annotated[bytes, Exactly({self.length})]"


class Text(Node):
    """Text of at most `longest` bytes of UTF-8."""

    longest: int

    def __str__(self) -> str:
        return f"Annotated[str, Max({self.longest})]"


class Enumeration(Node):
    """A member of an enum; a program knows it by its place."""

    cls: type[Enum]

    @property
    def members(self) -> list[Enum]:
        return list(self.cls)

    def __str__(self) -> str:
        return self.cls.__name__


class Optional(Node):
    """A value, or none."""

    inner: Inner

    def __str__(self) -> str:
        return f"{self.inner} | None"


class Structure(Node):
    """A row class, or a tuple where `cls` is none: values side by side."""

    cls: type | None
    names: tuple[str, ...]
    types: tuple[Type, ...]

    def __str__(self) -> str:
        if self.cls is not None:
            return self.cls.__name__
        inner = ", ".join(str(one) for one in self.types)
        return f"tuple[{inner or '()'}]"


class Listing(Node):
    """A list of at most `longest` elements: a result, or a local."""

    element: Type
    longest: int

    def __str__(self) -> str:
        return f"Annotated[list[{self.element}], Max({self.longest})]"


class Nothing(Node):
    """The type of `None`."""

    def __str__(self) -> str:
        return "None"


class Number(Node):
    """The type of an integer literal that has taken no type from its place."""

    def __str__(self) -> str:
        return "a plain number"


Bytelike: TypeAlias = Bytes | Fixed
Leaf: TypeAlias = Boolean | Integer | Bytes | Fixed | Text | Enumeration
Inner: TypeAlias = Leaf | Structure
Type: TypeAlias = Leaf | Optional | Structure | Listing | Nothing | Number

LEAVES = (Boolean, Integer, Bytes, Fixed, Text, Enumeration)

BOOL = Boolean()
NOTHING = Nothing()
NUMBER = Number()
U16, U32, U64 = (Integer(cls) for cls in (integers.U16, integers.U32, integers.U64))


def tuple_of(types: tuple[Type, ...]) -> Structure:
    return Structure(None, tuple(str(index) for index in range(len(types))), types)


class Flat(Node):
    """One value of a program: where it comes from, and its type, which may be optional."""

    name: str
    leaf: Leaf
    optional: bool


def flatten(type_: Type, name: str) -> list[Flat]:
    """The values that a program holds for one of a type, in order.

    A structure that may be none is a bool `present`, and then each of its values as an optional
    one. A list is its count and the encodings of its elements.
    """
    return list(_flatten(type_, name))


def _flatten(type_: Type, name: str) -> Iterator[Flat]:
    match type_:
        case Structure(_, names, types):
            for inner_name, inner in zip(names, types, strict=True):
                yield from _flatten(inner, f"{name}.{inner_name}" if name else inner_name)
        case Optional(Structure() as inner):
            yield Flat(f"{name}.present" if name else "present", BOOL, False)
            for flat in _flatten(inner, name):
                yield Flat(flat.name, flat.leaf, True)
        case Optional(Boolean() | Integer() | Bytes() | Fixed() | Text() | Enumeration() as leaf):
            yield Flat(name, leaf, True)
        case Listing():
            yield Flat(f"{name}.count", U16, False)
            yield Flat(name, Bytes(encoded_max(type_) - 6), False)
        case Nothing():
            return
        case Boolean() | Integer() | Bytes() | Fixed() | Text() | Enumeration():
            yield Flat(name, type_, False)
        case _:
            raise TypeError("a number without a type has no place in a program")


def encoded_max(type_: Type) -> int:
    """The most bytes that the encoding of a value takes, as an argument or in a result."""
    match type_:
        case Listing(element, longest):
            return 6 + longest * encoded_max(element)
        case _:
            return sum(leaf_max(flat.leaf) + flat.optional for flat in flatten(type_, "x"))


def leaf_max(leaf: Leaf) -> int:
    """The most bytes of a leaf's encoding."""
    match leaf:
        case Integer():
            return leaf.width
        case Bytes(longest) | Text(longest):
            return 4 + longest
        case Fixed(length):
            return length
        case _:
            return 1


def fits(source: Type, target: Type) -> bool:
    """Whether every value of one type is, as it is, a value of another."""
    match source, target:
        case _ if source == target:
            return True
        case ((Bytes() | Fixed()), Bytes(longest)):
            return source.longest <= longest
        case Text(length), Text(longest):
            return length <= longest
        case Nothing(), Optional():
            return True
        case Optional(inner), Optional(wider):
            return fits(inner, wider)
        case _, Optional(inner):
            return fits(source, inner)
        case Structure(cls, _, types), Structure(other, _, wider):
            same = cls is other and len(types) == len(wider)
            return same and all(fits(*pair) for pair in zip(types, wider, strict=True))
        case Listing(element, count), Listing(wider_element, longest):
            return element == wider_element and count <= longest
        case _:
            return False


def join(left: Type, right: Type) -> Type | None:
    """The narrowest type that holds the values of both; none where there is none."""
    if fits(left, right):
        return right
    if fits(right, left):
        return left
    match left, right:
        case ((Bytes() | Fixed()), (Bytes() | Fixed())):
            return Bytes(max(left.longest, right.longest))
        case Nothing(), other:
            return _optional(other)
        case other, Nothing():
            return _optional(other)
        case Optional(inner), other:
            return _optional(join(inner, other.inner if isinstance(other, Optional) else other))
        case other, Optional(inner):
            return _optional(join(other, inner))
        case Structure(cls, names, types), Structure(other_cls, _, others):
            if cls is not None or other_cls is not None or len(types) != len(others):
                return None
            joined = [join(*pair) for pair in zip(types, others, strict=True)]
            found = tuple(one for one in joined if one is not None)
            return Structure(None, names, found) if len(found) == len(types) else None
        case Listing(element, count), Listing(other_element, other_count):
            same = element == other_element
            return Listing(element, max(count, other_count)) if same else None
        case _:
            return None


def _optional(inner: Type | None) -> Optional | None:
    if isinstance(inner, (*LEAVES, Structure)):
        return Optional(inner)
    return None
