"""Traces: files of accesses, recognised, read and refused with a reason."""

from __future__ import annotations

import codecs
import csv
import io
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zeta.errors import InvalidValue
from zeta.workload.operations import DELETE, GET, PUT, Numbers, Operations, value_bytes, write_share

FORMATS = ("auto", "xz", "u32", "csv")

# Its licence asks that whoever shows figures of it says where it comes from.
REAL_TRACE = "orm-busy"
_ATTRIBUTION = (
    "`orm-busy`: an e-commerce database during a busy daytime; "
    "copyright headissue GmbH, Jens Wilke; CC BY 4.0"
)

_XZ_START = b"\xfd7zXZ\x00"
_XZ_END = b"YZ"
_OTHER_FORMATS = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"PK\x03\x04": "zip",
    b"\x7fELF": "an executable",
    b"\x89PNG": "an image",
}
_RAW_SUFFIXES = {".u32", ".trace", ".bin"}
_CHUNK = 4 << 20
_KINDS = {"get": GET, "put": PUT, "delete": DELETE}


class TraceError(InvalidValue):
    """The file is not a trace, or not a whole one: the fault of whoever made or named it."""


@dataclass(frozen=True, slots=True)
class Trace:
    """All accesses of a trace, as operations, and what has to be loaded before the first."""

    operations: Operations
    loaded: Numbers
    distinct: int


def read_trace(
    path: Path,
    format_name: str = "auto",
    *,
    limit: int | None = None,
    read_share: float = 0.95,
    value_size: int = 8,
) -> Trace:
    """Reads the first `limit` accesses.

    A trace of ids has neither kinds nor values: writes are spread evenly so that reads have
    `read_share`, a value is named by its access number, and every object exists beforehand.
    A CSV says it all, but for the value of a put that has none: `value_size` bytes then.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    if not start:
        raise TraceError(f"`{path}` is empty")
    if format_name == "auto":
        format_name = recognise(path, start)
    if format_name == "csv":
        return _from_csv(path, limit, value_size)
    ids = _concatenate(_xz_chunks(path, start) if format_name == "xz" else _chunks(path), limit)
    if not len(ids):
        raise TraceError(f"`{path}` holds no access")
    return _from_ids(ids, read_share)


def attribution(path: Path) -> str:
    """Whom to name beside figures of this trace; empty where we know of nobody."""
    return _ATTRIBUTION if path.name.startswith(REAL_TRACE) else ""


def recognise(path: Path, start: bytes) -> str:
    """The format of a file that begins with `start`."""
    if start.startswith(_XZ_START):
        return "xz"
    if path.suffix == ".xz":
        raise TraceError(f"`{path}` is not a trace: it does not begin as xz does")
    for magic, name in _OTHER_FORMATS.items():
        if start.startswith(magic):
            raise TraceError(f"`{path}` is not a trace but {name}: xz, u32 and CSV can be read")
    if path.suffix == ".csv" or _is_csv(start):
        return "csv"
    if path.suffix in _RAW_SUFFIXES:
        return "u32"
    raise TraceError(
        f"`{path}` is not a trace that can be recognised: neither xz nor lines of `op,key[,value]` "
        "(for bare numbers of 32 bits say `--format u32`)"
    )


def _is_csv(start: bytes) -> bool:
    first = start.removeprefix(codecs.BOM_UTF8).split(b"\n", 1)[0].split(b",")
    return len(first) > 1 and first[0].strip().lower() in {b"op", *(k.encode() for k in _KINDS)}


def _from_ids(ids: NDArray[np.uint32], read_share: float) -> Trace:
    numbers = np.arange(len(ids), dtype=np.uint64)
    kinds = np.where(write_share(read_share, len(ids), 0), PUT, GET).astype(np.uint8)
    loaded = np.unique(ids).astype(np.uint64)
    return Trace(Operations(kinds, ids.astype(np.uint64), numbers), loaded, len(loaded))


def _concatenate(chunks: Iterator[bytes], limit: int | None) -> NDArray[np.uint32]:
    wanted = None if limit is None else limit * 4
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if wanted is not None and len(content) >= wanted:
            return np.frombuffer(bytes(content[:wanted]), "<u4")
    if len(content) % 4:
        raise TraceError(f"the trace is cut: {len(content)} bytes are not whole numbers of 4 bytes")
    return np.frombuffer(bytes(content), "<u4")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _xz_chunks(path: Path, start: bytes) -> Iterator[bytes]:
    if not start.startswith(_XZ_START):
        raise TraceError(f"`{path}` is not a trace: it does not begin as xz does")
    # Told by its end, a cut file is refused even if less is wanted than it still holds.
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        if not file.read().rstrip(b"\x00").endswith(_XZ_END):
            raise TraceError(f"the trace is cut: `{path}` ends before its xz stream does")
    try:
        with lzma.open(path) as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except (lzma.LZMAError, EOFError) as error:
        raise TraceError(f"the trace is cut or damaged: `{path}`: {error}") from error


def _from_csv(path: Path, limit: int | None, value_size: int) -> Trace:
    kinds: list[int] = []
    records: list[int] = []
    keys: list[bytes] = []
    values: list[bytes] = []
    numbered: dict[bytes, int] = {}
    for kind, key, value in _rows(path, limit):
        kinds.append(kind)
        records.append(numbered.setdefault(key, len(numbered)))
        keys.append(key)
        values.append(_derived(len(values), value_size) if value is None else value)
    if not kinds:
        raise TraceError(f"`{path}` holds no operation")
    operations = Operations(
        np.array(kinds, np.uint8),
        np.array(records, np.uint64),
        np.arange(len(kinds), dtype=np.uint64),
        keys,
        values,
    )
    return Trace(operations, np.empty(0, np.uint64), len(numbered))


def _rows(path: Path, limit: int | None) -> Iterator[tuple[int, bytes, bytes | None]]:
    count = 0
    csv.field_size_limit(4 * _VALUE_LEN_MAX)
    with path.open("rb") as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as text:
        rows = csv.reader(text, strict=True)
        try:
            for row in rows:
                if limit is not None and count >= limit:
                    return
                if not row or (rows.line_num == 1 and [c.strip() for c in row][:2] == _HEADER):
                    continue
                yield _row(row, f"`{path}` line {rows.line_num}")
                count += 1
        except UnicodeDecodeError as error:
            raise TraceError(f"`{path}` is not a trace: not text in UTF-8") from error
        except csv.Error as error:
            raise TraceError(f"`{path}` line {rows.line_num}: {error}") from error


def _row(row: list[str], where: str) -> tuple[int, bytes, bytes | None]:
    kind = _KINDS.get(row[0].strip().lower())
    if kind is None:
        raise TraceError(f"{where}: `{row[0][:40]}` is none of `get`, `put`, `delete`")
    value = row[2].encode() if len(row) > 2 and (kind == PUT or row[2]) else None
    if not 2 <= len(row) <= 3 or (kind != PUT and value is not None):
        wanted = "a key and perhaps a value" if kind == PUT else "a key and nothing else"
        raise TraceError(f"{where}: `{row[0]}` takes {wanted}")
    key = row[1].encode()
    for what, content, limit in (("key", key, _KEY_LEN_MAX), ("value", value, _VALUE_LEN_MAX)):
        if content is not None and len(content) > limit:
            raise TraceError(f"{where}: the {what} has {len(content)} bytes, the limit is {limit}")
    return kind, key, value if kind == PUT else b""


def _derived(number: int, size: int) -> bytes:
    return value_bytes(np.array([number], np.uint64), size).tobytes()


_HEADER = ["op", "key"]
_KEY_LEN_MAX = 4096
_VALUE_LEN_MAX = 1 << 20
