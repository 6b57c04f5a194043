"""Loading a data set into a store before anything is measured."""

from __future__ import annotations

import zeta
from zeta.cli.screen import Screen
from zeta.workload.operations import Numbers, key_bytes, value_bytes

_CHUNK_BYTES = 4 << 20


def load(
    store: zeta.Store, records: Numbers, numbers: Numbers, value_size: int, screen: Screen
) -> None:
    """Puts the records with the values of these numbers."""
    if not len(records):
        return
    chunk = max(1, _CHUNK_BYTES // (8 + value_size))
    with screen.progress("loading", len(records)) as bar:
        for start in range(0, len(records), chunk):
            span = slice(start, start + chunk)
            store.put_many(key_bytes(records[span]), value_bytes(numbers[span], value_size))
            bar.advance(len(records[span]))
