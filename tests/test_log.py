"""The codec of `zeta.log`: what it encodes it decodes, and nothing else."""

import doctest
import pickle
from contextlib import suppress
from dataclasses import replace

import pytest
import zeta
from hypothesis import given
from hypothesis import strategies as st
from zeta import errors, log

U16 = st.integers(0, 2**16 - 1)
U32 = st.integers(0, 2**32 - 1)
KEYS = st.binary(max_size=4096)
HASHES = st.binary(min_size=32, max_size=32)
TIMESTAMPS = st.builds(log.Timestamp, U32, U32)


@st.composite
def paths(draw: st.DrawFn, longest: int = 256) -> log.Path:
    return log.Path(draw(HASHES)).truncated(draw(st.integers(0, longest)))


POINTERS = st.none() | st.builds(log.Pointer, paths(), HASHES, st.booleans())
NODES = st.builds(log.Node, paths(longest=255), POINTERS, POINTERS)
APPS = st.builds(log.App, KEYS, st.none() | st.binary(max_size=10_000), U16)
RECORDS = APPS | NODES
SESSIONS = st.builds(
    log.Session, U32, st.integers(0, 2**64 - 1), st.binary(min_size=16, max_size=16)
)
ENTRIES = st.one_of(
    st.builds(log.AddM, U16, U16, RECORDS),
    st.builds(log.AddB, U16, U16, TIMESTAMPS, RECORDS),
    st.builds(log.EvictM, U16, U16),
    st.builds(log.EvictB, U16, TIMESTAMPS),
    st.builds(log.EvictBM, U16, U16, TIMESTAMPS),
    st.builds(log.NextEpoch),
    st.builds(log.VerifyEpoch),
    st.builds(
        log.RunApp,
        U16,
        st.binary(max_size=1000),
        st.lists(U16, max_size=8).map(tuple),
        st.none() | SESSIONS,
    ),
)


def test_example_of_the_module() -> None:
    assert doctest.testmod(log).failed == 0


@given(st.lists(ENTRIES, max_size=8))
def test_decode_undoes_encode(entries: list[log.Entry]) -> None:
    encoded = log.encode(entries)
    assert log.decode(encoded) == entries
    assert log.encode(entry for entry in entries) == encoded
    assert b"".join(map(log.encode, entries)) == encoded


@given(st.binary(max_size=400) | st.lists(ENTRIES, min_size=1, max_size=3).map(log.encode))
def test_any_bytes_decode_or_are_refused(data: bytes) -> None:
    with suppress(errors.InvalidValue):
        assert log.encode(log.decode(data)) == data


@given(st.binary(max_size=400))
def test_any_bytes_are_answers_or_refused(data: bytes) -> None:
    with suppress(errors.InvalidValue):
        log.decode_answers(data)


@given(NODES)
def test_values_of_nodes(node: log.Node) -> None:
    encoded = log.encode_pointers(node)
    assert log.decode_pointers(encoded) == node.pointers
    assert log.encode_pointers(node.pointers) == encoded
    assert log.node_hash(node) == log.node_hash(node.pointers)


def test_every_kind_of_buffer_is_taken() -> None:
    key = b"key"
    same = {
        log.encode(log.AddM(1, 0, log.App(form(key), None)))  # type: ignore[arg-type]
        for form in (bytes, bytearray, memoryview)
    }
    assert len(same) == 1


def test_a_bad_byte_is_found_where_it_is() -> None:
    with pytest.raises(errors.InvalidValue, match=r"byte `1`: .*UnknownTag"):
        log.decode(log.encode(log.NextEpoch()) + b"\xff")


@pytest.mark.parametrize(
    "entry",
    [
        log.EvictM(65536, 0),
        log.EvictM(-1, 0),
        log.EvictB(1, (1, 2, 3)),  # type: ignore[arg-type]
        log.AddM(1, 0, log.App("text", None)),  # type: ignore[arg-type]
        log.AddM(1, 0, b"record"),  # type: ignore[arg-type]
        log.AddM(1, 0, log.App(b"k" * 65536, None)),
        log.AddM(1, 0, log.Node(log.Path.ROOT, b"pointer")),  # type: ignore[arg-type]
        log.AddM(1, 0, log.Node(log.Path.ROOT, log.Pointer(log.Path.ROOT, b"short"))),
        log.RunApp(0, b"", (0,) * 65536),
        log.RunApp(0, b"", (), log.Session(0, 0, b"short")),
        [log.NextEpoch(), "NextEpoch"],
        7,
    ],
    ids=repr,
)
def test_what_is_no_entry_is_refused(entry: log.Entry) -> None:
    with pytest.raises(errors.ApiMisuse):
        log.encode(entry)


def test_text_is_refused_with_advice() -> None:
    with pytest.raises(TypeError, match="encode the text"):
        log.leaf_path(0, "text")  # type: ignore[arg-type]


def test_paths() -> None:
    path = log.leaf_path(0, b"key")
    assert path.is_leaf
    assert (path.length, len(path.bits)) == (256, 32)
    assert path == log.leaf_path(0, b"key") != log.leaf_path(1, b"key")
    above = path.truncated(9)
    assert path.is_below(above)
    assert not above.is_below(path)
    assert path.common_prefix(above) == above
    assert [path.bit(depth) for depth in range(8)] == [int(b) for b in f"{path.bits[0]:08b}"]
    assert eval(repr(above), {"Path": log.Path}) == above
    assert eval(repr(log.Path.ROOT), {"Path": log.Path}) == log.Path.ROOT
    assert pickle.loads(pickle.dumps(above)) == above
    assert len({above, path, path.truncated(9)}) == 2
    assert sorted([path, above]) == [above, path]
    with pytest.raises(ValueError, match="none set beyond"):
        log.Path(path.bits, 9)
    with pytest.raises(ValueError, match="32 bytes"):
        log.Path(b"short")


def test_entries_can_be_varied_by_one_field() -> None:
    entry = log.AddB(1, 0, log.Timestamp(0, 7), log.App(b"key", b"value"))
    later = replace(entry, timestamp=log.Timestamp(0, 8))
    assert later != entry
    assert later.timestamp > entry.timestamp


def test_results_of_operations() -> None:
    assert log.value_of(log.Done(b"\x00")) is None
    assert log.value_of(log.Done(b"\x01\x01\x00\x00\x00x")) == b"x"
    assert log.flag_of(log.Done(b"\x01")) is True
    assert log.flag_of(log.Done(b"\x00")) is False
    for answer in (log.Failed(3), log.Done(b""), log.Done(b"\x01\x09\x00\x00\x00x")):
        with pytest.raises(errors.InvalidValue):
            log.value_of(answer)
        with pytest.raises(errors.InvalidValue):
            log.flag_of(answer)


def test_reasons_are_those_of_the_verifier() -> None:
    from zeta import _native

    assert [reason.value for reason in zeta.Reason] == [name for name, _, _ in _native.reasons()]
    assert zeta.Reason.HASH_MISMATCH.number == 32
    assert "hash" in zeta.Reason.HASH_MISMATCH.text
