"""Receipts changed at random: none verifies, none raises but what is stated, in either language."""

import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_receipt_vectors import Maker, encoded, joined
from zeta import receipts
from zeta.receipts import Receipt, fault
from zeta.workload.certified import Verifier, operation_of

MAKER = Maker()
RECEIPTS = [encoded(receipt) for receipt in (*MAKER.epoch, MAKER.single, *MAKER.threads)]
PINNED = receipts.Pinned(MAKER.verifier.identity, MAKER.verifier.instance)

Judge = Callable[[bytes], str]


def by_python(data: bytes) -> str:
    try:
        PINNED.verify(data)
    except receipts.ReceiptError as error:
        return type(error).__name__
    return "accepted"


@pytest.fixture(scope="module")
def by_javascript() -> Iterator[Judge]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("this machine has no node")
    script = Path(__file__).with_name("verdicts.mjs")
    pinned = {
        "identity": MAKER.verifier.identity.hex(),
        "instance": MAKER.verifier.instance.hex(),
    }
    with Popen([node, script], text=True, stdin=PIPE, stdout=PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        pipes = process.stdin, process.stdout

        def judge(data: bytes) -> str:
            pipes[0].write(json.dumps(pinned | {"bytes": data.hex()}) + "\n")
            pipes[0].flush()
            return str(json.loads(pipes[1].readline()))

        yield judge
        process.stdin.close()


@st.composite
def changed(draw: st.DrawFn) -> bytes:
    """A receipt's bytes with a few of them replaced, cut out, doubled or put in."""
    whole = draw(st.sampled_from(RECEIPTS))
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data)))
        match draw(st.sampled_from(("replace", "cut", "double", "put"))):
            case "replace":
                data[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "cut":
                del data[at : draw(st.integers(at, len(data)))]
            case "double":
                data[at:at] = data[at : at + draw(st.integers(1, 40))]
            case "put":
                data[at:at] = draw(st.binary(max_size=9))
    return bytes(data)


@st.composite
def rewritten(draw: st.DrawFn) -> bytes:
    """A receipt with other values in one or two of its fields, well encoded."""
    receipt = draw(st.sampled_from([receipts.decode(each) for each in RECEIPTS]))
    numbers = st.one_of(st.integers(0, 3), st.integers(0, 2**64 - 1))
    for name in draw(st.lists(st.sampled_from(Receipt._fields), min_size=1, max_size=2)):
        old = getattr(receipt, name)
        values: st.SearchStrategy[object]
        if isinstance(old, int):
            values = st.one_of(st.integers(max(0, old - 1), min(old + 1, 2**64 - 1)), numbers)
        elif isinstance(old, bytes):
            values = st.binary(min_size=len(old), max_size=len(old))
        else:
            values = st.lists(
                st.sampled_from([*old, bytes(32)]), min_size=max(0, len(old) - 1), max_size=5
            ).map(tuple)
        changes: dict[str, Any] = {name: draw(values)}
        receipt = receipt._replace(**changes)
    return encoded(receipt)


CHANGED = st.one_of(changed(), rewritten(), st.binary(max_size=60))


@given(CHANGED)
def test_a_changed_receipt_never_verifies(data: bytes) -> None:
    assert (by_python(data) == "accepted") == (data in RECEIPTS)


@given(data=CHANGED)
def test_both_languages_give_the_same_verdict(by_javascript: Judge, data: bytes) -> None:
    assert by_javascript(data) == by_python(data)


@given(st.binary(max_size=200))
def test_what_decodes_is_encoded_to_the_same_bytes(tail: bytes) -> None:
    data = RECEIPTS[0][: -min(len(tail), 120)] + tail
    try:
        found = receipts.decode(data)
    except receipts.ReceiptError:
        return
    assert receipts.encode(found) == data
    assert encoded(found) == data


def test_every_bit_counts() -> None:
    data = RECEIPTS[5]
    for place in range(8 * len(data)):
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        assert by_python(bytes(changed)) != "accepted"


def test_every_prefix_is_truncated() -> None:
    data = RECEIPTS[5]
    assert {by_python(data[:length]) for length in range(len(data))} == {"Truncated"}


@given(st.lists(st.integers(0, 40), min_size=1, max_size=5), st.integers(0, 2**32 - 1))
def test_every_receipt_of_any_epoch_verifies(counts: list[int], epoch: int) -> None:
    draw = random.Random(epoch)
    verifier = Verifier(epoch)
    threads = [[operation_of(draw, number) for number in range(count)] for count in counts]
    pinned = receipts.Pinned(verifier.identity, verifier.instance)
    for receipt in verifier.certify(epoch, threads):
        verified = pinned.verify(receipts.encode(receipt), epoch=epoch)
        assert verified.receipt == receipt


@given(st.binary(min_size=32, max_size=32))
def test_an_identity_that_is_no_key_signed_nothing(identity: bytes) -> None:
    with pytest.raises(fault.NotCertified):
        receipts.verify(RECEIPTS[0], identity, None)


def test_a_node_of_the_tree_is_no_leaf() -> None:
    """A leaf and an inner node are hashed apart: two leaves cannot pass as one."""
    receipt = MAKER.epoch[0]
    shorter = receipt._replace(leaves=(receipt.leaves + 1) // 2, path=receipt.path[1:])
    assert by_python(encoded(shorter)) == "NotCertified"
    assert by_python(joined([])) == "WrongKeys"
