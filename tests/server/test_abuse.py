"""Guests that behave badly: each is told why it ends, and a healthy client works all the while."""

import asyncio
import socket
import struct
from functools import partial

import pytest
import zeta
from zeta.applications.key_value import KeyValue
from zeta.client import Handshake
from zeta.network import (
    Ask,
    Certified,
    Failed,
    Goodbye,
    HandshakeAnswer,
    HandshakeRequest,
    Hello,
    PathRequest,
    Refused,
    Replied,
    Settled,
    Side,
    Subscribe,
    decode,
    encode,
)
from zeta.server import Limits, Server

from .conftest import ACCESS, BRIEF, GET, OWNER, PUT, READER, Ground, Guest, Served, get, requested

PROTOCOL, LIMIT, UNAVAILABLE, UNKNOWN = 1, 2, 3, 4
MINUTE = 60.0
LONG_MAC = bytes(16)

BEFORE_HELLO = {
    "another protocol": (b"GET / HTTP/1.1\r\n\r\n", "first bytes"),
    "TLS": (b"\x16\x03\x01\x02\0", "first bytes"),
    "another version": (Hello(version=2).encode(), "version `2`, and this one `1`"),
    "frames that hold nothing": (b"zeta net\1\0" + bytes(4), "frames of `0` bytes"),
}
AFTER_HELLO = {
    "an absurd length": (b"\xff\xff\xff\xff", "a frame of `4294967295` bytes"),
    "one byte too long": ((8193).to_bytes(4, "little"), "a frame of `8193` bytes"),
    "no length": (bytes(4), "a frame of `0` bytes"),
    "an unknown kind": (b"\1\0\0\0\x3f", "no message is of kind `63`"),
    "a message of the host": (b"\5\0\0\0\x86\1\0\0\0", "from the client"),
    "a cut message": (b"\2\0\0\0\x02\0", "kind `2` with `1` bytes"),
    "a message with more": (encode(Subscribe(0))[:0] + b"\6\0\0\0\x04" + bytes(5), "`5` bytes"),
    "text that is none": (b"\7\0\0\0\x40" + bytes(5) + b"\xff", "an error message that is none"),
}


def holds(ground: Ground, held: int) -> bool:
    return ground.server.memory.total == held


@pytest.mark.parametrize("name", BEFORE_HELLO)
async def test_who_speaks_something_else_is_told(served: Served, name: str) -> None:
    said, why = BEFORE_HELLO[name]
    async with served() as ground:
        guest = await ground.guest(greets=False)
        guest.say(said)
        fault, text = await guest.told()
        assert (fault, why in text) == (PROTOCOL, True), text
        assert Hello.decode(guest.hello) is not None


@pytest.mark.parametrize("name", AFTER_HELLO)
async def test_who_sends_what_is_no_message_is_told(served: Served, name: str) -> None:
    said, why = AFTER_HELLO[name]
    async with served(frame_max=8192) as ground:
        guest = await ground.guest()
        # However much follows: what it is told must reach it.
        guest.say(said, bytes(1 << 20))
        fault, text = await guest.told()
        assert (fault, why in text) == (PROTOCOL, True), text


async def test_who_talks_on_is_heard_out_and_told_all_the_same(served: Served) -> None:
    def talk(port: int) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as guest:
            # Were it closed at once, this would be reset, and what it is told with it.
            guest.sendall(Hello().encode() + b"\xff" * (16 << 20))
            guest.shutdown(socket.SHUT_WR)
            heard = bytearray()
            while data := guest.recv(1 << 16):
                heard += data
            return bytes(heard)

    async with served(linger_seconds=60.0) as ground:
        assert b"a frame of `4294967295` bytes" in await asyncio.to_thread(talk, ground.port)


async def test_what_was_asked_before_garbage_needs_no_answer_and_harms_nobody(
    served: Served,
) -> None:
    async with served() as ground:
        guest = await ground.guest()
        session = await guest.open()
        requests = [requested(each, session.request(each, GET, get(b"a"))) for each in range(1, 99)]
        guest.say(*requests, b"\xff" * 64)
        fault, text = await guest.told()
        assert fault == PROTOCOL, text


@pytest.mark.parametrize("said", [b"", b"zeta", Hello().encode()[:-1]])
async def test_who_never_says_hello_is_sent_away(served: Served, said: bytes) -> None:
    async with served() as ground:
        guest = await ground.guest(greets=False)
        guest.say(said)
        await ground.until(lambda: ground.server.connections == 2)
        ground.server.look(ground.server.now() + 9)
        ground.server.look(ground.server.now() + 11)
        assert await guest.told() == (LIMIT, "no hello came within `10` seconds")


async def test_who_writes_slowly_is_sent_away(served: Served) -> None:
    async with served() as ground:
        guest = await ground.guest()
        session = await guest.open()
        whole = encode(requested(5, session.request(1, GET, get(b"a"))))
        guest.say(whole, whole[:3])
        assert isinstance(await guest.hear(), Replied)
        # A byte now and then is no excuse.
        begun, late = ground.server.now(), 0.0
        ground.server.now = lambda: begun + late
        for end in range(3, 12):
            await ground.until(partial(holds, ground, end))
            ground.server.look(ground.server.now())
            late += 3.5
            guest.say(whole[end : end + 1])
        await ground.until(partial(holds, ground, 12))
        await ground.still_works()
        ground.server.look(ground.server.now())
        text = "a frame was begun, and not finished within `30` seconds"
        assert await guest.told() == (LIMIT, text)


async def test_who_asks_for_nothing_makes_room_unless_it_subscribed(served: Served) -> None:
    async with served() as ground:
        idle, patient = await ground.guest(), await ground.guest()
        patient.say(Subscribe(0))
        await patient.open()
        ground.server.look(ground.server.now() + 11 * MINUTE)
        assert await idle.told() == (LIMIT, "you asked for nothing within `600` seconds")
        await asyncio.to_thread(ground.store.certify)
        assert isinstance(await patient.hear(), Certified)


async def reading_nothing(guest: Guest, count: int) -> int:
    """Asks for a long value again and again, and reads nothing; how many answers that makes."""
    session = await guest.open()
    put = KeyValue.transitions["put"].encode_arguments((b"long", bytes(60_000)), {})
    guest.say(requested(1, session.request(1, PUT, put)))
    assert isinstance(await guest.hear(), Replied)
    guest.writer.transport.pause_reading()  # type: ignore[attr-defined]
    for each in range(2, count + 2):
        guest.say(requested(each, session.request(each, GET, get(b"long"))))
    return count


async def test_who_does_not_read_is_not_read_from_and_told_at_last(served: Served) -> None:
    async with served(in_flight=16) as ground:
        guest = await ground.guest()
        count = await reading_nothing(guest, 900)
        memory = ground.server.memory
        await ground.until(lambda: memory.total > 1 << 16)
        await ground.still_works()
        # Of 54 MB at most what 16 requests bring, and what was read of the rest.
        assert memory.total < 16 * 61_000 + (1 << 16) + (1 << 18)
        ground.server.look(ground.server.now())
        ground.server.look(ground.server.now() + 31)
        await ground.still_works()
        guest.writer.transport.resume_reading()  # type: ignore[attr-defined]
        told = [await guest.hear()]
        while (said := await guest.hear()) is not None:
            told.append(said)
        assert isinstance(told[-1], Failed)
        assert "you read nothing of what you asked for" in told[-1].text
        assert 0 < len(told) < count


async def test_who_reads_slowly_gets_everything(served: Served) -> None:
    async with served(in_flight=16) as ground:
        guest = await ground.guest()
        count = await reading_nothing(guest, 300)
        await ground.until(lambda: ground.server.memory.total > 1 << 16)
        guest.writer.transport.resume_reading()  # type: ignore[attr-defined]
        for at in range(count):
            assert isinstance(await guest.hear(), Replied)
            if at % 20 == 0:
                ground.server.look(ground.server.now())
        guest.say(Goodbye())
        assert await guest.last() is None


async def test_who_reads_a_lot_at_once_gets_everything(served: Served) -> None:
    async with served(unread=4 << 20) as ground:
        guest = await ground.guest()
        # 54 MB in one go, of which no more runs than is read.
        count = await reading_nothing(guest, 900)
        await ground.until(lambda: ground.server.memory.total > 1 << 16)
        guest.writer.transport.resume_reading()  # type: ignore[attr-defined]
        for _ in range(count):
            assert isinstance(await guest.hear(), Replied)


async def test_who_lets_too_much_pile_up_is_told(served: Served) -> None:
    async with served(unread=1 << 17) as ground:
        guest = await ground.guest()
        await reading_nothing(guest, 900)
        await ground.until(lambda: ground.server.memory.total > 1 << 17)
        await ground.still_works()
        guest.writer.transport.resume_reading()  # type: ignore[attr-defined]
        fault, text = await guest.told()
        assert (fault, text) == (LIMIT, "you left more than `131072` bytes unread")


async def test_the_greediest_goes_where_all_together_hold_too_much(served: Served) -> None:
    async with served(memory=4 << 20) as ground:
        begun = (4 << 20).to_bytes(4, "little")
        greedy, *others = [await ground.guest() for _ in range(5)]
        held = 0
        for guest, size in ((greedy, 3 << 20), *((other, 1 << 18) for other in others[:3])):
            guest.say(begun + bytes(size))
            held += len(begun) + size
            await ground.until(partial(holds, ground, held))
        others[3].say(begun + bytes(1 << 19))
        assert await greedy.last() is None
        await ground.still_works()
        await ground.until(partial(holds, ground, 5 * (1 << 18) + 16))
        assert ground.server.connections == 5


async def test_too_many_connections_are_told_and_make_room_later(served: Served) -> None:
    async with served(connections=4) as ground:
        guests = [await ground.guest() for _ in range(3)]
        late = await ground.guest(greets=False)
        late.say(Hello().encode())
        assert await late.told() == (UNAVAILABLE, "there are as many connections as are taken")
        await late.close()
        await guests[0].close()
        await ground.until(lambda: ground.server.connections == 3)
        await (await ground.guest()).open()


async def test_a_flood_of_connections_is_cut_off(served: Served) -> None:
    async with served(connections=4) as ground:
        guests = [await ground.guest(greets=False) for _ in range(400)]
        await ground.still_works()
        await ground.until(lambda: ground.server.connections <= 4 + 256 + 1)
        ends = [await guest.last() for guest in guests[300:]]
        assert all(each is None or isinstance(each, Failed) for each in ends)


async def test_more_requests_than_may_wait_are_answered_in_turn(served: Served) -> None:
    async with served(in_flight=8) as ground:
        guest = await ground.guest()
        session = await guest.open()
        for begin in range(1, 4000, 500):
            numbers = range(begin, begin + 500)
            guest.say(*[requested(n, session.request(n, GET, get(b"a"))) for n in numbers])
            answers = [await guest.hear() for _ in numbers]
            assert [getattr(each, "number", None) for each in answers] == list(numbers)
            assert all(isinstance(each, Replied) for each in answers)


async def test_a_flood_of_handshakes_holds_up_nobody(served: Served) -> None:
    async with served() as ground:
        guests = [await ground.guest() for _ in range(4)]
        for guest in guests:
            guest.say(*[HandshakeRequest(each, 0, bytes(101)) for each in range(1, 1001)])
        await ground.still_works()
        for guest in guests:
            for each in range(1, 1001):
                assert await guest.hear() == Refused(each, 265)


def handshake(guest: Guest) -> HandshakeRequest:
    made = Handshake(
        instance=guest.who.instance,
        incarnation=guest.who.incarnation,
        verifier_key=guest.who.static_key,
        client_key=OWNER,
    )
    return HandshakeRequest(1, 0, made.message)


async def test_who_repeats_a_handshake_takes_no_second_place(served: Served) -> None:
    async with served() as ground:
        victim, eavesdropper = await ground.guest(), await ground.guest()
        seen = handshake(victim)
        victim.say(seen)
        answer = await victim.hear()
        assert isinstance(answer, HandshakeAnswer)
        # More than there are places.
        eavesdropper.say(*[seen] * 1100)
        for _ in range(1100):
            assert await eavesdropper.hear() == answer
        await victim.open()


async def test_only_so_many_handshakes_are_remembered(served: Served) -> None:
    async with served(kept_handshakes=1) as ground:
        guest = await ground.guest()
        first, second = handshake(guest), handshake(guest)
        guest.say(first, second, second, first)
        answers = [await guest.hear() for _ in range(4)]
        assert answers[1] == answers[2]
        assert answers[0] != answers[3]


async def test_clients_that_vanish_leave_nothing_behind(served: Served) -> None:
    async with served() as ground:
        for _ in range(40):
            guest = await ground.guest()
            session = await guest.open()
            long = get(b"k" * 4000)
            asked = [requested(n, session.request(n, GET, long)) for n in range(1, 200)]
            guest.say(*asked, encode(asked[0])[:20])
            # A reset, not a goodbye.
            held: socket.socket = guest.writer.get_extra_info("socket")
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            guest.writer.transport.abort()


async def test_a_client_that_closes_its_side_is_still_answered(served: Served) -> None:
    async with served() as ground:
        guest = await ground.guest()
        session = await guest.open()
        guest.say(*[requested(n, session.request(n, GET, get(b"a"))) for n in range(1, 100)])
        guest.writer.write_eof()
        for each in range(1, 100):
            assert getattr(await guest.hear(), "number", None) == each
        assert await guest.hear() is None


async def test_bad_sessions_are_refused_each_by_its_reason(served: Served) -> None:
    async with served() as ground:
        guest = await ground.guest()
        own, narrow, brief = [await guest.open(key) for key in (OWNER, READER, BRIEF)]

        async def asked(request: object) -> object:
            guest.say(request)  # type: ignore[arg-type]
            return await guest.hear()

        good = requested(3, own.request(1, GET, get(b"a")))
        # Of nobody, with a wrong MAC, under numbers that there are not.
        assert await asked(good._replace(session=9999)) == Refused(3, 256)
        assert await asked(good._replace(mac=LONG_MAC)) == Refused(3, 257)
        assert await asked(good._replace(session=narrow.session)) == Refused(3, 257)
        assert await asked(good._replace(sequence=0)) == Refused(3, 257)
        first = await asked(good)
        assert isinstance(first, Replied)
        # Replayed: the reply that it had, under the new number, and nothing runs.
        assert await asked(good._replace(number=4)) == first._replace(number=4)
        # Without the right: of the transition, and of the row.
        for transition, key in ((PUT, b"a"), (GET, b"b")):
            arguments = KeyValue.transitions["put"].encode_arguments((b"a", b"x"), {})
            made = narrow.request(1 + transition, transition, arguments if transition else get(key))
            said = await asked(requested(5, made))
            assert isinstance(said, Replied)
            assert (said.answer, said.code) == (2, 262)
        # Expired: its last epoch is over.
        assert isinstance(await asked(requested(6, brief.request(1, GET, get(b"a")))), Replied)
        await asyncio.to_thread(ground.store.certify)
        said = await asked(requested(7, brief.request(2, GET, get(b"a"))))
        assert isinstance(said, Settled)
        assert said.refusal == 260
        # Rotated, which revokes the old one; and a question about nobody's number.
        renewed = await guest.open(OWNER, replaces=own.session)
        assert await asked(good._replace(sequence=2)) == Refused(3, 261)
        assert isinstance(await asked(requested(8, renewed.request(1, GET, get(b"a")))), Replied)
        assert await asked(Ask(9, 9999, 1, LONG_MAC)) == Refused(9, 256)
        said = await asked(PathRequest(10, 0, 4_000_000, 0))
        assert isinstance(said, Failed)
        assert (said.number, said.fault) == (10, UNKNOWN)


async def test_a_handshake_that_comes_again_opens_what_nobody_can_use(served: Served) -> None:
    async with served() as ground:
        guest = await ground.guest()
        assert await guest.open()
        honest = guest.writer.write
        said: list[bytes] = []
        guest.writer.write = lambda data: said.append(bytes(data)) or honest(data)  # type: ignore
        session = await guest.open()
        guest.writer.write = honest  # type: ignore[method-assign]
        guest.say(said[-1])
        again = await guest.hear()
        assert isinstance(again, HandshakeAnswer)
        made = requested(2, session.request(1, GET, get(b"a")))
        guest.say(made._replace(session=session.session + 1))
        assert await guest.hear() == Refused(2, 256)
        # Past the server, which answers as it did before, it opens another.
        asked = decode(said[-1][4], said[-1][5:], Side.CLIENT)
        assert isinstance(asked, HandshakeRequest)
        await asyncio.to_thread(ground.store.handshake, asked.message)
        guest.say(made._replace(session=session.session + 1))
        assert await guest.hear() == Refused(2, 257)


async def test_no_stranger_opens_a_session(served: Served) -> None:
    async with served() as ground:
        guest = await ground.guest()
        with pytest.raises(AssertionError, match="code=266"):
            await guest.open(bytes([3]) * 32)


async def test_a_server_closes_although_somebody_does_not_read() -> None:
    server = Server(Limits(goodbye_seconds=0.2))
    with zeta.open(access=ACCESS, epoch=None, on_epoch=server.epoch_decided) as store:
        port = await server.listen(store, "127.0.0.1", 0)
        guest = Guest(*await asyncio.open_connection("127.0.0.1", port))
        guest.who = await guest.greet()
        await reading_nothing(guest, 900)
        async with asyncio.timeout(30):
            while server.memory.total < 1 << 16:
                await asyncio.sleep(0.005)
            await server.close()
            while server.connections:
                await asyncio.sleep(0.005)
        await guest.close()
