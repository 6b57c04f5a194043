"""The tasks that carry the bytes of a client of coroutines, all in one event loop."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from math import inf
from typing import TYPE_CHECKING

from zeta.client.core import Core
from zeta.client.event import Ended, EpochCertified, Event, Introduced, Opened, Reserve, Silent
from zeta.client.fault import ConnectionLost, NoAnswer, StateUnusable
from zeta.client.keeping import Kept, keep
from zeta.client.task import Call, Task
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

    __slots__ = ("_gate", "_left")

    def __init__(self, count: int, gate: asyncio.Future[None]) -> None:
        self._left = count
        self._gate = gate

    def ended(self, task: Task) -> None:
        self._left -= 1
        if self._left == 0 and not self._gate.done():
            self._gate.set_result(None)


class _Calling:
    """Has somebody called once a task has ended."""

    __slots__ = ("_loop", "_what")

    def __init__(self, loop: asyncio.AbstractEventLoop, what: Callable[[], object]) -> None:
        self._loop, self._what = loop, what

    def ended(self, task: Task) -> None:
        self._loop.call_soon(self._what)


class LoopCarrier:
    """A core that only one event loop touches, and its connection; the disk waits in threads."""

    def __init__(self, terms: Terms, file: StateFile | None) -> None:
        self.last: Call | None = None
        """The last call that the verifier answered."""
        self._terms = terms
        self._file = file
        self._core = Core(terms, None if file is None else file.state)
        self._loop = asyncio.get_running_loop()
        self._begun = asyncio.Event()
        self._listeners: list[Callable[[int], object]] = []
        self._kept: asyncio.Queue[Kept] = asyncio.Queue()
        self._introduced: bytes | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Connects, and waits until there is a session.

        Raises:
            OSError: nobody is there, or does not answer in time.
            Error: as `zeta.connect` says.
        """
        try:
            async with asyncio.timeout(self._terms.timeout):
                reader = await self._connect()
                self._tasks = [asyncio.create_task(self._run(reader))]
                if self._file is not None:
                    self._tasks.append(asyncio.create_task(self._keep_all(self._file)))
                await self._begun.wait()
            if self._core.lost is not None:
                raise self._core.lost
        except TimeoutError:
            await self.close()
            why = f"nobody opens a session within `{self._terms.timeout}` seconds"
            raise NoAnswer(why) from None
        except BaseException:
            await self.close()
            raise

    @property
    def introduction(self) -> Introduction:
        """What the verifier's identity says of it."""
        return self._core.introduction

    def certification(self, epoch: int) -> bytes:
        """The certification of an epoch, as it was shown to this client."""
        return self._core.certification(epoch)

    def compare_with(self, certification: bytes) -> bool:
        """Whether this client was shown the same of its epoch."""
        return self._core.compare_with(certification)

    async def run(self, tasks: Sequence[Task], start: Callable[[Core, float], None]) -> None:
        """Starts tasks and waits until all of them have ended, well or not."""
        if not tasks:
            return
        gate: asyncio.Future[None] = self._loop.create_future()
        latch = _Latch(len(tasks), gate)
        for task in tasks:
            task.waiter = latch
        with self._turn() as core:
            start(core, self._loop.time())
        try:
            await gate
        except BaseException:
            with self._turn() as core:
                for task in tasks:
                    core.abandon(task)
            raise

    def watch(
        self, task: Task, start: Callable[[Core, float], None], what: Callable[[], object]
    ) -> None:
        """Starts a task, and has `what` called in the loop once it has ended."""
        task.waiter = _Calling(self._loop, what)
        with self._turn() as core:
            start(core, self._loop.time())

    def listen(self, what: Callable[[int], object]) -> None:
        """Has `what` called with each epoch that is certified."""
        self._listeners.append(what)

    async def close(self) -> None:
        """Says goodbye and ends the tasks; what was to be kept is."""
        with self._turn() as core:
            core.close()
        await self._kept.join()
        current = asyncio.current_task()
        ended = [task for task in self._tasks if task is not current]
        for task in ended:
            task.cancel()
        await asyncio.gather(*ended, return_exceptions=True)
        await self._leave()
        if self._timer is not None:
            self._timer.cancel()

    @contextmanager
    def _turn(self) -> Iterator[Core]:
        """Has the core do something; what then happened is sent and told."""
        yield self._core
        out = self._core.outgoing()
        if self._writer is not None and out:
            self._writer.write(bytes(out))
            out.clear()
        for event in self._core.events():
            self._tell(event)
        if self._core.lost is not None:
            self._begun.set()
        self._plan()

    def _plan(self) -> None:
        when = self._core.deadline
        if when < inf and (self._timer is None or when < self._timer.when()):
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(when, self._tick)

    def _tick(self) -> None:
        self._timer = None
        with self._turn() as core:
            core.tick(self._loop.time())

    def _tell(self, event: Event) -> None:
        if isinstance(event, Ended):
            if isinstance(event.task, Call) and event.task.answered is not None:
                self.last = event.task
            if event.task.waiter is not None:
                event.task.waiter.ended(event.task)
        elif isinstance(event, Introduced):
            self._introduced = event.introduction
        elif isinstance(event, Silent):
            if self._writer is not None:
                self._writer.transport.abort()
        elif isinstance(event, Opened | Reserve | EpochCertified):
            if isinstance(event, EpochCertified):
                for each in self._listeners:
                    self._loop.call_soon(each, event.epoch)
            if self._file is not None:
                self._kept.put_nowait(event)
            elif not isinstance(event, EpochCertified):
                self._loop.call_soon(self._was_kept, event)
        else:
            self._begun.set()

    async def _keep_all(self, file: StateFile) -> None:
        while True:
            what = await self._kept.get()
            try:
                await asyncio.to_thread(keep, file, what)
            except (OSError, Error) as error:
                with self._turn() as core:
                    core.give_up(StateUnusable(f"the state file cannot be written: {error}"))
            else:
                if not isinstance(what, EpochCertified):
                    self._was_kept(what)
            finally:
                self._kept.task_done()

    def _was_kept(self, what: Opened | Reserve) -> None:
        with self._turn() as core:
            core.kept(what, self._loop.time())

    async def _connect(self) -> asyncio.StreamReader:
        reader, writer = await asyncio.open_connection(self._terms.host, self._terms.port)
        self._writer = writer
        with self._turn() as core:
            core.connected(self._loop.time())
        return reader

    async def _leave(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
            try:
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    await writer.wait_closed()
            except OSError:
                writer.transport.abort()

    async def _run(self, first: asyncio.StreamReader) -> None:
        reader: asyncio.StreamReader | None = first
        try:
            while reader is not None:
                lost = await self._serve(reader)
                await self._leave()
                with self._turn() as core:
                    wait = core.disconnected(lost, self._loop.time())
                reader = await self._connect_again(wait)
        except Exception as error:
            with self._turn() as core:
                core.give_up(InternalError(f"the client failed: {error!r}"))

    async def _connect_again(self, wait: float | None) -> asyncio.StreamReader | None:
        """Tries until there is a connection; `None` where there will be none."""
        while wait is not None:
            await asyncio.sleep(wait)
            try:
                async with asyncio.timeout(min(self._terms.timeout, _CONNECT_SECONDS)):
                    return await self._connect()
            except OSError as error:
                with self._turn() as core:
                    lost = ConnectionLost(f"the server cannot be reached any more: {error}")
                    wait = core.disconnected(lost, self._loop.time())
        return None

    async def _serve(self, reader: asyncio.StreamReader) -> ConnectionLost:
        """Carries bytes until the connection ends; why it did."""
        try:
            while data := await reader.read(_READ):
                with self._turn() as core:
                    core.receive(data, self._loop.time())
                if self._introduced is not None:
                    await self._check()
                if self._core.lost is not None:
                    break
        except OSError as error:
            return ConnectionLost(f"the connection broke: {error}")
        except ConnectionLost as lost:
            return lost
        return ConnectionLost("the server ended the connection")

    async def _check(self) -> None:
        said, self._introduced = self._introduced, None
        assert said is not None
        try:
            introduction = await asyncio.to_thread(self._terms.check, said)
            with self._turn() as core:
                core.trusted(introduction, self._loop.time())
        except (Error, OSError) as error:
            with self._turn() as core:
                core.give_up(error)
