"""The core of a client loses its connection at every byte, and nothing runs twice."""

from itertools import count

import pytest
from zeta.client import (
    ConnectionLost,
    ResultLost,
    Retry,
    Unsettled,
)
from zeta.network import (
    Requested,
)

from .conftest import MakeHost
from .host import RETRY, Host, Runner, outcomes


def lengths(host: Host) -> tuple[int, int]:
    """Bytes of a conversation of four calls, each way, after the session was opened."""
    client = Runner(host)
    sent = came = 0
    for _ in range(4):
        client.submit("add", "lengths", 1)
    while client.core.outgoing() or client.line.out:
        out = client._take(client.core.outgoing(), None)
        client.line.feed(out)
        back = client._take(client.line.out, None)
        client.core.receive(back, 0.0)
        sent, came = sent + len(out), came + len(back)
    return sent, came


def test_whatever_byte_is_lost_each_call_runs_once(host: Host) -> None:
    for side, length in enumerate(lengths(host)):
        for at in range(length + 1):
            client, name = Runner(host, retry=RETRY), f"{side} {at}"
            calls = [client.submit("add", name, 1) for _ in range(4)]
            client.carry(*((at, None) if side == 0 else (None, at)))
            client.lose()
            client.again()
            assert outcomes(calls) == [1, 2, 3, 4]
            assert client.unsettled == ()
            assert client.call("read", name).outcome() == 4
            assert not client.revoke().error


def test_without_retries_a_loss_is_told_and_nothing_runs_twice(host: Host) -> None:
    for side, length in enumerate(lengths(host)):
        for at in range(0, length + 1, 7):
            client, name = Runner(host), f"{side} {at}"
            calls = [client.submit("add", name, 1) for _ in range(4)]
            client.carry(*((at, None) if side == 0 else (None, at)))
            client.lose()
            assert client.wait is None
            for value, call in zip(count(1), calls, strict=False):
                assert call.error is None or isinstance(call.error, Unsettled)
                assert call.error is not None or call.result == value
            assert isinstance(client.call("read", name).error, ConnectionLost)


def test_no_second_connection_is_needed_to_send_the_same_bytes(host: Host) -> None:
    client = Runner(host, retry=RETRY)
    call = client.submit("add", "a", 1)
    client.carry(to_client=0)
    for _ in range(5):
        client.lose()
        client.again()
    requests = [each for each in host.asked if isinstance(each, Requested)]
    assert len({each[1:] for each in requests}) == 1
    assert call.outcome() == 1


def test_a_result_that_is_not_kept_is_lost_for_certain(host: Host) -> None:
    host.keeps = False
    client = Runner(host, retry=RETRY)
    call = client.submit("add", "a", 1)
    client.carry(to_client=0)
    client.lose()
    client.again()
    with pytest.raises(ResultLost) as raised:
        call.outcome()
    assert raised.value.request == call.request
    assert client.unsettled == ()
    assert client.call("read", "a").outcome() == 1


def test_attempts_end(host: Host) -> None:
    client = Runner(host, retry=Retry(seconds=3, first=0.1, most=1.0))
    call = client.submit("add", "a", 1)
    client.lose()
    waits = []
    while client.wait is not None:
        waits.append(client.wait)
        client.now += client.wait
        client.lose()
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    with pytest.raises(Unsettled):
        call.outcome()
    assert isinstance(client.call("read", "a").error, ConnectionLost)


def test_attempts_begin_anew_once_the_host_answers(host: Host) -> None:
    client = Runner(host, retry=Retry(seconds=3, first=0.1))
    for _ in range(20):
        client.lose()
        assert client.wait == 0.1
        client.again()
        assert client.call("read", "a").error is None
    # Where nobody waits, nothing is given up.
    for _ in range(20):
        client.lose()
        client.now += 5
    assert client.wait == 1.0
    client.again()
    assert client.call("read", "a").error is None
    # A server that takes connections and says nothing is none that answers.
    client.host.changes = lambda asked, answer: None
    client.submit("read", "a")
    for _ in range(3):
        client.lose()
        client.again()
    assert client.wait == 0.4


def test_who_does_not_introduce_itself_is_left(host: Host) -> None:
    client = Runner(host, retry=RETRY)
    client.lose()
    client.core.connected(client.now)
    client.core.tick(client.now + 11)
    assert [type(each).__name__ for each in client.core.events()] == ["Silent"]


def test_a_loss_while_waiting_for_a_certification_is_made_good(host: Host) -> None:
    client = Runner(host, retry=RETRY)
    call = client.call("add", "a", 1)
    waits = client.certified(call)
    client.lose()
    client.again()
    host.certify()
    client.carry(to_client=500)
    client.lose()
    client.again()
    host.certify()
    client.carry()
    assert waits.outcome()


def test_after_a_restart_of_the_verifier_what_was_asked_stays_unknown(make_host: MakeHost) -> None:
    host = make_host()
    client = Runner(host, retry=RETRY)
    call = client.submit("add", "a", 1)
    client.carry(to_client=0)
    client.lose()
    known = client.core._introduction
    assert known is not None
    client.core._introduction = known._replace(incarnation=bytes(16))
    client.again()
    with pytest.raises(Unsettled, match="started anew"):
        call.outcome()
    assert type(client.core.lost).__name__ == "Restarted"


GARBAGE = {
    "no message": b"\2\0\0\0\x99\0",
    "a second introduction": b"\2\0\0\0\x81\0",
    "an absurd length": b"\xff\xff\xff\xff",
    "the connection's end": b"\7\0\0\0\x40\0\0\0\0\3x"[:11],
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_a_loss(host: Host, name: str) -> None:
    client = Runner(host, retry=RETRY)
    client.line.out += GARBAGE[name]
    client.carry()
    assert client.wait is not None
    client.again()
    assert client.call("add", "a", 1).outcome() == 1


def test_a_call_during_an_outage_is_sent_afterwards_or_was_not_sent(host: Host) -> None:
    client = Runner(host, retry=RETRY)
    client.lose()
    later = client.submit("add", "a", 1)
    assert client.unsettled == ()
    client.again()
    assert later.outcome() == 1
    client.lose()
    never = client.submit("add", "a", 1)
    while client.wait is not None:
        client.now += 5
        client.lose()
    assert isinstance(never.error, ConnectionLost)
    assert client.unsettled == ()
