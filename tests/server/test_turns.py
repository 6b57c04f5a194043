"""What runs next: in each client's own order, and by turns, so that nobody holds up the others."""

from types import SimpleNamespace
from typing import cast

from zeta.network import Ask, HandshakeRequest, Requested, encode
from zeta.server import Limits
from zeta.server.connection import Connection, Owner
from zeta.server.memory import Memory
from zeta.server.pump import Pump
from zeta.serving import Serving

HANDSHAKE, ASK = HandshakeRequest(1, 0, bytes(101)), Ask(1, 2, 3, bytes(16))
REQUEST = encode(Requested(1, 2, 3, bytes(16), 0, b""))


def made(pump: Pump | None = None) -> Connection:
    """A connection that has greeted, and has no socket."""
    owner = SimpleNamespace(
        limits=Limits(),
        memory=Memory(1 << 20),
        closes=False,
        now=lambda: 0.0,
        asks=pump.add if pump else lambda connection: None,
    )
    connection = Connection(cast(Owner, owner))
    connection._greeted = True
    return connection


async def test_nothing_overtakes_what_its_client_said_before() -> None:
    connection = made()
    connection._take(REQUEST * 3 + encode(ASK) * 2 + REQUEST + encode(ASK))
    first, second = connection.work(9), connection.work(9)
    assert (first.requests, first.requested, first.controls) == (REQUEST * 3, 3, [ASK, ASK])
    assert (second.requests, second.requested, second.controls) == (REQUEST, 1, [ASK])
    assert not connection.has_work


async def test_what_is_no_request_runs_a_few_at_a_time() -> None:
    connection = made()
    connection._take(encode(ASK) * 5 + REQUEST)
    assert connection.work(2).controls == [ASK, ASK]
    assert connection.work(0) == (connection, b"", 0, [])
    last = connection.work(9)
    assert (last.controls, last.requested) == ([ASK] * 3, 0)
    assert connection.work(9).requested == 1


async def test_a_batch_is_soon_full_and_the_rest_takes_its_turn() -> None:
    pump = Pump(cast(Serving, None), Limits(batch=10))
    connections = [made(pump) for _ in range(5)]
    for connection in connections:
        connection._take(REQUEST * 6)
    assert [work.connection for work in pump._take()] == connections[:2]
    connections[0]._take(REQUEST)
    assert [work.connection for work in pump._take()] == connections[2:4]
    assert [work.connection for work in pump._take()] == [connections[4], connections[0]]


async def test_handshakes_are_dear_and_so_there_are_few_in_a_batch() -> None:
    pump = Pump(cast(Serving, None), Limits())
    greedy = [made(pump) for _ in range(3)]
    for connection in greedy:
        connection._take(encode(HANDSHAKE) * 100)
    honest = made(pump)
    honest._take(REQUEST)
    batch = pump._take()
    assert [len(work.controls) for work in batch] == [64, 0]
    assert batch[1].connection is honest
    assert [work.connection for work in pump._take()] == [greedy[1]]


async def test_long_answers_make_short_turns() -> None:
    connection = made()
    connection._transport = Gone()  # type: ignore[assignment]
    connection._take(REQUEST * 500)
    turns = [connection.work(0)]
    for answered in (8 * 10, 16 * 10, 32 << 20, 1 << 20, 1 << 20):
        connection.answer(bytes(answered), turns[-1].requested)
        turns.append(connection.work(0))
    # Twice as many while they are short, then as many as take a MiB: one.
    assert [turn.requested for turn in turns] == [8, 16, 32, 1, 2, 4]
    assert all(turn.requests == REQUEST * turn.requested for turn in turns)
    connection.pause_writing()
    assert not connection.has_work
    assert connection.work(9).requested == 0


class Gone:
    """The transport of a client that has just vanished."""

    def __init__(self) -> None:
        self.aborted = False

    def write(self, data: bytes) -> None: ...

    def get_write_buffer_size(self) -> int:
        return 0

    def write_eof(self) -> None:
        raise OSError(107, "Transport endpoint is not connected")

    def abort(self) -> None:
        self.aborted = True

    def pause_reading(self) -> None: ...


async def test_a_client_that_vanished_ends_no_more_than_its_connection() -> None:
    # It ended the task that looks at all connections, or the one that answers them.
    connection = made()
    gone = connection._transport = Gone()  # type: ignore[assignment]
    connection._peer = None
    connection._said += b"half a frame"
    connection.look(1e9)
    assert gone.aborted
