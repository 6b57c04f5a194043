"""What a batch returns: a column of values, and the epoch that will certify them."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, overload

from zeta import _native
from zeta.argument import whole_number
from zeta.errors import InvalidType, InvalidValue

if TYPE_CHECKING:
    import numpy
    import pyarrow

_WRONG_WIDTH = 4


class Values(Sequence[bytes | None]):
    """The values of a batch in the order of its operations; `None` where there is none.

    The values are provisional until `epoch` is certified.
    """

    __slots__ = ("_results",)

    def __init__(self, results: _native.Results) -> None:
        self._results = results

    @property
    def epoch(self) -> int:
        """The last epoch in which an operation of the batch ran: it certifies them all."""
        return self._results.epoch

    @property
    def present(self) -> "memoryview[bool]":
        """For each operation whether it has a value; `numpy.asarray` makes it an array of bool."""
        return memoryview(self._results.present).cast("?")

    def __len__(self) -> int:
        return len(self._results)

    @overload
    def __getitem__(self, index: int) -> bytes | None: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes | None]: ...
    def __getitem__(self, index: int | slice) -> bytes | list[bytes | None] | None:
        if isinstance(index, slice):
            return [self._results[i] for i in range(*index.indices(len(self)))]
        number = whole_number("index", index)
        if not -len(self) <= number < len(self):
            raise IndexError("a batch has no such operation")
        return self._results[number]

    def __iter__(self) -> Iterator[bytes | None]:
        return map(self._results.__getitem__, range(len(self._results)))

    def __repr__(self) -> str:
        return f"<{len(self)} values of epoch {self.epoch}>"

    def to_list(self) -> list[bytes | None]:
        """The values as a list."""
        return list(self)

    def to_numpy(self, dtype: "numpy.typing.DTypeLike | None" = None) -> "numpy.ndarray":
        """The values as an array without a copy; zeros where there is none.

        Only for a batch that was asked for values of one `width`. By default the shape is
        `(n, width)` of bytes; a `dtype` of that width, for instance `"<u8"`, gives `(n,)`.
        Raises `InvalidValue` where a value has another width.
        """
        import numpy

        width = self._results.width
        if width is None:
            raise InvalidValue("values of any length are no array: ask for values of one `width`")
        if _WRONG_WIDTH in self._results.statuses:
            index = self._results.statuses.index(_WRONG_WIDTH)
            raise InvalidValue(f"value `{index}` does not have the width of `{width}` bytes")
        if dtype is not None:
            try:
                kind = numpy.dtype(dtype)
            except (TypeError, ValueError) as error:
                raise InvalidType(f"`dtype` is none of numpy's: {error}") from None
            if kind.itemsize != width or kind.hasobject:
                raise InvalidValue(f"`{kind}` is no type of `{width}` bytes")
            return numpy.frombuffer(self._results.content, dtype=kind)
        return numpy.frombuffer(self._results.content, dtype="u1").reshape(-1, width)

    def to_arrow(self) -> "pyarrow.Array":
        """The values as an Arrow array of binary strings, null where there is none."""
        import pyarrow

        return pyarrow.array(self.to_list(), type=pyarrow.binary())


class Batch:
    """What the operations of one call returned."""

    __slots__ = ("values",)

    def __init__(self, values: Values) -> None:
        self.values = values
        """Of a get the value that it found; `None` for the rest."""

    @property
    def present(self) -> "memoryview[bool]":
        """Whether a get found a value, and whether a delete removed one."""
        return self.values.present

    @property
    def epoch(self) -> int:
        """The last epoch in which an operation of the batch ran: it certifies them all."""
        return self.values.epoch

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return f"<batch of {len(self)} operations in epoch {self.epoch}>"
