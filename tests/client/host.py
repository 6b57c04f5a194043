"""A host and whoever runs a core, in memory and one thread: every byte and moment is the test's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import zeta
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from zeta.access import AccessList, Client, Grant
from zeta.applications.counters import Counters
from zeta.client import ConnectionLost, Pin, State, Unsettled
from zeta.client.core import Core
from zeta.client.event import Ended, EpochCertified, Introduced, Opened, Reserve
from zeta.client.naming import Transitions
from zeta.client.retry import Retry
from zeta.client.session import SEQUENCE_MAX
from zeta.client.task import Call, Certified, Question, Revocation, Rotation, Task
from zeta.client.terms import Terms, terms
from zeta.errors import InvalidValue, SessionRefused
from zeta.network import (
    HELLO_LEN,
    Ask,
    Failed,
    Fault,
    FrameReader,
    Goodbye,
    HandshakeAnswer,
    HandshakeRequest,
    Hello,
    Message,
    NotYet,
    PathFound,
    PathRequest,
    Refused,
    Replied,
    Requested,
    Revoke,
    Revoked,
    Settled,
    Side,
    Subscribe,
    decode,
    encode,
)
from zeta.network import Certified as CertifiedMessage
from zeta.network import Introduced as IntroducedMessage
from zeta.receipts import introduction
from zeta.serving import Reply, Request

KEY = bytes([7]) * 32
LIMIT = 30.0
RETRY = Retry(seconds=60)


def public(secret: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def access(lifetime: int = 1000) -> AccessList:
    may = Client(public(KEY), ("read", "add"), (Grant("counters"),), lifetime=lifetime)
    return AccessList((may,))


@dataclass
class Host:
    """Serves a store over lines of bytes; `changes` lets it say something else, or nothing."""

    store: zeta.ApplicationStore
    changes: Callable[[Message, Message], Message | None] = lambda asked, answer: answer
    keeps: bool = True
    asked: list[Message] = field(default_factory=list)
    kept: dict[tuple[int, int], Replied] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    certified: list[Message] = field(default_factory=list)

    def line(self) -> Line:
        self.lines.append(Line(self))
        return self.lines[-1]

    def certify(self) -> int:
        """Certifies what ran, and tells all lines that subscribed."""
        epoch = self.store.certify()
        for each in range(len(self.certified), epoch + 1):
            self.certified.append(CertifiedMessage(self.store.certification(each)))
            for line in self.lines:
                line.say(self.certified[each], line.is_subscribed)
        return epoch

    def answer(self, asked: Any) -> Message | None:
        self.asked.append(asked)
        try:
            answer = self._answer(asked)
        except SessionRefused as refused:
            answer = Refused(asked.number, refused.code) if refused.code else NotYet(asked.number)
        except InvalidValue as error:
            answer = Failed(asked.number, Fault.UNKNOWN, str(error))
        return self.changes(asked, answer)

    def _answer(self, asked: Any) -> Message:
        number = asked.number
        if isinstance(asked, HandshakeRequest):
            return HandshakeAnswer(number, self.store.handshake(asked.message, asked.replaces))
        if isinstance(asked, Ask):
            said = self.store.ask_session(asked.session, asked.sequence, asked.mac)
            return Settled(number, 0, *said)
        if isinstance(asked, Revoke):
            self.store.ask_session(asked.session, SEQUENCE_MAX, asked.mac)
            return Revoked(number, self.store.revoke_session(asked.session))
        if isinstance(asked, PathRequest):
            found = self.store.receipt_path(asked.thread, asked.epoch, asked.leaf_index)
            head = (number, found.leaves, found.threads, found.receipts)
            return PathFound(*head, found.signature, found.path, found.thread_path)
        (reply,) = self.store.run_requests([Request(*asked[1:])])
        return self._replied(asked, reply)

    def _replied(self, asked: Requested, reply: Reply) -> Message:
        place, shown = (asked.session, asked.sequence), reply.shown
        if shown is not None:
            head = (reply.answer, reply.code, *shown[:4])
            self.kept[place] = Replied(asked.number, *head, shown.mac, reply.result)
            return self.kept[place]
        if reply.status is not None:
            if self.keeps and place in self.kept:
                return self.kept[place]._replace(number=asked.number)
            return Settled(asked.number, reply.code, *reply.status)
        return NotYet(asked.number) if reply.answer == 3 else Refused(asked.number, reply.code)


class Line:
    """One connection at the host."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._head = b""
        self._frames = FrameReader()
        self.out = bytearray()
        self.is_subscribed = False

    def say(self, message: Message, wanted: bool = True) -> None:
        if wanted:
            self.out += encode(message)

    def feed(self, data: bytes) -> None:
        if len(self._head) < HELLO_LEN:
            need = HELLO_LEN - len(self._head)
            self._head, data = self._head + data[:need], data[need:]
            if len(self._head) < HELLO_LEN:
                return
            self.out += Hello().encode()
            self.say(IntroducedMessage(self._host.store.introduction))
        for kind, body in self._frames.feed(data):
            message = decode(kind, body, Side.CLIENT)
            if isinstance(message, Subscribe):
                self.is_subscribed = True
                for told in self._host.certified[message.epoch :]:
                    self.say(told)
            elif not isinstance(message, Goodbye | Failed):
                answer = self._host.answer(message)
                if answer is not None:
                    self.say(answer)


class Runner:
    """Runs a core against a host: carries bytes until there are none, on a clock of its own."""

    def __init__(
        self,
        host: Host,
        *,
        strict: bool = False,
        retry: Retry | None = None,
        state: State | None = None,
        keeps: bool = False,
        raw: bool = False,
    ) -> None:
        self.host = host
        self.terms = stated(host.store, strict=strict, retry=retry, keeps=keeps, raw=raw)
        self.core = Core(self.terms, state)
        self.transitions = Transitions(self.terms.app)
        self.now = 0.0
        self.kept: list[State] = [] if state is None else [state]
        self.epochs: list[int] = []
        self.holds: list[Opened | Reserve] = []
        """What is to be kept and is not, where a test sets `is_slow`."""
        self.is_slow = False
        self.wait: float | None = None
        self.open()

    def open(self) -> None:
        """Makes a connection, and carries what there is."""
        self.line = self.host.line()
        self.core.connected(self.now)
        self.carry()

    def carry(self, to_host: int | None = None, to_client: int | None = None) -> None:
        """Carries bytes both ways until none are left; at most so many, where that is said."""
        while True:
            sent = self._take(self.core.outgoing(), to_host)
            to_host = None if to_host is None else to_host - len(sent)
            self.line.feed(sent)
            came = self._take(self.line.out, to_client)
            to_client = None if to_client is None else to_client - len(came)
            if came:
                try:
                    self.core.receive(came, self.now)
                except ConnectionLost as error:
                    self.lose(error)
            told = self._told()
            if not sent and not came and not told:
                return

    def lose(self, error: ConnectionLost | None = None) -> None:
        """Ends the connection."""
        lost = error or ConnectionLost("the test ended it")
        self.wait = self.core.disconnected(lost, self.now)
        self.line.out.clear()
        self._told()

    def again(self) -> None:
        """Connects again, as the core wants it."""
        assert self.wait is not None
        self.now += self.wait
        self.open()

    def pass_time(self, seconds: float) -> None:
        """Lets the clock go on."""
        self.now += seconds
        self.core.tick(self.now)
        self.carry()

    def submit(self, name: str, *args: Any) -> Call:
        """Makes and submits a call, and carries nothing."""
        call = self.transitions.call(name, args, {})
        self.core.call([call], LIMIT, self.now)
        self._told()
        return call

    def call(self, name: str, *args: Any) -> Call:
        call = self.submit(name, *args)
        self.carry()
        return call

    def repeat(self, call: Call) -> Call:
        assert call.request is not None
        again = self.transitions.again(call.request)
        self.core.repeat(again, LIMIT, self.now)
        self.carry()
        return again

    def fate(self, call: Call) -> Any:
        assert call.request is not None
        task = Question(call.request.sequence)
        self.core.ask(task, call.request.session, LIMIT, self.now)
        self.carry()
        return task.outcome()

    def certified(self, call: Call) -> Certified:
        task = Certified(call, LIMIT)
        self.core.certified(task, None, self.now)
        self.carry()
        return task

    def rotate(self) -> Rotation:
        task = Rotation()
        self.core.rotate(task, LIMIT, self.now)
        self.carry()
        return task

    def revoke(self) -> Revocation:
        task = Revocation()
        self.core.revoke(task, LIMIT, self.now)
        self.carry()
        return task

    @property
    def session(self) -> int:
        session = self.core._requests.session
        assert session is not None
        return session.session

    @property
    def unsettled(self) -> Sequence[int]:
        return self.core._requests.numbers.unsettled

    def release(self) -> None:
        """Keeps what was to be kept."""
        self.is_slow = False
        held, self.holds = self.holds, []
        for each in held:
            self._keep(each)
        self.carry()

    def _take(self, out: bytearray, most: int | None) -> bytes:
        taken = bytes(out if most is None else out[:most])
        del out[: len(taken)]
        return taken

    def _told(self) -> bool:
        events = self.core.events()
        for event in events:
            if isinstance(event, Introduced):
                self.core.trusted(self.terms.check(event.introduction), self.now)
            elif isinstance(event, EpochCertified):
                self.epochs.append(event.epoch)
            elif isinstance(event, Opened | Reserve):
                if self.is_slow:
                    self.holds.append(event)
                else:
                    self._keep(event)
            elif isinstance(event, Ended):
                assert event.task.finished
        return bool(events)

    def _keep(self, what: Opened | Reserve) -> None:
        if isinstance(what, Opened):
            self.kept.append(what.state)
        self.core.kept(what, self.now)


def stated(
    store: zeta.ApplicationStore, *, strict: bool, retry: Retry | None, keeps: bool, raw: bool
) -> Terms:
    """The terms of a client that pins the store."""
    found = introduction.decode(store.introduction)
    pin = Pin(found.identity, found.instance)
    return terms(
        "zeta://host:1",
        app=None if raw else Counters,
        key=KEY,
        trust=None,
        identity=pin.identity,
        instance=pin.instance,
        first_use=False,
        gateway=False,
        strict=strict,
        keeps=keeps,
        timeout=LIMIT,
        retry=retry,
    )


def outcomes(tasks: Sequence[Task]) -> list[Any]:
    """Results, and errors as they are."""
    return [task.result if task.error is None else task.error for task in tasks]


def lost(host: Host, client: Runner, *, ran: bool) -> Any:
    """A call whose answer never comes, and which ran or did not."""
    honest = host.changes
    host.changes = lambda asked, answer: None
    call = client.submit("add", "a", 1)
    if ran:
        client.carry()
    else:
        client.core.outgoing().clear()
    host.changes = honest
    client.pass_time(LIMIT + 1)
    assert isinstance(call.error, Unsettled)
    return call
