"""The key-value application: values by key, as `zeta.open()` serves it."""

from __future__ import annotations

from typing import Annotated

from zeta.app import Application, Max, Relation, transition

Key = Annotated[bytes, Max(4096)]
Value = Annotated[bytes, Max(1 << 20)]


class KeyValue(Application):
    """Values by key."""

    records: Relation[Key, Value]

    @transition
    def get(self, key: Key) -> Value | None:
        """Reads a value; `None` where the key is absent."""
        return self.records.get(key)

    @transition
    def put(self, key: Key, value: Value) -> None:
        """Writes a value."""
        self.records[key] = value

    @transition
    def delete(self, key: Key) -> bool:
        """Makes a key absent; whether it was present."""
        found = key in self.records
        if found:
            del self.records[key]
        return found

    @transition
    def compare_and_set(self, key: Key, expected: Value | None, new: Value | None) -> bool:
        """Sets the value to `new` where it is `expected`; `None` is absent."""
        current = self.records.get(key)
        if current != expected:
            return False
        if new is not None:
            self.records[key] = new
        elif current is not None:
            del self.records[key]
        return True

    @transition
    def rename(self, source: Key, target: Key) -> bool:
        """Moves the value of `source` to `target`; whether there was one."""
        value = self.records.get(source)
        if value is None:
            return False
        # In this order, so that a rename to the same key leaves the value in place.
        del self.records[source]
        self.records[target] = value
        return True
