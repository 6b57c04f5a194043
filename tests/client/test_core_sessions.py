"""The core of a client and its sessions: order, restarts, rotation, expiry, the end."""

from typing import Any

import pytest
from zeta.client import ConnectionLost, Fate, NoAnswer, NotExecuted, ResultLost, Unsettled
from zeta.client.number import Numbers
from zeta.client.session import SEQUENCE_MAX
from zeta.client.task import Question, Rotation
from zeta.errors import SessionRefused
from zeta.network import Ask, HandshakeRequest, Message, Refused, Requested

from .conftest import MakeHost
from .host import LIMIT, RETRY, Host, Runner, lost, outcomes


def test_strict_order_runs_in_order_over_two_workers(make_host: MakeHost) -> None:
    host = make_host(workers=2)
    client = Runner(host, strict=True)
    calls = [client.submit("add", f"counter {at % 7}", 1) for at in range(70)]
    # The host takes them in another order, and says of most that it is too early.
    client.carry()
    while any(not call.finished for call in calls):
        client.pass_time(0.01)
    assert outcomes(calls) == [at // 7 + 1 for at in range(70)]


def test_in_strict_order_nothing_follows_what_is_not_settled(host: Host) -> None:
    client = Runner(host, strict=True)
    first = lost(host, client, ran=False)
    second = client.call("add", "a", 1)
    client.pass_time(1.0)
    assert not second.finished
    assert client.fate(first) is Fate.NOT_EXECUTED
    client.pass_time(1.0)
    assert second.outcome() == 1


def test_what_is_too_early_is_asked_again_more_slowly_each_time(host: Host) -> None:
    client = Runner(host, strict=True)
    lost(host, client, ran=False)
    client.call("add", "a", 1)
    for _ in range(500):
        client.pass_time(0.01)
    assert 10 < sum(isinstance(each, Requested) for each in host.asked) < 40


@pytest.mark.parametrize("strict", [False, True])
def test_a_session_goes_on_from_what_was_kept(host: Host, strict: bool) -> None:
    client = Runner(host, strict=strict, keeps=True)
    assert client.call("add", "a", 1).outcome() == 1
    (state,) = client.kept
    again = Runner(host, state=state, keeps=True, strict=strict)
    assert again.session == client.session
    call = again.call("add", "a", 1)
    assert call.outcome() == 2
    assert call.request is not None
    assert call.request.sequence >= state.sequence_end
    if strict:
        assert [again.call("add", "a", 1).outcome() for _ in range(3)] == [3, 4, 5]


@pytest.mark.parametrize("strict", [False, True])
def test_a_session_of_another_order_does_not_go_on(host: Host, strict: bool) -> None:
    client = Runner(host, strict=not strict, keeps=True)
    assert client.call("add", "a", 1).outcome() == 1
    again = Runner(host, state=client.kept[0], keeps=True, strict=strict)
    assert again.session != client.session
    assert again.kept[-1].strict_order == strict
    assert again.call("add", "a", 1).outcome() == 2
    with pytest.raises(SessionRefused):
        host.store.ask_session(client.session, 1, bytes(16))


def test_an_order_that_cannot_be_had_is_told(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Runner(host, keeps=True)
    client.call("add", "a", 1)
    monkeypatch.setattr(host, "answer", without_room(host.answer))
    again = Runner(host, state=client.kept[0], keeps=True, strict=True)
    assert isinstance(again.core.lost, SessionRefused)


def test_a_session_is_ended_while_it_is_rotated(host: Host) -> None:
    client = Runner(host)
    held: list[Message] = []

    def hold(asked: Message, answer: Message) -> Message | None:
        if handshake(asked):
            held.append(answer)
            return None
        return answer

    host.changes = hold
    rotation = client.rotate()
    late = client.call("add", "a", 1)
    revocation = client.revoke()
    assert not rotation.finished
    assert not revocation.finished
    client.line.say(held[0])
    client.carry()
    assert outcomes([rotation, late, revocation]) == [None, 1, None]
    assert isinstance(client.call("read", "a").error, ConnectionLost)


def test_what_was_lost_before_a_restart_may_be_asked_about(host: Host) -> None:
    client = Runner(host, keeps=True)
    call = lost(host, client, ran=True)
    again = Runner(host, state=client.kept[0], keeps=True)
    assert again.fate(call) is Fate.EXECUTED
    assert again.repeat(call).outcome() == 1


def test_a_session_that_the_verifier_does_not_know_is_opened_anew(host: Host) -> None:
    client = Runner(host, keeps=True)
    client.call("add", "a", 1)
    host.certify()
    client.carry()
    session = client.core._requests.session
    assert session is not None
    host.store.revoke_session(client.session)
    again = Runner(host, state=client.kept[0], keeps=True)
    assert again.session != client.session
    assert len(again.kept) == 2
    assert again.call("add", "a", 1).outcome() == 2


def test_a_session_is_rotated_at_will(host: Host) -> None:
    client = Runner(host, keeps=True)
    call = client.call("add", "a", 1)
    old, epoch = client.session, client.core._requests.session
    assert client.rotate().error is None
    assert client.session != old
    assert epoch is not None
    assert len(client.kept) == 2
    assert client.call("add", "a", 1).outcome() == 2
    host.certify()
    client.carry()
    assert client.certified(call).outcome()
    with pytest.raises(SessionRefused):
        host.store.ask_session(old, 1, epoch.question(1))


def test_what_is_certified_meanwhile_is_known_in_the_next_session(host: Host) -> None:
    client = Runner(host, keeps=True)
    client.is_slow = True
    old, rotation = client.session, client.rotate()
    last = host.certify()
    client.carry()
    assert not rotation.finished
    client.release()
    session = client.core._requests.session
    assert session is not None
    assert session.session != old
    assert session.certified_epoch == last


def test_calls_wait_while_a_session_is_rotated(host: Host) -> None:
    client = Runner(host)
    held: list[Message] = []

    def hold(asked: Message, answer: Message) -> Message | None:
        if isinstance(asked, HandshakeRequest):
            held.append(answer)
            return None
        return answer

    host.changes = hold
    before = client.submit("add", "a", 1)
    rotation = Rotation()
    client.core.rotate(rotation, LIMIT, client.now)
    after = [client.call("add", "a", 1) for _ in range(3)]
    assert before.outcome() == 1
    assert not rotation.finished
    assert not any(each.finished for each in after)
    client.line.say(held[0])
    client.carry()
    assert rotation.finished
    assert outcomes(after) == [2, 3, 4]
    assert after[0].request is not None
    assert before.request is not None
    assert after[0].request.session != before.request.session


def test_what_is_open_is_asked_about_before_a_session_is_rotated(host: Host) -> None:
    client = Runner(host)
    ran, free = lost(host, client, ran=True), lost(host, client, ran=False)
    assert client.rotate().error is None
    assert client.fate(ran) is Fate.EXECUTED
    assert client.fate(free) is Fate.NOT_EXECUTED
    assert isinstance(client.repeat(free).error, NotExecuted)
    assert isinstance(client.repeat(ran).error, ResultLost)
    assert client.call("read", "a").outcome() == 1


def test_fates_are_known_while_a_session_is_rotated(host: Host) -> None:
    client = Runner(host)
    call = lost(host, client, ran=True)
    assert client.repeat(call).outcome() == 1
    client.core.rotate(Rotation(), LIMIT, client.now)
    # The old session may be gone before the verifier sees the question.
    assert client.fate(call) is Fate.EXECUTED
    client.core.rotate(Rotation(), LIMIT, client.now)
    assert isinstance(client.repeat(call).error, ResultLost)


def test_nothing_is_asked_of_a_session_that_may_be_gone(host: Host) -> None:
    client = Runner(host, keeps=True)
    before, other = lost(host, client, ran=True), lost(host, client, ran=True)
    again = Runner(host, state=client.kept[0], keeps=True)
    again.core.rotate(Rotation(), LIMIT, again.now)
    # Its end is on the way to the verifier: what comes after that is refused there.
    assert again.fate(before) is Fate.UNKNOWN
    assert isinstance(again.repeat(other).error, Unsettled)


def test_each_session_is_asked_about_its_own_numbers(host: Host) -> None:
    client = Runner(host)
    for _ in range(3):
        free = lost(host, client, ran=False)
        assert client.rotate().error is None
        assert client.fate(free) is Fate.NOT_EXECUTED


def test_a_session_whose_numbers_are_used_up_is_rotated(host: Host) -> None:
    client = Runner(host)
    old = client.session
    client.core._requests.numbers = Numbers(SEQUENCE_MAX - 2)
    calls = [client.call("add", "a", 1) for _ in range(4)]
    assert outcomes(calls) == [1, 2, 3, 4]
    sessions = [call.request.session for call in calls if call.request]
    assert [each == old for each in sessions] == [True, True, False, False]


def test_a_host_that_answers_no_question_does_not_hold_up_a_rotation(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, honest = Runner(host), host.answer
    call, asks = lost(host, client, ran=True), []

    def refuse(asked: Any) -> Any:
        if isinstance(asked, Ask):
            asks.append(asked)
            return Refused(asked.number, 257)
        return honest(asked)

    monkeypatch.setattr(host, "answer", refuse)
    assert client.rotate().error is None
    assert len(asks) == 1
    assert client.fate(call) is Fate.UNKNOWN


def test_a_session_waits_for_what_is_asked_about_it(host: Host) -> None:
    client = Runner(host)
    call, honest = lost(host, client, ran=True), host.changes
    held: list[Message] = []

    def hold(asked: Message, answer: Message) -> Message | None:
        held.append(answer)
        return None

    host.changes = hold
    assert call.request is not None
    question = Question(call.request.sequence)
    client.core.ask(question, call.request.session, LIMIT, client.now)
    client.carry()
    rotation = client.rotate()
    assert len(held) == 1, "it asks once, and nothing else before that is answered"
    host.changes = honest
    client.line.say(held[0])
    client.carry()
    assert question.outcome() is Fate.EXECUTED
    assert rotation.finished


def handshake(asked: Message) -> bool:
    return isinstance(asked, HandshakeRequest)


def handshakes(host: Host) -> int:
    return sum(map(handshake, host.asked))


def test_a_session_is_rotated_before_it_expires(make_host: MakeHost) -> None:
    host = make_host(lifetime=16)
    client = Runner(host)
    sessions = []
    for value in range(1, 100):
        assert client.call("add", "a", 1).outcome() == value
        sessions.append(client.session)
        host.certify()
        client.carry()
    assert 5 <= len(set(sessions)) <= 9
    assert handshakes(host) == len(set(sessions))
    assert not any(isinstance(each, Ask) for each in host.asked), "none came too late"


def test_replies_tell_that_a_session_ends_soon(make_host: MakeHost) -> None:
    host = make_host(lifetime=16)
    client = Runner(host)
    for value in range(1, 60):
        assert client.call("add", "a", 1).outcome() == value
        host.store.certify()  # the client is not told
    assert handshakes(host) > 1
    assert not any(isinstance(each, Ask) for each in host.asked), "none came too late"


@pytest.mark.parametrize("lifetime", [0, 1, 2, 3])
def test_what_comes_too_late_for_its_session_goes_to_the_next(
    make_host: MakeHost, lifetime: int
) -> None:
    host = make_host(lifetime=lifetime)
    client = Runner(host)
    for value in range(1, 20):
        for _ in range(lifetime + 2):
            host.store.certify()  # the client is not told
        assert client.call("add", "a", 1).outcome() == value
    assert client.unsettled == ()


def without_room(honest: Any) -> Any:
    def answer(asked: Any) -> Any:
        return Refused(asked.number, 267) if handshake(asked) else honest(asked)

    return answer


def test_a_session_that_cannot_be_rotated_goes_on(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Runner(host)
    old, honest = client.session, host.answer
    monkeypatch.setattr(host, "answer", without_room(honest))
    rotation = Rotation()
    client.core.rotate(rotation, LIMIT, client.now)
    waiting = client.call("add", "a", 1)
    with pytest.raises(SessionRefused, match="room"):
        rotation.outcome()
    assert waiting.outcome() == 1
    assert client.call("add", "a", 1).outcome() == 2
    assert client.session == old


def test_calls_end_where_an_expired_session_cannot_be_rotated(
    make_host: MakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = make_host(lifetime=1)
    client, honest = Runner(host), host.answer
    monkeypatch.setattr(host, "answer", without_room(honest))
    for _ in range(3):
        host.store.certify()
    assert isinstance(client.call("add", "a", 1).error, SessionRefused)
    monkeypatch.setattr(host, "answer", honest)
    assert client.call("add", "a", 1).outcome() == 1


def test_a_loss_while_a_session_is_rotated_is_made_good(host: Host) -> None:
    for at in range(0, 80, 3):
        client = Runner(host, retry=RETRY)
        rotation, old = Rotation(), client.session
        client.core.rotate(rotation, LIMIT, client.now)
        client.carry(to_client=at)
        client.lose()
        client.again()
        assert rotation.finished
        assert rotation.error is None
        assert client.session != old
        assert client.call("read", "a").outcome() == 0


def test_a_session_is_ended_by_its_client_alone(host: Host) -> None:
    client, other = Runner(host), Runner(host)
    assert client.call("add", "a", 1).outcome() == 1
    session = client.core._requests.session
    assert session is not None
    assert client.revoke().error is None
    with pytest.raises(SessionRefused) as refused:
        host.store.ask_session(session.session, 2, session.question(2))
    assert refused.value.code == 261
    assert isinstance(client.call("read", "a").error, ConnectionLost)
    assert other.call("add", "a", 1).outcome() == 2


@pytest.mark.parametrize("keeps", [True, False])
def test_a_session_that_nobody_keeps_ends_with_its_client(host: Host, keeps: bool) -> None:
    client = Runner(host, keeps=keeps)
    assert client.call("add", "a", 1).outcome() == 1
    session = client.core._requests.session
    assert session is not None
    client.core.close()
    client.line.feed(bytes(client.core.outgoing()))
    asked = (session.session, 1, session.question(1))
    if keeps:
        assert host.store.ask_session(*asked).status == Fate.EXECUTED
    else:
        with pytest.raises(SessionRefused) as refused:
            host.store.ask_session(*asked)
        assert refused.value.code == 261


def test_who_rotates_or_ends_a_session_does_not_wait_for_ever(host: Host) -> None:
    for end in (Runner.rotate, Runner.revoke):
        client = Runner(host)
        client.host.changes = lambda asked, answer: None
        task = end(client)
        assert not task.finished
        client.pass_time(LIMIT + 1)
        assert isinstance(task.error, NoAnswer)
        client.host.changes = lambda asked, answer: answer


def test_nothing_runs_any_more_in_a_session_that_ends(host: Host) -> None:
    client = Runner(host)
    held: list[Message] = []

    def hold(asked: Message, answer: Message) -> None:
        held.append(answer)

    honest, host.changes = host.changes, hold
    before = client.call("add", "a", 1)
    revocation = client.revoke()
    after = client.call("add", "a", 1)
    assert len(held) == 1, "it waits for what was sent, and sends no more"
    host.changes = honest
    client.line.say(held[0])
    client.carry()
    assert before.outcome() == 1
    assert revocation.error is None
    assert isinstance(after.error, ConnectionLost)
    assert Runner(host).call("read", "a").outcome() == 1
