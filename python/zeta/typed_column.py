"""Columns of typed values, as the encodings of many calls' arguments, or of keys and rows.

A column is an array of numpy, an Arrow array, or any iterable of Python's values. One value stands
for a column of the same value. A column of rows may be a mapping of names to columns, and one of
tuples a tuple of columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from zeta import _native
from zeta.app.relation import Table
from zeta.app.types import (
    LEAVES,
    Boolean,
    Bytes,
    Enumeration,
    Fixed,
    Flat,
    Integer,
    Leaf,
    Optional,
    Structure,
    Text,
    Type,
    flatten,
)
from zeta.app.values import admitted, parts_of
from zeta.column import column
from zeta.errors import InvalidType, InvalidValue


@dataclass(frozen=True, slots=True)
class Part:
    """The column of one flat value: its bytes, and where it is optional, which are there."""

    flat: Flat
    column: _native.Column
    present: bytes | None

    def native(self) -> tuple[str, str, int, _native.Column, bytes | None]:
        form, limit = _form_of(self.flat.leaf)
        return self.flat.name, form, limit, self.column, self.present


class _Columns(tuple[Any, ...]):
    """The columns of what is inside of a row or a tuple, in order."""


def argument_column(
    names: Sequence[str], types: Sequence[Type], given: Sequence[Any]
) -> _native.Column:
    """The encoded arguments of many calls, from a column for each argument.

    Raises `InvalidType` and `InvalidValue`, which name the argument and the row.
    """
    columns = [_settled(type_, one) for type_, one in zip(types, given, strict=True)]
    lengths = [_rows(*pair) for pair in zip(types, columns, strict=True)]
    if max(lengths, default=-1) < 0:
        raise InvalidValue("a batch takes a column for at least one argument")
    rows = next(length for length in lengths if length >= 0)
    return _joined(names, types, columns, rows, bare=False)


def record_columns(table: Table, records: Any) -> tuple[_native.Column, _native.Column]:
    """The encoded keys and rows of a relation's records.

    These are a mapping, an iterable of pairs, or a tuple of a column of keys and one of rows.
    """
    if isinstance(records, Mapping):
        keys, rows = list(records), list(records.values())
    elif isinstance(records, tuple) and len(records) == 2:
        keys, rows = records
    elif isinstance(records, Iterable):
        pairs = list(records)
        if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
            raise InvalidType(f"the records of `{table.name}` are pairs of a key and a row")
        keys, rows = [key for key, _ in pairs], [row for _, row in pairs]
    else:
        raise InvalidType(f"`{table.name}` has records, not `{type(records).__name__}`")
    names = [f"{table.name} key", f"{table.name} row"]
    settled = [_settled(table.key, keys), _settled(table.row, rows)]
    count = _rows(table.key, settled[0])
    if count < 0:
        raise InvalidType(f"the keys of `{table.name}` are a column, not one value")
    encoded = [
        _joined([name], [type_], [one], count, bare=True)
        for name, type_, one in zip(names, (table.key, table.row), settled, strict=True)
    ]
    return encoded[0], encoded[1]


def record_bytes(type_: Type, value: Any, name: str) -> bytes:
    """The encoding of one key or row."""
    checked = admitted(type_, value, name)
    flats = flatten(type_, name)
    out = bytearray()
    for at, (flat, leaf) in enumerate(zip(flats, _leaves(type_, checked), strict=True)):
        if flat.optional:
            out.append(leaf is not None)
        if leaf is None:
            continue
        raw = _leaf_bytes(flat.leaf, leaf)
        if isinstance(flat.leaf, Bytes | Text) and at < len(flats) - 1:
            out.extend(len(raw).to_bytes(4, "little"))
        out.extend(raw)
    return bytes(out)


def _joined(
    names: Sequence[str], types: Sequence[Type], columns: Sequence[Any], rows: int, *, bare: bool
) -> _native.Column:
    parts = [
        part.native()
        for name, type_, one in zip(names, types, columns, strict=True)
        for part in _parts(type_, one, name, rows)
    ]
    return _native.join_columns(rows, parts, bare)


def _settled(type_: Type, given: Any) -> Any:
    """The column, with a length."""
    if isinstance(type_, Structure) and isinstance(given, tuple if type_.cls is None else Mapping):
        if isinstance(given, Mapping):
            missing = [name for name in type_.names if name not in given]
            unknown = [name for name in given if name not in type_.names]
            if missing or unknown:
                raise InvalidValue(f"the columns of `{type_}` are `{list(type_.names)}`")
            given = tuple(given[name] for name in type_.names)
        if len(given) != len(type_.types):
            raise InvalidValue(f"`{type_}` has `{len(type_.types)}` columns, not `{len(given)}`")
        pairs = zip(type_.types, given, strict=True)
        return _Columns(_settled(inner, one) for inner, one in pairs)
    if _is_one(type_, given) or hasattr(given, "__len__"):
        return given
    if not isinstance(given, Iterable):
        raise InvalidType(f"expected a column of `{type_}`, not `{type(given).__name__}`")
    return list(given)


def _is_one(type_: Type, given: Any) -> bool:
    """Whether this is one value for all rows."""
    match type_:
        case Optional(inner):
            return given is None or _is_one(inner, given)
        case Integer():
            return isinstance(given, int | np.integer)
        case Boolean():
            return isinstance(given, bool | np.bool_)
        case Text():
            return isinstance(given, str)
        case Bytes() | Fixed():
            return isinstance(given, bytes | bytearray)
        case Enumeration():
            return isinstance(given, Enum)
        case Structure(cls):
            return cls is not None and isinstance(given, cls)
        case _:
            return False


def _rows(type_: Type, settled: Any) -> int:
    """How many rows a column has; -1 for one value."""
    if isinstance(type_, Structure) and isinstance(settled, _Columns):
        return max((_rows(*pair) for pair in zip(type_.types, settled, strict=True)), default=-1)
    return -1 if _is_one(type_, settled) else len(settled)


def _parts(type_: Type, given: Any, name: str, rows: int) -> Iterator[Part]:
    if isinstance(type_, Structure) and isinstance(given, _Columns):
        for inner_name, inner, one in zip(type_.names, type_.types, given, strict=True):
            yield from _parts(inner, one, f"{name}.{inner_name}", rows)
        return
    flats = flatten(type_, name)
    if _is_one(type_, given):
        value = admitted(type_, given.item() if isinstance(given, np.generic) else given, name)
        for flat, leaf in zip(flats, _leaves(type_, value), strict=True):
            present = bytes([leaf is not None]) * rows if flat.optional else None
            raw = b"" if leaf is None else _leaf_bytes(flat.leaf, leaf)
            yield Part(flat, _native.Column.same(raw), present)
    elif isinstance(type_, LEAVES):
        yield Part(flats[0], _leaf_column(type_, given, name), None)
    else:
        yield from _transposed(type_, given, flats, name)


def _transposed(type_: Type, given: Any, flats: list[Flat], name: str) -> Iterator[Part]:
    """The columns of the values inside of Python's values, one by one."""
    if hasattr(given, "to_pylist"):
        given = given.to_pylist()
    rows = [
        list(_leaves(type_, admitted(type_, one, f"{name}[{i}]"))) for i, one in enumerate(given)
    ]
    for at, flat in enumerate(flats):
        leaves = [row[at] for row in rows]
        present = bytes(leaf is not None for leaf in leaves) if flat.optional else None
        empty = b"" if isinstance(flat.leaf, Bytes | Text) else b"\0" * _form_of(flat.leaf)[1]
        raws = [empty if leaf is None else _leaf_bytes(flat.leaf, leaf) for leaf in leaves]
        yield Part(flat, _native.Column.strings(raws), present)


def _leaves(type_: Type, value: Any) -> Iterator[Any]:
    """The flat values of an admitted value, in the order of `flatten`; `None` where absent."""
    match type_:
        case Structure(_, _, types):
            for inner, part in zip(types, parts_of(type_, value), strict=True):
                yield from _leaves(inner, part)
        case Optional(Structure() as inner):
            yield value is not None
            if value is None:
                yield from (None for _ in flatten(inner, ""))
            else:
                yield from _leaves(inner, value)
        case Optional(inner):
            yield value
        case _:
            yield value


def _leaf_bytes(leaf: Leaf, value: Any) -> bytes:
    """The bytes of a leaf, without their length."""
    match leaf:
        case Boolean():
            return b"\1" if value else b"\0"
        case Integer():
            return int.to_bytes(value, leaf.width, "little", signed=leaf.low < 0)
        case Enumeration():
            return bytes([leaf.members.index(value)])
        case _:
            return value.encode() if isinstance(value, str) else bytes(value)


def _form_of(leaf: Leaf) -> tuple[str, int]:
    """How a leaf is checked and written, and its limit."""
    match leaf:
        case Boolean():
            return "case", 2
        case Enumeration():
            return "case", len(leaf.members)
        case Integer():
            return "fixed", leaf.width
        case Fixed(length):
            return "fixed", length
        case Text(longest):
            return "text", longest
        case Bytes(longest):
            return "bytes", longest


def _leaf_column(leaf: Leaf, given: Any, name: str) -> _native.Column:
    match leaf:
        case Integer():
            return _integers(leaf, given, name)
        case Boolean():
            array = _array(given)
            if array.dtype.kind != "b" and len(array):
                raise InvalidType(f"`{name}` should be a column of `bool`, not `{array.dtype}`")
            return _native.Column.fixed(array.astype("u1").tobytes(), 1)
        case Enumeration():
            cases = [
                leaf.members.index(admitted(leaf, one, f"{name}[{i}]"))
                for i, one in enumerate(given)
            ]
            return _native.Column.fixed(bytes(cases), 1)
        case Text():
            return _texts(given)
        case _:
            return column(given)


def _integers(leaf: Integer, given: Any, name: str) -> _native.Column:
    array = _array(given)
    if array.dtype.kind == "O":
        # Among Python's integers some are beyond 64 bits, or are none.
        raws = [
            _leaf_bytes(leaf, admitted(leaf, one, f"{name}[{i}]"))
            for i, one in enumerate(array.tolist())
        ]
        return _native.Column.fixed(b"".join(raws), leaf.width)
    if array.dtype.kind not in "iu" and len(array):
        raise InvalidType(f"`{name}` should be a column of `{leaf}`, not `{array.dtype}`")
    if array.ndim != 1:
        raise InvalidType(f"`{name}` should have one dimension, not `{array.ndim}`")
    if len(array) and not (leaf.holds(int(array.min())) and leaf.holds(int(array.max()))):
        row = next(i for i, one in enumerate(array.tolist()) if not leaf.holds(one))
        raise InvalidValue(
            f"`{name}[{row}]` is `{array[row]}`: `{leaf}` is {leaf.low} to {leaf.high}"
        )
    kind = "i" if leaf.low < 0 else "u"
    return _native.Column.fixed(array.astype(f"<{kind}{leaf.width}").tobytes(), leaf.width)


def _array(given: Any) -> np.ndarray[Any, Any]:
    if hasattr(given, "to_numpy"):
        if getattr(given, "null_count", 0):
            raise InvalidValue(f"`{given.null_count}` of `{len(given)}` values are null")
        given = given.to_numpy(zero_copy_only=False) if hasattr(given, "type") else given.to_numpy()
    if not isinstance(given, np.ndarray) and not hasattr(given, "__array_interface__"):
        return np.array(list(given), dtype=None if _fits_words(given) else object)
    return np.asarray(given)


def _fits_words(given: Any) -> bool:
    """Whether numpy makes of Python's values what they are."""
    kinds = set(map(type, given))
    return kinds == {bool} or (kinds == {int} and (min(given) >= -(2**63) and max(given) < 2**63))


def _texts(given: Any) -> _native.Column:
    if isinstance(given, np.ndarray) and given.dtype.kind == "S":
        width = given.dtype.itemsize
        bytes_ = np.ascontiguousarray(given).view("u1").reshape(-1, width)
        # Zeros at an element's end are no part of it.
        return column(given if bytes_[:, -1].all() else given.tolist())
    if isinstance(given, np.ndarray):
        return _native.Column.texts(given.tolist())
    if hasattr(given, "__arrow_c_array__") or hasattr(given, "combine_chunks"):
        import pyarrow

        if not isinstance(given, pyarrow.Array | pyarrow.ChunkedArray):
            given = pyarrow.array(given)
        return column(given.cast(pyarrow.large_binary()))
    return _native.Column.texts(given)
