"""Switches off each check of the program crate in turn: does the comparison with Coq notice?

No test of the crate runs, only the cases of `program_cases` against the extracted interpreter.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "proofs/build"
sys.path.insert(0, str(ROOT / "scripts"))

import mutation_check  # noqa: E402


def build(copy: Path) -> Path:
    """The example of the copy, with a switch on every check."""
    target = ROOT / "target/mutants"
    command = ["cargo", "build", "--quiet", "--release", "--locked", "-p", "zeta-program"]
    environment = os.environ | {"CARGO_TARGET_DIR": str(target), "RUSTFLAGS": "--cap-lints=allow"}
    subprocess.run([*command, "--example", "program_cases"], cwd=copy, env=environment, check=True)
    return target / "release/examples/program_cases"


def notices(cases: Path, mutant: int | None) -> bool:
    """Whether the Rust, with one check switched off, differs from the Coq, or does not end well."""
    environment = dict(os.environ)
    environment.pop("ZETA_MUTANT", None)
    if mutant is not None:
        environment["ZETA_MUTANT"] = str(mutant)
    programs = sorted(str(path) for path in (BUILT / "programs").glob("*.program"))
    with subprocess.Popen(
        [str(cases), *programs], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as writer:
        compared = subprocess.run(
            ["bash", "-c", f"ulimit -s unlimited; {BUILT / 'program/compare'}"],
            stdin=writer.stdout,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        writer.kill()
    return compared.returncode != 0


def main() -> int:
    """Prints the checks that go unnoticed, and the score."""
    checks = [check for check in mutation_check.find_checks(ROOT) if check.crate == "program"]
    with tempfile.TemporaryDirectory(prefix="zeta-mutants-") as folder:
        copy = Path(folder)
        mutation_check.copy_workspace(copy)
        mutation_check.rewrite(copy)
        cases = build(copy)
    if notices(cases, None):
        sys.exit("they differ with every check on: nothing can be said")
    missed = [check for check in checks if not notices(cases, check.number)]
    for check in missed:
        print(f"unnoticed: {check.path}:{check.line}: {check.text}")
    noticed = len(checks) - len(missed)
    print(f"{noticed} of {len(checks)} checks of the program crate: noticed when switched off")
    return 0


if __name__ == "__main__":
    sys.exit(main())
