"""Requests of a session: numbered, sent, answered or settled; none under two numbers at once."""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable

from zeta.client.event import Reserve
from zeta.client.exchange import Exchange
from zeta.client.fault import (
    ForgedReply,
    NoAnswer,
    NotExecuted,
    ResultLost,
    RolledBack,
    Unsettled,
)
from zeta.client.number import Numbers
from zeta.client.session import Fate, Reply, Request, Session, Status
from zeta.client.task import Call, Question
from zeta.errors import ApiMisuse, CheckFailed, HostError, InvalidValue, SessionRefused
from zeta.network import Ask, Failed, Message, NotYet, Refused, Replied, Requested, Settled
from zeta.receipts import Answer

_EXPIRED = 260
_REFUSALS = {
    1: "the program has no such transition",
    2: "the arguments are not of its types",
    262: "the access list does not let this client call it, or read or write a row of it",
}
"""What the verifier refuses in a reply; to retry is in vain."""
_FATES_MAX = 4096


class Requests:
    """Those of one client. Sessions come and go; what waits for a number goes on."""

    def __init__(self, exchange: Exchange, reasons: dict[int, str]) -> None:
        self._exchange = exchange
        self._reasons = reasons
        self._waiting: deque[Call] = deque()
        self._live: dict[Call, int] = {}
        self._waited: Counter[int] = Counter()
        self._asking: set[int] = set()
        self._tried: set[int] = set()
        self._fates: OrderedDict[tuple[int, int], Fate] = OrderedDict()
        self.session: Session | None = None
        self.numbers = Numbers(1)
        self.held = True
        """No request gets a number."""
        self.ends = False
        """Nothing is asked in the session any more, for it is being replaced or revoked."""
        self.idle: Callable[[], None] = lambda: None
        """Is called when nothing that was sent waits for an answer any more."""
        self.expired: Callable[[], None] = lambda: None
        """Is called when nothing runs in the session any more."""
        self.seen: Callable[[int], None] = lambda epoch: None
        """Is called with the epoch of each answer."""

    @property
    def is_idle(self) -> bool:
        """Nothing that was sent waits for an answer."""
        return not self._live and not self._asking

    @property
    def has_waiting(self) -> bool:
        """Somebody waits for an answer."""
        return bool(self._live or self._waiting)

    def begin(self, session: Session, numbers: Numbers) -> None:
        """Goes on in this session."""
        self.session, self.numbers = session, numbers
        self.ends = False
        self._tried.clear()
        self.held = False
        self.pump()

    def release(self) -> None:
        """Goes on in the session that there is."""
        self.held = self.ends = False
        self.pump()

    def probe(
        self, session: Session, sequence: int, said: Callable[[Exception | None], None]
    ) -> None:
        """Asks about a number that may have been used before; tells why there is no answer."""

        def take(answer: Message) -> None:
            try:
                session.accept_status(sequence, status_of(answer))
            except (HostError, SessionRefused) as error:
                said(error)
            else:
                said(None)

        mac = session.question(sequence)
        self._exchange.ask(lambda number: Ask(number, session.session, sequence, mac), take)

    def submit(self, calls: Iterable[Call], limit: float) -> None:
        """Runs calls, in their order as far as they are sent in one."""
        for call in calls:
            if not self._exchange.fits(len(call.arguments)):
                self._exchange.end(call, error=InvalidValue("the host takes no call so long"))
                continue
            self._waiting.append(call)
            self._limit(call, limit)
        self.pump()

    def repeat(self, call: Call, limit: float) -> None:
        """Sends a request again that has its number, to the byte."""
        request = call.request
        assert request is not None
        known = self._fates.get((request.session, request.sequence))
        if known is Fate.NOT_EXECUTED or not self._is_open(request.session):
            self._exchange.end(call, error=_ended(request, known or Fate.UNKNOWN))
            return
        self._limit(call, limit)
        self._send(call, request)

    def ask(self, question: Question, session: int, limit: float) -> None:
        """What became of a number; one that has not run then never will."""
        own = self.session
        known = self._fates.get((session, question.sequence))
        # The verifier itself forgets, so its word of before is the better one.
        if known is not None or own is None or not self._is_open(session):
            self._exchange.end(question, known or Fate.UNKNOWN)
            return
        self._exchange.at(
            self._exchange.now + limit,
            lambda: self._exchange.end(question, error=_no_answer(limit)),
            question,
        )
        mac = own.question(question.sequence)
        self._asking.add(question.sequence)
        self._exchange.ask(
            lambda number: Ask(number, own.session, question.sequence, mac),
            lambda said: self._asked(question, own, said),
        )

    def pump(self) -> None:
        """Sends what may be sent, and has numbers reserved ahead."""
        session = self.session
        if not self._exchange.is_connected:
            # Of what has no number it is certain that it was not sent.
            return
        while self._waiting and not self.held and session is not None:
            if self.numbers.are_used_up:
                self.expired()
                return
            if not self.numbers.has_room():
                self._make_room()
                return
            if not self.numbers.is_reserved():
                break
            call = self._waiting.popleft()
            if not call.finished:
                sequence = self.numbers.take()
                call.request = session.request(sequence, call.which, call.arguments)
                self._send(call, call.request)
        if session is not None and not self.held:
            due = self.numbers.to_reserve()
            if due is not None:
                self._exchange.events.append(Reserve(session.session, due))

    def settle_all(self) -> bool:
        """Asks what became of every number that nobody waits for; whether there is none left."""
        assert self.session is not None
        left = [each for each in self.numbers.unsettled if each not in self._tried]
        self._tried.update(left)
        for sequence in left:
            self.ask(Question(sequence), self.session.session, float("inf"))
        return not left and not self._asking

    def abandon(self, call: Call) -> None:
        """Nobody waits for a call any more: it is not sent if it was not."""
        if call.request is None:
            self._exchange.end(call, error=_not_sent("nobody waited for it"))
        else:
            self._unsettled(call, "nobody waited for its answer")

    def refuse_waiting(self, error: Exception) -> None:
        """Ends what has no number yet."""
        waiting, self._waiting = self._waiting, deque()
        for call in waiting:
            self._exchange.end(call, error=error)

    def give_up(self, error: Exception) -> None:
        """Ends everything: no answer will come."""
        self.held = True
        self.refuse_waiting(error)
        for call in list(self._live):
            self._unsettled(call, str(error), error)

    def _limit(self, call: Call, limit: float) -> None:
        def late() -> None:
            if call.request is None:
                self._exchange.end(call, error=_not_sent(f"no turn came within `{limit}` seconds"))
            else:
                error = _no_answer(limit)
                self._unsettled(call, str(error), error)

        self._exchange.at(self._exchange.now + limit, late, call)

    def _send(self, call: Call, request: Request, is_last: bool = False) -> None:
        if call not in self._live:
            self._live[call] = request.sequence
            self._waited[request.sequence] += 1
        session = self.session
        assert session is not None
        self._exchange.ask(
            lambda number: Requested(
                number,
                request.session,
                request.sequence,
                request.mac,
                request.transition,
                request.arguments,
            ),
            # The answer settles the number also where nobody waits for it any more.
            lambda said: self._answered(call, request, session, said, is_last),
        )

    def _answered(
        self, call: Call, request: Request, session: Session, said: Message, is_last: bool
    ) -> None:
        if isinstance(said, Replied):
            reply = Reply(
                said.answer, said.code, said.result, said.thread, said.epoch, said.counter, said.mac
            )
            try:
                call.answered = session.accept(request, reply)
            except (ForgedReply, RolledBack) as error:
                error.request = request
                self._end(call, error=error)
                return
            call.leaf_index = said.leaf_index
            self._settle(session, request.sequence, Fate.EXECUTED)
            self._interpret(call)
            self.seen(said.epoch)
        elif isinstance(said, Settled):
            self._settled(call, request, session, said)
        elif is_last:
            self._unsettled(call, str(not_answered(said)))
        else:
            # That is only the host's word; the verifier's may still be had.
            self._find_out(call, request, session, not_answered(said))

    def _interpret(self, call: Call) -> None:
        assert call.answered is not None
        found, signature = call.answered.receipt, call.signature
        name = f"transition {call.which}" if signature is None else signature.name
        if found.answer is Answer.FAILED:
            reason = self._reasons.get(found.code)
            self._end(call, error=CheckFailed(found.code, reason, name))
        elif found.answer is Answer.REFUSED:
            why = _REFUSALS.get(found.code, f"code `{found.code}`")
            self._end(call, error=ApiMisuse(f"the verifier refused `{name}`: {why}"))
        elif signature is None:
            self._end(call, found.result)
        else:
            self._end(call, signature.decode_result(found.result))

    def _settled(self, call: Call, request: Request, session: Session, said: Settled) -> None:
        try:
            fate = session.accept_status(request.sequence, status_of(said))
        except ForgedReply as error:
            error.request = request
            self._end(call, error=error)
            return
        if fate is Fate.UNKNOWN and said.refusal == _EXPIRED:
            self._find_out(call, request, session, None)
            return
        self._settle(session, request.sequence, fate)
        self._end(call, error=_ended(request, fate))

    def _find_out(
        self, call: Call, request: Request, session: Session, why: Exception | None
    ) -> None:
        """Asks the verifier what became of a request that was not served.

        One that never ran, for certain, is as if it had not been asked: where it was refused since
        the session has expired (`why` is `None`), it goes to the next one.
        """

        def said(answer: Message) -> None:
            try:
                fate = session.accept_status(request.sequence, status_of(answer))
            except (HostError, SessionRefused) as error:
                cause = why or error
                self._unsettled(call, str(cause), cause)
                return
            if fate is Fate.EXECUTED and why is not None and not call.finished:
                self._send(call, request, is_last=True)
                return
            self._settle(session, request.sequence, fate)
            if fate is not Fate.NOT_EXECUTED or why is not None or call.finished:
                self._end(call, error=_ended(request, fate, why))
                return
            self._leave(call)
            call.request = None
            self._waiting.appendleft(call)
            self.expired()
            self._notify()

        mac = session.question(request.sequence)
        self._exchange.ask(lambda n: Ask(n, request.session, request.sequence, mac), said)

    def _asked(self, question: Question, session: Session, said: Message) -> None:
        self._asking.discard(question.sequence)
        try:
            fate = session.accept_status(question.sequence, status_of(said))
        except (HostError, SessionRefused) as error:
            self._exchange.end(question, error=error)
        else:
            self._settle(session, question.sequence, fate)
            self._exchange.end(question, fate)
        self._notify()

    def _make_room(self) -> None:
        """The oldest number stands in the way: where nobody waits for its answer, it is asked."""
        assert self.session is not None
        oldest = self.numbers.oldest
        if oldest not in self._waited and oldest not in self._asking:
            self.ask(Question(oldest), self.session.session, float("inf"))

    def _is_open(self, session: int) -> bool:
        own = self.session
        return own is not None and own.session == session and not self.ends

    def _settle(self, session: Session, sequence: int, fate: Fate) -> None:
        # Who asked may still want to know, also when the session is over.
        self._fates[session.session, sequence] = fate
        if len(self._fates) > _FATES_MAX:
            self._fates.popitem(last=False)
        if self.session is session:
            self.numbers.settle(sequence)

    def _unsettled(self, call: Call, why: str, cause: Exception | None = None) -> None:
        assert call.request is not None
        error = Unsettled(call.request, why)
        error.__cause__ = cause
        self._end(call, error=error)

    def _leave(self, call: Call) -> None:
        sequence = self._live.pop(call, None)
        if sequence is not None:
            self._waited[sequence] -= 1
            if not self._waited[sequence]:
                del self._waited[sequence]

    def _end(self, call: Call, result: object = None, error: Exception | None = None) -> None:
        self._leave(call)
        self._exchange.end(call, result, error)
        self._notify()

    def _notify(self) -> None:
        if self.is_idle:
            self.idle()
        self.pump()


def status_of(said: Message) -> Status:
    """The status that was answered; raises why there is none."""
    if not isinstance(said, Settled):
        raise not_answered(said)
    return Status(said.refusal, said.fate, said.leaf_hash, said.mac)


def not_answered(said: Message) -> Exception:
    """Why there is no answer: the host's word."""
    if isinstance(said, Refused):
        return SessionRefused(said.code)
    if isinstance(said, NotYet):
        return SessionRefused(0)
    if isinstance(said, Failed):
        return HostError(f"the server has not served it: {said.text}")
    return HostError(f"the server answered with `{type(said).__name__}`")


def _ended(request: Request, fate: Fate, why: Exception | None = None) -> HostError:
    error: NotExecuted | ResultLost | Unsettled
    because = "" if why is None else f": {why}"
    if fate is Fate.NOT_EXECUTED:
        error = NotExecuted(f"request `{request.sequence}` did not run and never will{because}")
    elif fate is Fate.EXECUTED:
        error = ResultLost(f"request `{request.sequence}` ran, and its result is not kept")
    else:
        return Unsettled(request, f"nor does the verifier know any more{because}")
    error.request = request
    error.__cause__ = why
    return error


def _not_sent(why: str) -> NotExecuted:
    return NotExecuted(f"the call was not sent: {why}")


def _no_answer(limit: float) -> NoAnswer:
    return NoAnswer(f"no answer came within `{limit}` seconds")
