"""One client's connection at the server: what it may still send, and what it has not read."""

import asyncio

from zeta.network import Failed, Goodbye, Message, encode
from zeta.server.limits import Limits


class Connection:
    """Where answers go; no answer waits for a client that does not read."""

    def __init__(self, writer: asyncio.StreamWriter, limits: Limits) -> None:
        self._writer = writer
        self._limits = limits
        self._open = 0
        self._room = asyncio.Event()
        self.frame_max = limits.frame_max
        """The longest frame that the client takes; set from its hello."""
        self.subscribed = False

    @property
    def is_open(self) -> bool:
        return not self._writer.is_closing()

    def asked(self) -> None:
        """Counts a message that wants an answer."""
        self._open += 1

    async def room(self) -> None:
        """Waits until one more message may be taken, and the client reads what it was sent.

        Raises:
            TimeoutError: it does not read.
        """
        while self._open >= self._limits.in_flight and self.is_open:
            self._room.clear()
            await self._room.wait()
        async with asyncio.timeout(self._limits.read_seconds):
            await self._writer.drain()

    def answer(self, frames: bytes, count: int) -> None:
        """Sends answers to so many messages."""
        self._open -= count
        self._room.set()
        self.send(frames)

    def send(self, frames: bytes) -> None:
        """Sends, unless the client let too much pile up: then it is cut off."""
        if not self.is_open:
            return
        self._writer.write(frames)
        if self._writer.transport.get_write_buffer_size() > self._limits.unread:
            self.cut()

    def end(self, last: Failed | Goodbye) -> None:
        """Says why, or goodbye, and closes once that is sent."""
        self.send(encode(last))
        self._room.set()
        self._writer.close()

    async def finish(self) -> None:
        """Closes once everything that was asked is answered, and what was sent is read."""
        try:
            async with asyncio.timeout(self._limits.read_seconds):
                while self._open and self.is_open:
                    self._room.clear()
                    await self._room.wait()
                self._writer.close()
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self.cut()

    def cut(self) -> None:
        """Closes at once."""
        self._room.set()
        self._writer.transport.abort()

    def encoded(self, message: Message, instead: Failed) -> bytes:
        """The frame of an answer; of `instead` where the client does not take so long a one."""
        try:
            return encode(message, self.frame_max)
        except ValueError:
            return encode(instead)
