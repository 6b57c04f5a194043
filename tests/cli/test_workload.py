"""Generated loads: their mixes, their skew, and the oracle that knows the answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from zeta.workload.operations import DELETE, GET, PUT, Operations, value_bytes
from zeta.workload.oracle import ABSENT, PlainDict, Table
from zeta.workload.popularity import TraceShape, Uniform, Zipfian, scatter
from zeta.workload.ycsb import MIXES, Ycsb

COUNT = 200_000


def random() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.mark.parametrize("theta", [0.5, 0.9, 0.99])
def test_zipfian_is_as_skewed_as_it_says(theta: float):
    records = 1000
    ranks = Zipfian(records, theta).ranks(COUNT, random())
    found = np.bincount(ranks.astype(np.intp), minlength=records) / COUNT
    weights = np.arange(1, records + 1) ** -theta
    wanted = weights / weights.sum()
    assert found[:2] == pytest.approx(wanted[:2], rel=0.1)
    # The closed form is approximate between; in sum it is close.
    assert np.cumsum(found)[[9, 99, 499]] == pytest.approx(
        np.cumsum(wanted)[[9, 99, 499]], abs=0.05
    )


@pytest.mark.parametrize("theta", [0.0, 1.0, -1.0, 1.5, float("nan")])
def test_zipfian_refuses_a_theta_that_it_cannot_draw(theta: float):
    with pytest.raises(ValueError, match="theta"):
        Zipfian(10, theta)


@pytest.mark.parametrize("records", [3, 10, 1000])
def test_ranks_are_records(records: int):
    for popularity in (Uniform(records), Zipfian(records, 0.9), TraceShape(records)):
        ranks = popularity.ranks(10_000, random())
        assert ranks.max() < records
        assert ranks.dtype == np.uint64


def test_the_shape_of_the_trace_is_kept():
    ranks = TraceShape(76_349).ranks(COUNT, random())
    for head, share in ((100, 0.107), (1000, 0.371), (10_000, 0.800)):
        assert np.count_nonzero(ranks < head) / COUNT == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("records", [1, 2, 3, 10, 1000, 4096])
def test_scatter_is_a_bijection(records: int):
    scattered = scatter(np.arange(records, dtype=np.uint64), records)
    assert sorted(scattered.tolist()) == list(range(records))


@pytest.mark.parametrize(
    ("name", "writes"),
    [("ycsb-a", 0.5), ("ycsb-b", 0.05), ("ycsb-c", 0.0), ("ycsb-d", 0.05), ("ycsb-f", 1 / 3)],
)
def test_a_mix_has_its_share_of_writes(name: str, writes: float):
    operations = Ycsb(MIXES[name], 1000, "zipfian", 0.9).draw(COUNT)
    assert np.count_nonzero(operations.kinds == PUT) / len(operations) == pytest.approx(
        writes, abs=0.01
    )


def test_read_modify_write_writes_what_it_read():
    operations = Ycsb(MIXES["ycsb-f"], 1000, "uniform", 0.9).draw(1000)
    writes = np.flatnonzero(operations.kinds == PUT)
    assert (operations.kinds[writes - 1] == GET).all()
    assert (operations.records[writes] == operations.records[writes - 1]).all()


def test_inserts_are_new_and_reads_find_them():
    source = Ycsb(MIXES["ycsb-d"], 100, "zipfian", 0.9)
    operations = source.draw(COUNT)
    inserted = operations.records[operations.kinds == PUT]
    assert inserted.tolist() == list(range(100, source.records))
    table = Table(100)
    table.load(np.arange(100, dtype=np.uint64), np.arange(100, dtype=np.uint64))
    answers = table.answers(operations)
    assert (answers[operations.kinds == GET] != ABSENT).all()


def test_the_same_seed_draws_the_same():
    first, second = (Ycsb(MIXES["ycsb-a"], 1000, "zipfian", 0.9).draw(100) for _ in range(2))
    assert first.records.tolist() == second.records.tolist()
    assert first.kinds.tolist() == second.kinds.tolist()


@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from([GET, PUT, DELETE]), st.integers(0, 12)),
            min_size=1,
            max_size=40,
        ),
        max_size=5,
    )
)
def test_the_table_answers_as_a_dict_does(runs: list[list[tuple[int, int]]]):
    table, plain = Table(5), PlainDict()
    loaded = np.arange(5, dtype=np.uint64)
    table.load(loaded, loaded)
    plain.load(loaded, loaded)
    number = 100
    for run in runs:
        kinds, records = np.array(run, np.uint64).T
        numbers = np.arange(number, number + len(run), dtype=np.uint64)
        operations = Operations(kinds.astype(np.uint8), records, numbers)
        assert table.answers(operations).tolist() == plain.answers(operations).tolist()
        number += len(run)


@pytest.mark.parametrize("size", [1, 8, 41, 1000])
def test_a_value_is_the_same_however_many_are_made_at_once(size: int):
    numbers = np.arange(50, dtype=np.uint64) * np.uint64(2**58 + 1)
    together = value_bytes(numbers, size)
    assert together.shape == (50, size)
    for at in range(len(numbers)):
        assert (value_bytes(numbers[at : at + 1], size) == together[at]).all()
