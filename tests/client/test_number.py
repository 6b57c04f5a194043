"""Numbers of a session are never used twice, also where the client stops in between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zeta.client import WINDOW, Numbers
from zeta.client.number import AHEAD
from zeta.client.session import SEQUENCE_MAX
from zeta.errors import InvalidValue


@given(st.lists(st.integers(0, 600), max_size=8))
def test_no_number_is_used_twice_over_restarts(lives: list[int]) -> None:
    kept, used = 1, set()
    for count in lives:
        numbers = Numbers(kept, reserved=None)
        for _ in range(count):
            end = numbers.to_reserve()
            if end is not None:
                kept = end
                numbers.reserved(end)
            taken = numbers.take()
            assert taken not in used
            assert taken < kept, "used before it was written down"
            used.add(taken)
            numbers.settle(taken)


def test_a_number_that_is_not_kept_is_not_used() -> None:
    numbers = Numbers(1, reserved=None)
    assert numbers.to_reserve() == 1 + AHEAD
    assert not numbers.is_reserved()
    with pytest.raises(InvalidValue, match="not written down"):
        numbers.take()
    assert numbers.unsettled == ()


def test_numbers_are_reserved_before_they_run_out_and_told_once() -> None:
    numbers = Numbers(1, reserved=1 + AHEAD)
    told = []
    for _ in range(AHEAD):
        numbers.settle(numbers.take())
        told += [numbers.to_reserve()]
    assert not numbers.is_reserved()
    due = [end for end in told if end is not None]
    assert due == [1 + 2 * AHEAD]
    assert told.index(due[0]) <= AHEAD // 2
    numbers.reserved(due[0])
    assert numbers.take() == 1 + AHEAD


def test_the_oldest_unsettled_number_stays_in_the_window() -> None:
    numbers = Numbers(1)
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


def test_numbers_end_before_the_last_one() -> None:
    numbers = Numbers(SEQUENCE_MAX - 1)
    assert numbers.take() == SEQUENCE_MAX - 1
    assert numbers.are_used_up
    with pytest.raises(InvalidValue, match="rotate"):
        numbers.take()
    for first in (0, SEQUENCE_MAX + 1):
        with pytest.raises(InvalidValue):
            Numbers(first)


def test_the_last_numbers_are_reserved() -> None:
    numbers = Numbers(SEQUENCE_MAX - 3, reserved=None)
    assert numbers.to_reserve() == SEQUENCE_MAX
    numbers.reserved(SEQUENCE_MAX)
    assert [numbers.take() for _ in range(3)] == list(range(SEQUENCE_MAX - 3, SEQUENCE_MAX))
    assert numbers.to_reserve() is None


def test_a_number_is_settled_once_and_may_be_told_again() -> None:
    numbers = Numbers(1)
    numbers.settle(numbers.take())
    numbers.settle(1)
    assert numbers.unsettled == ()
