"""Certifications and introductions that somebody changed: never the identity's any more."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zeta.receipts import Pinned, ReceiptError, certification, introduction

VECTORS = Path(__file__).parents[2] / "vectors/receipts"
READERS: dict[str, tuple[Any, Callable[[Pinned, bytes], object]]] = {
    "certification": (certification, Pinned.verify_certification),
    "introduction": (introduction, Pinned.verify_introduction),
}
KINDS = st.sampled_from(sorted(READERS))


def good(kind: str) -> tuple[bytes, Pinned]:
    made = json.loads((VECTORS / kind / "good.json").read_text())
    pinned = Pinned(bytes.fromhex(made["identity"]), bytes.fromhex(made["instance"]))
    return bytes.fromhex(made["bytes"]), pinned


@st.composite
def changed(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes with a few of them replaced, left out or added."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data)))
        gone = draw(st.integers(0, 3))
        data = data[:at] + draw(st.binary(max_size=3)) + data[at + gone :]
    return data


@given(KINDS, st.data())
def test_a_changed_file_is_another_or_none_and_signed_by_nobody(
    kind: str, data: st.DataObject
) -> None:
    reader, verify = READERS[kind]
    bytes_, pinned = good(kind)
    said = data.draw(changed(bytes_))
    try:
        assert reader.encode(reader.decode(said)) == said
        verify(pinned, said)
    except ReceiptError:
        assert said != bytes_
        return
    assert said == bytes_


@given(KINDS, st.binary(max_size=300))
def test_what_reads_has_one_encoding(kind: str, data: bytes) -> None:
    reader, _ = READERS[kind]
    try:
        found = reader.decode(data)
    except ReceiptError:
        return
    assert reader.encode(found) == data


@pytest.mark.parametrize("kind", sorted(READERS))
def test_every_bit_counts_and_every_prefix_is_cut(kind: str) -> None:
    _, verify = READERS[kind]
    data, pinned = good(kind)
    verify(pinned, data)
    for place in range(8 * len(data)):
        said = bytearray(data)
        said[place // 8] ^= 1 << place % 8
        with pytest.raises(ReceiptError):
            verify(pinned, bytes(said))
    for end in range(len(data)):
        with pytest.raises(ReceiptError):
            verify(pinned, data[:end])
