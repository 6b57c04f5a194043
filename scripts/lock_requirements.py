"""Writes requirements.lock: resolves the dependencies of pyproject.toml and pins every package."""

import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAD = "# Every Python package of the development environment; `make lock` pins anew.\n"


def requirements() -> list[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = settings["project"]
    groups = [*project["optional-dependencies"].values(), *settings["dependency-groups"].values()]
    return [*project["dependencies"], *(name for group in groups for name in group)]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        # A fresh environment: what happens to be installed here must not be pinned.
        venv.create(folder, with_pip=True)
        pip = [f"{folder}/bin/python", "-m", "pip"]
        # pip is pinned too: maturin needs one that knows dependency groups.
        wanted = ["--upgrade", "pip", *requirements()]
        subprocess.run([*pip, "install", "--quiet", *wanted], check=True)
        frozen = subprocess.run(
            [*pip, "freeze", "--all", "--exclude", "setuptools"],
            check=True,
            capture_output=True,
            text=True,
        )
    (ROOT / "requirements.lock").write_text(HEAD + frozen.stdout)
    sys.stdout.write(f"pinned {len(frozen.stdout.splitlines())} packages\n")


if __name__ == "__main__":
    main()
