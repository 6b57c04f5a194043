"""A store of an ordered map: ranges and prefixes, over an index that nobody has to believe."""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from zeta.applications.ordered_map import KEY_BYTES_MAX, PAGE, Item, OrderedMap
from zeta.argument import byte_string
from zeta.column import BytesLike
from zeta.errors import InvalidType
from zeta.operation import Operation

if TYPE_CHECKING:
    from zeta.application_store import ApplicationStore

_FIRST = b"\0"


class OrderedStore:
    """An ordered map in a verified store, asked by keys alone.

    To add or remove a key, or to begin a scan, the map's transitions want to be told the key
    before. This class keeps all keys in a sorted list to find it. The list is the host's word: the
    transitions check what it says, so a wrong list makes calls fail with `CheckFailed` ("the key
    named as the one before ..."), and never leaves a key out or orders keys wrongly. Threads may
    share an instance. Adding a key moves those behind it in the list: 0.5 ms at a million.
    """

    def __init__(self, store: ApplicationStore, keys: Iterable[bytes] | None = None) -> None:
        """Takes a store that was opened with `app=OrderedMap`.

        `keys` are those that it holds, in any order: whoever opened it with data knows them. Else
        a verified walk finds them, which brings every record out of the tree.
        """
        if store.app is not OrderedMap:
            raise InvalidType(f"expected a store of `OrderedMap`, not of `{store.app.__name__}`")
        self.store = store
        """The store itself: its epochs, its certification, its statistics."""
        self._lock = threading.RLock()
        self._keys: list[bytes] = [] if keys is None else sorted(keys)
        if keys is None:
            self.rebuild()

    def rebuild(self) -> None:
        """Learns all keys anew, by a verified walk: where others write to the store, too."""
        with self._lock:
            self._keys = []
            for page in self.pages():
                self._keys.extend(item.key for item in page.result)

    def get(self, key: BytesLike) -> bytes | None:
        """Reads a value; `None` where the key is absent."""
        found: bytes | None = self.store.get(byte_string(key))
        return found

    def put(self, key: BytesLike, value: BytesLike) -> bool:
        """Writes a value; whether the key is new.

        Raises `CheckFailed` where the key is empty, or where the index was wrong.
        """
        key, value = byte_string(key), byte_string(value)
        with self._lock:
            is_new: bool = self.store.put(key, value, self._before(key))
            if is_new:
                insort(self._keys, key)
            return is_new

    def delete(self, key: BytesLike) -> bool:
        """Removes a key; whether it was present. Raises `CheckFailed` where the index was wrong."""
        key = byte_string(key)
        with self._lock:
            was_present: bool = self.store.delete(key, self._before(key))
            at = bisect_left(self._keys, key)
            if self._keys[at : at + 1] == [key]:
                del self._keys[at]
            return was_present

    def range(
        self, low: BytesLike = b"", high: BytesLike | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """The items from `low` up to but without `high`, in order; `None` is up to the end.

        Nothing between is left out, by the proof of each page: see `pages`.
        """
        for page in self.pages(low, high):
            for item in page.result:
                yield item.key, item.value

    def prefix(self, prefix: BytesLike) -> Iterator[tuple[bytes, bytes]]:
        """The items whose keys begin with `prefix`, in order; nothing is left out."""
        prefix = byte_string(prefix)
        return self.range(prefix, _next_prefix(prefix))

    def pages(
        self, low: BytesLike = b"", high: BytesLike | None = None
    ) -> Iterator[Operation[list[Item]]]:
        """A range in pages, each with the epoch that certifies it.

        Each page is a transition of its own, and shows a part of the map as it was at one moment.
        Between two pages others may write: a scan of several pages is no snapshot. Raises
        `CheckFailed` where the index was wrong.
        """
        start: bytes | None = byte_string(low) or _FIRST
        end = None if high is None else byte_string(high)
        while start is not None and (end is None or start < end):
            with self._lock:
                page = self.store.op.scan(start, self._before(start))
            items = [item for item in page.result if end is None or item.key < end]
            yield Operation(self.store, items, page.epoch)
            if len(items) < PAGE:
                return
            start = _next_key(items[-1].key)

    def __len__(self) -> int:
        """How many keys there are, as the store counts them."""
        return int(self.store.size())

    def _before(self, key: bytes) -> bytes:
        """The last key before this one, by the index; the empty one where there is none."""
        at = bisect_left(self._keys, key)
        return self._keys[at - 1] if at else b""


def _next_key(key: bytes) -> bytes | None:
    """The least key after this one that is not too long; `None` after the last of all."""
    return key + b"\0" if len(key) < KEY_BYTES_MAX else _next_prefix(key)


def _next_prefix(prefix: bytes) -> bytes | None:
    """The least string after all that begin with this one; `None` where there is none."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else None
