"""Style as a test: what docs/STYLE.md states, checked over every file that git would keep."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import rust_source

ROOT = Path(__file__).resolve().parents[2]
BUDGETS: dict[str, Any] = tomllib.loads((ROOT / "tests/tidy/budgets.toml").read_text())
LINES: dict[str, int] = BUDGETS["lines"]
TRUSTED: dict[str, Any] = BUDGETS["trusted"]

SOURCE_SUFFIXES = {".rs", ".py", ".pyi", ".sh", ".toml", ".go", ".v", ".ml", ".mjs"}
DRAWERS = {"utils", "util", "common", "helpers", "helper", "misc", "shared", "tools", "manager"}
# Spelled in pieces, or this file would be the first offender.
LEFTOVERS = re.compile(r"\b(" + "|".join(("FIX" + "ME", "TO" + "DO", "X" * 3)) + r")\b")
# Prose may speak of randomness and time; code of a trusted crate may not touch them.
TRUSTED_BANS = {
    "the standard library": re.compile(r"\bstd::|\bextern\s+crate\s+std\b"),
    "a clock": re.compile(r"\b(Instant|SystemTime)\b"),
    "randomness": re.compile(r"\b(rand|getrandom|thread_rng|OsRng)\b"),
    "floating point": re.compile(r"\b(f32|f64)\b|\b\d+\.\d+(?!\.)"),
    "unsafe code": re.compile(r"\bunsafe\b(?!_code)"),
    "a debug print": re.compile(r"\b(println|eprintln|dbg)!"),
}
REGISTRY_HOSTS = re.compile(
    r"\b(" + "|".join(("pypi", "crates", "npmjs", "golang", "debian", "maven")) + r")"
    r"\.(org|io|com)/(simple|api|index|debian|pool)|index-url|extra-index|find-links|artifactory",
    re.IGNORECASE,
)


def tracked_files() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = (ROOT / name for name in listing.stdout.splitlines())
    return sorted(path for path in paths if path.is_file())


FILES = tracked_files()


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def written_by_hand(path: Path) -> bool:
    name = name_of(path)
    return not (name.startswith("vectors/") or "/generated/" in name or "/corpus/" in name)


def files(*suffixes: str) -> list[Path]:
    return [path for path in FILES if path.suffix in suffixes and written_by_hand(path)]


def sources() -> list[Path]:
    named = {"Makefile", "run"}
    return [
        path
        for path in FILES
        if (path.suffix in SOURCE_SUFFIXES or path.name in named) and written_by_hand(path)
    ]


def trusted_sources(crate: str) -> list[Path]:
    return sorted((ROOT / "crates" / crate / "src").rglob("*.rs"))


def is_trusted(path: Path) -> bool:
    return any(path.is_relative_to(ROOT / "crates" / crate / "src") for crate in TRUSTED)


def fail_with(what: str, offences: Iterable[str]) -> None:
    listed = list(offences)
    if listed:
        pytest.fail(what + ":\n  " + "\n  ".join(listed), pytrace=False)


def file_length(path: Path) -> int:
    text = path.read_text()
    if path.suffix == ".rs":
        return rust_source.line_count_without_tests(text)
    return len(text.splitlines())


def over_budget(lengths: dict[str, int], limits: dict[str, int], listed: str) -> list[str]:
    """What is too long and not listed, longer than listed, or listed although short enough."""
    exceptions: dict[str, int] = BUDGETS[listed]
    offences = []
    for name, length in lengths.items():
        allowed = max(limits[name], exceptions.get(name, 0))
        if length > allowed:
            offences.append(f"{name}: {length} lines, allowed are {allowed}")
        elif name in exceptions and length <= limits[name]:
            offences.append(f"{name}: short enough now, take it off [{listed}]")
    offences.extend(f"{name}: on [{listed}] but gone" for name in exceptions if name not in lengths)
    return offences


def test_files_are_short() -> None:
    lengths = {name_of(path): file_length(path) for path in files(".rs", ".py", ".go", ".mjs")}
    limits = {
        name_of(path): LINES["trusted" if is_trusted(path) else "other"]
        for path in files(".rs", ".py", ".go", ".mjs")
    }
    fail_with("files are too long", over_budget(lengths, limits, "long_files"))


def python_functions(path: Path) -> Iterable[rust_source.Function]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            last = node.end_lineno or node.lineno
            yield rust_source.Function(node.name, node.lineno, last - node.lineno + 1)


def test_functions_are_short() -> None:
    lengths: dict[str, int] = {}
    for path in files(".rs", ".py"):
        found = (
            rust_source.functions(path.read_text())
            if path.suffix == ".rs"
            else python_functions(path)
        )
        for function in found:
            name = f"{name_of(path)}:{function.name}"
            lengths[name] = max(lengths.get(name, 0), function.length)
    limits = dict.fromkeys(lengths, LINES["function"])
    fail_with("functions are too long", over_budget(lengths, limits, "long_functions"))


def test_lines_fit_the_page() -> None:
    fail_with(
        f"lines are longer than {LINES['columns']} columns",
        (
            f"{name_of(path)}:{number}"
            for path in sources()
            if path.suffix != ".toml"
            for number, line in enumerate(path.read_text().splitlines(), 1)
            if len(line) > LINES["columns"]
        ),
    )


def test_sources_are_ascii() -> None:
    fail_with(
        "characters outside ASCII",
        (
            f"{name_of(path)}:{number}"
            for path in sources()
            for number, line in enumerate(path.read_text().splitlines(), 1)
            if not line.isascii()
        ),
    )


def says_its_subject(path: Path) -> bool:
    lines = path.read_text().splitlines()
    if lines and lines[0].startswith("#!") and not lines[0].startswith("#!["):
        lines = lines[1:]
    first = lines[0] if lines else ""
    starts = {
        ".rs": ("//! ",),
        ".py": ('"""',),
        ".pyi": ('"""', "# "),
        ".go": ("// ",),
        ".mjs": ("// ",),
        ".v": ("(** ", "(* "),
        ".ml": ("(** ", "(* "),
    }
    return first.startswith(starts.get(path.suffix, ("# ",)))


def test_first_line_says_the_subject() -> None:
    # A manifest's subject is its `description`.
    fail_with(
        "the first line does not say what the file is about",
        (
            name_of(path)
            for path in sources()
            if path.suffix != ".toml" and not says_its_subject(path)
        ),
    )


def test_no_drawers() -> None:
    fail_with(
        "a drawer is not a subject",
        (name_of(path) for path in FILES if DRAWERS & set(re.split(r"[./_-]", name_of(path)))),
    )


def test_no_leftovers() -> None:
    fail_with(
        "leftover marks",
        (
            f"{name_of(path)}:{number}"
            for path in [*sources(), *files(".md")]
            for number, line in enumerate(path.read_text().splitlines(), 1)
            if LEFTOVERS.search(line)
        ),
    )


@pytest.mark.parametrize("crate", TRUSTED)
def test_trusted_crate_is_no_std_and_safe(crate: str) -> None:
    code = rust_source.blank((ROOT / "crates" / crate / "src/lib.rs").read_text())
    assert "#![no_std]" in code
    assert re.search(r"#!\[forbid\([^)]*\bunsafe_code\b", code)


@pytest.mark.parametrize("crate", TRUSTED)
def test_trusted_dependencies_are_argued_for(crate: str) -> None:
    manifest = tomllib.loads((ROOT / "crates" / crate / "Cargo.toml").read_text())
    reasons: dict[str, str] = TRUSTED[crate]["dependencies"]
    assert "build-dependencies" not in manifest
    assert not (ROOT / "crates" / crate / "build.rs").exists()
    used = dict(manifest.get("dependencies", {}))
    for target in manifest.get("target", {}).values():
        used.update(target.get("dependencies", {}))
    fail_with("no reason is given in budgets.toml", sorted(set(used) - set(reasons)))
    for name, settings in used.items():
        if not isinstance(settings, dict) or not settings.get("workspace"):
            assert settings["default-features"] is False, f"{name}: default features are on"


@pytest.mark.parametrize("crate", TRUSTED)
def test_trusted_code_fits_its_budget(crate: str) -> None:
    counts = {
        path.name: rust_source.code_line_count(path.read_text()) for path in trusted_sources(crate)
    }
    budget = TRUSTED[crate]["code_lines"]
    assert sum(counts.values()) <= budget, counts


@pytest.mark.parametrize("crate", TRUSTED)
def test_trusted_code_keeps_to_itself(crate: str) -> None:
    offences: list[str] = []
    for path in trusted_sources(crate):
        code = rust_source.without_tests(rust_source.blank(path.read_text()))
        for what, pattern in TRUSTED_BANS.items():
            offences.extend(
                f"{name_of(path)}:{rust_source.line_of(code, found.start())}: {what}"
                for found in pattern.finditer(code)
            )
    fail_with("trusted code may not use", offences)


def prose(path: Path) -> str:
    """The text of a page without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)


def test_pages_have_one_title() -> None:
    offences = []
    for path in files(".md"):
        titles = re.findall(r"^# ", prose(path), flags=re.MULTILINE)
        if len(titles) != 1 or not path.read_text().startswith("# "):
            offences.append(f"{name_of(path)}: {len(titles)} titles")
    fail_with("a page begins with `# `, once", offences)


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose(path), flags=re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


def test_links_resolve() -> None:
    offences = []
    for path in files(".md"):
        for target in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
            if re.match(r"[a-z]+:", target):
                continue
            place, _, anchor = target.partition("#")
            page = (path.parent / place).resolve() if place else path
            if not page.exists() or (anchor and anchor not in anchors(page)):
                offences.append(f"{name_of(path)}: {target}")
    fail_with("links that lead nowhere", offences)


def test_no_package_mirror_is_named() -> None:
    here = Path(__file__).resolve()
    fail_with(
        "a package mirror or registry host is named",
        (
            f"{name_of(path)}:{number}"
            for path in FILES
            if path != here and path.suffix not in {".lock", ".bin"} and written_by_hand(path)
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
            if REGISTRY_HOSTS.search(line)
        ),
    )
