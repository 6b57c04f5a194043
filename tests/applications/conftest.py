"""Applications that ship: run beside a plain Python model, and by a host that lies about rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

import pytest
import zeta
from zeta import errors, hazmat, log
from zeta.app import Application

Call: TypeAlias = tuple[str, tuple[Any, ...]]
"""The name of a transition, or `turn`, and the arguments."""


@dataclass(frozen=True)
class Refusal:
    """What a call answers whose check failed."""

    reason: str


class Refused(Exception):
    """Raised by a model where a check of the application fails."""


def answer_of(runner: Any, name: str, args: tuple[Any, ...]) -> Any:
    try:
        return getattr(runner, name)(*args)
    except Refused as refused:
        return Refusal(str(refused))
    except errors.CheckFailed as failed:
        return Refusal(failed.reason or f"code {failed.code}")


class Compared:
    """An application in three forms, which must answer alike: a model, a simulation, a store."""

    def __init__(self, app: type[Application], model: Any, workers: int) -> None:
        self.model = model
        self.simulation = app.simulate()
        self.store: Any = zeta.open(app=app, workers=workers, epoch=None, slots=128)

    def call(self, name: str, *args: Any) -> Any:
        """The answer of all; a failed check as a `Refusal`."""
        self.simulation.epoch = self.model.epoch = self.store.epoch
        expected, simulated, verified = (
            answer_of(runner, name, args) for runner in (self.model, self.simulation, self.store)
        )
        assert simulated == expected, (name, args)
        assert verified == expected, (name, args)
        return expected

    def run(self, calls: Iterable[Call]) -> None:
        """Runs calls, and certifies at each `turn` and at the end."""
        with self.store:
            for name, args in calls:
                if name == "turn":
                    self.store.certify()
                else:
                    self.call(name, *args)


class Compare:
    """Makes comparisons of an application with its model, over a number of workers."""

    refused = Refused

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def __call__(self, app: type[Application], model: Any) -> Compared:
        return Compared(app, model, self._workers)


@pytest.fixture(scope="session", params=[1, 2], ids=["one worker", "two workers"])
def compared(request: pytest.FixtureRequest) -> Compare:
    return Compare(request.param)


@pytest.fixture(scope="session")
def fails() -> Callable[[type[Application], dict[str, list[Call]]], None]:
    """Checks that a table knows each reason of an application, and calls that end with it."""

    def check_all(app: type[Application], table: dict[str, list[Call]]) -> None:
        assert set(app.reasons.values()) == set(table)
        for reason, calls in table.items():
            simulation = app.simulate()
            with zeta.open(app=app, epoch=None) as store:
                for at, (name, args) in enumerate(calls, 1):
                    if name == "turn":
                        simulation.epoch = store.certify() + 1
                        continue
                    for runner in (simulation, store):
                        answer = answer_of(runner, name, args)
                        expected = Refusal(reason) if at == len(calls) else None
                        assert (answer if isinstance(answer, Refusal) else None) == expected

    return check_all


class Liar:
    """A host that changes rows of its store behind the verifier's back."""

    def __init__(self, store: zeta.ApplicationStore) -> None:
        self.store: Any = store

    def set(self, relation: str, key: Any, row: Any) -> None:
        """Writes a row; `None` removes it."""
        table = self.store.app.relations[relation]
        forged = None if row is None else table.encode_row(row)
        hazmat.tamper(self.store, relation).set_value(table.encode_key(key), forged)

    def keep(self, relation: str, key: Any) -> Callable[[], None]:
        """Keeps a row as it is now; what it returns brings that row back later."""
        tamper = hazmat.tamper(self.store, relation)
        encoded = self.store.app.relations[relation].encode_key(key)
        earlier = tamper.element(encoded)
        return lambda: tamper.roll_back(encoded, earlier)

    def intercept(self, change: Callable[[log.Entry], list[log.Entry]]) -> None:
        """Changes each entry of the log on its way to the verifier."""
        hazmat.tamper(self.store).intercept(
            lambda _, data: log.encode([made for one in log.decode(data) for made in change(one)])
        )


@pytest.fixture
def lying() -> Callable[..., Any]:
    """Opens a store whose host lies in the block, and checks that its epoch never certifies."""

    @contextmanager
    def block(app: type[Application], workers: int = 1) -> Iterator[Liar]:
        store = zeta.open(app=app, workers=workers, epoch=None, policy="deferred")
        yield Liar(store)
        # Not a store that closed, or had no time.
        with pytest.raises(errors.HostError):
            store.certify()
        assert not isinstance(store.outcome(store.epoch), zeta.Certified)
        with suppress(errors.HostError):
            store.close()

    return block
