"""Writes programs to a folder: those of the applications that ship, and of generated ones."""

import argparse
import importlib
import pkgutil
import random
import sys
from pathlib import Path

import zeta.applications
from zeta.app import Application
from zeta.errors import LanguageError

ROOT = Path(__file__).resolve().parents[2]


def shipped() -> dict[str, bytes]:
    """The program of each application in `zeta.applications`, by the application's name."""
    found: dict[str, bytes] = {}
    for module in pkgutil.iter_modules(zeta.applications.__path__):
        names = vars(importlib.import_module(f"zeta.applications.{module.name}"))
        for one in names.values():
            if isinstance(one, type) and issubclass(one, Application) and one is not Application:
                found[one.__name__] = one.program()
    return found


def generated(seed: int, count: int) -> dict[str, bytes]:
    """Programs of applications as the tests of the language generate them."""
    sys.path.insert(0, str(ROOT / "tests/app"))
    meaning = importlib.import_module("test_meaning")
    found: dict[str, bytes] = {}
    draw = random.Random(seed)
    while len(found) < count:
        source = meaning.Generator(random.Random(draw.getrandbits(64))).source()
        try:
            application = meaning.defined(source)["App"]
        except LanguageError:
            continue  # More code or values than the language allows: the generator does not count.
        found[f"generated_{len(found)}"] = application.program()
    return found


def main() -> None:
    """Writes one file a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--generated", type=int, default=60, metavar="COUNT")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, program in {**shipped(), **generated(options.seed, options.generated)}.items():
        (options.folder / f"{name}.program").write_bytes(program)


if __name__ == "__main__":
    main()
