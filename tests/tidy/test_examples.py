"""Runs the Python examples of the documentation: a page's blocks are one program, top to bottom."""

import linecache
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What begins so goes on in a file of that name, too: other programs of the page use it.
FILE = re.compile(r"# (\w+\.py)\n")
BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = [
    page
    for page in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    )
    if page.exists() and BLOCK.search(page.read_text())
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_example_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # An example finds the samples beside it, and may write files.
    shutil.copytree(ROOT / "docs/samples", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    text = page.read_text()
    names: dict[str, Any] = {"__name__": "__main__"}
    for found in BLOCK.finditer(text):
        # Empty lines in front, so that a traceback names the line of the page.
        above = "\n" * text.count("\n", 0, found.start("code"))
        source = above + found["code"]
        if file := FILE.match(found["code"]):
            with (tmp_path / file[1]).open("a") as out:
                out.write(found["code"])
        # An application reads its own source, and the page as a whole is none.
        block = f"{page}, block at {found.start('code')}"
        linecache.cache[block] = (len(source), None, source.splitlines(keepends=True), block)
        exec(compile(source, block, "exec"), names)
