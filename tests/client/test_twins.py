"""The blocking client and that of coroutines: one scenario, the same names, errors and words."""

import asyncio
import inspect
import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import zeta
from zeta import aio
from zeta.client import (
    ConnectionLost,
    Fate,
    NotPinned,
    OtherVerifier,
    Retry,
    StateFile,
    StateUnusable,
    TrustFile,
    Unsettled,
    blocking,
    coroutine,
)
from zeta.client.state import State
from zeta.errors import (
    CertificationTimeout,
    CheckFailed,
    InvalidType,
    InvalidValue,
    ReceiptError,
    SessionRefused,
)
from zeta.receipts import Pinned

from .host import KEY
from .served import Served, Twin, served, trust_line


@pytest.fixture(scope="module")
def place() -> Iterator[Served]:
    with served() as begun:
        yield begun


@pytest.fixture(params=[True, False], ids=["blocking", "coroutine"])
def twin(request: pytest.FixtureRequest) -> Twin:
    return Twin(request.param)


def counter(twin: Twin, test: str) -> str:
    return f"{test} {twin.connect.__module__}"


async def test_calls_pipelines_and_receipts(twin: Twin, place: Served) -> None:
    name = counter(twin, "calls")
    client: Any = await twin.open(place)
    assert client.last_receipt is None
    assert (client.introduction.identity, client.introduction.instance) == place.pin
    assert await twin.told(client.add(name, 5)) == 5
    handle = await twin.told(client.call("add", name, by := 2))
    assert (handle.result, handle.error, by) == (7, None, 2)
    last: Any = client.last_receipt
    assert last == handle
    with pytest.raises(CheckFailed, match="`add`"):
        await twin.told(client.add(name, 2**64 - 1))
    failed: Any = client.last_receipt
    with pytest.raises(CheckFailed):
        print(failed.result)
    for each in (handle, failed):
        data = await twin.told(each.certified(20))
        assert each.receipt == data
        verified = Pinned(*place.pin).verify(data, epoch=each.epoch)
        assert verified.leaf_hash == each.answered.leaf_hash
    with pytest.raises(AttributeError, match="no transition `nothing`"):
        client.nothing("a")
    with pytest.raises(InvalidType):
        await twin.told(client.add(name))
    await twin.told(client.close())
    with pytest.raises(ConnectionLost):
        await twin.told(client.read(name))


async def test_clients_compare_what_they_were_shown(twin: Twin) -> None:
    with served(epoch=None) as place, served(epoch=None) as stranger:
        client, other = await twin.open(place), await twin.open(place)
        for each in (client, other):
            handle = await twin.told(each.call("add", "a", 1))
        place.store.certify()
        await twin.told(handle.certified(20))
        shown = other.certification(0)
        assert Pinned(*place.pin).verify_certification(shown).epoch == 0
        await twin.told(client.last_receipt.certified(20))
        assert client.compare_with(shown)
        for epoch in (1, -1):
            with pytest.raises(InvalidValue, match="no certification"):
                client.certification(epoch)
        await twin.told(other.close())
        # The server keeps the last 64: who comes now was shown nothing of the first.
        for _ in range(100):
            place.store.certify()
        last = await twin.told(client.call("add", "a", 1))
        place.store.certify()
        await twin.told(last.certified(20))
        late = await twin.open(place)
        assert not late.compare_with(shown)
        with pytest.raises(InvalidValue, match="no certification of epoch `0`"):
            late.certification(0)
        stranger.store.certify()
        with pytest.raises(ReceiptError, match="it is of the instance"):
            client.compare_with(stranger.store.certification(0))
        with pytest.raises(ReceiptError):
            client.compare_with(shown[:-1] + bytes([shown[-1] ^ 1]))
        await twin.told(late.close())
        await twin.told(client.close())


async def test_one_failed_check_does_not_lose_the_others(twin: Twin, place: Served) -> None:
    name = counter(twin, "pipeline")
    client = await twin.open(place)
    pipeline = client.pipeline()
    p = await twin.enter(pipeline)
    handles = [
        p.add(name, 1),
        p.add(name, 2**64 - 1),
        p.read(name),
        *(p.add(name, 1) for _ in "ab"),
    ]
    with pytest.raises(InvalidValue, match="not answered"):
        print(handles[0].result)
    with pytest.raises(InvalidType):
        p.add(name, "one")
    await twin.leave(pipeline)
    assert len(p) == 5
    assert isinstance(handles[1].error, CheckFailed)
    assert [each.result for each in handles if each.error is None] == [1, 1, 2, 3]
    with pytest.raises(InvalidValue, match="sent already"):
        p.read(name)
    assert client.last_receipt == handles[-1]
    await twin.leave(client.pipeline())
    await twin.told(client.close())


async def test_a_pipeline_goes_out_in_one_write(twin: Twin, place: Served) -> None:
    client = await twin.open(place)
    written: list[int] = []
    carrier: Any = client._carrier
    if twin.connect is zeta.connect:
        sock = carrier._socket
        carrier._socket = Counting(sock, "send", written)
    else:
        carrier._writer = Counting(carrier._writer, "write", written)
    pipeline = client.pipeline()
    p = await twin.enter(pipeline)
    handles = [p.add(counter(twin, "write"), 1) for _ in range(100)]
    await twin.leave(pipeline)
    assert [each.result for each in handles] == list(range(1, 101))
    assert written[0] > 100 * 40
    assert len(written) == 1
    await twin.told(client.close())


class Counting:
    """A socket or writer that notes how much each call of one method was given."""

    def __init__(self, inner: Any, method: str, sizes: list[int]) -> None:
        self._inner, self._method, self._sizes = inner, method, sizes

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name != self._method:
            return found

        def noting(data: bytes) -> Any:
            self._sizes.append(len(data))
            return found(data)

        return noting


async def test_an_exception_in_the_block_sends_nothing(twin: Twin, place: Served) -> None:
    name = counter(twin, "block")
    client = await twin.open(place)
    pipeline = client.pipeline()
    p = await twin.enter(pipeline)
    p.add(name, 1)
    await twin.leave(pipeline, ValueError("no"))
    assert await twin.told(client.read(name)) == 0
    await twin.told(client.close())


async def test_callbacks_come_once_an_epoch_is_certified(twin: Twin, place: Served) -> None:
    client = await twin.open(place)
    epochs: list[int] = []
    receipts: asyncio.Queue[tuple[Any, int]] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def note(handle: Any) -> None:
        loop.call_soon_threadsafe(receipts.put_nowait, (handle, threading.get_ident()))

    client.on_certified(epochs.append)
    handle = await twin.told(client.call("add", counter(twin, "callbacks"), 1))
    handle.add_done_callback(note)
    called, thread = await asyncio.wait_for(receipts.get(), 20)
    assert called is handle
    assert Pinned(*place.pin).verify(called.receipt).receipt.epoch == handle.epoch
    assert handle.epoch in epochs
    assert (thread == threading.get_ident()) is (twin.connect is aio.connect)
    # Of what will never certify, too.
    other = await twin.told(client.call("add", counter(twin, "callbacks"), 1))
    await twin.told(client.close())
    other.add_done_callback(note)
    called, _ = await asyncio.wait_for(receipts.get(), 20)
    assert called is other
    assert called.receipt is None


def test_a_callback_may_call_the_client(place: Served) -> None:
    args, said = place.terms()
    found: list[Any] = []
    done = threading.Event()

    def more(handle: blocking.Handle) -> None:
        found.append(client.add("more", 10))
        done.set()

    with zeta.connect(*args, **said) as client:
        client.call("add", "more", 1).add_done_callback(more)
        assert done.wait(20)
    assert found == [11]


def test_many_threads_share_a_client(place: Served) -> None:
    args, said = place.terms()
    with zeta.connect(*args, **said) as client, ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: client.add("threads", 1), range(400)))
    assert sorted(results) == list(range(1, 401))


async def test_transitions_by_number_take_and_give_bytes(twin: Twin, place: Served) -> None:
    client = await twin.open(place, app=None)
    typed = await twin.open(place)
    number, add = list(typed._transitions._known).index("add"), typed._transitions._known["add"]
    arguments = add.encode_arguments((counter(twin, "raw"), 3), {})
    handle = await twin.told(client.call(number, arguments))
    assert handle.result == (3).to_bytes(8, "little")
    with pytest.raises(AttributeError, match="app="):
        client.add("a", 1)
    for wrong in ((number,), (number, "text"), (number, b"", b"")):
        with pytest.raises(InvalidType):
            await twin.told(client.call(*wrong))
    with pytest.raises(InvalidValue):
        await twin.told(client.call(1 << 16, b""))
    for each in (client, typed):
        await twin.told(each.close())


async def test_each_call_may_have_its_own_limit(twin: Twin, place: Served) -> None:
    name = counter(twin, "limit")
    client = await twin.open(place)
    with pytest.raises(Unsettled) as raised:
        await twin.told(client.within(1e-9).add(name, 1))
    request = raised.value.request
    fate = await twin.told(client.fate(request))
    assert await twin.told(client.read(name)) == int(fate is Fate.EXECUTED)
    last = await twin.told(client.call("add", name, 1))
    with pytest.raises(CertificationTimeout):
        await twin.told(last.certified(1e-9))
    assert await twin.told(last.certified())
    repeated = await twin.told(client.repeat(last.request))
    assert repeated.result == last.result
    await twin.told(client.close())


async def test_sessions_are_rotated_and_ended(twin: Twin, place: Served) -> None:
    name = counter(twin, "sessions")
    client = await twin.open(place)
    first = await twin.told(client.call("add", name, 1))
    await twin.told(client.rotate())
    second = await twin.told(client.call("add", name, 1))
    assert first.request.session != second.request.session
    await twin.told(client.revoke())
    with pytest.raises(ConnectionLost):
        await twin.told(client.read(name))


async def test_who_leaves_takes_no_place(twin: Twin) -> None:
    with served(workers=1, sessions=2) as small:
        for value in range(1, 8):
            client = await twin.open(small)
            assert await twin.told(client.add("a", 1)) == value
            await twin.told(client.close())


async def test_strict_order_is_kept(twin: Twin, place: Served) -> None:
    client = await twin.open(place, strict=True)
    pipeline = client.pipeline()
    p = await twin.enter(pipeline)
    handles = [p.add(counter(twin, f"strict {at % 5}"), 1) for at in range(50)]
    await twin.leave(pipeline)
    assert [each.result for each in handles] == [at // 5 + 1 for at in range(50)]
    await twin.told(client.close())


async def test_whom_to_expect_is_said(twin: Twin, place: Served, tmp_path: Path) -> None:
    identity, instance = place.pin
    (tmp_path / "zeta.pub").write_text(identity.hex() + "\n")
    (tmp_path / "key").write_text(KEY.hex() + "\n")
    trusted = trust_line(place, tmp_path / "trusted")
    new = tmp_path / "new"
    nothing = {"identity": None, "instance": None}
    for good in (
        {"identity": tmp_path / "zeta.pub", "instance": instance.hex()},
        {"trust": trusted, "key": tmp_path / "key"},
        {"trust": TrustFile(trusted), "key": str(tmp_path / "key")},
        {"trust": str(new), "first_use": True},
        {"trust": new},
    ):
        client = await twin.open(place, **good)
        assert await twin.told(client.read("nothing")) == 0
        await twin.told(client.close())
    bad: list[tuple[dict[str, Any], type[Exception]]] = [
        (nothing, InvalidValue),
        ({"instance": None}, InvalidValue),
        ({"identity": None}, InvalidValue),
        ({"trust": trusted, "identity": identity, "instance": instance}, InvalidValue),
        ({"identity": identity[1:]}, InvalidValue),
        ({"instance": "zz"}, InvalidValue),
        ({"first_use": True}, InvalidValue),
        ({"key": b"short"}, InvalidValue),
        ({"key": tmp_path / "zeta.txt"}, OSError),
        ({"key": trusted}, InvalidValue),
        ({"key": 5}, InvalidType),
        ({"timeout": 0}, InvalidValue),
        ({"trust": tmp_path / "none"}, NotPinned),
        ({"identity": bytes([1]) * 32}, OtherVerifier),
        ({"instance": bytes(16)}, OtherVerifier),
        ({"app": zeta.applications.key_value.KeyValue}, OtherVerifier),
        ({"key": bytes([9]) * 32}, SessionRefused),
    ]
    for wrong, error in bad:
        with pytest.raises(error):
            await twin.open(place, **wrong)
    for url in ("http://a:1", "zeta://a", "zeta://:1", "zeta://a:65536", "zeta://a:b"):
        with pytest.raises(InvalidValue, match="is not `zeta://"):
            await twin.told(twin.connect(url, key=KEY, trust=trusted))


async def test_a_session_goes_on_from_its_file(twin: Twin, place: Served, tmp_path: Path) -> None:
    name, path = counter(twin, "state"), tmp_path / "state"
    sessions = []
    for value in (1, 2):
        client = await twin.open(place, state=path)
        handle = await twin.told(client.call("add", name, 1))
        assert handle.result == value
        await twin.told(handle.certified(20))
        with pytest.raises(StateUnusable):
            StateFile(path)
        sessions.append(handle.request.session)
        await twin.told(client.close())
    assert len(set(sessions)) == 1
    with StateFile(path) as file:
        assert isinstance(file.state, State)
        assert file.state.certified_epoch >= handle.epoch
        client = await twin.open(place, state=file)
        await twin.told(client.rotate())
        handle = await twin.told(client.call("add", name, 1))
        await twin.told(client.close())
        assert file.state.session == handle.request.session


async def test_a_state_file_that_cannot_be_written_ends_the_client(
    twin: Twin, place: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await twin.open(place, state=tmp_path / "state")

    def full(*_: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(StateUnusable, match="full"):
        await twin.told(client.rotate())
    with pytest.raises(StateUnusable, match="full"):
        await twin.told(client.read("a"))
    await twin.told(client.close())


async def test_no_disk_is_waited_for_in_the_loop(
    place: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[int] = set()
    fsync = os.fsync

    def noting(descriptor: int) -> None:
        threads.add(threading.get_ident())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    args, said = place.terms(state=tmp_path / "state", trust=tmp_path / "new", first_use=True)
    async with aio.connect(*args, **said) as client:
        for _ in range(600):
            await client.add("disk", 1)
        assert client.last_receipt is not None
        await client.last_receipt.certified()
    assert threads
    assert threading.get_ident() not in threads


async def test_nobody_there_is_told(twin: Twin, place: Served) -> None:
    _, said = place.terms()
    with pytest.raises(ConnectionRefusedError):
        await twin.told(twin.connect("zeta://127.0.0.1:1", **said))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"zeta://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(TimeoutError):
            await twin.told(twin.connect(url, **(said | {"timeout": 0.3})))


def members(kind: type) -> dict[str, Any]:
    def named(name: str) -> str:
        return name.replace("__a", "__") if name in ("__aenter__", "__aexit__") else name

    public = {named(name): each for name, each in inspect.getmembers(kind)}
    return {name: each for name, each in public.items() if name[0] != "_" or "er__" in name}


@pytest.mark.parametrize("name", ["Client", "Handle", "Pipeline"])
def test_the_twins_have_the_same_names_arguments_and_words(name: str) -> None:
    one, other = getattr(blocking, name), getattr(coroutine, name)
    assert one.__doc__ == other.__doc__
    assert members(one).keys() == members(other).keys()
    for member, found in members(one).items():
        twin = members(other)[member]
        assert inspect.getdoc(found) == inspect.getdoc(twin), member
        if inspect.isfunction(found):
            mine, its = (inspect.signature(each).parameters for each in (found, twin))
            assert [*mine.values()] == [*its.values()], member


def test_the_twins_are_connected_in_the_same_way() -> None:
    mine, its = (inspect.signature(each).parameters for each in (zeta.connect, aio.connect))
    assert [*mine.values()] == [*its.values()]
    assert zeta.connect.__doc__ == aio.connect.__doc__
    assert mine["retry"].default == Retry()
