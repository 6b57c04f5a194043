"""Constructs that generated applications do not have: each in both worlds."""

from __future__ import annotations

import importlib
import linecache
import os
import sys
from builtins import len as size
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import pytest
from zeta.app import (
    I64,
    U8,
    U16,
    U32,
    U64,
    Application,
    Exactly,
    Max,
    Relation,
    check,
    narrow,
    row,
    transition,
)
from zeta.errors import CheckFailed, InvalidValue, LanguageError

Both = Callable[[type[Application]], Any]
Raw = Annotated[bytes, Max(8)]
WEIGHTS = (1, U8(2), 3)
NESTED = ((U8(1), "x"), None)


@row
class Pair:
    left: U8
    right: tuple[U16, Raw]


def split(value: U16) -> tuple[U8, U8]:
    return U8(value // 256), U8(value % 256)


def insist(condition: bool) -> None:
    check(condition, "insisted")


def both_of(a: U8, b: U8) -> Annotated[list[U8], Max(2)]:
    return [a, b]


class Constructs(Application):
    counts: Relation[U8, U64]
    pairs: Relation[Pair, Pair]

    LIMIT = U8(3)
    NAME: str = "constant"

    @transition
    def unpack(self, value: U16) -> U8:
        high, low = split(value)
        pair = (low, high)
        first, second = pair
        count: U8
        count = first
        return count - second if count > second else U8(0)

    @transition
    def touch(self, key: U8) -> None:
        self.counts[key]
        insist(key != 4)
        return insist(key != 5)

    @transition
    def pick(self, key: U8) -> U8:
        total = key
        for index in range(len(WEIGHTS) - 1):
            total += WEIGHTS[index]
        return total + WEIGHTS[-3] + NESTED[0][0] + U8(len(NESTED))

    @transition
    def lists(self, key: U8) -> Annotated[list[U8], Max(4)]:
        if key == 0:
            return []
        if key == 1:
            return [key, self.LIMIT]
        found = both_of(key, key)
        if len(found) > U32(key) - 1:
            found.append(1)
        return found

    @transition
    def measure(self, data: Raw, tag: Annotated[bytes, Exactly(4)]) -> U32:
        return size(data) - 2 + len(tag)

    @transition
    def rows_as_keys(self, pair: Pair) -> bool:
        other = self.pairs.get(pair)
        self.pairs[pair] = Pair(1, (2, b"x"))
        return other is not None and other == pair and other.right == (2, b"x")

    @transition
    def wider(self, flag: bool, data: Raw) -> tuple[Raw, U8 | None]:
        pair = (data, None) if flag else (b"longer", U8(1))
        return pair

    @transition
    def negative(self, value: I64) -> I64:
        return -value if value < 0 else value // -2

    @transition
    def mixed(self, key: U8) -> U8:
        value = key
        if key > 2:
            value = U8(0) if key > 4 else value * 2
        elif key == 2:
            pass
        else:
            return value
        for _ in range(0):
            value = U8(99)
        for step in range(3):
            if step == key:
                break
        else:
            value += 100
        return value


def test_constructs_mean_the_same(both: Both) -> None:
    pair = both(Constructs)
    pair.put("counts", 1, 1)
    pair.put("counts", 4, 1)
    pair.put("counts", 5, 1)
    assert pair.call("unpack", 0x0305) == 2
    assert pair.call("unpack", 0x0503) == 0
    assert [pair.call("touch", key) for key in (1, 2, 4, 5)] == [
        None,
        "a row is absent",
        "insisted",
        "insisted",
    ]
    assert pair.call("pick", 3) == 3 + 1 + 2 + 1 + 1 + 2
    assert [pair.call("lists", key) for key in range(4)] == [[], [1, 3], [2, 2, 1], [3, 3]]
    assert pair.call("measure", b"abc", b"abcd") == 5
    assert pair.call("measure", b"a", b"abcd") == "a number is outside its type"
    key = Pair(1, (2, b"x"))
    assert [pair.call("rows_as_keys", key) for _ in range(2)] == [False, True]
    assert pair.call("rows_as_keys", Pair(1, (2, b"y"))) is False
    assert pair.call("wider", True, b"abc") == (b"abc", None)
    assert pair.call("wider", False, b"abc") == (b"longer", 1)
    for value in (-(2**63), -5, 0, 5, 2**63 - 1):
        pair.call("negative", value)
    for key_value in range(7):
        pair.call("mixed", key_value)


def test_class_in_a_function_sees_the_names_around_it(both: Both) -> None:
    class Mood(Enum):
        GOOD = 1
        BAD = 2

    @row
    class Note:
        mood: Mood
        text: Annotated[str, Max(4)]

    step = U8(2)

    def further(value: U8) -> U8:
        return value + step

    class Local(Application):
        notes: Relation[Mood, Note]

        @transition
        def note(self, mood: Mood, value: U8) -> U8:
            self.notes[mood] = Note(mood, "here")
            return further(value)

    pair = both(Local)
    assert pair.call("note", Mood.BAD, 3) == 5
    assert pair.call("note", Mood.BAD, 254) == "a number is outside its type"
    assert pair.simulation.notes == {Mood.BAD: Note(Mood.BAD, "here")}


def test_applications_inherit(both: Both) -> None:
    class Base(Application):
        counts: Relation[U8, U64]
        START = U64(1)

        @transition
        def begin(self, key: U8) -> U64:
            self.counts[key] = self.START
            return self.next_of(key)

        def next_of(self, key: U8) -> U64:
            return self.counts[key] + 1

    class Derived(Base):
        totals: Relation[U8, U64]
        START = U64(10)

        def next_of(self, key: U8) -> U64:
            return self.counts[key] + 5

        @transition
        def total(self, key: U8) -> None:
            self.totals[key] = self.counts[key]

    assert list(Derived.transitions) == ["begin", "total"]
    assert list(Derived.relations) == ["counts", "totals"]
    assert both(Base).call("begin", 1) == 2
    pair = both(Derived)
    assert pair.call("begin", 1) == 15
    assert pair.call("total", 1) is None


def test_helpers_of_a_module_are_typed(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "from zeta.app import U8\nBASE = U8(7)\ndef twice(n: U8) -> U8:\n    return n * 2\n"
    file = "<a module of helpers>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    module = ModuleType("helpers_of_a_test")
    exec(compile(source, file, "exec", dont_inherit=True), vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)

    class Using(Application):
        @transition
        def act(self, value: U8) -> U8:
            return module.twice(5) - value + module.BASE  # type: ignore[no-any-return]

    pair = both(Using)
    assert pair.call("act", 3) == 14
    assert pair.call("act", 11) == "a number is outside its type"


def test_module_that_was_edited_and_loaded_again_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = """from zeta.app import Application, U8, transition


class Edited(Application):
    @transition
    def act(self, value: U8) -> U8:
        return value + 1
"""
    file = tmp_path / "an_edited_module.py"
    file.write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("an_edited_module")
    before = module.Edited.digest()
    file.write_text(source.replace("value + 1", "value + 100"))
    assert importlib.reload(module).Edited.digest() != before
    file.write_text(source)
    os.utime(file, (1, 1))
    assert importlib.reload(module).Edited.digest() == before


def test_simulation_is_a_state_to_prepare_and_to_look_at() -> None:
    simulation: Any = Constructs.simulate()
    simulation.counts[3] = 4
    assert dict(simulation.counts) == {3: 4}
    assert type(simulation.counts[3]) is int
    assert len(simulation.counts) == 1
    assert repr(simulation.counts) == "{3: 4}"
    del simulation.counts[3]
    assert 3 not in simulation.counts
    simulation.epoch = 7
    with pytest.raises(InvalidValue, match="cannot become `6`"):
        simulation.epoch = 6
    with pytest.raises(AttributeError, match="has no `missing`"):
        _ = simulation.missing
    with pytest.raises(InvalidValue, match="`key` is `256`"):
        simulation.counts[256] = 1


def test_failed_check_says_code_reason_and_transition() -> None:
    simulation: Any = Constructs.simulate()
    simulation.counts[4] = 1
    with pytest.raises(CheckFailed) as caught:
        simulation.touch(4)
    error = caught.value
    assert (error.reason, error.transition) == ("insisted", "touch")
    assert Constructs.reasons[error.code] == "insisted"


def test_rows_are_checked_where_they_are_made() -> None:
    assert Pair(1, (2, b"x")) == Pair(U8(1), (U16(2), b"x"))
    with pytest.raises(InvalidValue, match="`left` is `256`"):
        Pair(256, (2, b"x"))


def test_rows_of_another_meaning_are_refused() -> None:
    with pytest.raises(LanguageError, match="`__eq__` of its own"):

        @row
        class Odd:
            left: U8

            def __eq__(self, other: object) -> bool:
                return True

    with pytest.raises(LanguageError, match="field `left` of row `Unbounded`"):

        @row
        class Unbounded:
            left: bytes

    with pytest.raises(LanguageError, match="in a row"):

        @row
        class Listed:
            left: Annotated[list[U8], Max(4)]


def test_class_that_is_no_row_is_refused_as_a_type() -> None:
    @dataclass
    class Plain:
        left: int

    with pytest.raises(LanguageError, match="`Plain` is not a type"):

        class Using(Application):
            @transition
            def act(self, value: Plain) -> None:
                pass


def test_narrow_outside_of_an_application_fails_as_inside() -> None:
    assert narrow(b"abc", Raw) == b"abc"
    with pytest.raises(CheckFailed, match="longer than its type"):
        narrow(b"123456789", Raw)
