"""A crowd: many connections with many requests under way, of which none fails."""

import asyncio

from zeta.applications.key_value import KeyValue
from zeta.workload.caller import Crowd, replies, result

from .conftest import GET, OWNER, PUT, Served, get

CALLERS, PIPELINE, WRITES = 200, 16, 3
# All of one length, and so are the replies, by which a crowd counts them.
KEYS = [f"key{at:03}".encode() for at in range(CALLERS)]


async def test_none_of_many_requests_fails(served: Served) -> None:
    signature = KeyValue.transitions["put"]
    async with served(connections=CALLERS + 10) as ground:
        crowd = await asyncio.to_thread(Crowd, ground.port, OWNER, CALLERS)
        for transition, arguments in (
            (PUT, [signature.encode_arguments((key, key), {}) for key in KEYS]),
            (GET, [get(key) for key in KEYS]),
        ):
            one_each = crowd.prepare(transition, arguments, 1)
            await asyncio.to_thread(crowd.run, one_each, 1)
        reply_len = len(crowd.callers[0].answers)
        prepared = crowd.prepare(GET, [get(key) for key in KEYS * PIPELINE * WRITES], PIPELINE)
        await asyncio.to_thread(crowd.run, prepared, reply_len)
        for key, caller, writes in zip(KEYS, crowd.callers, prepared, strict=True):
            said = replies(caller)
            assert len(said) == len(writes.requests) == PIPELINE * WRITES
            found = {
                result(caller, *each, True) for each in zip(writes.requests, said, strict=True)
            }
            assert {KeyValue.transitions["get"].decode_result(each) for each in found} == {key}
        crowd.close()
