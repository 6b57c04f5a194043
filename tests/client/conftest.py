"""A store that serves, and a host for it in memory."""

from collections.abc import Callable, Iterator

import pytest
import zeta
from zeta.applications.counters import Counters

from .host import Host, access

MakeHost = Callable[..., Host]


@pytest.fixture
def make_host() -> Iterator[MakeHost]:
    """Makes hosts, whose epochs turn when a test says so."""
    stores: list[zeta.ApplicationStore] = []

    def make(lifetime: int = 1000, workers: int = 1) -> Host:
        store = zeta.open(
            app=Counters, access=access(lifetime), epoch=None, workers=workers, sessions=8192
        )
        stores.append(store)
        return Host(store)

    yield make
    for store in stores:
        store.close()


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    return make_host()
