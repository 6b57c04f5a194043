"""`zeta bench network`: what it says of a short run, and that it believes no wrong answer."""

import pytest
from zeta.cli.networking import Bare

from .conftest import Run

SHORT = ("--records", 50, "--seconds", 0.05, "--connections", 3, "--pipeline", 4, "--json")


def test_the_network_is_measured(run: Run) -> None:
    found = run("bench", "network", *SHORT, "--epoch-ms", 50).contract
    assert found["wrong_answers"] == found["crowd_failed"] == 0
    assert found["connections"] == 3
    assert found["pipeline"] == 4
    assert found["crowd_requests"] >= 3 * 4
    assert found["cost_ratio"] > 0
    assert found["certification_ms"]["p99"] >= found["certification_ms"]["p50"] >= 0


def test_a_wrong_answer_is_found(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Bare.run_frames
    monkeypatch.setattr(
        Bare,
        "run_frames",
        lambda self, *asked: [each and each[:-1] + b"\xee" for each in honest(self, *asked)],
    )
    ended = run("bench", "network", *SHORT)
    assert ended.code == 1
    assert "answers are wrong" in ended.err
