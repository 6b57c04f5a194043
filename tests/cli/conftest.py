"""Running the command in this process: what it prints, and how it ends."""

import json
import lzma
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner
from zeta.cli.application import application
from zeta.workload.popularity import TraceShape


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def contract(self) -> dict[str, Any]:
        """The object that scripts read: the only line of the standard output."""
        assert self.code == 0, self.err
        (line,) = self.out.splitlines()
        loaded = json.loads(line)
        assert isinstance(loaded, dict)
        return loaded


Run = Callable[..., Ended]


@pytest.fixture
def run() -> Run:
    def run(*arguments: object) -> Ended:
        ended = CliRunner().invoke(application(), [str(argument) for argument in arguments])
        # An exception that is not an exit would be a traceback before the user's eyes.
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
        return Ended(ended.exit_code, ended.stdout, ended.stderr)

    return run


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """A small trace as an xz file, as skewed as a real one."""
    ids = TraceShape(500).ranks(20_000, np.random.default_rng(5)).astype("<u4") * 3 + 1
    path = tmp_path / "small.trace.xz"
    path.write_bytes(lzma.compress(ids.tobytes()))
    return path
