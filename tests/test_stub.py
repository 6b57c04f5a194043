"""The stub of the extension module says what the module holds."""

import subprocess
import sys
from pathlib import Path

import zeta


def test_stub_is_that_of_the_module(tmp_path: Path) -> None:
    settings = tmp_path / "mypy.ini"
    settings.write_text("[mypy]\n")
    done = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "zeta._native", "--mypy-config-file", settings],
        check=False,
        capture_output=True,
        text=True,
        env={"MYPYPATH": str(Path(zeta.__file__).parents[1])},
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_public_name_is_there() -> None:
    assert all(hasattr(zeta, name) for name in zeta.__all__)
    assert dir(zeta) == sorted(zeta.__all__)
