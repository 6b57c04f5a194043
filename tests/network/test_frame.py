"""Frames come whole however they are cut, and nothing that is sent makes a side keep much."""

import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zeta.errors import InvalidValue
from zeta.network import (
    HELLO_LEN,
    BadFrame,
    FrameReader,
    Hello,
    OtherProtocol,
    first_frame,
    first_frame_len,
    frame,
)

FRAMES = st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=40)), max_size=8)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[begin:end] for begin, end in itertools.pairwise(ends)]


@given(FRAMES, st.lists(st.integers(0, 400)))
def test_frames_come_whole_however_they_are_cut(
    sent: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    data = b"".join(frame(kind, body) for kind, body in sent)
    reader = FrameReader()
    got = [each for piece in pieces(data, cuts) for each in reader.feed(piece)]
    assert got == sent
    assert reader.kept == 0


def test_a_frame_is_whole_once_it_is_as_long_as_it_says() -> None:
    data = b"before" + frame(7, b"body")
    for end in range(6, len(data) + 1):
        is_whole = first_frame(data[:end], 6, 64) is not None
        assert is_whole == (end - 6 >= first_frame_len(data[:end], 6))
        assert first_frame_len(data[:end], 6) == (4 if end < 10 else len(data) - 6)


@given(st.binary(max_size=300), st.lists(st.integers(0, 300)))
def test_garbage_is_refused_or_short(data: bytes, cuts: list[int]) -> None:
    reader = FrameReader(limit=64)
    try:
        for piece in pieces(data, cuts):
            for _, body in reader.feed(piece):
                assert len(body) < 64
            assert reader.kept < 4 + 64
    except BadFrame:
        pass


@pytest.mark.parametrize("length", [0, 65, 1 << 31, (1 << 32) - 1])
def test_an_absurd_length_is_refused_at_once(length: int) -> None:
    reader = FrameReader(limit=64)
    with pytest.raises(BadFrame, match=f"`{length}` bytes"):
        list(reader.feed(length.to_bytes(4, "little")))


def test_frames_before_a_bad_one_are_given() -> None:
    reader = FrameReader(limit=64)
    frames = reader.feed(frame(1, b"x") + bytes(4))
    assert next(frames) == (1, b"x")
    with pytest.raises(BadFrame):
        next(frames)


def test_the_longest_frame_is_taken_and_no_longer_one_made() -> None:
    assert list(FrameReader(limit=64).feed(frame(1, bytes(63), limit=64))) == [(1, bytes(63))]
    with pytest.raises(InvalidValue, match="takes `64`"):
        frame(1, bytes(64), limit=64)


def test_a_hello_comes_back() -> None:
    data = Hello(frame_max=9000).encode()
    assert len(data) == HELLO_LEN
    assert Hello.decode(data) == Hello(frame_max=9000)
    for cut in range(HELLO_LEN):
        assert Hello.decode(data[:cut]) is None
    for frame_max in (8191, 1 << 32):
        with pytest.raises(InvalidValue):
            Hello(frame_max=frame_max).encode()


@pytest.mark.parametrize("data", [b"G", b"GET / HTTP/1.1\r\n", b"zeta nex", b"\x16\x03\x01", b"\0"])
def test_another_protocol_is_told_from_its_first_bytes(data: bytes) -> None:
    with pytest.raises(OtherProtocol, match="first bytes"):
        Hello.decode(data)


def test_another_version_or_frames_that_hold_nothing_are_refused() -> None:
    with pytest.raises(OtherProtocol, match="version `2`"):
        Hello.decode(Hello(version=2).encode())
    with pytest.raises(OtherProtocol, match="`8191` bytes"):
        Hello.decode(b"zeta net\1\0" + (8191).to_bytes(4, "little"))


@given(st.binary(max_size=40))
def test_no_first_bytes_break_the_reader(data: bytes) -> None:
    with contextlib.suppress(OtherProtocol):
        Hello.decode(data)
