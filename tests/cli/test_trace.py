"""Traces: what is read from them, and what is refused and why."""

import lzma
from pathlib import Path

import numpy as np
import pytest
from zeta.workload.operations import DELETE, GET, PUT, value_bytes
from zeta.workload.trace import TraceError, read_trace

IDS = np.array([7, 7, 9, 2**32 - 1, 7], "<u4")


@pytest.fixture
def xz(tmp_path: Path) -> Path:
    path = tmp_path / "ids.trace.xz"
    path.write_bytes(lzma.compress(IDS.tobytes()))
    return path


def test_xz_is_read_in_order(xz: Path):
    trace = read_trace(xz, read_share=0.5)
    assert trace.operations.records.tolist() == IDS.tolist()
    assert trace.operations.kinds.tolist() == [GET, PUT, GET, PUT, GET]
    assert trace.loaded.tolist() == [7, 9, 2**32 - 1]
    assert trace.distinct == 3


def test_limit_stops_early(xz: Path):
    assert len(read_trace(xz, limit=2).operations) == 2
    assert len(read_trace(xz, limit=100).operations) == 5


@pytest.mark.parametrize(
    ("share", "writes"), [(1.0, 0), (0.95, 1000), (0.5, 10_000), (0.0, 20_000)]
)
def test_writes_are_spread_evenly(tmp_path: Path, share: float, writes: int):
    path = tmp_path / "ids.u32"
    path.write_bytes(np.arange(20_000, dtype="<u4").tobytes())
    kinds = read_trace(path, read_share=share).operations.kinds
    assert np.count_nonzero(kinds == PUT) == writes
    halves = [np.count_nonzero(half == PUT) for half in np.split(kinds, 2)]
    assert abs(halves[0] - halves[1]) <= 1


def test_csv_says_it_all(tmp_path: Path):
    path = tmp_path / "operations.csv"
    path.write_text('op,key,value\nput,a,"1,5"\nGET,a\ndelete,a\nget,a\nput,b\n')
    operations = read_trace(path, value_size=4).operations
    assert operations.kinds.tolist() == [PUT, GET, DELETE, GET, PUT]
    assert operations.keys == [b"a", b"a", b"a", b"a", b"b"]
    assert operations.values is not None
    assert operations.values[0] == b"1,5"
    assert len(operations.values[4]) == 4
    assert operations.records.tolist() == [0, 0, 0, 0, 1]


def test_a_byte_order_mark_is_no_part_of_a_csv(tmp_path: Path):
    path = tmp_path / "from_a_spreadsheet.txt"
    path.write_text("op,key,value\nput,a,1\n", encoding="utf-8-sig")
    assert read_trace(path).operations.keys == [b"a"]


def test_the_longest_values_can_be_made_up():
    first, again, other = value_bytes(np.array([1, 1, 2], np.uint64), 1 << 20)
    assert (first == again).all()
    assert np.count_nonzero(first == other) < 1 << 14


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.trace.xz", b"", "is empty"),
        ("a.trace.xz", b"not a trace", "does not begin as xz"),
        ("a.txt", b"not a trace", "not a trace that can be recognised"),
        ("a.dat", bytes(range(256)), "not a trace that can be recognised"),
        ("a.u32", b"12345", "the trace is cut"),
        ("a.gz", b"\x1f\x8b\x08\x00", "but gzip"),
        ("a.csv", b"op,key\n", "holds no operation"),
        ("a.csv", b"put,a,1\nfly,a\n", "line 2: `fly` is none of"),
        ("a.csv", b"get,a\nget\n", "line 2: `get` takes a key and nothing else"),
        ("a.csv", b"get,a,b\n", "takes a key and nothing else"),
        ("a.csv", b"get,a\nget,\xff\n", "not text in UTF-8"),
        ("a.csv", b"get," + b"k" * 4097 + b"\n", "the key has 4097 bytes"),
        ("a.csv", b"put,k," + b"v" * (2**20 + 1) + b"\n", "the value has 1048577 bytes"),
    ],
)
def test_what_is_no_trace_is_refused(tmp_path: Path, name: str, content: bytes, why: str):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(TraceError, match=why):
        read_trace(path)


@pytest.mark.parametrize("kept", [8, 40, -1])
def test_a_cut_xz_is_refused_whatever_is_wanted(xz: Path, kept: int):
    xz.write_bytes(xz.read_bytes()[:kept])
    with pytest.raises(TraceError, match="cut"):
        read_trace(xz, limit=1)


def test_a_damaged_xz_is_refused(xz: Path):
    content = bytearray(xz.read_bytes())
    content[len(content) // 2] ^= 0xFF
    xz.write_bytes(content)
    with pytest.raises(TraceError, match="cut or damaged"):
        read_trace(xz)


def test_a_file_of_half_a_number_is_cut(tmp_path: Path):
    path = tmp_path / "ids.xz"
    path.write_bytes(lzma.compress(b"1234567"))
    with pytest.raises(TraceError, match="not whole numbers"):
        read_trace(path)


@pytest.mark.parametrize("size", [1, 7, 8, 9, 100])
def test_values_follow_from_their_numbers(size: int):
    numbers = np.array([0, 1, 1, 2**63], np.uint64)
    values = value_bytes(numbers, size)
    assert values.shape == (4, size)
    assert values[1].tobytes() == values[2].tobytes()
    assert len({row.tobytes() for row in values}) == 3
