"""The beginning of every generated application: types, helpers and relations."""

from enum import Enum
from typing import Annotated

from zeta.app import (
    I16,
    U8,
    U64,
    Application,
    Exactly,
    Max,
    Relation,
    check,
    row,
)

Raw = Annotated[bytes, Max(8)]
Tag = Annotated[bytes, Exactly(4)]
Name = Annotated[str, Max(6)]
LIMIT = U8(7)
STEP = 3
PREFIX = b"p:"


class Color(Enum):
    RED = 1
    GREEN = 2
    BLUE = 3


@row
class Point:
    x: I16
    tag: Raw


@row
class Box:
    name: Name
    point: Point | None
    count: U64 | None


ORIGIN = Point(I16(0), b"o")


def larger(a: I16, b: I16) -> I16:
    if a > b:
        return a
    return b


def at_most(value: U8, bound: U8) -> U8:
    check(value <= bound, "helper")
    return bound - value


def first_bytes(raw: Raw, count: U8) -> Raw:
    for i in range(4):
        if i == count:
            return raw[:i]
        if len(raw) == i:
            break
    return raw


class App(Application):
    counts: Relation[U8, U64]
    points: Relation[tuple[Color, Name], Point]
    boxes: Relation[Raw, Box]
    flags: Relation[Tag, tuple[()]]
    single: Relation[tuple[()], tuple[U8, bool]]

    BASE = 5

    @staticmethod
    def doubled(value: U8) -> U8:
        return value * 2

    def bump(self, key: U8) -> U64:
        old = self.counts.get(key)
        fresh = U64(1)
        if old is not None:
            fresh = old + 1
        self.counts[key] = fresh
        return fresh
