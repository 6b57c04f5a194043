"""The session's beginning and end: opened, gone on with, rotated, revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeta.client.event import Opened
from zeta.client.exchange import Exchange
from zeta.client.fault import ConnectionLost, NoAnswer
from zeta.client.handshake import Handshake, public_key
from zeta.client.number import AHEAD, WINDOW, Numbers
from zeta.client.requests import Requests, not_answered
from zeta.client.session import SEQUENCE_MAX, Session
from zeta.client.state import State
from zeta.client.task import Revocation, Rotation
from zeta.errors import SessionRefused
from zeta.network import HandshakeAnswer, HandshakeRequest, Message, Refused, Revoke, Revoked

if TYPE_CHECKING:
    from collections.abc import Callable

    from zeta.client.terms import Terms
    from zeta.receipts import Introduction

_UNKNOWN_SESSION, _REVOKED = 256, 261
_EARLY_MAX = 60
"""A session is rotated so many epochs before its last at most."""
_EARLY_SHARE = 8
"""And after seven eighths of its epochs at the earliest."""


class Renewal:
    """Which session there is. A new one begins when nothing of the old one is open any more."""

    def __init__(self, exchange: Exchange, requests: Requests, terms: Terms) -> None:
        self._exchange = exchange
        self._requests = requests
        self._terms = terms
        self._rotations: list[Rotation] = []
        self._revocation: Revocation | None = None
        self._is_due = False
        self._is_forced = False
        self._is_asking = False
        self._first_epoch: int | None = None
        self._opening: Session | None = None
        self.opened: Callable[[Session], None] = lambda session: None
        """Is called with each session that begins."""
        self.ended: Callable[[Exception], None] = lambda error: None
        """Is called when there is no session any more."""
        requests.idle = self.advance
        requests.expired = self._rotate_now
        requests.seen = self._answered_in

    def begin(self, introduction: Introduction, state: State | None) -> None:
        """Opens a session, or goes on with the one that was kept.

        Raises:
            StateUnusable: that is another client's, or with another verifier or life of it.
        """
        self._introduction = introduction
        if state is None:
            self._open(0, -1)
            return
        key = public_key(self._terms.key)
        session = state.resume(introduction, key, self._terms.authentication)
        self._go_on(session, state.sequence_end)

    def rotate(self, rotation: Rotation, limit: float) -> None:
        """Has a new session take over from this one."""
        self._rotations.append(rotation)
        self._limit(rotation, limit)
        self.rotate_soon()

    def revoke(self, revocation: Revocation, limit: float) -> None:
        """Ends the session, once what was sent is answered."""
        self._revocation = revocation
        self._limit(revocation, limit)
        self._requests.held = True
        self.advance()

    def leave(self) -> None:
        """Ends the session without waiting for the answer: else it would take a place for long."""
        session = self._requests.session
        if session is not None:
            mac = session.question(SEQUENCE_MAX)
            self._exchange.ask(lambda n: Revoke(n, session.session, mac), lambda said: None)

    def rotate_soon(self) -> None:
        """Nothing more gets a number of this session."""
        if not self._is_due:
            self._is_due = True
            self._requests.held = True
            self.advance()

    def _rotate_now(self) -> None:
        """Nothing runs in this session any more."""
        self._is_forced = True
        self.rotate_soon()

    def _answered_in(self, epoch: int) -> None:
        if self._first_epoch is None:
            self._first_epoch = epoch
        self.seen(epoch)

    def seen(self, epoch: int) -> None:
        """There is this epoch: a session that was used, and ends soon, is rotated."""
        session = self._requests.session
        if session is None or self._first_epoch is None:
            return
        early = min(_EARLY_MAX, (session.last_epoch - self._first_epoch) // _EARLY_SHARE)
        if epoch + early >= session.last_epoch > self._first_epoch:
            self.rotate_soon()

    def kept(self) -> None:
        """The session that was opened is kept: it begins."""
        session, self._opening = self._opening, None
        assert session is not None
        self._begin(session, 1, 1 + AHEAD)

    def advance(self) -> None:
        """Does what comes next, where nothing that was sent waits for an answer."""
        session = self._requests.session
        pending = self._is_due or self._revocation is not None
        if not pending or self._is_asking or session is None or not self._requests.is_idle:
            return
        if not self._requests.settle_all():
            return
        self._is_asking = self._requests.ends = True
        if self._revocation is None:
            self._open(session.session, session.certified_epoch)
        else:
            self._revoke(self._revocation, session)

    def give_up(self, error: Exception) -> None:
        """Ends everything."""
        for each in (*self._rotations, self._revocation):
            if each is not None:
                self._exchange.end(each, error=error)

    def _open(self, replaces: int, certified_epoch: int) -> None:
        begun: list[Handshake] = []

        def message(number: int) -> Message:
            # Drawn anew each time: of two that the verifier sees, the first may have won.
            begun.append(self._handshake(replaces))
            return HandshakeRequest(number, replaces, begun[-1].message)

        def said(answer: Message) -> None:
            over = isinstance(answer, Refused) and answer.code in (_UNKNOWN_SESSION, _REVOKED)
            if replaces and over:
                self._open(0, certified_epoch)
            elif isinstance(answer, HandshakeAnswer):
                opened = begun[-1].finish(answer.message)
                self._opening = Session(
                    introduction=self._introduction,
                    client_key=public_key(self._terms.key),
                    authentication=self._terms.authentication,
                    session=opened.session,
                    last_epoch=opened.last_epoch,
                    request_key=opened.request_key,
                    reply_key=opened.reply_key,
                    certified_epoch=certified_epoch,
                    strict_order=self._terms.strict,
                )
                self._exchange.events.append(Opened(State.of(self._opening, 1 + AHEAD)))
            else:
                self._not_opened(not_answered(answer))

        self._exchange.ask(message, said)

    def _handshake(self, replaces: int) -> Handshake:
        return Handshake(
            instance=self._introduction.instance,
            incarnation=self._introduction.incarnation,
            verifier_key=self._introduction.static_key,
            client_key=self._terms.key,
            strict_order=self._terms.strict,
            replaces=replaces,
        )

    def _not_opened(self, error: Exception) -> None:
        """The old session goes on, if there is one and it can."""
        rotations, self._rotations = self._rotations, []
        for each in rotations:
            self._exchange.end(each, error=error)
        if self._requests.session is None:
            self.ended(error)
            return
        if self._is_forced:
            self._requests.refuse_waiting(error)
        self._is_due = self._is_forced = self._is_asking = False
        # It is tried again nearer to the end, not at every epoch.
        self._first_epoch = None
        self._requests.release()

    def _begin(self, session: Session, first: int, reserved: int | None) -> None:
        numbers = Numbers(first, reserved if self._terms.keeps else SEQUENCE_MAX)
        self._is_due = self._is_forced = self._is_asking = False
        self._first_epoch = None
        rotations, self._rotations = self._rotations, []
        old = self._requests.session
        if old is not None:
            session.certified_epoch = max(session.certified_epoch, old.certified_epoch)
        self.opened(session)
        for each in rotations:
            self._exchange.end(each)
        self._requests.begin(session, numbers)
        if self._revocation is not None:
            self._requests.held = True
            self.advance()

    def _go_on(self, session: Session, end: int) -> None:
        """Asks about numbers that may have been used: so it shows whether the session still is.

        Where order is strict, all that were left out must be settled before another follows.
        """
        first = max(1, end - AHEAD - WINDOW) if session.strict_order else max(1, end - 1)
        self._requests.session = session
        left = end - first
        over: list[SessionRefused] = []

        def said(error: Exception | None) -> None:
            nonlocal left
            left -= 1
            if isinstance(error, SessionRefused) and error.code in (_UNKNOWN_SESSION, _REVOKED):
                over.append(error)
            elif error is not None:
                self.ended(error)
            if left == 0:
                self._goes_on(session, end, is_over=bool(over))

        if left == 0:
            self._goes_on(session, end, is_over=False)
        for sequence in range(first, end):
            self._requests.probe(session, sequence, said)

    def _goes_on(self, session: Session, end: int, is_over: bool) -> None:
        if not is_over and session.strict_order == self._terms.strict:
            self._begin(session, end, None)
            return
        self._requests.session = None
        self._open(0 if is_over else session.session, session.certified_epoch)

    def _revoke(self, revocation: Revocation, session: Session) -> None:
        mac = session.question(SEQUENCE_MAX)

        def said(answer: Message) -> None:
            if not isinstance(answer, Revoked):
                self._exchange.end(revocation, error=not_answered(answer))
            else:
                session.accept_revoked(answer.mac)
                self._exchange.end(revocation)
            self._revocation = None
            self._is_asking = False
            self.ended(ConnectionLost("the session was ended"))

        self._exchange.ask(lambda number: Revoke(number, session.session, mac), said)

    def _limit(self, task: Rotation | Revocation, limit: float) -> None:
        def late() -> None:
            why = f"the session did not end within `{limit}` seconds"
            self._exchange.end(task, error=NoAnswer(why))

        self._exchange.at(self._exchange.now + limit, late, task)
