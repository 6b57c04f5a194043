"""Relations: tables of an application, as a class declares them and its functions use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from zeta.app.codec import decoded, encoded
from zeta.app.types import Flat, Structure, Type, flatten
from zeta.app.values import admitted

K = TypeVar("K")
V = TypeVar("V")


class Relation(Generic[K, V]):
    """A table: `accounts: Relation[Name, Account]` in the body of an application."""

    if TYPE_CHECKING:

        def __getitem__(self, key: K) -> V: ...

        def get(self, key: K) -> V | None: ...

        def __contains__(self, key: K) -> bool: ...

        def __setitem__(self, key: K, row: V) -> None: ...

        def __delitem__(self, key: K) -> None: ...


@dataclass(frozen=True)
class Table:
    """A relation that was declared: its place among the others, and its types."""

    index: int
    name: str
    key: Type
    row: Type

    def key_fields(self) -> list[Flat]:
        """The values of a key."""
        return _fields(self.key, "key")

    def row_fields(self) -> list[Flat]:
        """The values of a row."""
        return _fields(self.row, "value")

    def encode_key(self, key: Any) -> bytes:
        """A key as bytes; raises `InvalidType` or `InvalidValue`."""
        return encoded(self.key, admitted(self.key, key, "key"), is_record=True)

    def encode_row(self, row: Any) -> bytes:
        """A row as bytes; raises `InvalidType` or `InvalidValue`."""
        return encoded(self.row, admitted(self.row, row, "row"), is_record=True)

    def decode_row(self, data: bytes) -> Any:
        """The row of some bytes; raises `InvalidValue` where they are none."""
        return decoded(self.row, data, is_record=True)


def _fields(type_: Type, name: str) -> list[Flat]:
    # The fields of a row class are named as they are; what has no name is given one.
    named = isinstance(type_, Structure) and type_.cls is not None
    return flatten(type_, "" if named else name)
