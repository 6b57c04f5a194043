"""The core of a client and a host that lies: what is told, and what may still be had."""

from typing import Any

import pytest
from zeta.client import (
    ConnectionLost,
    Fate,
    ForgedReply,
    HandshakeFailed,
    NoAnswer,
    NotExecuted,
    RolledBack,
    Unsettled,
)
from zeta.errors import (
    HostError,
)
from zeta.network import (
    Certified,
    Failed,
    Fault,
    Goodbye,
    HandshakeAnswer,
    HandshakeRequest,
    Hello,
    Message,
    NotCertifying,
    PathFound,
    Refused,
    Replied,
    Requested,
    Revoked,
    Settled,
    encode,
)

from .host import LIMIT, RETRY, Host, Runner


def numbered(message: Message) -> int:
    number: int = getattr(message, "number", 0)
    return number


LIES: dict[str, Any] = {
    "another result": lambda said: said._replace(result=b"\xff" * 8),
    "another place": lambda said: said._replace(counter=said.counter + 1),
    "another answer": lambda said: said._replace(answer=1, code=7, result=b""),
    "another MAC": lambda said: said._replace(mac=bytes(16)),
    "a made-up status": lambda said: Settled(said.number, 258, 2, bytes(32), bytes(16)),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_about_a_request_is_told_and_the_truth_may_still_be_had(host: Host, lie: str) -> None:
    client = Runner(host)
    honest = host.changes
    host.changes = lambda asked, answer: (
        LIES[lie](answer) if isinstance(answer, Replied) else answer
    )
    call = client.call("add", "a", 1)
    with pytest.raises(ForgedReply) as raised:
        call.outcome()
    assert raised.value.request == call.request
    assert client.unsettled == (1,)
    host.changes = honest
    assert client.repeat(call).outcome() == 1


WORDS = [Refused(0, 261), Failed(0, 3, "busy")]


@pytest.mark.parametrize("said", WORDS)
def test_the_hosts_word_settles_nothing(host: Host, said: Any) -> None:
    client = Runner(host)
    honest = host.changes
    host.changes = lambda asked, answer: said._replace(number=numbered(answer))
    call = client.call("add", "a", 1)
    assert isinstance(call.error, Unsettled)
    assert client.unsettled == (1,)
    host.changes = honest
    assert client.fate(call) is Fate.EXECUTED


@pytest.mark.parametrize("said", WORDS)
def test_the_verifier_is_asked_where_the_host_says_no(
    host: Host, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, honest = Runner(host), host.answer

    def refuse(asked: Any) -> Any:
        return said._replace(number=asked.number) if is_request(asked) else honest(asked)

    monkeypatch.setattr(host, "answer", refuse)
    call = client.call("add", "a", 1)
    why = r"did not run and never will: .*(revoked|busy)"
    with pytest.raises(NotExecuted, match=why) as raised:
        call.outcome()
    assert str(raised.value.__cause__) in str(raised.value)
    assert raised.value.request == call.request
    assert client.unsettled == ()
    monkeypatch.setattr(host, "answer", honest)
    assert client.call("read", "a").outcome() == 0


@pytest.mark.parametrize("said", WORDS)
def test_what_the_host_ran_and_denies_is_asked_for_again(host: Host, said: Any) -> None:
    client = Runner(host)
    denied: list[Message] = []

    def deny(asked: Message, answer: Message) -> Message:
        if is_request(asked) and len(denied) < times:
            denied.append(asked)
            return said._replace(number=numbered(answer))  # type: ignore[no-any-return]
        return answer

    host.changes, times = deny, 1
    assert client.call("add", "a", 1).outcome() == 1
    times = 99
    call = client.call("add", "a", 1)
    assert isinstance(call.error, Unsettled)
    assert len(denied) == 3, "it is asked for once more, and not for ever"
    times = 0
    assert client.repeat(call).outcome() == 2


def is_request(asked: Message) -> bool:
    return isinstance(asked, Requested)


def test_an_answer_from_an_epoch_that_was_over_is_a_rollback(host: Host) -> None:
    client = Runner(host)
    first = client.call("add", "a", 1)
    host.certify()
    client.carry()
    assert client.epochs
    session = client.core._requests.session
    assert session is not None
    session.certified_epoch += 5
    call = client.call("add", "a", 1)
    with pytest.raises(RolledBack):
        call.outcome()
    assert first.outcome() == 1


def test_a_certification_that_is_none_ends_the_client(host: Host) -> None:
    client = Runner(host, retry=RETRY)
    call = client.call("add", "a", 1)
    waits = client.certified(call)
    host.store.certify()
    good = host.store.certification(0)
    client.line.say(Certified(good[:-1] + bytes([good[-1] ^ 1])))
    client.carry()
    for task in (waits, client.call("read", "a")):
        assert isinstance(task.error, ForgedReply)


def test_a_path_that_proves_nothing_is_told(host: Host) -> None:
    client = Runner(host)
    call = client.call("add", "a", 1)
    host.certify()
    client.carry()
    honest = host.changes
    host.changes = lambda asked, answer: (
        answer._replace(receipts=answer.receipts + 1) if isinstance(answer, PathFound) else answer
    )
    assert isinstance(client.certified(call).error, ForgedReply)
    host.changes = lambda asked, answer: Failed(numbered(asked), Fault.UNKNOWN, "gone")
    assert isinstance(client.certified(call).error, HostError)
    host.changes = lambda asked, answer: None
    waits = client.certified(call)
    client.pass_time(LIMIT + 1)
    assert isinstance(waits.error, NoAnswer)
    host.changes = honest
    assert client.certified(call).outcome()


def test_a_host_that_certifies_no_more_ends_the_client(host: Host) -> None:
    client = Runner(host, retry=RETRY)
    waits = client.certified(client.call("add", "a", 1))
    client.line.say(NotCertifying(0))
    client.carry()
    assert "nothing certifies" in str(waits.error)
    assert client.core.lost is not None


def test_only_the_verifiers_word_ends_a_session(host: Host) -> None:
    client = Runner(host)
    host.changes = lambda asked, answer: (
        answer._replace(mac=bytes(16)) if isinstance(answer, Revoked) else answer
    )
    assert isinstance(client.revoke().error, ForgedReply)


def test_a_handshake_that_is_not_the_verifiers_opens_nothing(host: Host) -> None:
    host.changes = lambda asked, answer: (
        answer._replace(message=bytes(56)) if isinstance(answer, HandshakeAnswer) else answer
    )
    client = Runner(host, retry=RETRY)
    assert isinstance(client.core.lost, HandshakeFailed)


@pytest.mark.parametrize("said", [Goodbye(), Certified(b"x"), NotCertifying(3)])
def test_what_comes_before_a_session_harms_nobody(host: Host, said: Message) -> None:
    held = host.changes
    host.changes = lambda asked, answer: said
    client = Runner(host)
    client.carry()
    if client.core.lost is None:
        client.lose()
    assert client.core.lost is not None
    host.changes = held
    assert Runner(host).call("read", "a").error is None


def test_a_certification_before_there_is_a_session_is_a_loss(host: Host) -> None:
    host.certify()

    def early(asked: Message, answer: Message) -> Message:
        return host.certified[0] if isinstance(asked, HandshakeRequest) else answer

    host.changes = early
    client = Runner(host)
    assert isinstance(client.core.lost, ConnectionLost)
    assert "nobody asked for" in str(client.core.lost)


def test_who_does_not_introduce_its_verifier_first_is_not_heard(host: Host) -> None:
    client = Runner(host, retry=RETRY)
    client.lose()
    assert client.wait is not None
    client.core.connected(client.now + client.wait)
    with pytest.raises(ConnectionLost, match="does not introduce its verifier"):
        client.core.receive(Hello().encode() + encode(Refused(1, 256)), client.now)
