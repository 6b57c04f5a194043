"""Whatever is cut, late, rotated or expired: what a client is told is what happened."""

from itertools import count

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from zeta.client import ConnectionLost, Fate, NotExecuted, ResultLost, Unsettled
from zeta.client.task import Call, Rotation

from .conftest import MakeHost
from .host import LIMIT, RETRY, Host, Runner

LIFETIME = 4
few = st.integers(0, 300)
ACTIONS = st.one_of(
    st.tuples(st.just("call"), st.just(0)),
    st.tuples(st.just("to host"), few),
    st.tuples(st.just("to client"), few),
    st.tuples(st.just("carry"), st.just(0)),
    st.tuples(st.just("cut"), st.just(0)),
    st.tuples(st.just("late"), st.just(0)),
    st.tuples(st.just("rotate"), st.just(0)),
    st.tuples(st.just("turn"), st.just(0)),
    st.tuples(st.just("repeat"), few),
    st.tuples(st.just("fate"), few),
)
NAMES = count()


def act(client: Runner, host: Host, calls: list[Call], name: str, what: str, number: int) -> None:
    open_ones = [each for each in calls if isinstance(each.error, Unsettled)]
    if what == "call":
        calls.append(client.submit("add", name, 1))
    elif what == "to host":
        client.carry(to_host=number, to_client=0)
    elif what == "to client":
        client.carry(to_host=0, to_client=number)
    elif what == "carry":
        client.carry()
    elif what == "cut":
        client.lose()
        client.again()
    elif what == "late":
        client.now += LIMIT + 1
        client.core.tick(client.now)
        client._told()
    elif what == "rotate":
        client.core.rotate(Rotation(), LIMIT, client.now)
    elif what == "turn":
        host.certify()
    elif what == "repeat" and open_ones:
        client.repeat(open_ones[number % len(open_ones)])
    elif what == "fate" and open_ones:
        client.fate(open_ones[number % len(open_ones)])


def check(client: Runner, calls: list[Call], name: str) -> None:
    """Each call's end is what the counter says."""
    ran, perhaps = 0, 0
    for each in calls:
        assert each.finished
        if isinstance(each.error, Unsettled):
            fate = client.fate(each)
            ran += fate is Fate.EXECUTED
            perhaps += fate is Fate.UNKNOWN
        elif each.error is None or isinstance(each.error, ResultLost):
            ran += 1
        else:
            assert isinstance(each.error, NotExecuted | ConnectionLost)
    results = [each.result for each in calls if each.error is None]
    assert len(set(results)) == len(results)
    total = client.call("read", name).outcome()
    assert ran <= total <= ran + perhaps
    assert all(1 <= each <= total for each in results)


@given(st.lists(ACTIONS, max_size=40), st.booleans(), st.booleans())
# Once the question came after the session's end, and was refused.
@example([("call", 0), ("late", 0), ("repeat", 0), ("rotate", 0), ("fate", 0)], True, False)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_a_client_is_told_is_what_happened(
    make_host: MakeHost, actions: list[tuple[str, int]], keeps_replies: bool, strict: bool
) -> None:
    host = make_host(lifetime=LIFETIME)
    host.keeps = keeps_replies
    client, name = Runner(host, retry=RETRY, strict=strict), f"model {next(NAMES)}"
    calls: list[Call] = []
    for what, number in actions:
        act(client, host, calls, name, what, number)
    client.carry()
    client.pass_time(LIMIT + 1)
    client.pass_time(LIMIT + 1)
    check(client, calls, name)
