"""Certifications as they come, and the receipts of calls that wait for them."""

from zeta.client.event import EpochCertified
from zeta.client.exchange import Exchange
from zeta.client.fault import ConnectionLost, ForgedReply, NoAnswer
from zeta.client.requests import not_answered
from zeta.client.session import Session
from zeta.client.task import Certified
from zeta.errors import CertificationTimeout, HostError, InvalidValue, ReceiptError
from zeta.network import BadFrame, Message, PathFound, PathRequest
from zeta.receipts import Forked, Pinned, receipt

_SHOWN_MAX = 1 << 10


class Certifying:
    """The epochs of one incarnation; who waits for one asks for its path once it is certified."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._waiting: dict[int, dict[Certified, None]] = {}
        self._fetching: dict[Certified, None] = {}
        self._shown: dict[int, bytes] = {}
        self.pinned: Pinned | None = None
        self.session: Session | None = None
        self._ends = False

    @property
    def has_waiting(self) -> bool:
        """Somebody waits for a receipt."""
        return bool(self._fetching or self._waiting)

    @property
    def is_idle(self) -> bool:
        """Nobody waits for a path."""
        return not self._fetching

    def certified(self, data: bytes) -> int:
        """Takes a certification: the last certified epoch.

        Raises:
            BadFrame: nobody asked for any.
            ForgedReply: it is none.
        """
        if self.pinned is None or self.session is None:
            raise BadFrame("a certification that nobody asked for")
        try:
            epoch = self.pinned.verify_certification(data).epoch
        except ReceiptError as error:
            raise ForgedReply(f"what the server sent certifies nothing: {error}") from None
        self.session.certified_epoch = max(self.session.certified_epoch, epoch)
        self._shown[epoch] = data
        if len(self._shown) > _SHOWN_MAX:
            del self._shown[next(iter(self._shown))]
        self._exchange.events.append(EpochCertified(epoch))
        for each in [known for known in self._waiting if known <= epoch]:
            for task in self._waiting.pop(each):
                if not task.finished:
                    self._fetch(task)
        return self.session.certified_epoch

    def shown(self, epoch: int) -> bytes:
        """The certification of an epoch, as it came.

        Raises:
            InvalidValue: none came, or it is forgotten.
        """
        if epoch not in self._shown:
            raise InvalidValue(f"the host showed no certification of epoch `{epoch}`")
        return self._shown[epoch]

    def compare(self, data: bytes) -> bool:
        """Whether its epoch was shown here, too, with this content.

        Raises:
            Forked: it was, with another.
            ReceiptError: it is no certification by the verifier of this client.
        """
        assert self.pinned is not None
        return self.pinned.verify_certification(data).epoch in self._shown

    def wait(self, task: Certified, limit: float | None) -> None:
        """Ends the task with its receipt, once that is certified; at most `limit` seconds."""
        answered = task.call.answered
        if answered is None:
            why = "only what was answered has a receipt"
            self._exchange.end(task, error=InvalidValue(why))
            return
        if limit is not None:
            self._exchange.at(self._exchange.now + limit, lambda: self._late(task, limit), task)
        epoch = answered.receipt.epoch
        if task.call.receipt is not None:
            self._exchange.end(task, task.call.receipt)
        elif self.session is not None and epoch <= self.session.certified_epoch:
            self._fetch(task)
        elif self._ends:
            self._exchange.end(task, error=_never(epoch))
        else:
            self._waiting.setdefault(epoch, {})[task] = None

    def ends(self) -> None:
        """No more epochs will be certified: whoever waits for one is told."""
        self._ends = True
        waiting, self._waiting = self._waiting, {}
        for epoch, tasks in waiting.items():
            for task in tasks:
                self._exchange.end(task, error=_never(epoch))

    def give_up(self, error: Exception) -> None:
        """Ends everything: nothing more will come."""
        tasks = [*self._fetching]
        for each in self._waiting.values():
            tasks += each
        self._waiting.clear()
        self._fetching.clear()
        for task in tasks:
            self._exchange.end(task, error=error)

    def _fetch(self, task: Certified) -> None:
        assert task.call.answered is not None
        found = task.call.answered.receipt
        index = task.call.leaf_index
        self._fetching[task] = None
        limit = task.limit
        self._exchange.at(self._exchange.now + limit, lambda: self._unanswered(task), task)
        self._exchange.ask(
            lambda number: PathRequest(number, found.thread, found.epoch, index),
            lambda said: self._found(task, said),
        )

    def _found(self, task: Certified, said: Message) -> None:
        self._fetching.pop(task, None)
        call = task.call
        assert call.answered is not None
        assert self.pinned is not None
        if not isinstance(said, PathFound):
            self._exchange.end(task, error=not_answered(said))
            return
        found = call.answered.receipt
        try:
            data = receipt.encode(
                found._replace(
                    leaf_index=call.leaf_index,
                    leaves=said.leaves,
                    path=said.path,
                    threads=said.threads,
                    receipts=said.receipts,
                    thread_path=said.thread_path,
                    signature=said.signature,
                )
            )
            self.pinned.verify(data, epoch=found.epoch)
        except ReceiptError as error:
            why = f"the path that the host hands out proves nothing: {error}"
            self._exchange.end(task, error=ForgedReply(why))
            return
        except Forked as error:
            self._exchange.end(task, error=error)
            raise
        call.receipt = data
        self._exchange.end(task, data)

    def _late(self, task: Certified, limit: float) -> None:
        assert task.call.answered is not None
        epoch = task.call.answered.receipt.epoch
        self._waiting.get(epoch, {}).pop(task, None)
        self._fetching.pop(task, None)
        why = f"epoch `{epoch}` is not certified after `{limit}` seconds"
        self._exchange.end(task, error=CertificationTimeout(why))

    def _unanswered(self, task: Certified) -> None:
        self._fetching.pop(task, None)
        why = f"the host handed out no path within `{task.limit}` seconds"
        self._exchange.end(task, error=NoAnswer(why))


def _never(epoch: int) -> HostError:
    return ConnectionLost(f"the server closes, and certified nothing of epoch `{epoch}`")
