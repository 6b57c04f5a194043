"""Both clients over a relay that cuts: what was sent is sent again, and runs once."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from zeta.client import ConnectionLost, Fate, NotExecuted, OtherVerifier, Retry, Unsettled

from .served import Served, Twin, served

SOON = Retry(seconds=20, first=0.001, most=0.05)
# Bytes beyond those that open a session: within the first request or its answer, between, later.
BEYOND = [1, 40, 59, 100, 150, 400]
NEVER = 1 << 60
HELLO, HEAD = 14, 5


def cut_at(place: Served, side: str, beyond: int) -> tuple[int, int]:
    """Where a connection is cut, each way."""
    if side == "to server":
        return HELLO + (HEAD + 8 + 101) + (HEAD + 4) + beyond, NEVER
    return NEVER, HELLO + (HEAD + len(place.store.introduction)) + (HEAD + 4 + 56) + beyond


@pytest.fixture(scope="module")
def quiet() -> Iterator[Served]:
    """Nothing but answers passes."""
    with served(epoch=None) as begun:
        yield begun


@pytest.fixture(scope="module")
def place() -> Iterator[Served]:
    with served() as begun:
        yield begun


@pytest.fixture(params=[True, False], ids=["blocking", "coroutine"])
def twin(request: pytest.FixtureRequest) -> Twin:
    return Twin(request.param)


async def run(twin: Twin, client: Any, name: str, count: int) -> list[Any]:
    """Results of a pipeline, and errors as they are."""
    pipeline = client.pipeline()
    p = await twin.enter(pipeline)
    handles = [p.add(name, 1) for _ in range(count)]
    with contextlib.suppress(Unsettled, ConnectionLost):
        await twin.leave(pipeline)
    return handles


async def call_until_it_is_cut(twin: Twin, client: Any) -> None:
    while True:
        await twin.told(client.read("nothing"))


@pytest.mark.parametrize("beyond", BEYOND)
@pytest.mark.parametrize("side", ["to server", "to client"])
async def test_a_cut_is_made_good(twin: Twin, quiet: Served, side: str, beyond: int) -> None:
    name = f"{side} {beyond} {twin.connect.__module__}"
    cut = cut_at(quiet, side, beyond)
    quiet.relay.cuts = [cut, cut, cut]
    client = await twin.open(quiet, relayed=True, retry=SOON)
    handles = await run(twin, client, name, 10)
    assert [each.result for each in handles] == list(range(1, 11))
    quiet.relay.cuts = []
    assert await twin.told(client.read(name)) == 10
    await twin.told(client.close())


@pytest.mark.parametrize("beyond", BEYOND)
@pytest.mark.parametrize("side", ["to server", "to client"])
async def test_without_retries_every_fate_is_found_out(
    twin: Twin, quiet: Served, side: str, beyond: int, tmp_path: Path
) -> None:
    name = f"no retry {side} {beyond} {twin.connect.__module__}"
    quiet.relay.cuts = [cut_at(quiet, side, beyond)]
    state = tmp_path / "state"
    client = await twin.open(quiet, relayed=True, retry=None, state=state)
    handles = await run(twin, client, name, 10)
    with pytest.raises((ConnectionLost, Unsettled)):
        await call_until_it_is_cut(twin, client)
    await twin.told(client.close())
    client = await twin.open(quiet, state=state)
    ran = 0
    for at, each in enumerate(handles):
        if each.error is None:
            assert each.result == at + 1
            ran += 1
        elif each.request is None:
            assert isinstance(each.error, ConnectionLost)
        elif at % 2:
            assert isinstance(each.error, Unsettled)
            ran += await twin.told(client.fate(each.request)) is Fate.EXECUTED
        else:
            repeated = await twin.told(client.repeat(each.request))
            assert 1 <= repeated.result <= 10
            ran += 1
    assert await twin.told(client.read(name)) == ran
    await twin.told(client.close())


async def test_whoever_waits_for_a_certification_outlives_a_cut(twin: Twin, place: Served) -> None:
    client = await twin.open(place, relayed=True, retry=SOON)
    for _ in range(5):
        handle = await twin.told(client.call("add", "waits", 1))
        place.tell(place.relay.cut)
        assert await twin.told(handle.certified(20))
    await twin.told(client.close())


async def test_a_server_that_does_not_come_back_is_given_up(twin: Twin) -> None:
    with served(epoch=None) as place:
        client = await twin.open(place, relayed=True, retry=Retry(0.2, 0.01, 0.05))
        assert await twin.told(client.add("a", 1)) == 1
        place.tell(place.relay.close)
        with pytest.raises((ConnectionLost, Unsettled)):
            await twin.told(client.within(20).add("a", 1))
        with pytest.raises(ConnectionLost):
            await twin.told(client.add("a", 1))
        await twin.told(client.close())


async def test_a_server_that_closes_certifies_for_who_waits(twin: Twin) -> None:
    with served(epoch=None) as place:
        client = await twin.open(place)
        handle = await twin.told(client.call("add", "a", 1))
        done: asyncio.Queue[Any] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        handle.add_done_callback(lambda told: loop.call_soon_threadsafe(done.put_nowait, told))
        place.loop.call_soon_threadsafe(place.ended.set)
        told = await asyncio.wait_for(done.get(), 20)
        assert told.receipt
        with pytest.raises((ConnectionLost, NotExecuted, Unsettled)):
            await twin.told(client.add("a", 1))
        await twin.told(client.close())


async def test_a_server_that_was_started_anew_is_another(twin: Twin) -> None:
    with served() as old, served() as new:
        client = await twin.open(old, relayed=True, retry=SOON)
        assert await twin.told(client.add("a", 1)) == 1
        old.relay._target = new.direct
        old.tell(old.relay.cut)
        with pytest.raises((OtherVerifier, Unsettled)) as raised:
            await twin.told(client.add("a", 1))
        cause = raised.value.__cause__ if isinstance(raised.value, Unsettled) else raised.value
        assert isinstance(cause, OtherVerifier)
        await twin.told(client.close())


async def test_sessions_that_expire_are_not_noticed(twin: Twin) -> None:
    with served(epoch=0.02, lifetime=6) as place:
        client = await twin.open(place)
        sessions = set()
        for value in range(1, 100):
            handle = await twin.told(client.call("add", "a", 1))
            assert handle.result == value
            sessions.add(handle.request.session)
            if value % 10 == 0:
                await twin.told(handle.certified(20))
        assert len(sessions) > 1
        await twin.told(client.close())
