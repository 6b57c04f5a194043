"""The score of the comparison with Coq: what a run says of the check that was deleted."""

from pathlib import Path

import differential_score
import pytest
from differential_score import Score
from mutation_check import Check


def program(folder: Path, script: str) -> Path:
    path = folder / "differential"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("script", "ended"),
    [
        ("exit 0", "agreed"),
        ("echo 'THE TWO DIFFER, in: guided, seed 1 batch 2'; exit 1", "guided, seed 1 batch 2"),
        ("echo 'a worker stopped' >&2; exit 101", "stopped with 101: a worker stopped"),
        ('test "$ZETA_MUTANT" = 7', "agreed"),
    ],
)
def test_the_end_of_a_run_is_told(tmp_path: Path, script: str, ended: str) -> None:
    assert differential_score.play(program(tmp_path, script), tmp_path, 7, []) == ended


def test_a_run_that_compares_nothing_says_nothing(tmp_path: Path) -> None:
    broken = program(tmp_path, "echo 'no oracle' >&2; exit 2")
    with pytest.raises(RuntimeError, match="no oracle"):
        differential_score.play(broken, tmp_path, 7, [])


def test_what_nobody_noticed_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    def check(number: int) -> Check:
        return Check(number, "verifier", "decide.rs", "decide", 1, f"check {number}")

    differential_score.report(
        [
            Score(check(1), "a vector", "guided"),
            Score(check(2), "a vector", "agreed"),
            Score(check(3), "agreed", "agreed"),
        ]
    )
    told = capsys.readouterr().out
    assert "verifier           3        2                1" in told
    assert "by vectors alone: decide.rs: decide: check 2" in told
    assert "NOT NOTICED: decide.rs: decide: check 3" in told
    assert "check 1" not in told
