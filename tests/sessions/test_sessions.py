"""Sessions of a store: handshakes, requests, refusals, and receipts that anyone can verify."""

import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import zeta
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from zeta.applications.bank import Bank
from zeta.applications.key_value import KeyValue
from zeta.auditing import Sessions
from zeta.client import Fate, ForgedReply
from zeta.errors import InvalidValue, LogReadError, SessionRefused
from zeta.receipts import verify
from zeta.receipts.introduction import decode
from zeta.serving import Reply, Request

Begin: TypeAlias = Callable[..., Any]

GET, PUT, DELETE, COMPARE_AND_SET, RENAME = range(5)
ALL = ("get", "put", "delete", "compare_and_set", "rename")


def counted(*strings: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(one)) + one for one in strings)


class Served:
    """A store with one client."""

    def __init__(
        self, handshake: Begin, *, rights: dict[str, Any] | None = None, **options: Any
    ) -> None:
        self._handshake = handshake
        self.secret = X25519PrivateKey.generate()
        given = {"transitions": ALL, "grants": (zeta.Grant("records"),), **(rights or {})}
        self.client = zeta.Client(self.secret.public_key().public_bytes_raw(), **given)
        lists = {"embedded": options.pop("embedded", True)}
        lists["embedded_receipts"] = options.pop("embedded_receipts", False)
        access = zeta.AccessList((self.client,), **lists)
        self.store = zeta.open(access=access, **{"epoch": None, **options})
        self.identity = decode(self.store.introduction).identity

    def open(self, **options: Any) -> Any:
        handshake = self._handshake(self.secret, self.store.introduction, **options)
        answer = self.store.handshake(handshake.message, options.get("replaces", 0))
        return handshake.finish(answer)

    def run(self, *requests: Request) -> list[Reply]:
        replies: list[Reply] = self.store.run_requests(requests)
        return replies


@pytest.mark.parametrize("workers", [1, 3])
def test_requests_run_and_their_replies_are_the_verifiers(handshake: Begin, workers: int) -> None:
    served = Served(handshake, workers=workers)
    with served.store as store:
        session = served.open()
        keys = [b"key %d" % number for number in range(500)]
        puts = [
            session.request(at + 1, PUT, counted(key, b"v" + key)) for at, key in enumerate(keys)
        ]
        gets = [session.request(at + 501, GET, counted(key)) for at, key in enumerate(keys)]
        requests = puts + gets
        replies = served.run(*requests)
        assert [reply.answer for reply in replies] == [0] * 1000
        for key, reply in zip(keys, replies[500:], strict=True):
            assert reply.result == b"\1" + counted(b"v" + key)
        for request, reply in zip(requests, replies, strict=True):
            session.accept(request, reply)
        with pytest.raises(ForgedReply):
            session.accept(requests[0], replies[0]._replace(result=b"forged"))
        epoch = store.certify()
        instance = store.instance
        receipts = []
        for request, reply in zip(requests, replies, strict=True):
            assert reply.shown is not None
            assert reply.shown.epoch <= epoch
            place = (reply.shown.thread, reply.shown.epoch, reply.shown.leaf_index)
            receipts.append(session.portable(request, reply, store.receipt_path(*place)))
        for receipt in receipts:
            verify(receipt, served.identity, instance)
        assert {reply.shown.thread for reply in replies if reply.shown} == set(range(workers))


def test_a_number_runs_once_and_its_status_is_told(handshake: Begin) -> None:
    served = Served(handshake)
    with served.store as store:
        session = served.open()
        put = session.request(7, PUT, counted(b"a", b"1"))
        first, second = served.run(put, put)
        assert first.answer == 0
        assert (second.answer, second.code) == (2, 258)
        assert first.shown is not None
        assert second.status is not None
        assert second.status.status == 1
        assert second.status.leaf == first.shown.leaf
        assert session.fate(7, 258, second.status) is Fate.EXECUTED
        told = store.ask_session(session.number, 7, session.question(7))
        assert told.status == 1
        assert session.fate(7, 0, told) is Fate.EXECUTED
        told = store.ask_session(session.number, 8, session.question(8))
        assert told.status == 2
        assert session.fate(8, 0, told) is Fate.NOT_EXECUTED
        late = served.run(session.request(8, PUT, counted(b"a", b"2")))[0]
        assert (late.answer, late.code) == (2, 258)
        assert store.get(b"a") == b"1"
        with pytest.raises(SessionRefused) as caught:
            store.ask_session(session.number, 7, bytes(16))
        assert caught.value.code == 257


@pytest.mark.parametrize("policy", ["hybrid", "deferred", "merkle"])
@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_refused_leaves_the_host_right(handshake: Begin, policy: str, workers: int) -> None:
    """Requests with wrong MACs, replays and missing rights among true ones, on the same rows."""
    rights = {
        "transitions": ("get", "put", "rename", "compare_and_set"),
        "grants": (zeta.Grant("records", "both", b"mine"), zeta.Grant("records", "read")),
    }
    served = Served(handshake, rights=rights, policy=policy, workers=workers)
    chance = random.Random(f"{policy} {workers}")
    with served.store as store:
        session = served.open()
        model: dict[bytes, bytes] = {}
        sequence = 0
        for _ in range(30):
            requests, expected = [], []
            for _ in range(chance.randrange(1, 40)):
                sequence += 1
                key = chance.choice([b"mine 1", b"mine 2", b"mine 3", b"yours"])
                other = chance.choice([b"mine 1", b"mine 2", b"yours"])
                transition, arguments = chance.choice(
                    [
                        (PUT, counted(key, b"%d" % sequence)),
                        (RENAME, counted(key, other)),
                        (DELETE, counted(key)),
                        (GET, counted(key)),
                    ]
                )
                request = session.request(sequence, transition, arguments)
                if chance.random() < 0.2:
                    request = request._replace(mac=bytes(16))
                    expected.append((2, 257))
                else:
                    expected.append(_apply(model, sequence, request, (key, other)))
                requests.append(request)
            replies = served.run(*requests)
            assert [(one.answer, one.code) for one in replies] == expected
            if chance.random() < 0.3:
                store.certify()
        assert {key: store.get(key) for key in model} == model


def _apply(
    model: dict[bytes, bytes], sequence: int, request: Request, keys: tuple[bytes, bytes]
) -> tuple[int, int]:
    key, other = keys
    missing = (2, 262)
    if request.transition == DELETE:
        return missing
    if request.transition == PUT:
        if key == b"yours":
            return missing
        model[key] = b"%d" % sequence
    if request.transition == RENAME and key in model:
        if b"yours" in keys:
            return missing
        model[other] = model.pop(key)
    return 0, 0


@pytest.mark.parametrize("workers", [1, 2])
def test_strict_order_is_kept_whatever_the_batch(handshake: Begin, workers: int) -> None:
    served = Served(handshake, workers=workers)
    with served.store:
        session = served.open(strict=True)
        requests = [session.request(at, PUT, counted(b"%d" % at, b"x")) for at in range(1, 101)]
        random.Random(3).shuffle(requests)
        assert {reply.answer for reply in served.run(*requests)} == {0}
        gap = session.request(102, GET, counted(b"1"))
        assert served.run(gap)[0].answer == 3
        with pytest.raises(SessionRefused) as caught:
            served.store.ask_session(session.number, 103, session.question(103))
        assert caught.value.code == 0
        late = session.request(101, GET, counted(b"1"))
        assert [reply.answer for reply in served.run(gap, late)] == [0, 0]


def test_sessions_are_rotated_revoked_and_expire(handshake: Begin) -> None:
    served = Served(handshake, rights={"lifetime": 2})
    with served.store as store:
        first = served.open()
        second = served.open(replaces=first.number)
        dead = served.run(first.request(1, GET, counted(b"a")))[0]
        assert (dead.answer, dead.code, dead.shown) == (2, 261, None)
        assert served.run(second.request(1, GET, counted(b"a")))[0].answer == 0
        second.session.accept_revoked(store.revoke_session(second.number))
        with pytest.raises(SessionRefused):
            store.revoke_session(second.number)
        third = served.open()
        for _ in range(3):
            store.certify()
        old = served.run(third.request(1, GET, counted(b"a")))[0]
        assert (old.answer, old.code) == (2, 260)
        assert old.status is not None
        assert third.fate(1, 260, old.status) is Fate.UNKNOWN


def test_strangers_and_garbage_open_nothing(handshake: Begin) -> None:
    served = Served(handshake, workers=2)
    with served.store as store:
        stranger = handshake(X25519PrivateKey.generate(), store.introduction)
        with pytest.raises(SessionRefused) as caught:
            store.handshake(stranger.message)
        assert caught.value.code == 266
        for garbage in (b"", bytes(101), stranger.message[:-1]):
            with pytest.raises(SessionRefused) as caught:
                store.handshake(garbage)
            assert caught.value.code == 265
        nobody = Request(99, 1, bytes(16), GET, counted(b"a"))
        wrong = Request(99, 1, bytes(16), 77, b"\xff" * 40)
        for reply in served.run(nobody, wrong):
            assert (reply.answer, reply.code, reply.shown) == (2, 256, None)
        with pytest.raises(InvalidValue):
            store.run_frames([(bytes(40), 8192)])
        assert served.run() == []


def test_there_is_room_for_so_many_sessions_in_all_workers(handshake: Begin) -> None:
    served = Served(handshake, workers=2, sessions=2)
    with served.store as store:
        sessions = [served.open() for _ in range(4)]
        with pytest.raises(SessionRefused) as caught:
            served.open()
        assert caught.value.code == 267
        store.revoke_session(sessions[0].number)
        served.open()


def test_embedded_operations_have_receipts_where_the_list_says_so(handshake: Begin) -> None:
    served = Served(handshake, embedded_receipts=True, epoch=0.05)
    with served.store as store:
        put = store.op.put(b"a", b"1")
        get = store.op.get(b"a")
        assert get.result == b"1"
        for operation in (put, get):
            said = verify(operation.receipt(timeout=60), served.identity, store.instance).receipt
            assert said.authentication == 0
        assert KeyValue.transitions["get"].decode_result(said.result) == b"1"
        batch = store.get_many([b"a", b"b"])
        assert batch.to_list() == [b"1", None]
    with Served(handshake).store as plain, pytest.raises(InvalidValue):
        plain.op.get(b"a").receipt()


def test_no_embedded_operation_runs_where_the_list_does_not_allow_it(handshake: Begin) -> None:
    served = Served(handshake, embedded=False)
    with served.store as store:
        session = served.open()
        served.run(session.request(1, PUT, counted(b"a", b"1")))
        for _ in range(3):
            with pytest.raises(InvalidValue):
                store.put(b"a", b"2")
            with pytest.raises(InvalidValue):
                store.rename(b"a", b"b")
        reply = served.run(session.request(2, GET, counted(b"a")))[0]
        assert reply.result == b"\1" + counted(b"1")

    # An account that the host tried to open, and the verifier did not, must not be counted.
    client = zeta.Client(served.client.key, ("open",), tuple(map(zeta.Grant, Bank.relations)))
    access = zeta.AccessList((client,), embedded=False)
    with zeta.open(app=Bank, access=access, epoch=None) as bank:
        begun = handshake(served.secret, bank.introduction)
        session = begun.finish(bank.handshake(begun.message))
        number = list(Bank.transitions).index("open")
        encoded = Bank.transitions["open"].encode_arguments(("owner",), {})
        for sequence in (1, 2, 3):
            with pytest.raises(InvalidValue, match="not the host itself"):
                bank.open("owner")
            reply = bank.run_requests([session.request(sequence, number, encoded)])[0]
            assert Bank.transitions["open"].decode_result(reply.result) == sequence - 1


def test_only_certified_epochs_have_certifications_and_paths(handshake: Begin) -> None:
    served = Served(handshake)
    with served.store as store:
        session = served.open()
        reply = served.run(session.request(1, GET, counted(b"a")))[0]
        assert reply.shown is not None
        for ask in (store.certification, lambda epoch: store.receipt_path(0, epoch, 0)):
            with pytest.raises(InvalidValue, match="not certified"):
                ask(reply.shown.epoch)
        epoch = store.certify()
        assert store.certification(epoch) == store.certification(epoch)
        for thread, index in ((0, 1), (1, 0)):
            with pytest.raises(InvalidValue, match="no such receipt"):
                store.receipt_path(thread, epoch, index)
        for _ in range(64):
            store.certify()
        with pytest.raises(InvalidValue, match="no longer"):
            store.certification(epoch)
    with zeta.open() as plain, pytest.raises(InvalidValue, match="access list"):
        _ = plain.introduction


def test_an_application_serves_its_transitions_under_its_types(handshake: Begin) -> None:
    secret = X25519PrivateKey.generate()
    key = secret.public_key().public_bytes_raw()
    names = list(Bank.transitions)
    grants = tuple(zeta.Grant(name) for name in Bank.relations)
    access = zeta.AccessList((zeta.Client(key, tuple(names), grants),), embedded_receipts=True)
    with zeta.open(app=Bank, access=access, epoch=None, workers=2, identity=bytes(32)) as store:
        begun = handshake(secret, store.introduction)
        session = begun.finish(store.handshake(begun.message))
        numbers = {name: number for number, name in enumerate(names)}

        def request(sequence: int, name: str, *args: Any) -> Request:
            encoded = Bank.transitions[name].encode_arguments(args, {})
            made: Request = session.request(sequence, numbers[name], encoded)
            return made

        opened = [request(at, "open", f"owner {at}") for at in range(1, 21)]
        issued = [request(20 + at, "issue", at - 1, 100) for at in range(1, 21)]
        moved = [request(40 + at, "transfer", at - 1, at % 20, 30) for at in range(1, 21)]
        stolen = opened[3]._replace(sequence=70)
        poor = request(61, "transfer", 0, 1, 10_000)
        # The host runs it before the verifier does: what was refused must not have opened one.
        late = request(62, "open", "late")
        requests = [*opened, stolen, late, *issued, *moved, poor]
        replies = store.run_requests(requests)
        assert [reply.answer for reply in replies] == [0] * 20 + [2] + [0] * 41 + [1]
        session.accept(poor, replies[-1])
        decoded = Bank.transitions["open"].decode_result
        assert [decoded(reply.result) for reply in (*replies[:20], replies[21])] == list(range(21))
        store.certify()
        transferred = store.op.transfer(0, 1, 1)
        store.certify()
        verify(transferred.receipt(), decode(store.introduction).identity, store.instance)


def test_access_lists_say_only_what_the_application_has() -> None:
    key = bytes(range(32))
    for wrong in (
        zeta.Client(key, ("steal",), ()),
        zeta.Client(key, (), (zeta.Grant("vaults"),)),
    ):
        with pytest.raises(InvalidValue):
            zeta.open(access=zeta.AccessList((wrong,)))
    twice = zeta.Client(key, (), ())
    for list_ in (
        zeta.AccessList((twice, twice)),
        zeta.AccessList((), embedded=False, embedded_receipts=True),
    ):
        with pytest.raises(InvalidValue):
            list_.encode(KeyValue)
    with pytest.raises(InvalidValue):
        zeta.Client(bytes(32), (), ())
    with pytest.raises(InvalidValue):
        zeta.open(identity=bytes(32))
    with pytest.raises(InvalidValue):
        zeta.open(access=zeta.AccessList(), identity=b"short")
    with pytest.raises(InvalidValue):
        zeta.open(access=zeta.AccessList(), policy="map")


def test_an_audit_ends_where_the_first_session_begins(handshake: Begin, tmp_path: Path) -> None:
    served = Served(handshake, log=tmp_path / "served", embedded_receipts=True)
    with served.store as store:
        store.put_many([b"%d" % at for at in range(300)], [b"x"] * 300)
        before = store.certify()
        session = served.open()
        served.run(session.request(1, PUT, counted(b"a", b"1")))
    report = zeta.audit(tmp_path / "served")
    assert isinstance(report.problem, Sessions)
    assert (report.operations, report.certified) == (300, before)
    alone = Served(handshake, log=tmp_path / "alone", embedded_receipts=True, workers=2)
    with alone.store as store:
        store.put_many([b"%d" % at for at in range(300)], [b"x"] * 300)
    report = zeta.audit(tmp_path / "alone")
    assert report.problem is None
    assert report.operations == 300
    text = (tmp_path / "alone" / "manifest").read_text()
    for wrong in (text.replace("access ", "access 00"), text.replace("access ", "access zz")):
        (tmp_path / "alone" / "manifest").write_text(wrong)
        with pytest.raises(LogReadError):
            zeta.audit(tmp_path / "alone")
