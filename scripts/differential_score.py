"""Switches off each check of the verifier in turn: does the comparison with Coq alone notice?

Works like the mutation check, on the same switches in a copy of the workspace, but nothing runs
except the differential run. Each check is tried twice: with the vectors, which have a log for
nearly every check, and without them. Prints which checks were not noticed.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import mutation_check
from mutation_check import Check

ROOT = Path(__file__).resolve().parents[1]
ORACLE = ROOT / "proofs/build/oracle/oracle"
# Receipts are read by other programs, and programs have a comparison of their own.
CRATES = ("verifier", "session")
DIFFERENT = 1
FAILED_ITSELF = 2
TIMEOUT_SECONDS = 1800


@dataclass(frozen=True)
class Score:
    check: Check
    with_vectors: str
    without_vectors: str


def build(copy: Path) -> Path:
    """The differential run with a switch on every check; quick to build, not to run."""
    target = ROOT / "target/mutants"
    command = ["cargo", "build", "--release", "--locked", "-p", "zeta-sim"]
    environment = os.environ | {
        "CARGO_TARGET_DIR": str(target),
        "RUSTFLAGS": "--cap-lints=allow",
        "CARGO_PROFILE_RELEASE_LTO": "off",
        "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
    }
    subprocess.run([*command, "--bin", "differential"], cwd=copy, env=environment, check=True)
    # Apart from those of the next build, which would take their place while these run.
    shutil.copy2(ORACLE, copy / "oracle")
    return Path(shutil.copy2(target / "release/differential", copy / "differential"))


def play(program: Path, copy: Path, mutant: int | None, options: list[str]) -> str:
    """How the run ended: `agreed`, or what it was that differed."""
    environment = os.environ | {"RUST_BACKTRACE": "0"}
    environment.pop("ZETA_MUTANT", None)
    if mutant is not None:
        environment["ZETA_MUTANT"] = str(mutant)
    found = ["--minimise", "no", "--found", os.devnull]
    try:
        done = subprocess.run(
            [program, "--oracle", program.with_name("oracle"), *found, *options],
            cwd=copy,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "took too long"
    if done.returncode == 0:
        return "agreed"
    if done.returncode == DIFFERENT:
        lines = [line for line in done.stdout.splitlines() if "DIFFER, in: " in line]
        return lines[0].split("DIFFER, in: ")[1] if lines else "differed"
    told = done.stderr.strip()[-200:]
    if done.returncode == FAILED_ITSELF:
        raise RuntimeError(f"nothing was compared: {told}")
    return f"stopped with {done.returncode}: {told}"


def score(program: Path, copy: Path, check: Check, options: list[str]) -> Score:
    with_vectors = play(program, copy, check.number, options)
    without = play(program, copy, check.number, [*options, "--vectors", "no"])
    return Score(check, with_vectors, without)


def report(scores: list[Score]) -> None:
    print(f"\n{'crate':<12}{'checks':>8}{'noticed':>9}{'without vectors':>17}")
    for crate in CRATES:
        of_crate = [one for one in scores if one.check.crate == crate]
        noticed = sum(one.with_vectors != "agreed" for one in of_crate)
        without = sum(one.without_vectors != "agreed" for one in of_crate)
        print(f"{crate:<12}{len(of_crate):>8}{noticed:>9}{without:>17}")
    for one in scores:
        if "agreed" in (one.with_vectors, one.without_vectors):
            what = "NOT NOTICED" if one.with_vectors == "agreed" else "by vectors alone"
            print(f"{what}: {one.check.key}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--only", choices=CRATES, help="switch off the checks of this crate alone")
    parser.add_argument("--match", default="", metavar="REGEX", help="those that name this alone")
    parser.add_argument("--seed", type=int, default=1, help="of the differential run")
    parser.add_argument("--logs", type=int, default=100_000, help="drawn at random, per check")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write every result here")
    return parser.parse_args()


def main() -> int:
    chosen = arguments()
    wanted = [chosen.only] if chosen.only else list(CRATES)
    checks = [check for check in mutation_check.find_checks(ROOT) if check.crate in wanted]
    checks = [check for check in checks if re.search(chosen.match, check.key)]
    options = ["--seed", str(chosen.seed), "--logs", str(chosen.logs)]
    with tempfile.TemporaryDirectory(prefix="zeta-score-") as folder:
        copy = Path(folder)
        mutation_check.copy_workspace(copy)
        mutation_check.rewrite(copy)
        program = build(copy)
        if (ended := play(program, copy, None, options)) != "agreed":
            sys.exit(f"with every check on: {ended}; nothing can be said")
        scores: list[Score] = []
        # Each run has a worker for each core already.
        with ThreadPoolExecutor(max_workers=2) as pool:
            for one in pool.map(lambda check: score(program, copy, check, options), checks):
                scores.append(one)
                done = f"[{len(scores)}/{len(checks)}]"
                print(f"{done} {one.check.key}: {one.with_vectors} | {one.without_vectors}")
                sys.stdout.flush()
    report(scores)
    if chosen.json is not None:
        chosen.json.write_text(json.dumps([asdict(one) for one in scores], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
