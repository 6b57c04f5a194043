"""The audit log: numbered without a gap, chained; removed, changed and cut lines are caught."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
import zeta
from hypothesis import given
from hypothesis import strategies as st
from zeta import log
from zeta.applications.audit_log import AuditLog, End, Line, follow
from zeta.errors import CheckFailed, Rejected, Unanswered

LOGS = st.sampled_from([0, 1, 255])
CALLS = st.lists(
    st.one_of(
        st.tuples(
            st.just("append"),
            st.tuples(LOGS, st.sampled_from(["", "ann", "x" * 64]), st.binary(max_size=99)),
        ),
        st.tuples(st.just("read"), st.tuples(LOGS, st.integers(0, 9) | st.just(2**64 - 1))),
        st.tuples(st.just("end"), st.tuples(LOGS)),
        st.just(("turn", ())),
    ),
    max_size=30,
)


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


class Model:
    """Lists of lines, hashed with nothing but the standard library."""

    def __init__(self, refused: type[Exception]) -> None:
        self.refused = refused
        self.epoch = 0
        self.lines: dict[int, list[Any]] = {}

    def append(self, log: int, who: str, what: bytes) -> int:
        epoch = self.epoch.to_bytes(4, "little")
        chain = digest(self.end(log).chain + digest(who.encode()) + epoch + digest(what))
        line: Any = Line(who, self.epoch, chain, what)
        lines = self.lines.setdefault(log, [])
        lines.append(line)
        return len(lines) - 1

    def read(self, log: int, number: int) -> Any:
        if number >= len(self.lines.get(log, [])):
            raise self.refused("the log is not that long")
        return self.lines[log][number]

    def end(self, log: int) -> Any:
        lines = self.lines.get(log, [])
        chain = lines[-1].chain if lines else digest(bytes([log]))
        return End(len(lines), chain)


@given(calls=CALLS)
def test_logs_are_those_of_the_model(compared: Any, calls: Any) -> None:
    pair = compared(AuditLog, Model(compared.refused))
    pair.run(calls)
    for number, lines in pair.model.lines.items():
        assert follow(number, lines) == pair.simulation.end(number)


def test_each_check_fails(fails: Any) -> None:
    fails(AuditLog, {"the log is not that long": [("append", (0, "ann", b"")), ("read", (0, 1))]})


def test_lines_of_a_batch_are_numbered_without_a_gap() -> None:
    with zeta.open(app=AuditLog, workers=2) as store:
        assert list(store.append.many(7, "agent", [b"step %d" % i for i in range(300)])) == list(
            range(300)
        )
        lines = list(store.read.many(7, range(300)))
        assert follow(7, lines) == store.end(7)


def exported() -> tuple[list[Line], End]:
    log = AuditLog.simulate()
    for step in range(5):
        log.append(3, "agent", b"step %d" % step)
    return [log.read(3, number) for number in range(5)], log.end(3)


def test_an_export_shows_that_it_is_whole() -> None:
    lines, end = exported()
    assert follow(3, lines) == end
    assert follow(3, lines[:-1]) != end  # a cut export leads elsewhere
    assert follow(3, []).length == 0


@pytest.mark.parametrize(
    ("changed", "number"),
    [
        (lambda lines: [*lines[:2], *lines[3:]], 2),
        (lambda lines: [lines[1], lines[0], *lines[2:]], 0),
        (lambda lines: [*lines[:3], replace(lines[3], who="other"), lines[4]], 3),
        (lambda lines: [*lines[:3], replace(lines[3], what=b"other"), lines[4]], 3),
        (lambda lines: [*lines[:3], replace(lines[3], epoch=7), lines[4]], 3),
    ],
    ids=["removed", "swapped", "who", "what", "epoch"],
)
def test_an_export_that_was_changed_does_not_follow(changed: Any, number: int) -> None:
    lines, _ = exported()
    with pytest.raises(ValueError, match=f"line `{number}`"):
        follow(3, changed(lines))
    with pytest.raises(ValueError, match="line `0`"):
        follow(4, lines)  # nor does one of another log


@pytest.fixture
def agent(lying: Any) -> Any:
    """A lying host's log of four lines, which are certified."""
    with lying(AuditLog) as liar:
        liar.store.append.many(0, "agent", [b"plan", b"pay 10", b"pay 9000", b"stop"])
        liar.store.certify()
        yield liar


def test_a_line_that_was_removed_is_caught(agent: Any) -> None:
    agent.set("lines", (0, 2), None)
    with pytest.raises(CheckFailed, match="a row is absent"):
        agent.store.read(0, 2)


def test_a_line_that_was_changed_is_caught(agent: Any) -> None:
    agent.set("lines", (0, 2), replace(agent.store.read(0, 2), what=b"pay 9"))
    assert agent.store.read(0, 2).what == b"pay 9"


def test_a_log_that_was_cut_is_caught(agent: Any) -> None:
    agent.set("ends", 0, End(agent.store.end(0).length - 2, agent.store.read(0, 1).chain))
    # The cut log is consistent in itself: its lines lead to the end that the host shows.
    assert follow(0, list(agent.store.read.many(0, range(2)))) == agent.store.end(0)


def test_a_history_that_was_written_again_is_caught(agent: Any) -> None:
    lines, end = exported()
    for number, line in enumerate(lines):
        if number < 4:
            agent.set("lines", (0, number), line)
    agent.set("ends", 0, replace(end, length=4, chain=lines[3].chain))
    assert agent.store.append(0, "agent", b"go on") == 4


def test_a_line_that_was_lost_on_its_way_to_the_verifier_is_caught(agent: Any) -> None:
    agent.intercept(lambda entry: [] if isinstance(entry, log.RunApp) else [entry])
    with pytest.raises(Unanswered):
        agent.store.append(0, "agent", b"stop")


def test_a_line_that_was_appended_twice_on_its_way_is_caught(agent: Any) -> None:
    agent.intercept(lambda entry: [entry] * (2 if isinstance(entry, log.RunApp) else 1))
    with pytest.raises(Rejected):
        agent.store.append(0, "agent", b"stop")
