"""The client against the Rust verifier: every log in which clients were served, played again."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from zeta.client import Answered, Fate, ForgedReply, Handshake, HandshakeFailed, RolledBack, Session
from zeta.errors import InvalidValue

from .recorded import (
    ASK,
    DONE,
    OPEN,
    RECEIPT,
    REVOKE,
    ROTATE,
    RUN_APP,
    VECTORS,
    WRONG_MAC,
    Asked,
    Recording,
    Step,
    recording,
    recordings,
    reply,
    status,
    taken_apart,
)

ALL = dict(recordings())


def number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def handshake_of(step: Step) -> tuple[bytes, bytes]:
    """Both messages of a handshake that succeeded."""
    return step.body[8 if step.tag == ROTATE else 4 :], taken_apart(step.outputs)[2]


def play(recorded: Recording) -> tuple[Counter[str], list[Answered]]:
    """Checks every step that a client can; what was checked, and the answers that were taken."""
    seen: Counter[str] = Counter()
    sessions: dict[int, Session] = {}
    answers = []
    for step in recorded.steps:
        answer, code, _, rest = taken_apart(step.outputs) if step.outputs else (9, 0, b"", b"")
        session = sessions.get(number(step.body[:4]))
        if step.tag in (OPEN, ROTATE) and answer == DONE:
            opened, _ = recorded.open(*handshake_of(step))
            sessions[opened.session] = opened
            seen["handshake"] += 1
        elif step.tag == REVOKE and session and answer == DONE:
            session.accept_revoked(taken_apart(step.outputs)[2])
            seen["revoked"] += 1
        elif step.tag == ASK and session and code != WRONG_MAC:
            sequence = number(step.body[4:12])
            assert session.question(sequence) == step.body[12:]
            seen[session.accept_status(sequence, status(0, step.outputs)).name] += 1
        elif step.tag == RUN_APP:
            asked = Asked.of(step.body)
            session = sessions.get(asked.session)
            if session is None or not asked.sequence or code == WRONG_MAC:
                continue
            request = session.request(asked.sequence, asked.transition, asked.arguments)
            assert request.mac == asked.mac
            seen["request"] += 1
            if not rest:
                continue
            if rest[0] == RECEIPT:
                said, leaf_hash = reply(step.outputs)
                answers.append(session.accept(request, said))
                assert answers[-1].leaf_hash == leaf_hash
                seen["reply"] += 1
            else:
                session.accept_status(asked.sequence, status(code, rest))
                seen[f"status after {code}"] += 1
    return seen, answers


@pytest.mark.parametrize("name", ALL)
def test_the_client_says_and_takes_what_the_verifier_does(name: str) -> None:
    seen, _ = play(ALL[name])
    assert seen or "unknown_client" in name or "bad_handshake" in name


def test_every_kind_of_message_was_recorded() -> None:
    total: Counter[str] = Counter()
    for recorded in ALL.values():
        total += play(recorded)[0]
    kinds = {"handshake", "request", "reply", "revoked", "EXECUTED", "NOT_EXECUTED"}
    assert kinds | {"status after 258", "status after 259"} <= total.keys()


@pytest.fixture
def recorded() -> Recording:
    found = recording(VECTORS / "accept/session.json")
    assert found is not None
    return found


def test_a_changed_handshake_opens_nothing(recorded: Recording) -> None:
    message, answer = handshake_of(recorded.steps[0])
    for at in range(len(answer)):
        changed = bytearray(answer)
        changed[at] ^= 1
        with pytest.raises(HandshakeFailed):
            recorded.open(message, bytes(changed))
    for wrong in (b"", answer[:-1], answer + b"\0", bytes(56)):
        with pytest.raises(HandshakeFailed):
            recorded.open(message, wrong)


def test_a_reply_is_taken_for_its_own_request_alone(recorded: Recording) -> None:
    session, _ = recorded.open(*handshake_of(recorded.steps[0]))
    asked, later = (Asked.of(step.body) for step in recorded.steps[1:3])
    request = session.request(asked.sequence, asked.transition, asked.arguments)
    said, _ = reply(recorded.steps[1].outputs)
    assert session.accept(request, said).receipt.result == said.result
    forged = [
        said._replace(answer=1),
        said._replace(answer=3),
        said._replace(code=1),
        said._replace(result=said.result + b"\0"),
        said._replace(thread=said.thread + 1),
        said._replace(thread=1 << 16),
        said._replace(epoch=said.epoch + 1),
        said._replace(counter=said.counter + 1),
        said._replace(mac=said.mac[:-1]),
        said._replace(mac=b""),
        *(said._replace(mac=flipped(said.mac, at)) for at in range(16)),
        reply(recorded.steps[2].outputs)[0],
    ]
    for each in forged:
        with pytest.raises(ForgedReply):
            session.accept(request, each)
    other = session.request(later.sequence, asked.transition, asked.arguments)
    with pytest.raises(ForgedReply):
        session.accept(other, said)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_an_answer_in_an_epoch_that_was_over_shows_a_rollback(recorded: Recording) -> None:
    session, _ = recorded.open(*handshake_of(recorded.steps[0]))
    asked = Asked.of(recorded.steps[1].body)
    said, _ = reply(recorded.steps[1].outputs)
    before = session.request(asked.sequence, asked.transition, asked.arguments)
    session.certified_epoch = said.epoch
    after = session.request(asked.sequence, asked.transition, asked.arguments)
    session.accept(before, said)
    with pytest.raises(RolledBack):
        session.accept(after, said)


def test_a_kept_reply_is_taken_on_the_word_of_a_status(recorded: Recording) -> None:
    session, _ = recorded.open(*handshake_of(recorded.steps[0]))
    asks = [step for step in recorded.steps if step.tag == ASK]
    executed, other = (status(0, step.outputs) for step in asks)
    asked = Asked.of(recorded.steps[2].body)
    request = session.request(asked.sequence, asked.transition, asked.arguments)
    said, leaf_hash = reply(recorded.steps[2].outputs)
    assert session.accept_status(2, executed) is Fate.EXECUTED
    assert session.accept_status(3, other) is Fate.NOT_EXECUTED
    # Its MAC need not be kept: the status is authenticated, and names the leaf.
    kept = said._replace(mac=b"")
    assert session.accept_kept(request, kept, executed).leaf_hash == leaf_hash
    for reply_, status_ in (
        (kept._replace(result=b"another"), executed),
        (kept, executed._replace(leaf_hash=bytes(32))),
        (kept, executed._replace(fate=2)),
        (kept, other),
    ):
        with pytest.raises(ForgedReply):
            session.accept_kept(request, reply_, status_)
    for forged in (
        executed._replace(fate=3),
        executed._replace(refusal=258),
        executed._replace(refusal=1 << 16),
        executed._replace(mac=flipped(executed.mac, 0)),
        executed._replace(mac=b""),
    ):
        with pytest.raises(ForgedReply):
            session.accept_status(2, forged)


def test_only_the_verifier_says_that_a_session_is_over(recorded: Recording) -> None:
    revoked = next(step for step in recorded.steps if step.tag == REVOKE)
    mac = taken_apart(revoked.outputs)[2]
    opens = [step for step in recorded.steps if step.tag == OPEN]
    first, gateway = (recorded.open(*handshake_of(step))[0] for step in opens)
    gateway.accept_revoked(mac)
    for session, said in ((first, mac), (gateway, flipped(mac, 3)), (gateway, b"")):
        with pytest.raises(ForgedReply):
            session.accept_revoked(said)


@pytest.mark.parametrize("name", ["instance", "incarnation", "verifier_key", "client_key"])
def test_a_handshake_needs_keys_and_names_of_their_lengths(name: str) -> None:
    sizes = {"instance": 16, "incarnation": 16, "verifier_key": 32, "client_key": 32}
    for size in (0, sizes[name] - 1, sizes[name] + 1):
        stated: dict[str, Any] = {each: bytes([9]) * length for each, length in sizes.items()}
        stated[name] = bytes([9]) * size
        with pytest.raises(InvalidValue, match=f"`{name}` has `{size}` bytes"):
            Handshake(**stated)


def test_what_no_request_can_be_is_refused(recorded: Recording) -> None:
    session, _ = recorded.open(*handshake_of(recorded.steps[0]))
    for sequence in (0, -1, 1 << 33):
        with pytest.raises(InvalidValue, match="no sequence number"):
            session.request(sequence, 1, b"")
        with pytest.raises(InvalidValue, match="no sequence number"):
            session.question(sequence)
    for transition in (-1, 1 << 16):
        with pytest.raises(InvalidValue, match="no transition"):
            session.request(1, transition, b"")
    last = session.request((1 << 33) - 1, (1 << 16) - 1, b"")
    said, _ = reply(recorded.steps[1].outputs)
    other = replace(session, session=session.session + 1)
    with pytest.raises(InvalidValue, match="is of session"):
        other.accept(last, said)


def test_keys_are_not_shown(recorded: Recording) -> None:
    session, opened = recorded.open(*handshake_of(recorded.steps[0]))
    for secret in (session.request_key, session.reply_key):
        assert repr(secret) not in repr(session) + repr(opened)
