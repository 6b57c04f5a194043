"""What must not go unnoticed: a wrong answer, an attack that is missed, an error of any kind."""

import errno

import numpy as np
import pytest
import zeta
from zeta import errors
from zeta.cli import demo, failure
from zeta.cli.checking import Checker
from zeta.cli.loading import load
from zeta.cli.measure import Side, prepare, runner
from zeta.cli.screen import Screen
from zeta.drills import memory
from zeta.workload.oracle import PlainDict
from zeta.workload.ycsb import MIXES, Ycsb

from .conftest import Run


@pytest.mark.parametrize("threads", [1, 2])
def test_a_wrong_answer_is_counted(threads: int):
    records = np.arange(100, dtype=np.uint64)
    checker = Checker(PlainDict(), 8)
    checker.oracle.load(records, records)
    with (
        zeta.open(epoch=None, workers=threads) as store,
        Side(store, runner(store), threads=threads, epoch_seconds=1) as side,
    ):
        load(store, records, records, 8, Screen(as_json=True))
        reads = Ycsb(MIXES["ycsb-c"], 100, "uniform", 0.9).draw(1000)
        calls = prepare(reads, threads=threads, batch_size=64, value_size=8)
        checker.check(reads, side.serve(calls))
        assert checker.wrong == 0
        # One record is now another than the dict knows, one is gone that it knows.
        store.put((7).to_bytes(8, "little"), b"87654321")
        store.delete((8).to_bytes(8, "little"))
        checker.check(reads, side.serve(calls))
        asked = np.count_nonzero((reads.records == 7) | (reads.records == 8))
        assert checker.wrong == asked > 0


def test_an_attack_that_is_missed_fails_the_demo(run: Run, monkeypatch: pytest.MonkeyPatch):
    def do_nothing(stage: memory.Stage) -> None:
        stage.strike("nobody does anything")
        stage.read()

    harmless = memory.Attack("no attack at all", do_nothing)
    monkeypatch.setattr(demo, "ATTACKS", (harmless,))
    ended = run("demo", "--seconds", 0.1, "--json")
    assert ended.code == 1
    assert '"caught": false' in ended.out
    assert "not caught: no attack at all" in ended.err


@pytest.mark.parametrize("attempted", memory.ATTACKS, ids=lambda attempted: attempted.name)
def test_each_attack_is_caught_by_a_named_check(attempted: memory.Attack):
    catch = memory.attempt(attempted)
    assert catch.caught
    assert catch.by == "Mismatch" or catch.by in set(zeta.Reason)
    assert catch.ms > 0


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (errors.MismatchError(3), 1, "epoch `3`"),
        (errors.LogWriteError("the log `a` cannot be written: full"), 2, "cannot be written"),
        (errors.InvalidValue("no such thing"), 2, "no such thing"),
        (errors.InternalError("impossible"), 70, "report it"),
        (OSError(errno.ENOSPC, "No space left on device", "a"), 2, "the disk is full: `a`"),
        (OSError(errno.ENOSPC, "No space left on device"), 2, "the disk is full: `the output`"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 2, "has gone"),
        (PermissionError(errno.EACCES, "Permission denied", "b"), 2, "cannot use `b`"),
        (OSError(errno.EIO, "Input/output error"), 2, "Input/output error"),
        (MemoryError(), 2, "memory"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_an_error_is_one_line_and_a_code(error: BaseException, code: int, said: str):
    what, found = failure.verdict(error)
    assert found == code
    assert said in what
    assert "\n" not in what
