"""A server that closes or fails: what is over is still shown, nothing new runs, all are told."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
import zeta
from zeta.client.session import SEQUENCE_MAX
from zeta.network import (
    Ask,
    Failed,
    Goodbye,
    HandshakeRequest,
    PathFound,
    PathRequest,
    Refused,
    Replied,
    Revoke,
    Revoked,
    Settled,
)
from zeta.server import Limits, Server
from zeta.server.server import Decided
from zeta.serving import Serving

from .conftest import ACCESS, GET, Guest, Served, get, requested

TOO_LATE = "the server closes"


async def test_what_is_over_is_shown_until_the_client_leaves_and_nothing_new_runs() -> None:
    server = Server(Limits(goodbye_seconds=60.0))
    with zeta.open(access=ACCESS, epoch=None, on_epoch=server.epoch_decided) as store:
        port = await server.listen(store, "127.0.0.1", 0)
        guest = Guest(*await asyncio.open_connection("127.0.0.1", port))
        session = await guest.open()
        guest.say(*[requested(n, session.request(n, GET, get(b"a"))) for n in range(1, 500)])
        first = await guest.hear()
        assert isinstance(first, Replied)
        closing = asyncio.create_task(server.close())
        for number in range(2, 500):
            said = await guest.hear()
            # What was not read when it began to close is told so, and all before the goodbye.
            assert isinstance(said, Replied) or said == Failed(number, 3, TOO_LATE)
        assert await guest.hear() == Goodbye()
        guest.say(requested(900, session.request(900, GET, get(b"a"))))
        assert await guest.hear() == Failed(900, 3, TOO_LATE)
        guest.say(HandshakeRequest(901, 0, bytes(101)))
        assert await guest.hear() == Failed(901, 3, TOO_LATE)
        guest.say(Ask(902, session.session, 1, session.question(1)))
        assert isinstance(await guest.hear(), Settled)
        guest.say(PathRequest(903, first.thread, first.epoch, first.leaf_index))
        assert isinstance(await guest.hear(), PathFound)
        assert not closing.done()
        assert server.joins(cast(Any, object())) == TOO_LATE
        server._connections = {each for each in server._connections if type(each) is not object}
        guest.say(Goodbye())
        await asyncio.wait_for(closing, 30)
        await guest.close()


async def test_nobody_ends_the_session_of_another(served: Served) -> None:
    async with served() as ground:
        guest = await ground.guest()
        session = await guest.open()
        guest.say(Revoke(1, session.session, bytes(16)))
        assert await guest.hear() == Refused(1, 257)
        guest.say(requested(2, session.request(1, GET, get(b"a"))))
        assert isinstance(await guest.hear(), Replied)
        guest.say(Revoke(3, session.session, session.question(SEQUENCE_MAX)))
        said = await guest.hear()
        assert isinstance(said, Revoked)
        session.accept_revoked(said.mac)
        guest.say(requested(4, session.request(2, GET, get(b"a"))))
        assert await guest.hear() == Refused(4, 261)


async def test_a_fault_of_our_own_is_told_and_the_next_batch_runs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    honest = Serving.run_frames

    def failing(self: Serving, connections: list[tuple[bytes, int]], *rest: Any) -> list[bytes]:
        if any(b"fails" in frames for frames, _ in connections):
            raise RuntimeError("a bug")
        return honest(self, connections, *rest)

    monkeypatch.setattr(Serving, "run_frames", failing)
    server = Server()
    with zeta.open(access=ACCESS, epoch=None, on_epoch=server.epoch_decided) as store:
        port = await server.listen(store, "127.0.0.1", 0)
        guest = Guest(*await asyncio.open_connection("127.0.0.1", port))
        session = await guest.open()
        guest.say(requested(1, session.request(1, GET, get(b"fails"))))
        text = "the host has failed, or the store is closed"
        assert await guest.hear() == Failed(1, 3, text)
        guest.say(requested(2, session.request(2, GET, get(b"a"))))
        assert isinstance(await guest.hear(), Replied)
        assert "a bug" in caplog.text
        await guest.close()
        await server.close()


def test_an_epoch_that_ends_after_the_loop_is_told_to_nobody() -> None:
    async def made() -> Server:
        server = Server()
        server._store = cast(Serving, object())
        return server

    server = asyncio.run(made())
    server.epoch_decided(cast(Decided, SimpleNamespace(epoch=1, outcome=None)))
