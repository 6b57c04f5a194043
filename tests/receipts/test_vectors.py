"""Every vector of a receipt, judged by the Python; `js/zeta-verify.test.mjs` judges the same."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import make_receipt_vectors
import pytest
from make_receipt_vectors import ACCEPTED, ROOT, SAMPLES, VECTORS
from zeta import receipts
from zeta.receipts import certification, fault, introduction, receipt

MADE = sorted(VECTORS.rglob("*.json"))
# The Rust makes these, and knows nothing of the others.
SHARED = sorted((ROOT / "vectors/receipts").rglob("*.json"))


def of_hex(digits: str | None) -> bytes | None:
    return None if digits is None else bytes.fromhex(digits)


def read(vector: dict[str, Any]) -> object:
    """What the reader that fits the vector's kind returns."""
    pinned = receipts.Pinned(
        bytes.fromhex(vector["identity"]),
        of_hex(vector["instance"]),
        program=of_hex(vector["program"]),
        incarnation=of_hex(vector["incarnation"]),
    )
    readers: dict[str, Callable[[bytes], object]] = {
        "receipt": pinned.verify,
        "certification": pinned.verify_certification,
        "introduction": pinned.verify_introduction,
    }
    return readers[vector["kind"]](bytes.fromhex(vector["bytes"]))


def verdicts(vector: dict[str, Any]) -> set[str]:
    """The verdict, and its more general names."""
    try:
        read(vector)
    except receipts.ReceiptError as error:
        return {each.__name__ for each in type(error).__mro__}
    return {ACCEPTED}


@pytest.mark.parametrize(
    "path", [*MADE, *SHARED], ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_vector(path: Path) -> None:
    vector = json.loads(path.read_text())
    assert vector["expected"] in verdicts(vector)
    if "twin" in vector:
        folder = VECTORS if path in MADE else ROOT / "vectors"
        assert verdicts(json.loads((folder / vector["twin"]).read_text())) == {ACCEPTED}
    if "steps" in vector:
        verified = read(vector)
        assert isinstance(verified, receipts.Verified)
        assert receipt.leaf(verified.receipt).hex() == vector["steps"]["leaf"]
        assert verified.leaf_hash.hex() == vector["steps"]["leaf_hash"]
        assert verified.root.hex() == vector["steps"]["epoch_root"]


@pytest.mark.parametrize("path", [*MADE, *SHARED], ids=lambda path: path.stem)
def test_what_is_accepted_has_one_encoding(path: Path) -> None:
    vector = json.loads(path.read_text())
    if vector["expected"] == ACCEPTED:
        module = {"receipt": receipt, "certification": certification, "introduction": introduction}
        data, kind = bytes.fromhex(vector["bytes"]), module[vector["kind"]]
        assert kind.encode(kind.decode(data)) == data


def test_kept_vectors_are_made_anew_to_the_byte() -> None:
    made = {vector.path: vector.text() for vector in make_receipt_vectors.all_vectors()}
    assert made == {path.relative_to(VECTORS).as_posix(): path.read_text() for path in MADE}
    for name, content in make_receipt_vectors.samples().items():
        assert (SAMPLES / name).read_bytes() == content


def test_every_fault_has_vectors() -> None:
    seen = {json.loads(path.read_text())["expected"] for path in [*MADE, *SHARED]}
    faults = {name for name, each in vars(fault).items() if isinstance(each, type)}
    # Of JSON files, and of what only a caller can say.
    elsewhere = {"ReceiptError", "WrongFile", "OtherIdentity", "OtherEpoch"}
    assert faults - elsewhere == seen - {ACCEPTED}
