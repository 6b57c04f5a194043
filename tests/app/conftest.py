"""An application run twice: as plain Python, and as its program in the verifier's machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from zeta import _native
from zeta.app import Application
from zeta.errors import CheckFailed


class Both:
    """Each call runs in both worlds; they must agree on result, failure and rows."""

    def __init__(self, app: type[Application]) -> None:
        self.app = app
        self.simulation: Any = app.simulate()
        self.program = _native.Program(app.program())
        self.names = list(app.transitions)
        self.rows: dict[tuple[int, bytes], bytes] = {}

    def call(self, name: str, *args: Any, epoch: int = 0) -> Any:
        """The result of a call, or what it failed with."""
        self.simulation.epoch = max(epoch, self.simulation.epoch)
        signature = self.app.transitions[name]
        code, result, written = self.program.run(
            self.names.index(name),
            signature.encode_arguments(args, {}),
            self.simulation.epoch,
            self.rows,
        )
        for relation, key, row in written:
            if row is None:
                self.rows.pop((relation, key), None)
            else:
                self.rows[relation, key] = row
        expected_code, expected = self._simulated(name, args)
        assert code == expected_code, (name, args, code, expected)
        if code == 0:
            assert signature.decode_result(result) == expected, (name, args)
        elif code >= 256:
            assert self.app.reasons[code] == expected
        self.agree()
        return expected

    def _simulated(self, name: str, args: tuple[Any, ...]) -> tuple[int, Any]:
        """The code of the failure and its reason, or 0 and the result."""
        try:
            return 0, getattr(self.simulation, name)(*args)
        except CheckFailed as error:
            return error.code, error.reason

    def put(self, relation: str, key: Any, row: Any) -> None:
        """Prepares a row."""
        table = self.app.relations[relation]
        getattr(self.simulation, relation)[key] = row
        self.rows[table.index, table.encode_key(key)] = table.encode_row(row)

    def agree(self) -> None:
        """Both worlds hold the same rows."""
        expected = {
            (table.index, table.encode_key(key)): table.encode_row(row)
            for name, table in self.app.relations.items()
            for key, row in getattr(self.simulation, name).items()
        }
        assert self.rows == expected


@pytest.fixture(scope="session")
def both() -> Callable[[type[Application]], Both]:
    return Both
