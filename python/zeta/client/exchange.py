"""What was asked of the host and is not answered, what waits for a time, and what to tell."""

from collections.abc import Callable
from heapq import heappop, heappush
from math import inf
from typing import Any, NamedTuple, TypeAlias

from zeta.client.event import Ended, Event
from zeta.client.link import Link
from zeta.client.task import Task
from zeta.errors import InvalidValue
from zeta.network import Failed, Fault, Message, NotYet

_NUMBER_MAX = (1 << 32) - 1
_NOT_YET_SECONDS = 0.002
_NOT_YET_MOST = 0.25

MakeMessage: TypeAlias = Callable[[int], Message]
TakeAnswer: TypeAlias = Callable[[Any], None]


class _Asked(NamedTuple):
    message: MakeMessage
    take: TakeAnswer
    wait: float = _NOT_YET_SECONDS


class Exchange:
    """Numbers messages, hands each answer to whoever asked, and asks again after a loss."""

    def __init__(self) -> None:
        self.now = 0.0
        """Seconds of a clock that only goes forward, as of the last call of the core."""
        self.events: list[Event] = []
        self._link: Link | None = None
        self._asked: dict[int, _Asked] = {}
        self._last = 0
        self._times: list[tuple[float, int, Callable[[], None], Task | None]] = []
        self._tie = 0

    def ask(self, message: MakeMessage, take: TakeAnswer) -> int:
        """Asks, now or once there is a connection; the number that stands for it."""
        number = self._last % _NUMBER_MAX + 1
        while number in self._asked:
            number = number % _NUMBER_MAX + 1
        self._last = number
        self._asked[number] = _Asked(message, take)
        self._send(number)
        return number

    @property
    def is_connected(self) -> bool:
        """Whether what is asked now is sent now."""
        return self._link is not None

    def fits(self, length: int) -> bool:
        """Whether the host takes a message with so many bytes of arguments."""
        return self._link is None or self._link.fits(length)

    def answered(self, message: Message) -> None:
        """Hands an answer to whoever asked; what nobody waits for any more is dropped."""
        number = getattr(message, "number", 0)
        asked = self._asked.pop(number, None)
        if asked is None:
            return
        if isinstance(message, NotYet):
            # Nothing happened: the same is asked again, a little later each time.
            self.at(self.now + asked.wait, lambda: self._send(number))
            self._asked[number] = asked._replace(wait=min(2 * asked.wait, _NOT_YET_MOST))
        else:
            asked.take(message)

    def connected(self, link: Link) -> None:
        """Asks everything that is not answered, in its order."""
        self._link = link
        for number in list(self._asked):
            self._send(number)

    def disconnected(self) -> None:
        """Keeps what is asked until there is a connection again."""
        self._link = None

    def end(self, task: Task, result: Any = None, error: Exception | None = None) -> None:
        """Ends a task, once."""
        if not task.finished:
            task.finished, task.result, task.error = True, result, error
            self.events.append(Ended(task))
        # Most limits are never reached: the oldest go with their tasks.
        while self._times and (ended := self._times[0][3]) is not None and ended.finished:
            heappop(self._times)

    def at(self, when: float, what: Callable[[], None], task: Task | None = None) -> None:
        """Has something done at a time, unless the task has ended by then."""
        if when < inf:
            self._tie += 1
            heappush(self._times, (when, self._tie, what, task))

    @property
    def deadline(self) -> float:
        """When there is something to do; infinity for never."""
        return self._times[0][0] if self._times else inf

    def tick(self) -> None:
        """Does what is due."""
        while self._times and self._times[0][0] <= self.now:
            _, _, what, task = heappop(self._times)
            if task is None or not task.finished:
                what()

    def _send(self, number: int) -> None:
        asked = self._asked.get(number)
        if asked is None or self._link is None:
            return
        try:
            self._link.send(asked.message(number))
        except InvalidValue as error:
            del self._asked[number]
            asked.take(Failed(number, Fault.LIMIT, str(error)))
