"""Something that is about to be opened by coroutines: to await, or to enter."""

from collections.abc import Callable, Coroutine, Generator
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Generic, TypeVar

Opened = TypeVar("Opened", bound=AbstractAsyncContextManager[Any, Any])


class Opening(Generic[Opened]):
    """What `zeta.aio.open` and `zeta.aio.connect` return: `await` it, or enter it."""

    __slots__ = ("_begin", "_opened")

    def __init__(self, begin: Callable[[], Coroutine[Any, Any, Opened]]) -> None:
        self._begin = begin
        self._opened: Opened | None = None

    def __await__(self) -> Generator[Any, None, Opened]:
        return self._begin().__await__()

    async def __aenter__(self) -> Opened:
        self._opened = await self._begin()
        return self._opened

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._opened is not None:
            await self._opened.__aexit__(kind, error, traceback)
