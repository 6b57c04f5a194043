"""Programs that Rust code takes as bytes are those of their Python sources."""

from pathlib import Path

import pytest
from generate_programs import PROGRAMS
from zeta.app import Application
from zeta.applications.key_value import KeyValue
from zeta.verifier import KEY_VALUE


@pytest.mark.parametrize(("path", "application"), PROGRAMS.items(), ids=lambda one: str(one))
def test_committed_programs_are_current(path: Path, application: type[Application]) -> None:
    assert path.read_bytes() == application.program(), "run `make generate`"


def test_the_extension_serves_the_same_program() -> None:
    assert KeyValue.program() == KEY_VALUE
