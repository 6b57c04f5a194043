"""The asynchronous twin: the same answers, and a loop that is never blocked for long."""

import asyncio

import pytest
import zeta
from zeta import aio, errors


async def test_operations() -> None:
    async with aio.open(epoch=0.05) as store:
        await store.put(b"a", b"1")
        assert await store.get(b"a") == b"1"
        assert await store.get(b"b") is None
        assert await store.compare_and_set(b"a", b"1", b"2")
        assert await store.rename(b"a", b"b")
        operation = await store.op.get(b"b")
        assert operation.result == b"2"
        assert await operation.certified(timeout=30) == zeta.Certified()
        assert operation.outcome == zeta.Certified()
        assert await store.delete(b"b")
        assert (await store.op.put(b"c", b"3")).result is None
        assert (await store.op.delete(b"c")).result is True
        assert (await store.op.compare_and_set(b"c", None, b"4")).result is True
        assert (await store.op.rename(b"c", b"d")).result is True
        assert [key async for key in store] == [b"d"]
    with pytest.raises(errors.StoreClosed):
        await store.get(b"a")


async def test_batches_and_epochs() -> None:
    store = await aio.open({b"a": b"1"}, workers=2, epoch=None)
    await store.put_many([b"b", b"c"], [b"2", b"3"])
    assert (await store.get_many([b"a", b"b", b"c"])).to_list() == [b"1", b"2", b"3"]
    assert (await store.run_many("delete", [b"a"])).present.tolist() == [True]
    assert (store.epoch, store.certified_epoch) == (0, None)
    assert await store.certify() == 0
    assert (store.epoch, store.certified_epoch) == (1, 0)
    assert await store.wait(0) == store.outcome(0) == zeta.Certified()
    assert store.epochs()[0].outcome == zeta.Certified()
    assert (await store.stats()).records == 3
    assert len(store.instance) == 16
    await store.close()


async def test_the_loop_turns_while_a_batch_runs() -> None:
    async with aio.open() as store:
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        keys = [b"%d" % number for number in range(100_000)]
        await store.put_many(keys, keys)
        counting.cancel()
        assert turns > 10


async def test_waiters_share_a_store() -> None:
    async with aio.open(epoch=0.05) as store:
        operations = await asyncio.gather(*(store.op.put(b"%d" % n, b"v") for n in range(50)))
        assert await asyncio.gather(*(operation.certified() for operation in operations))


async def test_bad_options_are_raised_on_opening() -> None:
    with pytest.raises(errors.InvalidValue):
        await aio.open(workers=0)
