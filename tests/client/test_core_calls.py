"""The core of a client against a real verifier: calls, numbers, certifications, limits."""

import pytest
from zeta.client import (
    ConnectionLost,
    Fate,
    NoAnswer,
    NotExecuted,
    Unsettled,
)
from zeta.client.number import AHEAD, WINDOW
from zeta.client.task import Certified as Waits
from zeta.client.task import Question
from zeta.errors import (
    ApiMisuse,
    CertificationTimeout,
    CheckFailed,
    InvalidValue,
)
from zeta.network import (
    Goodbye,
    Message,
    PathRequest,
    Requested,
)
from zeta.receipts import Pinned

from .host import LIMIT, RETRY, Host, Runner, lost, outcomes


def test_calls_are_answered_and_certified(host: Host) -> None:
    client = Runner(host)
    call = client.call("add", "a", 5)
    assert call.outcome() == 5
    waits = client.certified(call)
    assert not waits.finished
    host.certify()
    client.carry()
    assert client.terms.pin is not None
    assert call.answered is not None
    found = Pinned(*client.terms.pin).verify(waits.outcome())
    assert found.leaf_hash == call.answered.leaf_hash
    assert client.certified(call).outcome() == waits.outcome()
    assert client.epochs


def test_failed_checks_and_refusals_are_answers(host: Host) -> None:
    client = Runner(host)
    client.call("add", "a", 1)
    failed = client.call("add", "a", 2**64 - 1)
    with pytest.raises(CheckFailed, match="`add` failed: `a number is outside its type`"):
        failed.outcome()
    raw = Runner(host, raw=True)
    refused = raw.transitions.call(9, (b"",), {})
    raw.core.call([refused], LIMIT, 0.0)
    raw.carry()
    with pytest.raises(ApiMisuse, match=r"refused `transition 9`: .* no such transition"):
        refused.outcome()
    host.certify()
    for runner, call in ((client, failed), (raw, refused)):
        runner.carry()
        assert runner.certified(call).outcome()
        assert runner.unsettled == ()


def test_an_answer_that_comes_late_settles_its_number(host: Host) -> None:
    client = Runner(host)
    call = client.submit("add", "a", 1)
    client.carry(to_client=0)
    client.now += LIMIT + 1
    client.core.tick(client.now)
    with pytest.raises(Unsettled) as raised:
        call.outcome()
    assert isinstance(raised.value.__cause__, NoAnswer)
    assert list(client.unsettled) == [1]
    client.carry()
    assert not client.unsettled
    assert isinstance(call.error, Unsettled), "who was told so is not told otherwise"
    assert client.repeat(call).outcome() == 1
    assert client.call("read", "a").outcome() == 1


@pytest.mark.parametrize("ran", [True, False])
def test_a_fate_is_what_happened(host: Host, ran: bool) -> None:
    client = Runner(host)
    call = lost(host, client, ran=ran)
    assert client.fate(call) is (Fate.EXECUTED if ran else Fate.NOT_EXECUTED)
    assert client.unsettled == ()
    again = client.repeat(call)
    assert isinstance(again.error, NotExecuted) is not ran
    assert client.call("read", "a").outcome() == int(ran)


@pytest.mark.parametrize("ran", [True, False])
def test_a_repeated_request_runs_once(host: Host, ran: bool) -> None:
    client = Runner(host)
    call = lost(host, client, ran=ran)
    assert [client.repeat(call).outcome() for _ in range(3)] == [1, 1, 1]
    assert client.fate(call) is Fate.EXECUTED
    assert client.call("read", "a").outcome() == 1


def test_an_answer_after_its_time_is_late_however_late_the_clock_was_read(host: Host) -> None:
    client = Runner(host)
    call = client.submit("add", "a", 1)
    client.now += LIMIT + 1
    client.carry()
    assert isinstance(call.error, Unsettled)
    assert client.unsettled == ()


def test_messages_that_wait_have_numbers_of_their_own(host: Host) -> None:
    client = Runner(host)
    one = client.submit("add", "a", 1)
    client.core._exchange._last = (1 << 32) - 2
    others = [client.submit("add", "a", 1) for _ in range(5)]
    client.carry()
    assert outcomes([one, *others]) == [1, 2, 3, 4, 5, 6]


def test_no_path_is_asked_for_where_nobody_waits(host: Host) -> None:
    client = Runner(host)
    waits = client.certified(client.call("add", "a", 1))
    client.core.abandon(waits)
    host.certify()
    client.carry()
    assert client.epochs
    assert not any(isinstance(each, PathRequest) for each in host.asked)


def test_an_old_certification_takes_nothing_back(host: Host) -> None:
    client = Runner(host)
    for _ in range(3):
        last = host.certify()
    client.line.say(host.certified[0])
    client.carry()
    assert client.epochs == [0, 1, 2, 0]
    session = client.core._requests.session
    assert session is not None
    assert session.certified_epoch == last


def test_who_repeats_or_asks_does_not_wait_for_ever(host: Host) -> None:
    client = Runner(host)
    call = lost(host, client, ran=True)
    honest, host.changes = host.changes, lambda asked, answer: None
    again = client.repeat(call)
    assert call.request is not None
    question = Question(call.request.sequence)
    client.core.ask(question, call.request.session, LIMIT, client.now)
    client.carry()
    assert not again.finished
    assert not question.finished
    client.pass_time(LIMIT + 1)
    assert isinstance(again.error, Unsettled)
    assert isinstance(question.error, NoAnswer)
    host.changes = honest
    assert client.fate(call) is Fate.EXECUTED


def test_a_call_without_a_turn_was_not_sent(host: Host) -> None:
    client = Runner(host, keeps=True)
    client.is_slow = True
    for _ in range(AHEAD):
        assert client.call("read", "a").error is None
    call = client.call("add", "a", 1)
    assert not call.finished
    client.pass_time(LIMIT + 1)
    assert isinstance(call.error, NotExecuted)
    client.release()
    assert client.call("read", "a").outcome() == 0


def test_what_nobody_waits_for_is_not_sent(host: Host) -> None:
    client = Runner(host, keeps=True)
    client.is_slow = True
    calls = [client.call("add", "a", 1) for _ in range(AHEAD + 2)]
    waiting, other = calls[-2:]
    client.core.abandon(waiting)
    assert isinstance(waiting.error, NotExecuted)
    client.release()
    assert other.outcome() == AHEAD + 1
    sent = client.submit("add", "a", 1)
    client.core.abandon(sent)
    assert isinstance(sent.error, Unsettled)
    client.carry()
    assert client.unsettled == ()
    assert client.call("read", "a").outcome() == AHEAD + 2


def test_a_loss_ends_what_was_not_sent(host: Host) -> None:
    client = Runner(host, keeps=True)
    client.is_slow = True
    calls = [client.call("add", "a", 1) for _ in range(AHEAD + 1)]
    client.lose()
    assert isinstance(calls[-1].error, ConnectionLost)
    client.release()
    requests = [each for each in host.asked if isinstance(each, Requested)]
    assert len(requests) == AHEAD


def test_no_number_is_used_before_it_is_kept(host: Host) -> None:
    client = Runner(host, keeps=True)
    client.is_slow = True
    calls = [client.call("add", "a", 1) for _ in range(AHEAD + 9)]
    requests = [each for each in host.asked if isinstance(each, Requested)]
    assert max(each.sequence for each in requests) == client.kept[0].sequence_end - 1
    client.release()
    assert outcomes(calls) == list(range(1, AHEAD + 10))


def test_what_nobody_answers_does_not_leave_the_window(host: Host) -> None:
    client = Runner(host)
    call = lost(host, client, ran=False)
    results = [client.call("add", "b", 1) for _ in range(WINDOW + 50)]
    assert outcomes(results) == list(range(1, WINDOW + 51))
    # The core asked, and the number never runs.
    assert client.fate(call) is Fate.NOT_EXECUTED
    assert client.call("read", "a").outcome() == 0


def test_a_pipeline_longer_than_the_window_is_answered_in_order(host: Host) -> None:
    client = Runner(host)
    calls = [client.transitions.call("add", ("a", 1), {}) for _ in range(3 * WINDOW)]
    client.core.call(calls, LIMIT, 0.0)
    client.carry()
    assert outcomes(calls) == list(range(1, 3 * WINDOW + 1))


def test_a_call_that_is_longer_than_the_host_takes_uses_no_number(host: Host) -> None:
    client = Runner(host, raw=True)
    long = client.transitions.call(0, (bytes(5 << 20),), {})
    client.core.call([long], LIMIT, 0.0)
    assert isinstance(long.error, InvalidValue)
    assert client.unsettled == ()


def test_waiting_for_an_epoch_has_a_limit_and_may_be_done_again(host: Host) -> None:
    client = Runner(host)
    call = client.call("add", "a", 1)
    task = Waits(call, LIMIT)
    client.core.certified(task, 0.5, client.now)
    client.pass_time(1.0)
    assert isinstance(task.error, CertificationTimeout)
    host.certify()
    client.carry()
    assert client.certified(call).outcome()


def test_a_host_that_closes_still_hands_out_paths(host: Host) -> None:
    client = Runner(host, retry=RETRY)
    call, other = client.call("add", "a", 1), client.call("add", "a", 1)
    waits = client.certified(call)
    host.certify()
    client.line.say(Goodbye())
    honest = host.changes
    held: list[Message] = []

    def hold(asked: Message, answer: Message) -> None:
        held.append(answer)

    host.changes = hold
    client.carry()
    host.changes = honest
    # It says goodbye when it has what it waits for, and not before.
    assert isinstance(client.call("read", "a").error, ConnectionLost)
    assert not client.core._has_left
    client.line.say(held[0])
    client.carry()
    assert waits.outcome()
    assert client.core._has_left
    client.lose()
    assert client.wait is None
    assert isinstance(client.certified(other).error, ConnectionLost)


def test_what_a_closing_host_has_not_certified_never_is(host: Host) -> None:
    client = Runner(host)
    call = client.call("add", "a", 1)
    waits = client.certified(call)
    client.line.say(Goodbye())
    client.carry()
    assert isinstance(waits.error, ConnectionLost)
    assert isinstance(client.certified(call).error, ConnectionLost)


def test_what_waits_while_a_host_closes_was_not_sent(host: Host) -> None:
    client = Runner(host, keeps=True)
    client.is_slow = True
    calls = [client.call("add", "a", 1) for _ in range(AHEAD + 1)]
    client.line.say(Goodbye())
    client.carry()
    assert isinstance(calls[-1].error, ConnectionLost)
    client.release()
    client.lose()
    assert outcomes(calls[:-1]) == list(range(1, AHEAD + 1))


def test_a_closed_client_says_goodbye_and_ends_what_waits(host: Host) -> None:
    client = Runner(host)
    waits = client.certified(client.call("add", "a", 1))
    call = client.submit("add", "a", 1)
    client.core.close()
    assert isinstance(waits.error, ConnectionLost)
    assert isinstance(call.error, Unsettled)
    assert bytes(client.core.outgoing()).endswith(b"\1\0\0\0\x41")
