"""A client without its socket, clock and threads: bytes and requests in, bytes and events out.

Whoever runs it carries the bytes, keeps what is to be kept, and tells whoever waits. Its methods
take turns: it is of one thread, or behind one lock.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from zeta.client.certifying import Certifying
from zeta.client.event import Event, Introduced, Opened, Ready, Reserve, Silent
from zeta.client.exchange import Exchange
from zeta.client.fault import ConnectionLost, Restarted
from zeta.client.link import Link
from zeta.client.renewal import Renewal
from zeta.client.requests import Requests
from zeta.client.retry import Attempts
from zeta.client.session import Session
from zeta.client.task import Call, Certified, Question, Revocation, Rotation, Task
from zeta.errors import HostError
from zeta.network import (
    BadFrame,
    Failed,
    Goodbye,
    Message,
    NotCertifying,
    OtherProtocol,
    Subscribe,
)
from zeta.network import Certified as CertifiedMessage
from zeta.network import Introduced as IntroducedMessage
from zeta.receipts import Introduction, Pinned

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zeta.client.state import State
    from zeta.client.terms import Terms

_INTRODUCTION_SECONDS = 10.0


class Core:
    """One client, from its first connection until it is closed or gives up."""

    def __init__(self, terms: Terms, state: State | None = None) -> None:
        """Makes a client that goes on with the session of `state`, or opens one."""
        self.lost: Exception | None = None
        """Why nothing more can be asked; `None` while something can."""
        self._terms = terms
        self._state = state
        self._exchange = Exchange()
        self._requests = Requests(self._exchange, terms.reasons)
        self._certifying = Certifying(self._exchange)
        self._renewal = Renewal(self._exchange, self._requests, terms)
        self._renewal.opened = self._opened
        self._renewal.ended = self.give_up
        self._attempts = Attempts(terms.retry)
        self._link = Link()
        self._introduction: Introduction | None = None
        self._is_trusted = False
        self._is_ready = False
        self._closes = False
        self._has_left = False

    @property
    def introduction(self) -> Introduction:
        """What was checked of the verifier; only while or after there was a session."""
        assert self._introduction is not None
        return self._introduction

    def certification(self, epoch: int) -> bytes:
        """The certification of an epoch, as it was shown to this client."""
        return self._certifying.shown(epoch)

    def compare_with(self, certification: bytes) -> bool:
        """Whether this client was shown the same of its epoch."""
        return self._certifying.compare(certification)

    # What carries bytes

    def connected(self, now: float) -> None:
        """Begins on a new connection: there is something to send."""
        self._exchange.now = now
        self._link = link = Link()
        self._is_trusted = False

        def late() -> None:
            if self._link is link and not self._is_trusted:
                self._exchange.events.append(Silent())

        self._exchange.at(now + _INTRODUCTION_SECONDS, late)

    def outgoing(self) -> bytearray:
        """What is to be sent: whoever sends a part takes that part away."""
        return self._link.outgoing()

    def receive(self, data: bytes, now: float) -> None:
        """Takes what came.

        Raises:
            ConnectionLost: it is no message: close the connection, and call `disconnected`.
        """
        self._exchange.now = now
        # What comes after its time is late, however busy the machine was.
        self._exchange.tick()
        try:
            for message in self._link.feed(data):
                self._take(message)
        except OtherProtocol as error:
            why = f"nobody who speaks this protocol answers: {error}"
            raise ConnectionLost(why) from None
        except BadFrame as error:
            raise ConnectionLost(f"the server sent what is no message: {error}") from None
        except ConnectionLost:
            raise
        except HostError as error:
            self.give_up(error)

    def disconnected(self, error: ConnectionLost, now: float) -> float | None:
        """Takes note of a loss: seconds until the next attempt, `None` where there is none."""
        self._exchange.now = now
        self._exchange.disconnected()
        if self.lost is None and self._is_ready and not self._closes:
            waits = self._requests.has_waiting or self._certifying.has_waiting
            wait = self._attempts.next(now, waits)
            if wait is not None:
                return wait
        self.give_up(error)
        return None

    def events(self) -> list[Event]:
        """What happened since this was asked last."""
        told, self._exchange.events = self._exchange.events, []
        return told

    @property
    def deadline(self) -> float:
        """When `tick` has something to do."""
        return self._exchange.deadline if self.lost is None else inf

    def tick(self, now: float) -> None:
        """Does what is due."""
        self._exchange.now = now
        self._exchange.tick()

    # What whoever runs it has done

    def trusted(self, introduction: Introduction, now: float) -> None:
        """Goes on with the verifier of an introduction that was checked.

        Raises:
            StateUnusable: the session that was kept is of another client or verifier.
        """
        self._exchange.now = now
        self._is_trusted = True
        known, self._introduction = self._introduction, introduction
        if known is None:
            self._certifying.pinned = Pinned(
                introduction.identity,
                introduction.instance,
                program=introduction.program,
                incarnation=introduction.incarnation,
            )
            self._exchange.connected(self._link)
            self._renewal.begin(introduction, self._state)
        elif known[1:6] != introduction[1:6]:
            self.give_up(Restarted("the verifier was started anew: what was asked stays unknown"))
        else:
            self._subscribe()
            self._exchange.connected(self._link)
            self._requests.pump()

    def kept(self, what: Opened | Reserve, now: float) -> None:
        """Goes on: what was to be kept is."""
        self._exchange.now = now
        if isinstance(what, Opened):
            self._renewal.kept()
            return
        own = self._requests.session
        if own is not None and own.session == what.session:
            self._requests.numbers.reserved(what.sequence_end)
            self._requests.pump()

    # What is asked for

    def call(self, calls: Iterable[Call], limit: float, now: float) -> None:
        """Runs calls, each within `limit` seconds."""
        self._exchange.now = now
        calls = list(calls)
        if self._may(calls):
            self._requests.submit(calls, limit)

    def repeat(self, call: Call, limit: float, now: float) -> None:
        """Sends a request again that has its number."""
        self._exchange.now = now
        if self._may([call]):
            self._requests.repeat(call, limit)

    def ask(self, question: Question, session: int, limit: float, now: float) -> None:
        """What became of a number of a session."""
        self._exchange.now = now
        if self._may([question]):
            self._requests.ask(question, session, limit)

    def certified(self, task: Certified, limit: float | None, now: float) -> None:
        """Waits for a receipt."""
        self._exchange.now = now
        if task.call.receipt is not None:
            self._exchange.end(task, task.call.receipt)
        elif self._may([task], also_at_the_end=True):
            self._certifying.wait(task, limit)

    def rotate(self, rotation: Rotation, limit: float, now: float) -> None:
        """Has a new session take over."""
        self._exchange.now = now
        if self._may([rotation]):
            self._renewal.rotate(rotation, limit)

    def revoke(self, revocation: Revocation, limit: float, now: float) -> None:
        """Ends the session, and the client with it."""
        self._exchange.now = now
        if self._may([revocation]):
            self._renewal.revoke(revocation, limit)

    def abandon(self, task: Task) -> None:
        """Nobody waits any more."""
        if isinstance(task, Call):
            self._requests.abandon(task)
        else:
            self._exchange.end(task, error=ConnectionLost("nobody waited for it"))

    def close(self) -> None:
        """Says goodbye and ends whatever waits, and a session with which nobody can go on."""
        if not self._terms.keeps and not self._has_left:
            self._renewal.leave()
        self._say_goodbye()
        self.give_up(ConnectionLost("the client was closed"))

    def give_up(self, error: Exception) -> None:
        """Ends everything: nothing more can be asked."""
        if self.lost is None:
            self.lost = error
            self._requests.give_up(error)
            self._certifying.give_up(error)
            self._renewal.give_up(error)

    def _may(self, tasks: Iterable[Task], also_at_the_end: bool = False) -> bool:
        error = self.lost
        if error is None and self._closes and not also_at_the_end:
            error = ConnectionLost("the server closes")
        for task in tasks:
            if error is not None:
                self._exchange.end(task, error=error)
        return error is None

    def _take(self, message: Message) -> None:
        if isinstance(message, IntroducedMessage):
            if self._is_trusted:
                raise BadFrame("a second introduction")
            self._exchange.events.append(Introduced(message.introduction))
        elif isinstance(message, Failed) and not message.number:
            raise ConnectionLost(f"the server ended the connection: {message.text}")
        elif not self._is_trusted:
            raise BadFrame("the server does not introduce its verifier")
        elif isinstance(message, CertifiedMessage):
            self._renewal.seen(self._certifying.certified(message.certification) + 1)
        elif isinstance(message, NotCertifying):
            raise HostError(f"the host says that nothing certifies from epoch `{message.epoch}` on")
        elif isinstance(message, Goodbye):
            self._closes = True
            self._certifying.ends()
            self._requests.refuse_waiting(ConnectionLost("the server closes"))
        else:
            self._attempts.answered()
            self._exchange.answered(message)
        if self._closes and self._certifying.is_idle and self._requests.is_idle:
            self._say_goodbye()

    def _opened(self, session: Session) -> None:
        self._certifying.session = session
        if not self._is_ready:
            self._is_ready = True
            self._subscribe()
            self._exchange.events.append(Ready())

    def _subscribe(self) -> None:
        if self._certifying.session is not None:
            self._link.send(Subscribe(self._certifying.session.certified_epoch + 1))

    def _say_goodbye(self) -> None:
        if self._is_trusted and not self._has_left:
            self._has_left = True
            self._exchange.disconnected()
            self._link.send(Goodbye())
