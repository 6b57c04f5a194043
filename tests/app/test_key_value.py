"""The key-value application: what it means, and that its code is as short as one writes by hand."""

from __future__ import annotations

import linecache
import random
import time
from collections.abc import Callable
from typing import Any

from zeta.applications.key_value import KeyValue


def names(transition: str) -> list[str]:
    laid = {signature.name: laid for signature, laid in KeyValue.assembly().transitions}
    return [instruction.name for instruction in laid[transition].instructions]


def test_code_is_short() -> None:
    assert names("get") == ["bind", "read", "return"]
    assert names("put") == ["bind", "store", "return"]
    assert names("delete") == ["bind", "read", "jump unless", "delete", "return"]
    assert len(names("compare_and_set")) <= 15
    assert len(names("rename")) <= 10


def test_transitions_keep_their_numbers() -> None:
    assert list(KeyValue.transitions) == ["get", "put", "delete", "compare_and_set", "rename"]


def test_all_transitions_agree(both: Callable[[Any], Any]) -> None:
    pair = both(KeyValue)
    draw = random.Random(1)
    keys = [b"", b"a", b"ab", b"\x00"]
    values = [None, b"", b"x", b"xy"]
    for _ in range(2000):
        name = draw.choice(list(KeyValue.transitions))
        key, other = draw.choice(keys), draw.choice(keys)
        args: dict[str, tuple[Any, ...]] = {
            "get": (key,),
            "put": (key, draw.choice(values[1:])),
            "delete": (key,),
            "compare_and_set": (key, draw.choice(values), draw.choice(values)),
            "rename": (key, other),
        }
        pair.call(name, *args[name])
    assert pair.call("put", b"k", b"v") is None
    assert pair.call("rename", b"k", b"k") is True
    assert pair.call("get", b"k") == b"v"


def test_definition_of_twenty_transitions_takes_no_noticeable_time() -> None:
    source = "from zeta.app import Application, Relation, U64, check, transition\n\n\n"
    source += "class App(Application):\n    counts: Relation[U64, U64]\n\n"
    for index in range(20):
        source += f"""
    @transition
    def act{index}(self, a: U64, b: U64) -> U64:
        old = self.counts[a]
        if old > b:
            self.counts[a] = old - b
            self.counts[b] += a
        check(old != 7, "seven")
        return old + 1
"""
    file = "<twenty transitions>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    code = compile(source, file, "exec", dont_inherit=True)
    times = []
    for _ in range(3):
        began = time.process_time()
        exec(code, {"__name__": "twenty"})
        times.append(time.process_time() - began)
    assert min(times) < 0.1
