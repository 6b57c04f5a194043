"""What the lowering believes of rows: that one is there may be forgotten, never made up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from zeta.app import U8, U64, Application, Relation, transition

ABSENT = "a row is absent"


class Rows(Application):
    counts: Relation[U8, U64]
    others: Relation[U8, U64]

    @transition
    def delete_both(self, a: U8, b: U8) -> None:
        del self.counts[a]
        del self.counts[b]

    @transition
    def delete_both_after_a_look(self, a: U8, b: U8) -> None:
        self.counts[b]
        del self.counts[a]
        del self.counts[b]

    @transition
    def delete_twice(self, a: U8) -> None:
        self.counts[a]
        del self.counts[a]
        del self.counts[a]

    @transition
    def delete_on_the_other_way(self, a: U8) -> None:
        if a in self.counts:
            pass
        else:
            del self.counts[a]

    @transition
    def delete_what_was_found(self, a: U8, b: U8) -> bool:
        found = a in self.counts
        del self.counts[b]
        if found:
            del self.counts[a]
        return found

    @transition
    def delete_what_one_way_wrote(self, a: U8, flag: bool) -> None:
        old = self.counts.get(a)
        if flag:
            self.counts[a] = U64(1) if old is None else old
        del self.counts[a]

    @transition
    def delete_and_write(self, a: U8, b: U8) -> U64:
        old = self.counts[a]
        del self.counts[a]
        self.counts[b] = old + 1
        return self.counts[a]

    @transition
    def delete_after_the_other_relation(self, a: U8) -> None:
        self.counts[a]
        self.others[a] = U64(1)
        del self.others[a]
        del self.counts[a]

    @transition
    def only_where_python_looks(self, flag: bool, a: U8) -> bool:
        looked = flag and 10 // a == 2
        return not looked

    @transition
    def unless_python_has_seen_enough(self, flag: bool, a: U8) -> bool:
        looked = flag or 10 // a == 2
        return not looked

    @transition
    def value_before_key(self, a: U8, b: U8) -> None:
        self.counts[10 // a] = self.counts[b]


@pytest.mark.parametrize("b", [1, 2, 3])
@pytest.mark.parametrize("a", [0, 1, 2])
def test_rows_are_what_they_are(both: Callable[[Any], Any], a: int, b: int) -> None:
    for name in Rows.transitions:
        pair = both(Rows)
        pair.put("counts", 1, 7)
        pair.put("counts", 2, 9)
        count = len(Rows.transitions[name].parameters)
        second = Rows.transitions[name].parameters[-1].name
        args = [a] if count == 1 else [a, bool(b % 2) if second == "flag" else b]
        if Rows.transitions[name].parameters[0].name == "flag":
            args = [bool(b % 2), a]
        pair.call(name, *args)


def test_one_row_under_two_names_is_deleted_once(both: Callable[[Any], Any]) -> None:
    pair = both(Rows)
    pair.put("counts", 1, 7)
    assert pair.call("delete_both", 1, 1) == ABSENT
    assert pair.call("delete_both_after_a_look", 1, 1) == ABSENT
    assert pair.call("delete_twice", 1) == ABSENT
    assert pair.call("delete_what_was_found", 1, 1) == ABSENT
    assert pair.call("delete_on_the_other_way", 5) == ABSENT
    assert pair.call("delete_what_one_way_wrote", 5, False) == ABSENT
    assert pair.call("delete_what_one_way_wrote", 5, True) is None
    assert pair.call("delete_and_write", 1, 1) == 8
    assert pair.call("delete_and_write", 1, 2) == ABSENT


def test_a_side_that_python_does_not_look_at_does_not_fail(both: Callable[[Any], Any]) -> None:
    pair = both(Rows)
    assert pair.call("only_where_python_looks", False, 0) is True
    assert pair.call("only_where_python_looks", True, 0) == "a division by zero"
    assert pair.call("unless_python_has_seen_enough", True, 0) is False
    assert pair.call("unless_python_has_seen_enough", False, 0) == "a division by zero"
    assert pair.call("value_before_key", 0, 5) == ABSENT
