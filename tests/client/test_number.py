"""Numbers of a session are never used twice, also where the client stops in between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zeta.client import WINDOW, Numbers
from zeta.client.session import SEQUENCE_MAX
from zeta.errors import InvalidValue


def nothing(end: int) -> None:
    """Keeps nothing."""


@given(st.lists(st.integers(0, 600), max_size=8))
def test_no_number_is_used_twice_over_restarts(lives: list[int]) -> None:
    end, used = 1, set()
    kept = [end]
    for count in lives:
        numbers = Numbers(kept[-1], kept.append)
        for _ in range(count):
            taken = numbers.take()
            assert taken not in used
            assert taken < kept[-1], "used before it was written down"
            used.add(taken)
            numbers.settle(taken)


def test_a_number_that_cannot_be_kept_is_not_used() -> None:
    def full(end: int) -> None:
        raise OSError("the disk is full")

    numbers = Numbers(1, full)
    with pytest.raises(OSError, match="full"):
        numbers.take()
    assert numbers.unsettled == ()


def test_the_oldest_unsettled_number_stays_in_the_window() -> None:
    numbers = Numbers(1, nothing)
    taken = [numbers.take() for _ in range(WINDOW + 1)]
    assert taken[-1] - taken[0] == WINDOW
    assert not numbers.has_room()
    with pytest.raises(InvalidValue, match="number `1` must be settled first"):
        numbers.take()
    numbers.settle(taken[1])
    assert not numbers.has_room()
    numbers.settle(taken[0])
    assert numbers.take() == WINDOW + 2
    assert numbers.unsettled[0] == 3


def test_numbers_end() -> None:
    numbers = Numbers(SEQUENCE_MAX, nothing)
    assert numbers.take() == SEQUENCE_MAX
    with pytest.raises(InvalidValue, match="rotate"):
        numbers.take()
    with pytest.raises(InvalidValue, match="rotate"):
        Numbers(SEQUENCE_MAX + 1, nothing).take()
    for first in (0, SEQUENCE_MAX + 2):
        with pytest.raises(InvalidValue):
            Numbers(first, nothing)


def test_only_an_open_number_is_settled() -> None:
    with pytest.raises(InvalidValue, match="not open"):
        Numbers(1, nothing).settle(1)
