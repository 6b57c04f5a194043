"""Generated applications behind a verifier: certified results are those of plain Python."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import zeta
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from zeta.app import Application
from zeta.errors import CheckFailed, LanguageError

from .test_meaning import KEYS, ROWS, Generator, Values, defined, text_of


def outcome_of(call: Callable[[], Any]) -> tuple[int, Any]:
    """The code of a failed check and its reason, or 0 and the result."""
    try:
        return 0, call()
    except CheckFailed as error:
        return error.code, error.reason


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 1 << 64), workers=st.integers(1, 3))
def test_certified_results_are_those_of_plain_python(seed: int, workers: int) -> None:
    draw = random.Random(seed)
    try:
        names = defined(Generator(draw).source())
    except LanguageError:  # too many rows, which the generator does not keep in mind
        return
    app: type[Application] = names["App"]
    simulation: Any = app.simulate()
    values = Values(draw, names)
    data: dict[str, dict[Any, Any]] = {}
    for table in KEYS:
        data[table] = {
            values.value(KEYS[table]): values.value(ROWS[table]) for _ in range(draw.randint(0, 6))
        }
        getattr(simulation, table).update(data[table])
    with zeta.open(data, app=app, workers=workers, epoch=None, slots=256) as store:
        for _ in range(draw.randint(1, 10)):
            name = draw.choice(list(app.transitions))
            parameters = app.transitions[name].parameters
            args = [values.value(text_of(parameter.type)) for parameter in parameters]
            if draw.randint(0, 4) == 0:
                store.certify()
            simulation.epoch = store.epoch
            expected = outcome_of(lambda: getattr(simulation, name)(*args))  # noqa: B023
            assert outcome_of(lambda: store.transition(name)(*args)) == expected  # noqa: B023
        store.certify()
