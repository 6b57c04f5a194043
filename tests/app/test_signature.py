"""Signatures: arguments are checked and typed before a byte is made of them."""

from enum import Enum
from typing import Annotated

import pytest
from zeta.app import I16, U8, U64, Application, Exactly, Max, Relation, row, transition
from zeta.errors import InvalidType, InvalidValue

Name = Annotated[str, Max(4)]


class Color(Enum):
    RED = "r"
    BLUE = "b"


@row
class Account:
    balance: U64
    limit: U8 | None


class Shop(Application):
    accounts: Relation[Name, Account]

    @transition
    def keep(
        self, name: Name, color: Color, raw: Annotated[bytes, Exactly(2)], pair: tuple[I16, bool]
    ) -> None:
        """Keeps nothing."""

    @transition
    def find(self, account: Account | None) -> tuple[Account | None, Color]:
        return account, Color.RED


def test_arguments_are_little_endian_and_in_order() -> None:
    keep = Shop.transitions["keep"]
    encoded = keep.encode_arguments(("ab", Color.BLUE), {"pair": (-2, True), "raw": b"xy"})
    assert encoded == b"\x02\x00\x00\x00ab" + b"\x01" + b"xy" + b"\xfe\xff" + b"\x01"
    assert keep.decode_result(b"") is None
    assert keep.doc == "Keeps nothing."


def test_a_row_that_may_be_none_marks_each_of_its_values() -> None:
    find = Shop.transitions["find"]
    number = (7).to_bytes(8, "little")
    assert find.encode_arguments((None,), {}) == b"\x00\x00\x00"
    assert find.encode_arguments((Account(7, None),), {}) == b"\x01\x01" + number + b"\x00"
    assert find.encode_arguments((Account(7, 3),), {}) == b"\x01\x01" + number + b"\x01\x03"
    assert find.decode_result(b"\x00\x00\x00\x01") == (None, Color.BLUE)
    found, color = find.decode_result(b"\x01\x01" + number + b"\x01\x03\x00")
    assert (found, color) == (Account(7, 3), Color.RED)
    assert type(found.balance) is int


GOOD = ("ab", Color.BLUE, b"xy", (1, True))


@pytest.mark.parametrize(
    ("place", "value", "error", "says"),
    [
        (0, "abcde", InvalidValue, "at most `4`"),
        (0, "\u20ac\u20ac", InvalidValue, "has `6` bytes"),
        (0, "\ud800", InvalidValue, "UTF-8"),
        (0, b"ab", InvalidType, "not `bytes`"),
        (1, "b", InvalidType, "should be `Color`"),
        (2, b"xyz", InvalidValue, "has `3` bytes, not `2`"),
        (2, "xy", InvalidType, "not `str`"),
        (3, (1 << 15, True), InvalidValue, "`I16` is -32768 to 32767"),
        (3, (True, True), InvalidType, "`pair.0` should be `I16`"),
        (3, (1.0, True), InvalidType, "not `float`"),
        (3, (1,), InvalidType, "should be `tuple"),
        (3, [1, True], InvalidType, "not `list`"),
    ],
)
def test_wrong_argument_is_refused(
    place: int, value: object, error: type[Exception], says: str
) -> None:
    args = [*GOOD]
    args[place] = value
    with pytest.raises(error, match=says):
        Shop.transitions["keep"].encode_arguments(args, {})


def test_wrong_number_of_arguments_is_refused() -> None:
    keep = Shop.transitions["keep"]
    for args, kwargs, says in [
        (GOOD[:3], {}, "lacks the argument `pair`"),
        ((*GOOD, 1), {}, "takes `4` arguments"),
        (GOOD, {"name": "a"}, "twice"),
        (GOOD, {"colour": "a"}, "takes no argument `colour`"),
    ]:
        with pytest.raises(InvalidType, match=says):
            keep.encode_arguments(args, kwargs)


def test_an_application_is_not_made() -> None:
    with pytest.raises(InvalidType, match="simulate"):
        Shop()
