"""The summary of a data set: what a verifier adopts, recomputed by whoever owns the data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from zeta import _native
from zeta.argument import byte_string
from zeta.column import BytesLike, Data, columns
from zeta.errors import InvalidType, InvalidValue

if TYPE_CHECKING:
    from zeta.answer import Pointer, Pointers
    from zeta.app import Application

RelationColumns: TypeAlias = tuple[int, _native.Column, _native.Column]


@dataclass(frozen=True, slots=True)
class Summary:
    """The root of the canonical tree over a data set; equal data sets have equal summaries.

    It is public. Keep it apart from the host: a store opened with it serves these data or fails.
    """

    root: "Pointers"
    """What the verifier adopts."""
    records: int
    """Number of records."""

    @classmethod
    def from_bytes(cls, encoded: BytesLike) -> "Summary":
        """The summary that `bytes(summary)` encoded; raises `InvalidValue` for other bytes."""
        encoded = byte_string(encoded)
        records = int.from_bytes(encoded[-8:], "little")
        return cls(_native.decode_pointers(encoded[:-8]), records)

    @classmethod
    def from_hex(cls, text: str) -> "Summary":
        """The summary that `hex` printed; raises `InvalidValue` for other text."""
        if not isinstance(text, str):
            raise InvalidType(f"`text` is text, not `{type(text).__name__}`")
        try:
            encoded = bytes.fromhex(text)
        except ValueError:
            raise InvalidValue("the text is not one of hexadecimal digits") from None
        return cls.from_bytes(encoded)

    @property
    def left(self) -> "Pointer | None":
        """The left half of the root's value."""
        return self.root.left

    @property
    def right(self) -> "Pointer | None":
        """The right half of the root's value."""
        return self.root.right

    @property
    def fingerprint(self) -> str:
        """64 hexadecimal digits to compare by eye: SHA-256 of the encoding."""
        import hashlib

        return hashlib.sha256(bytes(self)).hexdigest()

    def hex(self) -> str:
        """The encoding in hexadecimal digits."""
        return bytes(self).hex()

    def __bytes__(self) -> bytes:
        return _native.encode_pointers(self.root) + self.records.to_bytes(8, "little")

    def __str__(self) -> str:
        return self.fingerprint


def summary(data: "Data | Mapping[str, Any]", app: "type[Application] | None" = None) -> Summary:
    """The summary of a data set: a mapping, an iterable of pairs, or a tuple of two columns.

    For an application, a mapping of its relations' names to such data. Raises `InvalidValue` where
    two records have one key, or one is over the limits of a store.
    """
    return summary_of(relation_columns(data, app))


def summary_of(data: Sequence[RelationColumns]) -> Summary:
    """The summary of records in columns."""
    records = sum(len(keys) for _, keys, _ in data)
    return Summary(_native.decode_pointers(_native.summarize(data)), records)


def relation_columns(
    data: "Data | Mapping[str, Any]", app: "type[Application] | None"
) -> list[RelationColumns]:
    """The keys and rows of each relation of a data set, in columns."""
    if app is None:
        return [(0, *columns(cast("Data", data)))]
    from zeta.typed_column import record_columns

    if not isinstance(data, Mapping):
        raise InvalidType(
            "the data of an application are a mapping of its relations' names to their records, "
            f"not `{type(data).__name__}`"
        )
    found = []
    for name, records in data.items():
        table = app.relations.get(str(name))
        if table is None:
            raise InvalidValue(f"`{app.__name__}` has no relation `{name!s}`")
        found.append((table.index, *record_columns(table, records)))
    return found
