"""The thread that carries a blocking client's bytes, so that answers come while nobody waits."""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import contextmanager, suppress
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

from zeta.client.core import Core
from zeta.client.event import Ended, EpochCertified, Event, Introduced, Opened, Reserve, Silent
from zeta.client.fault import ConnectionLost, NoAnswer, StateUnusable
from zeta.client.keeping import Kept, keep
from zeta.client.task import Call, Task
from zeta.client.worker import Worker
from zeta.errors import Error, InternalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from zeta.client.state import StateFile
    from zeta.client.terms import Terms
    from zeta.receipts import Introduction

_READ = 1 << 18
_CONNECT_SECONDS = 10.0
_GOODBYE_SECONDS = 1.0


class _Latch:
    """Opens once so many tasks have ended."""

    __slots__ = ("_gate", "_left", "_lock")

    def __init__(self, count: int) -> None:
        self._left = count
        self._lock = threading.Lock()
        self._gate = threading.Lock()
        self._gate.acquire()

    def ended(self, task: Task) -> None:
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self._gate.release()

    def wait(self) -> None:
        self._gate.acquire()


class _Calling:
    """Has somebody called once a task has ended."""

    __slots__ = ("_callbacks", "_what")

    def __init__(self, callbacks: Worker, what: Callable[[], object]) -> None:
        self._callbacks, self._what = callbacks, what

    def ended(self, task: Task) -> None:
        self._callbacks.submit(self._what)


class Carrier:
    """A core behind a lock that nobody holds while waiting, and its connection."""

    def __init__(self, terms: Terms, file: StateFile | None) -> None:
        self._terms = terms
        self._file = file
        self._core = Core(terms, None if file is None else file.state)
        self._lock = threading.Lock()
        self._begun = threading.Event()
        self._stopped = threading.Event()
        self._listeners: list[Callable[[int], object]] = []
        self._callbacks = Worker("zeta callbacks")
        self._keeper = Worker("zeta state file")
        self._introduced: bytes | None = None
        self.last: Call | None = None
        """The last call that the verifier answered."""
        self._socket: socket.socket | None = None
        self._planned = inf
        self._woken, self._wakes = socket.socketpair()
        self._woken.setblocking(False)
        self._wakes.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="zeta client", daemon=True)

    def open(self) -> None:
        """Connects, and waits until there is a session.

        Raises:
            OSError: nobody is there, or does not answer in time.
            Error: as `zeta.connect` says.
        """
        try:
            self._connect(self._terms.timeout)
        except BaseException:
            self._end_threads()
            raise
        self._thread.start()
        try:
            if not self._begun.wait(self._terms.timeout):
                raise NoAnswer(f"nobody opens a session within `{self._terms.timeout}` seconds")
            if self._core.lost is not None:
                raise self._core.lost
        except BaseException:
            self.close()
            raise

    @property
    def introduction(self) -> Introduction:
        """What the verifier's identity says of it."""
        return self._core.introduction

    def certification(self, epoch: int) -> bytes:
        """The certification of an epoch, as it was shown to this client."""
        with self._lock:
            return self._core.certification(epoch)

    def compare_with(self, certification: bytes) -> bool:
        """Whether this client was shown the same of its epoch."""
        with self._lock:
            return self._core.compare_with(certification)

    def run(self, tasks: Sequence[Task], start: Callable[[Core, float], None]) -> None:
        """Starts tasks and waits until all of them have ended, well or not."""
        if not tasks:
            return
        latch = _Latch(len(tasks))
        for task in tasks:
            task.waiter = latch
        with self._turn() as core:
            start(core, monotonic())
        try:
            latch.wait()
        except BaseException:
            with self._turn() as core:
                for task in tasks:
                    core.abandon(task)
            raise

    def watch(
        self, task: Task, start: Callable[[Core, float], None], what: Callable[[], object]
    ) -> None:
        """Starts a task, and has `what` called in the thread of callbacks once it has ended."""
        task.waiter = _Calling(self._callbacks, what)
        with self._turn() as core:
            start(core, monotonic())

    def listen(self, what: Callable[[int], object]) -> None:
        """Has `what` called with each epoch that is certified."""
        self._listeners.append(what)

    def close(self) -> None:
        """Says goodbye and ends the threads."""
        with self._turn() as core:
            core.close()
        self._stopped.set()
        self._wake()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()
        self._end_threads()

    def _end_threads(self) -> None:
        self._keeper.close()
        self._callbacks.close()
        self._woken.close()
        self._wakes.close()

    @contextmanager
    def _turn(self) -> Iterator[Core]:
        """One thread at a time has the core; what then happened is told without the lock."""
        with self._lock:
            yield self._core
            self._transmit()
            events = self._core.events()
            if self._core.lost is not None:
                self._begun.set()
            wakes = bool(
                self._core.outgoing()
                or self._core.deadline < self._planned
                or self._core.lost is not None
            )
        if wakes and threading.current_thread() is not self._thread:
            self._wake()
        for event in events:
            self._tell(event)

    def _transmit(self) -> None:
        """Sends what the socket takes at once; the rest goes when it takes more."""
        out = self._core.outgoing()
        if self._socket is None or not out:
            return
        try:
            del out[: self._socket.send(out)]
        except BlockingIOError:
            pass
        except OSError:
            # Reading tells, too, and to the thread that sees to it.
            out.clear()
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _tell(self, event: Event) -> None:
        if isinstance(event, Ended):
            if isinstance(event.task, Call) and event.task.answered is not None:
                self.last = event.task
            if event.task.waiter is not None:
                event.task.waiter.ended(event.task)
        elif isinstance(event, Introduced):
            self._introduced = event.introduction
        elif isinstance(event, Silent):
            with self._lock, suppress(OSError):
                if self._socket is not None:
                    self._socket.shutdown(socket.SHUT_RDWR)
        elif isinstance(event, Opened | Reserve | EpochCertified):
            if isinstance(event, EpochCertified):
                for each in self._listeners:
                    self._callbacks.submit(each, event.epoch)
            if self._file is None:
                self._was_kept(event)
            else:
                self._keeper.submit(self._keep, self._file, event)
        else:
            self._begun.set()

    def _keep(self, file: StateFile, what: Kept) -> None:
        try:
            keep(file, what)
        except (OSError, Error) as error:
            with self._turn() as core:
                core.give_up(StateUnusable(f"the state file cannot be written: {error}"))
        else:
            self._was_kept(what)

    def _was_kept(self, what: Kept) -> None:
        if isinstance(what, EpochCertified):
            return
        with self._turn() as core:
            core.kept(what, monotonic())

    def _wake(self) -> None:
        with suppress(OSError):
            self._wakes.send(b"\0")

    def _connect(self, timeout: float) -> None:
        made = socket.create_connection((self._terms.host, self._terms.port), timeout)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        made.setblocking(False)
        with self._turn() as core:
            self._socket = made
            core.connected(monotonic())

    def _run(self) -> None:
        try:
            wait: float | None = 0.0
            while wait is not None:
                lost = self._serve()
                with self._turn() as core:
                    self._leave()
                    wait = core.disconnected(lost, monotonic())
                wait = self._connect_again(wait)
        except Exception as error:
            with self._turn() as core:
                core.give_up(InternalError(f"the client failed: {error!r}"))
        finally:
            with self._lock:
                self._leave()

    def _connect_again(self, wait: float | None) -> float | None:
        """Tries until there is a connection; `None` where there will be none."""
        while wait is not None and not self._stopped.wait(wait):
            try:
                self._connect(min(self._terms.timeout, _CONNECT_SECONDS))
            except OSError as error:
                with self._turn() as core:
                    lost = ConnectionLost(f"the server cannot be reached any more: {error}")
                    wait = core.disconnected(lost, monotonic())
            else:
                return wait
        return None

    def _leave(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _serve(self) -> ConnectionLost:
        """Carries bytes until the connection ends; why it did."""
        own = self._socket
        assert own is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._woken, selectors.EVENT_READ)
            selector.register(own, selectors.EVENT_READ)
            ends, watched = inf, selectors.EVENT_READ
            while True:
                with self._turn() as core:
                    core.tick(monotonic())
                with self._lock:
                    waits = selectors.EVENT_WRITE if self._core.outgoing() else 0
                    if self._core.lost is not None:
                        # The goodbye may still be on its way.
                        ends = min(ends, monotonic() + _GOODBYE_SECONDS)
                        if not waits or monotonic() >= ends:
                            return ConnectionLost("the client was closed")
                    # So long at most that an ordinary call's limit comes later and wakes nobody.
                    idle = monotonic() + self._terms.timeout
                    self._planned = planned = min(self._core.deadline, ends, idle)
                if selectors.EVENT_READ | waits != watched:
                    watched = selectors.EVENT_READ | waits
                    selector.modify(own, watched)
                for key, _ in selector.select(max(0.0, planned - monotonic())):
                    if key.fileobj is self._woken:
                        with suppress(BlockingIOError):
                            self._woken.recv(4096)
                with self._lock:
                    self._planned = -inf
                try:
                    data = own.recv(_READ)
                    if not data:
                        return ConnectionLost("the server ended the connection")
                    self._receive(data)
                except BlockingIOError:
                    continue
                except OSError as error:
                    return ConnectionLost(f"the connection broke: {error}")
                except ConnectionLost as lost:
                    return lost

    def _receive(self, data: bytes) -> None:
        with self._turn() as core:
            core.receive(data, monotonic())
        said, self._introduced = self._introduced, None
        if said is None:
            return
        try:
            introduction = self._terms.check(said)
            with self._turn() as core:
                core.trusted(introduction, monotonic())
        except (Error, OSError) as error:
            with self._turn() as core:
                core.give_up(error)
