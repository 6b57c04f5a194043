"""Switches off each check of the trusted crates in turn, in a copy; some test must fail for each.

Every `require(...)` of the trusted crates becomes a `require_switch(N, ...)` that lets everything
pass while the environment variable ZETA_MUTANT is N. The copy is built once; then the tests run
once for each N. A check that can be switched off unnoticed is one that nobody tests.
"""

import argparse
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock

import rust_source

ROOT = Path(__file__).resolve().parents[1]
CRATES = ("program", "receipt", "session", "verifier")
# Who notices: first the crate itself, then those that use it. The glue cannot run as a test.
TESTED = (
    "zeta-program",
    "zeta-receipt",
    "zeta-session",
    "zeta-verifier",
    "zeta-host",
    "zeta-sim",
)
EXCEPTIONS = ROOT / "scripts/mutation_exceptions.toml"
CALL = re.compile(r"(?<![\w.:])(?<!fn )(?:\w+::)*require(?P<generic>::<[^(]*>)?\(")
# Errors that are made in another way have no switch: `--list` shows them, so that none hides.
OTHER_CHECK = re.compile(r"\.ok_or(?:_else)?\(|\bErr\(")
MEMORY_BYTES_MAX = 8 << 30
SWITCH = """
// Added by the mutation check; only ever in a copy.
#[doc(hidden)]
pub mod mutation {
    extern crate std;
    static MUTANT: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    fn mutant() -> u32 {
        *MUTANT.get_or_init(|| match std::env::var("ZETA_MUTANT") {
            Ok(text) => text.parse().unwrap(),
            Err(_) => u32::MAX,
        })
    }
    #[inline(never)]
    pub fn require_switch<E>(check: u32, condition: bool, error: E) -> Result<(), E> {
        if condition || mutant() == check { Ok(()) } else { Err(error) }
    }
}
"""


@dataclass(frozen=True)
class Check:
    number: int
    crate: str
    path: str
    function: str
    line: int
    text: str

    @property
    def key(self) -> str:
        """Names the check in the exceptions: a number or a line would change with every edit."""
        return f"{self.path}: {self.function}: {self.text}"


@dataclass
class Binary:
    name: str
    package: str
    executable: str
    folder: str
    seconds: float = 0.0
    kills: int = 0


@dataclass
class Verdict:
    check: Check
    killed_by: str | None
    how: str
    seconds: float
    reason: str = ""


@dataclass
class Score:
    binaries: list[Binary]
    verdicts: list[Verdict] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)


def sources(root: Path, crate: str) -> list[Path]:
    return sorted((root / "crates" / crate / "src").rglob("*.rs"))


def tested_code(path: Path) -> str:
    return rust_source.without_tests(rust_source.blank(path.read_text()))


def function_at(text: str, line: int) -> str:
    around = [
        function
        for function in rust_source.functions(text)
        if function.line <= line < function.line + function.length
    ]
    return min(around, key=lambda function: function.length).name if around else ""


def find_checks(root: Path) -> list[Check]:
    checks: list[Check] = []
    for crate in CRATES:
        for path in sources(root, crate):
            text, code = path.read_text(), tested_code(path)
            for found in CALL.finditer(code):
                end = rust_source.closing(code, found.end() - 1)
                shown = re.sub(r"\s+", " ", text[found.end() : end - 1]).strip()
                line = rust_source.line_of(code, found.start())
                place = path.relative_to(root).as_posix()
                function = function_at(text, line)
                checks.append(Check(len(checks), crate, place, function, line, shown))
    return checks


def rewrite(root: Path) -> None:
    """Puts a switch on every check of the copy, numbered as `find_checks` numbers them."""
    number = 0
    for crate in CRATES:
        for path in sources(root, crate):
            text, code = path.read_text(), tested_code(path)
            pieces, position = [], 0
            for found in CALL.finditer(code):
                generic = found["generic"] or ""
                pieces.append(text[position : found.start()])
                pieces.append(f"crate::mutation::require_switch{generic}({number}, ")
                position, number = found.end(), number + 1
            path.write_text("".join(pieces) + text[position:])
        lib = root / "crates" / crate / "src/lib.rs"
        lib.write_text(lib.read_text() + SWITCH)


def copy_workspace(target: Path) -> None:
    """Copies what git would keep: no build output, and nothing that somebody left lying about."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in listing.stdout.splitlines():
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def build(copy: Path, target: Path, packages: list[str]) -> list[Binary]:
    command = ["cargo", "test", "--no-run", "--locked", "--tests", "--message-format=json"]
    for package in packages:
        command += ["-p", package]
    environment = os.environ | {"CARGO_TARGET_DIR": str(target), "RUSTFLAGS": "--cap-lints=allow"}
    built = subprocess.run(
        command, cwd=copy, env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    binaries = []
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message["reason"] == "compiler-message" and message["message"]["level"] == "error":
            print(message["message"]["rendered"], file=sys.stderr)
        # A test of a package also builds the package's programs, which test nothing.
        artifact = message["reason"] == "compiler-artifact" and message["executable"]
        if not artifact or not message["profile"]["test"]:
            continue
        folder = str(Path(message["manifest_path"]).parent)
        package = tomllib.loads(Path(message["manifest_path"]).read_text())["package"]["name"]
        name = f"{package}:{message['target']['name']}"
        binaries.append(Binary(name, package, message["executable"], folder))
    if built.returncode != 0:
        sys.exit("the copy with switches does not build")
    return binaries


def limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))


def run(binary: Binary, mutant: int | None, timeout: float) -> str:
    """`passed`, or how the tests failed; with no mutant, a failure's output is shown."""
    environment = os.environ | {
        "RUST_TEST_THREADS": "1",
        "RUST_BACKTRACE": "0",
        "PROPTEST_MAX_SHRINK_ITERS": "0",
        "PROPTEST_DISABLE_FAILURE_PERSISTENCE": "true",
    }
    environment.pop("ZETA_MUTANT", None)
    if mutant is not None:
        environment["ZETA_MUTANT"] = str(mutant)
    try:
        done = subprocess.run(
            [binary.executable, "--quiet"],
            cwd=binary.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            preexec_fn=limit_memory,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "ran for too long"
    if done.returncode == 0:
        return "passed"
    if mutant is None:
        print(done.stdout.decode(errors="replace")[-4000:], file=sys.stderr)
    return "failed" if done.returncode > 0 else f"ended by signal {-done.returncode}"


def baseline(binaries: list[Binary]) -> None:
    """Everything must pass with all checks on; how long each takes sets its time limit."""
    for binary in binaries:
        start = time.monotonic()
        outcome = run(binary, None, timeout=900)
        binary.seconds = time.monotonic() - start
        if outcome != "passed":
            sys.exit(f"`{binary.name}` {outcome} with every check on: nothing can be said")


def try_mutant(score: Score, check: Check) -> Verdict:
    start = time.monotonic()
    with score.lock:
        # The most telling and quickest first; a crate's own tests before those of its users.
        order = sorted(
            score.binaries,
            key=lambda one: (
                one.package != f"zeta-{check.crate}",
                one.seconds / (1 + one.kills),
            ),
        )
    for binary in order:
        outcome = run(binary, check.number, timeout=20 + 5 * binary.seconds)
        if outcome != "passed":
            with score.lock:
                binary.kills += 1
            return Verdict(check, binary.name, outcome, time.monotonic() - start)
    return Verdict(check, None, "survived", time.monotonic() - start)


def report(score: Score, json_path: Path | None) -> bool:
    """Prints the table; says whether every survivor is excused and every excuse still needed."""
    excused: dict[str, str] = tomllib.loads(EXCEPTIONS.read_text())["survivors"]
    score.verdicts.sort(key=lambda verdict: verdict.check.number)
    survivors = [verdict for verdict in score.verdicts if verdict.killed_by is None]
    for verdict in survivors:
        verdict.reason = excused.get(verdict.check.key, "")
    unexcused = [verdict for verdict in survivors if not verdict.reason]
    stale = [
        verdict.check
        for verdict in score.verdicts
        if verdict.killed_by is not None and verdict.check.key in excused
    ]
    print(f"\n{'crate':<12}{'checks':>8}{'caught':>8}{'excused':>9}{'missed':>8}")
    for crate in CRATES:
        of_crate = [verdict for verdict in score.verdicts if verdict.check.crate == crate]
        caught = sum(verdict.killed_by is not None for verdict in of_crate)
        pardoned = sum(bool(verdict.reason) for verdict in of_crate)
        missed = len(of_crate) - caught - pardoned
        print(f"{crate:<12}{len(of_crate):>8}{caught:>8}{pardoned:>9}{missed:>8}")
    print(f"\n{'test binary':<40}{'seconds':>9}{'caught':>8}")
    for binary in score.binaries:
        print(f"{binary.name:<40}{binary.seconds:>9.1f}{binary.kills:>8}")
    for verdict in unexcused:
        print(f"missed: {verdict.check.path}:{verdict.check.line}: {verdict.check.text}")
    for check in stale:
        print(f"caught now, take it off the exceptions: {check.key}")
    if json_path is not None:
        body = [asdict(verdict) for verdict in score.verdicts]
        json_path.write_text(json.dumps({"verdicts": body, "missed": len(unexcused)}, indent=1))
    return not unexcused and not stale


def list_checks(checks: list[Check]) -> None:
    for check in checks:
        print(f"{check.number:>4}  {check.key}")
    for path in (path for crate in CRATES for path in sources(ROOT, crate)):
        code, lines = tested_code(path), path.read_text().splitlines()
        for found in OTHER_CHECK.finditer(code):
            line = rust_source.line_of(code, found.start())
            print(f"   -  {path.relative_to(ROOT)}:{line}: {lines[line - 1].strip()}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--only", choices=CRATES, help="switch off the checks of this crate alone")
    parser.add_argument("--list", action="store_true", help="print the checks and stop")
    parser.add_argument("--sample", type=int, metavar="N", help="try N checks, drawn at random")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--package", action="append", help="whose tests run (default: all)")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write every verdict here")
    return parser.parse_args()


def main() -> int:
    chosen = arguments()
    checks = [check for check in find_checks(ROOT) if chosen.only in (None, check.crate)]
    if chosen.list:
        list_checks(checks)
        return 0
    if chosen.sample is not None and chosen.sample < len(checks):
        checks = random.Random(chosen.seed).sample(checks, chosen.sample)
    with tempfile.TemporaryDirectory(prefix="zeta-mutants-") as folder:
        copy = Path(folder)
        copy_workspace(copy)
        rewrite(copy)
        print(f"{len(checks)} checks; building the tests once", flush=True)
        binaries = build(copy, ROOT / "target/mutants", chosen.package or list(TESTED))
        baseline(binaries)
        score = Score(binaries)
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            for verdict in pool.map(lambda check: try_mutant(score, check), checks):
                score.verdicts.append(verdict)
                done = f"[{len(score.verdicts)}/{len(checks)}]"
                caught = f"caught by {verdict.killed_by}" if verdict.killed_by else "SURVIVED"
                place = f"{verdict.check.path}:{verdict.check.line}"
                print(f"{done} {place}: {caught}, {verdict.seconds:.1f} s", flush=True)
        return 0 if report(score, chosen.json) else 1


if __name__ == "__main__":
    sys.exit(main())
