"""Every vector, replayed through Python: same answers, same outcomes, same bytes from the codec."""

import json
from pathlib import Path
from typing import Any

import pytest
import zeta
from zeta import log
from zeta.verifier import Done, Rejected, Retry

VECTORS = Path(__file__).parents[1] / "vectors"
FILES = [
    path
    for path in sorted(VECTORS.rglob("*.json"))
    if "receipts" not in path.parts and "serving" not in json.loads(path.read_text())["config"]
]
"""Logs of verifiers without clients: Python makes no other kind."""


def verifier_of(config: dict[str, Any]) -> zeta.Verifier:
    """No answer depends on the secret, which Python never chooses."""
    return zeta.Verifier(
        config["threads"],
        config["slots"],
        app=bytes.fromhex(config["program"]),
        byte_budget=config["byte_budget"],
        root=log.decode_pointers(bytes.fromhex(config["root"])),
        nonce=bytes.fromhex(config["nonce"]),
        incarnation=bytes.fromhex(config["incarnation"]),
    )


def check_stop(step: dict[str, Any], stop: object) -> None:
    match stop:
        case Done():
            assert step["stop"] == "done"
        case Retry(reason):
            assert (step["stop"], step["name"]) == ("retry", reason)
        case Rejected(thread, position, reason):
            assert (step["stop"], step["thread"]) == ("rejected", thread)
            assert (step["position"], step["code"]) == (position, reason.number)


def check_outcome(expected: dict[str, Any], outcome: zeta.Outcome) -> None:
    match outcome:
        case zeta.Pending(missing):
            assert (expected["outcome"], expected["missing"]) == ("pending", list(missing))
        case zeta.Certified():
            assert expected["outcome"] == "certified"
        case zeta.Mismatch(first):
            assert (expected["outcome"], expected["first"]) == ("mismatch", first)
        case zeta.Poisoned(thread, position, reason):
            assert (expected["outcome"], expected["thread"]) == ("poisoned", thread)
            assert (expected["position"], expected["reason"]) == (position, reason.number)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(VECTORS).as_posix())
def test_vector(path: Path) -> None:
    vector = json.loads(path.read_text())
    verifier = verifier_of(vector["config"])
    for step in vector["steps"]:
        data = bytes.fromhex(step["log"])
        progress = verifier.verify_log(step["thread"], data)
        assert progress.consumed == step["consumed"]
        assert progress.raw_outputs.hex() == step["outputs"]
        log.decode_answers(progress.raw_outputs)
        check_stop(step, progress.stop)
        # What the verifier consumed are whole entries, each with this one encoding.
        consumed = data[: progress.consumed]
        assert log.encode(log.decode(consumed)) == consumed
    for expected in vector["epochs"]:
        check_outcome(expected, verifier.outcome(expected["epoch"]))


def test_there_are_vectors() -> None:
    assert len(FILES) > 100
