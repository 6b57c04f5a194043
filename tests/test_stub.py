"""The stub of the extension module says what the module holds."""

import re
import subprocess
import sys
from pathlib import Path

import zeta
from zeta import errors


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


def test_the_page_on_the_api_names_everything_public() -> None:
    page = (Path(__file__).parents[1] / "docs" / "reference" / "python.md").read_text()
    named = set(re.findall(r"\w+", page))
    raised = {
        name
        for name, found in vars(errors).items()
        if isinstance(found, type) and issubclass(found, errors.Error) and name[0] != "_"
    }
    methods = {name for name in dir(zeta.Store) if name[0] != "_" and not hasattr(dict, name)}
    # What the store is made of, not for callers.
    internal = {"call", "call_many", "key_list", "run", "turn", "wait_for"}
    internal |= {name for name in methods if name.endswith("_in_epoch")}
    assert raised - {"ApiMisuse"} <= named, raised - named
    assert set(zeta.__all__) <= named, set(zeta.__all__) - named
    assert methods - internal <= named, methods - internal - named
