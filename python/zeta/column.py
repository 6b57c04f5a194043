"""Columns of byte strings from what callers have: arrays, Arrow buffers, or lists of bytes.

A fixed-width array gives its rows as they lie in memory, without an object for each: rows of an
`(n, width)` array of bytes, elements of an `S8` array with their trailing zeros, or integers as
their little-endian bytes.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from zeta import _native
from zeta.errors import InvalidType, InvalidValue

if TYPE_CHECKING:
    import pyarrow
    from typing_extensions import Buffer


class ArrowArray(Protocol):
    """Whatever exports itself through Arrow's C data interface."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        """The schema and the array as capsules."""


BytesLike: TypeAlias = bytes | bytearray | memoryview
# An array of numpy, or anything else with Arrow's interface or the buffer protocol.
Strings: TypeAlias = Iterable[BytesLike] | ArrowArray | Any
Data: TypeAlias = Mapping[bytes, bytes] | Iterable[tuple[bytes, bytes]] | tuple[Strings, Strings]

_FIXED_WIDTH = re.compile(r"[@=<]?(?P<kind>[bBhHiIlLqQc?]|\d*[sx])")


def column(strings: Strings) -> _native.Column:
    """A column of byte strings; raises `InvalidType` for what is none."""
    if isinstance(strings, str | bytes | bytearray):
        raise InvalidType("a batch takes many byte strings: pass a list or an array of them")
    if hasattr(strings, "__arrow_c_array__") or hasattr(strings, "combine_chunks"):
        return _from_arrow(strings)
    try:
        view = memoryview(cast("Buffer", strings))
    except (TypeError, ValueError, BufferError):
        return _from_iterable(strings)
    # An array of Python's objects is a list in disguise.
    return _from_iterable(strings) if view.format == "O" else _from_buffer(view)


def columns(data: Data) -> tuple[_native.Column, _native.Column]:
    """The keys and values of a data set."""
    if isinstance(data, Mapping):
        return _native.Column.pairs(data.items())
    if isinstance(data, tuple) and len(data) == 2 and not isinstance(data[0], tuple):
        keys, values = column(data[0]), column(data[1])
        if len(keys) != len(values):
            raise InvalidValue(f"there are `{len(keys)}` keys and `{len(values)}` values")
        return keys, values
    if isinstance(data, str | bytes | bytearray) or not isinstance(data, Iterable):
        raise InvalidType(
            "expected a mapping, an iterable of pairs, or a tuple of keys and values, "
            f"not `{type(data).__name__}`"
        )
    return _native.Column.pairs(data)


def _from_iterable(strings: object) -> _native.Column:
    if not isinstance(strings, Iterable):
        raise InvalidType(f"expected many byte strings, not `{type(strings).__name__}`")
    return _native.Column.strings(strings)


def _from_buffer(view: memoryview) -> _native.Column:
    known = _FIXED_WIDTH.fullmatch(view.format)
    if known is None or (sys.byteorder == "big" and view.itemsize > 1):
        raise InvalidType(
            f"an array of format `{view.format}` holds no byte strings: "
            "pass bytes, little-endian integers or `S` strings of fixed width"
        )
    match view.shape:
        case (_,) if view.itemsize > 1 or known["kind"].endswith("s"):
            width = view.itemsize
        case (_, columns) if view.itemsize == 1:
            width = columns
        case _:
            raise InvalidType(
                f"an array of shape `{view.shape}` and items of `{view.itemsize}` bytes is no "
                "column: pass `(n, width)` bytes, or `(n,)` wider items"
            )
    return _native.Column.fixed(view.tobytes(), width)


def _from_arrow(strings: Any) -> _native.Column:
    import pyarrow

    if isinstance(strings, pyarrow.ChunkedArray):
        strings = strings.combine_chunks()
    array: pyarrow.Array = strings if isinstance(strings, pyarrow.Array) else pyarrow.array(strings)
    if array.null_count:
        raise InvalidValue(f"`{array.null_count}` of `{len(array)}` strings are null")
    kind = array.type
    if pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind):
        return _from_arrow_offsets(array, 8 if pyarrow.types.is_large_binary(kind) else 4)
    if pyarrow.types.is_binary_view(kind):
        return _from_arrow_offsets(array.cast(pyarrow.large_binary()), 8)
    if pyarrow.types.is_fixed_size_binary(kind):
        width = kind.byte_width
    elif pyarrow.types.is_integer(kind):
        width = kind.bit_width // 8
    else:
        raise InvalidType(f"an Arrow array of `{kind}` holds no byte strings: cast it to `binary`")
    content = array.buffers()[1]
    start, end = array.offset * width, (array.offset + len(array)) * width
    return _native.Column.fixed(memoryview(content)[start:end].tobytes(), width)


def _from_arrow_offsets(array: "pyarrow.Array", width: int) -> _native.Column:
    _, offsets, content = array.buffers()
    if not len(array):
        return _native.Column.strings(())
    start, end = array.offset, array.offset + len(array) + 1
    view = memoryview(offsets)[start * width : end * width].cast("B")
    positions = view.cast("i" if width == 4 else "q")
    used = memoryview(content)[positions[0] : positions[-1]].tobytes() if content else b""
    return _native.Column.offsets(used, positions)
