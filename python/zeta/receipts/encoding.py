"""The one encoding of receipts and what belongs to them: a small, fixed part of CBOR, strictly.

Libraries for CBOR read many encodings of one map and do not say which one they read, and build
whatever the sender asks for on the way. A receipt must have one encoding, so this reads only that.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

from zeta.receipts.fault import (
    NotShortest,
    OutOfRange,
    TrailingBytes,
    Truncated,
    UnknownVersion,
    WrongKeys,
    WrongLength,
    WrongType,
)

# The major type of a field, and its largest number or its number of bytes.
Field: TypeAlias = tuple[int, int | None]

_VERSION = 1
_UNSIGNED, _BYTES, _ARRAY, _MAP = 0, 2, 4, 5
# Lengths of a number by its head's low five bits; a number that needs fewer bytes must use them.
_WIDTHS = {24: 1, 25: 2, 26: 4, 27: 8}
_SMALLEST = {24: 24, 25: 1 << 8, 26: 1 << 16, 27: 1 << 32}
_HASH_HEAD = b"\x58\x20"
_HASH_SIZE = 32

U8: Field = (_UNSIGNED, (1 << 8) - 1)
U16: Field = (_UNSIGNED, (1 << 16) - 1)
U32: Field = (_UNSIGNED, (1 << 32) - 1)
U64: Field = (_UNSIGNED, (1 << 64) - 1)
BYTES: Field = (_BYTES, None)
HASHES: Field = (_ARRAY, None)


def octets(size: int) -> Field:
    """A field that holds `size` bytes."""
    return _BYTES, size


def decode(data: bytes, fields: Sequence[Field]) -> list[Any]:
    """The values of a map: a version under key 1, and under 2, 3, .. one for each field.

    Raises:
        ReceiptError: the bytes are not the one encoding of such a map.
    """
    count, at = _head(data, 0, _MAP)
    if count != len(fields) + 1:
        raise WrongKeys(f"it has `{count}` entries, and must have `{len(fields) + 1}`")
    values: list[Any] = []
    for key, (kind, limit) in enumerate((U64, *fields), 1):
        # Whoever verifies many receipts spends most of the time here: no call for a short head.
        if data[at : at + 1] != _KEYS[key]:
            found, _ = _head(data, at, _UNSIGNED)
            raise WrongKeys(f"key `{found}` stands where key `{key}` belongs")
        at += 1
        first = data[at] if at < len(data) else -1
        if first >> 5 == kind and first & 31 < 24:
            value, at = first & 31, at + 1
        else:
            value, at = _head(data, at, kind)
        if kind == _UNSIGNED:
            if limit is not None and value > limit:
                raise OutOfRange(f"the number `{value}` before byte `{at}` is above `{limit}`")
            if key == 1 and value != _VERSION:
                raise UnknownVersion(f"it is of version `{value}`, and only `1` is known")
            values.append(value)
        elif kind == _BYTES:
            if limit is not None and value != limit:
                raise WrongLength(f"`{value}` bytes follow byte `{at}`, and must be `{limit}`")
            values.append(_octets(data, at, value))
            at += value
        else:
            hashes, at = _hashes(data, at, value)
            values.append(hashes)
    if at != len(data):
        raise TrailingBytes(f"`{len(data) - at}` bytes follow the map")
    return values


def _octets(data: bytes, at: int, length: int) -> bytes:
    if at + length > len(data):
        raise Truncated(f"`{length}` bytes are to follow byte `{at}`, and fewer are left")
    return data[at : at + length]


def _hashes(data: bytes, at: int, count: int) -> tuple[tuple[bytes, ...], int]:
    found = []
    for _ in range(count):
        if data[at : at + len(_HASH_HEAD)] != _HASH_HEAD:
            length, at = _head(data, at, _BYTES)
            raise WrongLength(f"a hash of `{length}` bytes stands before byte `{at}`")
        at += len(_HASH_HEAD)
        found.append(_octets(data, at, _HASH_SIZE))
        at += _HASH_SIZE
    return tuple(found), at


def _head(data: bytes, at: int, kind: int) -> tuple[int, int]:
    """The number or length that begins an item of this kind, and where it ends."""
    if at >= len(data):
        raise Truncated(f"it ends at byte `{at}`, before its last field")
    first = data[at]
    major, low = first >> 5, first & 31
    at += 1
    if major == kind and low < 24:
        return low, at
    if major != kind:
        raise WrongType(f"the item at byte `{at - 1}` is of another type than its key asks for")
    if low not in _WIDTHS:
        raise NotShortest(f"the length at byte `{at - 1}` is left open, or none of CBOR's")
    end = at + _WIDTHS[low]
    if end > len(data):
        raise Truncated(f"it ends inside the number at byte `{at - 1}`")
    value = int.from_bytes(data[at:end], "big")
    if value < _SMALLEST[low]:
        raise NotShortest(f"the number `{value}` at byte `{at - 1}` is written longer than need be")
    return value, end


_KEYS = tuple(bytes([key]) for key in range(24))  # a map with more has longer keys


def encode(values: Sequence[int | bytes | Sequence[bytes]]) -> bytes:
    """The one encoding of the map from 1, 2, .. to these values."""
    parts = [_item_head(_MAP, len(values))]
    for key, value in enumerate(values, 1):
        parts.append(_item_head(_UNSIGNED, key))
        if isinstance(value, int):
            parts.append(_item_head(_UNSIGNED, value))
        elif isinstance(value, bytes):
            parts += (_item_head(_BYTES, len(value)), value)
        else:
            parts.append(_item_head(_ARRAY, len(value)))
            for item in value:
                parts += (_item_head(_BYTES, len(item)), item)
    return b"".join(parts)


def _item_head(kind: int, value: int) -> bytes:
    if value < 24:
        return bytes([kind << 5 | value])
    low = max(low for low, smallest in _SMALLEST.items() if value >= smallest)
    return bytes([kind << 5 | low]) + value.to_bytes(_WIDTHS[low], "big")
