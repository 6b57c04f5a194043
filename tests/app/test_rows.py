"""Rows from outside: bytes that no program wrote are a failed check, never believed."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any

import pytest
from zeta.app import U8, Application, Exactly, Max, Relation, row, transition
from zeta.errors import InvalidValue

MALFORMED = 5


class Color(Enum):
    RED = 1
    BLUE = 2


@row
class Inner:
    small: U8
    maybe: U8 | None


@row
class Outer:
    inner: Inner | None
    color: Color
    name: Annotated[str, Max(4)]


class Keeper(Application):
    rows: Relation[U8, Outer]
    nested: Relation[Annotated[bytes, Exactly(2)], tuple[Inner | None, bool]]

    @transition
    def find(self, key: U8) -> Outer | None:
        return self.rows.get(key)

    @transition
    def load(self, key: U8) -> Outer:
        return self.rows[key]

    @transition
    def keep(self, key: U8, value: Outer) -> None:
        self.rows[key] = value

    @transition
    def give(self, value: Inner | None) -> bool:
        return value is None


GOOD = [
    (b"\x00\x00\x00\x00", Outer(None, Color.RED, "")),
    (b"\x01\x01\x07\x00\x01abcd", Outer(Inner(7, None), Color.BLUE, "abcd")),
    (b"\x01\x01\x07\x01\x09\x00", Outer(Inner(7, 9), Color.RED, "")),
]
BAD = [
    (b"", "empty"),
    (b"\x02\x00\x00\x00", "a mark that is no bool"),
    (b"\x01\x00\x00\x00", "there, and a value in it is not"),
    (b"\x00\x01\x07\x00\x00", "not there, and a value in it is"),
    (b"\x00\x00\x01\x09\x00", "not there, and an optional value in it is"),
    (b"\x00\x00\x00\x02", "a color that is none"),
    (b"\x00\x00\x00\x00\xff", "text that is no UTF-8"),
    (b"\x00\x00\x00\x00abcde", "text that is too long"),
]


@pytest.mark.parametrize(("data", "value"), GOOD)
def test_row_has_one_encoding(both: Callable[[Any], Any], data: bytes, value: Outer) -> None:
    pair = both(Keeper)
    pair.call("keep", 1, value)
    assert pair.rows == {(0, b"\x01"): data}
    assert pair.call("load", 1) == value
    assert pair.call("find", 1) == value
    assert pair.call("find", 2) is None
    assert Keeper.relations["rows"].decode_row(data) == value


@pytest.mark.parametrize(("data", "why"), BAD)
@pytest.mark.parametrize("transition", ["load", "find"])
def test_malformed_row_is_a_failed_check(
    both: Callable[[Any], Any], transition: str, data: bytes, why: str
) -> None:
    pair = both(Keeper)
    names = list(Keeper.transitions)
    encoded = Keeper.transitions[transition].encode_arguments((1,), {})
    rows = {(0, b"\x01"): data}
    code, result, written = pair.program.run(names.index(transition), encoded, 0, rows)
    assert (code, result, written) == (MALFORMED, b"", []), why
    with pytest.raises(InvalidValue):
        Keeper.relations["rows"].decode_row(data)


@pytest.mark.parametrize(
    ("argument", "code"),
    [
        (b"\x00\x00\x00", 0),
        (b"\x01\x01\x07\x00", 0),
        (b"\x01\x01\x07\x01\x07", 0),
        (b"\x01\x00\x00", MALFORMED),
        (b"\x00\x01\x07\x00", MALFORMED),
        (b"\x00\x00\x01\x07", MALFORMED),
    ],
)
def test_inconsistent_argument_is_a_failed_check(
    both: Callable[[Any], Any], argument: bytes, code: int
) -> None:
    pair = both(Keeper)
    number = list(Keeper.transitions).index("give")
    assert pair.program.run(number, argument, 0, {})[0] == code


def test_ill_typed_arguments_are_refused(both: Callable[[Any], Any]) -> None:
    pair = both(Keeper)
    number = list(Keeper.transitions).index("give")
    for argument in (b"", b"\x02\x00\x00", b"\x00\x00\x00\x00"):
        with pytest.raises(InvalidValue):
            pair.program.run(number, argument, 0, {})
