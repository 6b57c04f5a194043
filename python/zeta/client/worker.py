"""A thread of the blocking client that does one thing after another: callbacks, or writing."""

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

_log = logging.getLogger(__name__)


class Worker:
    """Begins its thread with the first thing that there is to do."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._queue: SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...]] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._is_closed = False

    def submit(self, what: Callable[..., Any], *args: Any) -> None:
        """Has something done after everything that was submitted before."""
        with self._starting:
            self._queue.put((what, args))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            if self._is_closed:
                self._end()

    def close(self) -> None:
        """Waits until everything is done, unless it is the thread itself that asks."""
        with self._starting:
            self._is_closed = True
            thread = self._thread
            self._end()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _end(self) -> None:
        """Whoever submits something afterwards begins another thread, for that alone."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread = None

    def _run(self) -> None:
        while (todo := self._queue.get()) is not None:
            what, args = todo
            try:
                what(*args)
            except Exception:
                # As the standard library does for callbacks: whoever gave it is not there to ask.
                _log.exception("a callback of a client raised")
