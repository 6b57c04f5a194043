"""Messages have one encoding, and what is none is refused as the sender's fault."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zeta.errors import InvalidValue
from zeta.network import (
    FRAME_MIN,
    Ask,
    BadFrame,
    Certified,
    Failed,
    FrameReader,
    Goodbye,
    HandshakeAnswer,
    HandshakeRequest,
    Introduced,
    Message,
    NotCertifying,
    NotYet,
    PathFound,
    PathRequest,
    Refused,
    Replied,
    Requested,
    Revoke,
    Revoked,
    Settled,
    Side,
    Subscribe,
    decode,
    encode,
)

MAC, HASH, SIGNATURE = b"m" * 16, b"h" * 32, b"s" * 64
# Each with the bytes that the page states.
MESSAGES: list[tuple[Side, Message, str]] = [
    (Side.CLIENT, HandshakeRequest(1, 2, b"ab"), "01 01000000 02000000 6162"),
    (
        Side.CLIENT,
        Requested(1, 2, 3, MAC, 4, b"ab"),
        "02 01000000 02000000 0300000000000000" + MAC.hex() + "0400 6162",
    ),
    (Side.CLIENT, Ask(1, 2, 3, MAC), "03 01000000 02000000 0300000000000000" + MAC.hex()),
    (Side.CLIENT, Subscribe(7), "04 07000000"),
    (Side.CLIENT, PathRequest(1, 2, 3, 4), "05 01000000 0200 03000000 0400000000000000"),
    (Side.CLIENT, Revoke(1, 2, MAC), "06 01000000 02000000" + MAC.hex()),
    (Side.HOST, Introduced(b"ab"), "81 6162"),
    (Side.HOST, HandshakeAnswer(1, b"ab"), "82 01000000 6162"),
    (
        Side.HOST,
        Replied(1, 2, 3, 4, 5, 6, 7, MAC, b"ab"),
        "83 01000000 02 0300 0400 05000000 06000000 0700000000000000" + MAC.hex() + "6162",
    ),
    (
        Side.HOST,
        Settled(1, 258, 1, HASH, MAC),
        "84 01000000 0201 01" + HASH.hex() + MAC.hex(),
    ),
    (Side.HOST, Refused(1, 257), "85 01000000 0101"),
    (Side.HOST, NotYet(1), "86 01000000"),
    (Side.HOST, Certified(b"ab"), "87 6162"),
    (Side.HOST, NotCertifying(9), "88 09000000"),
    (
        Side.HOST,
        PathFound(1, 2, 3, 4, SIGNATURE, (HASH,), ()),
        "89 01000000 0200000000000000 0300 0400000000000000"
        + SIGNATURE.hex()
        + "01"
        + HASH.hex()
        + "00",
    ),
    (Side.HOST, Revoked(1, MAC), "8a 01000000" + MAC.hex()),
    (Side.HOST, Failed(0, 1, "no"), "40 00000000 01 6e6f"),
    (Side.CLIENT, Failed(0, 1, "no"), "40 00000000 01 6e6f"),
    (Side.HOST, Goodbye(), "41"),
    (Side.CLIENT, Goodbye(), "41"),
]


SHARED: dict[str, Message] = {
    "Requested": Requested(1, 2, 3, MAC, 4, b"ab"),
    "Ask": Ask(1, 2, 3, MAC),
    "Replied-done": Replied(1, 0, 0, 4, 5, 6, 7, MAC, b"ab"),
    "Replied-failed": Replied(1, 1, 3, 4, 5, 6, 7, MAC, b""),
    "Replied-refused": Replied(1, 2, 262, 4, 5, 6, 7, MAC, b""),
    "Settled": Settled(1, 258, 1, HASH, MAC),
    "Refused": Refused(1, 257),
    "NotYet": NotYet(1),
    "Failed-too-long": Failed(1, 2, "the answer is longer than you take"),
}
"""What the host's Rust reads and makes as well: `crates/host/src/frames.rs`."""


def content(message: Message) -> tuple[int, bytes]:
    ((kind, body),) = FrameReader().feed(encode(message))
    return kind, body


@pytest.mark.parametrize(("side", "message", "stated"), MESSAGES)
def test_each_message_has_the_bytes_that_the_page_states(
    side: Side, message: Message, stated: str
) -> None:
    kind, body = content(message)
    assert bytes([kind]) + body == bytes.fromhex(stated)
    assert decode(kind, body, side) == message


def test_rust_is_tested_with_the_same_bytes() -> None:
    lines = (Path(__file__).parent / "messages.txt").read_text().splitlines()
    stated = dict(line.split(" ", 1) for line in lines if not line.startswith("#"))
    assert stated.keys() == SHARED.keys()
    for name, message in SHARED.items():
        kind, body = content(message)
        assert bytes([kind]) + body == bytes.fromhex(stated[name])


@pytest.mark.parametrize(("side", "message"), [each[:2] for each in MESSAGES])
def test_a_side_sends_its_own_messages(side: Side, message: Message) -> None:
    kind, body = content(message)
    other = Side.HOST if side is Side.CLIENT else Side.CLIENT
    if isinstance(message, Failed | Goodbye):
        assert decode(kind, body, other) == message
    else:
        with pytest.raises(BadFrame, match="from the"):
            decode(kind, body, other)


@pytest.mark.parametrize(("side", "message"), [each[:2] for each in MESSAGES])
def test_a_cut_message_is_none(side: Side, message: Message) -> None:
    kind, body = content(message)
    for end in range(len(body)):
        try:
            shorter = decode(kind, body[:end], side)
        except BadFrame:
            continue
        # A shorter message of this kind, whose last field says less.
        assert content(shorter) == (kind, body[:end])
        assert isinstance(
            shorter,
            HandshakeRequest
            | Requested
            | Introduced
            | HandshakeAnswer
            | Replied
            | Certified
            | Failed,
        )


@given(st.integers(0, 255), st.binary(max_size=300), st.sampled_from(Side))
def test_what_is_read_has_one_encoding(kind: int, body: bytes, side: Side) -> None:
    try:
        message = decode(kind, body, side)
    except BadFrame:
        return
    assert content(message) == (kind, body)


@given(st.sampled_from(MESSAGES), st.data())
def test_a_changed_message_is_another_or_none(
    chosen: tuple[Side, Message, str], data: st.DataObject
) -> None:
    side, message, _ = chosen
    kind, body = content(message)
    at = data.draw(st.integers(0, len(body)))
    changed = body[:at] + data.draw(st.binary(max_size=4)) + body[at + data.draw(st.booleans()) :]
    try:
        found = decode(kind, changed, side)
    except BadFrame:
        return
    assert (found == message) is (changed == body)


@pytest.mark.parametrize(
    "message",
    [
        Ask(1 << 32, 2, 3, MAC),
        Ask(-1, 2, 3, MAC),
        Ask(1, 2, 3, MAC[:-1]),
        Ask(1, 2, 3, MAC + b"m"),
        Settled(1, 2, 1, HASH[:-1], MAC),
        PathFound(1, 2, 3, 4, SIGNATURE[:-1], (), ()),
        PathFound(1, 2, 3, 4, SIGNATURE, (b"short",), ()),
        PathFound(1, 2, 3, 4, SIGNATURE, (HASH,) * 65, ()),
        Failed(1, 256, ""),
    ],
)
def test_what_cannot_be_said_is_not_sent(message: Message) -> None:
    with pytest.raises(InvalidValue):
        encode(message)


def test_a_path_is_short_and_ends_its_message() -> None:
    longest = PathFound(1, 2, 3, 4, SIGNATURE, (HASH,) * 64, (HASH,) * 64)
    kind, body = content(longest)
    encode(longest, FRAME_MIN)
    assert decode(kind, body, Side.HOST) == longest
    head = body[: 4 + 8 + 2 + 8 + 64]
    for wrong in (body + b"\0", head, head + b"\x41" + HASH * 65 + b"\0", head + b"\x01\x00"):
        with pytest.raises(BadFrame):
            decode(kind, wrong, Side.HOST)


def test_a_long_message_is_not_sent_to_who_does_not_take_it() -> None:
    with pytest.raises(InvalidValue, match="takes `8192`"):
        encode(Requested(1, 2, 3, MAC, 4, bytes(9000)), FRAME_MIN)
