"""The live fuzz of the server, bounded; `make fuzz-server` goes on for as long as is asked."""

from typing import Any

import pytest
from fuzz_server import fuzz
from zeta.serving import Serving


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_conversations_that_are_nearly_right_disturb_nobody(seed: int) -> None:
    tally = await fuzz(seed, lambda tally: tally.cases < 160)
    # It was neither all garbage nor all right.
    assert 0 < tally.ended_by_server < tally.cases
    assert tally.answered > tally.cases / 4


async def test_a_server_that_changes_answers_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Serving.run_frames

    def lying(self: Serving, *asked: Any) -> list[bytes]:
        frames = honest(self, *asked)
        # The healthy client is alone in its batch, or not the last.
        return [*frames[:-1], frames[-1] and frames[-1][:-1] + b"\x7f"]

    monkeypatch.setattr(Serving, "run_frames", lying)
    with pytest.raises(Exception, match=r"to no request that was sent|did not say this"):
        await fuzz(1, lambda tally: tally.cases < 160)
