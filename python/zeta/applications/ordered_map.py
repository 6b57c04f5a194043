"""An ordered map with verified scans: each row holds the next key, so nothing can be left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from zeta.app import U64, Application, Max, Relation, check, row, transition
from zeta.errors import InvalidValue

KEY_BYTES_MAX = 256
Key = Annotated[bytes, Max(KEY_BYTES_MAX)]
Value = Annotated[bytes, Max(4096)]

PAGE = 8
"""Items that one call of `scan` returns at most."""


@row
class Entry:
    """A value, and the key after its own."""

    next: Key | None
    value: Value


@row
class Item:
    """A key and its value."""

    key: Key
    value: Value


def linked(items: Mapping[bytes, bytes]) -> dict[str, Any]:
    """The rows of a map that holds these items: `zeta.open(linked(items), app=OrderedMap)`.

    Raises `InvalidValue` where the empty key is among them.
    """
    if b"" in items:
        raise InvalidValue("a key has at least one byte")
    entries = {}
    following: bytes | None = None
    for key in sorted(items, reverse=True):
        entries[key] = Entry(following, items[key])
        following = key
    entries[b""] = Entry(following, b"")
    return {"entries": entries, "sizes": {False: len(items)}}


class OrderedMap(Application):
    """Values by key, in the order of their bytes. The empty key is the list's head, not a user's.

    Whoever adds or removes a key, or begins a scan, names the last present key before it. That is
    the host's word, and the transition checks it: before < key <= the key after `before`.
    `zeta.applications.ordered_store` finds these keys, and offers ranges and prefixes.
    """

    entries: Relation[Key, Entry]
    sizes: Relation[bool, U64]

    @transition
    def get(self, key: Key) -> Value | None:
        """Reads a value; `None` where the key is absent."""
        found = self.entries.get(key)
        if found is None or len(key) == 0:
            return None
        return found.value

    @transition
    def put(self, key: Key, value: Value, before: Key) -> bool:
        """Writes a value; whether the key is new. `before` matters only if it is."""
        check(len(key) > 0, "a key has at least one byte")
        found = self.entries.get(key)
        if found is not None:
            self.entries[key] = replace(found, value=value)
            return False
        previous = self._before(key, before)
        self.entries[before] = replace(previous, next=key)
        self.entries[key] = Entry(previous.next, value)
        self.sizes[False] = self._size() + 1
        return True

    @transition
    def delete(self, key: Key, before: Key) -> bool:
        """Removes a key; whether it was present."""
        found = self.entries.get(key)
        if found is None or len(key) == 0:
            return False
        previous = self._before(key, before)
        self.entries[before] = replace(previous, next=found.next)
        del self.entries[key]
        self.sizes[False] = self._size() - 1
        return True

    @transition
    def scan(self, start: Key, before: Key) -> Annotated[list[Item], Max(PAGE)]:
        """The first items from `start` on. Fewer than `PAGE` say that there are no more."""
        check(len(start) > 0, "a key has at least one byte")
        found: Annotated[list[Item], Max(PAGE)] = []
        key = self._before(start, before).next
        for _ in range(PAGE):
            if key is not None:
                entry = self.entries[key]
                found.append(Item(key, entry.value))
                key = entry.next
        return found

    @transition
    def size(self) -> U64:
        """How many keys there are."""
        return self._size()

    def _size(self) -> U64:
        found = self.sizes.get(False)
        return U64(0) if found is None else found

    def _before(self, key: Key, before: Key) -> Entry:
        check(before < key, "the key named as the one before is not")
        previous = Entry(None, b"")
        if len(before) > 0:
            found = self.entries.get(before)
            if found is None:
                check(False, "the key named as the one before is absent")
            previous = found
        else:
            head = self.entries.get(before)
            if head is not None:
                previous = head
        after = previous.next
        check(after is None or key <= after, "the key named as the one before is not the last")
        return previous
