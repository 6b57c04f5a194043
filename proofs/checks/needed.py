"""Which lemma needs which check of the Coq verifier.

Leaves out each check in turn and compiles the proofs again: the first lemma that no longer goes
through needs it. `needed.txt` keeps the answers, one line for each check, in the order of the Coq
files; docs/proof.md shows them. Without arguments, compares all that takes no time: that every
check has its line, that the lemmas exist, that the page shows the lines, and that a check is marked
as defence in depth exactly where no lemma needs it.

usage: needed.py                  compare
       needed.py FILE...          try the checks of these files (minutes each), `all` for all
"""

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

PROOFS = Path(__file__).resolve().parents[1]
ANSWERS = PROOFS / "checks/needed.txt"
PAGE = PROOFS.parent / "docs/proof.md"
BEGIN, END = "<!-- made by `make -C proofs needed` -->\n", "<!-- end -->\n"
# The checks of sessions bear on no record.
FILES = ["Entry", "Bounds", "AddM", "AddB", "EvictM", "EvictB", "EvictBM", "Epoch", "RunApp"]
# Those about records. Others say exactly what a check is, or that honest hosts pass, and need every
# check, or none.
THEOREMS = {"Thm/Soundness", "Thm/Adopted", "Thm/Decided", "Thm/KeyValue", "Thm/MultisetHash"}
NOT_NEEDED = "-"
# These keep the shape of a memory that the Coq function does not have, or a width, or a limit.
SHAPE = {
    "SlotOutOfRange", "AncestorOutOfRange", "SlotNotListed", "ElementCountOverflow", "Window",
    "ByteBudget", "PathNotCanonical", "KeyTooLong", "ValueTooLong",
    "ArgumentsTooLong", "RunApp.decide_bind SlotEmpty",
}  # fmt: skip
# Stands for a check that always passes, and that no tactic sees through.
YES = "\nDefinition yes : bool := true.\nGlobal Opaque yes.\n"
STOP = re.compile(r"\((?:Rejected|Retry|Refused|Stopped \(Retry) (\w+)\)")
LEMMA = re.compile(r"^ *(?:Lemma|Theorem|Corollary|Definition|Fixpoint|Instance) (\w+)", re.M)


@dataclass
class Check:
    file: str
    function: str
    stop: str
    span: tuple  # of its condition
    marked: bool  # a comment before it says that it is defence in depth

    @property
    def key(self):
        return f"{self.file}.{self.function} {self.stop}"


def checks_of(name):
    """The checks of a file of Spec, in its order."""
    text = (PROOFS / f"theories/Spec/{name}.v").read_text("ascii")
    for found in re.finditer(r"\brequire (\(|\w+)", text):
        start, end = found.span(1)
        depth = int(text[start] == "(")
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        functions = re.findall(r"^(?:Definition|Fixpoint) (\w+)", text[:start], re.M)
        stop = STOP.search(text, end)
        if functions[-1] in ("require", "and_then") or not stop:
            continue
        # From the last check, or from where the function begins.
        before = re.split(r";;|\bin\n|:=\n", text[:start])
        near = "".join(before[-2:]) if "let " in before[-1] or "let " in before[-2] else before[-1]
        yield Check(name, functions[-1], stop[1], (start, end), "Defence in depth" in near)


def all_checks():
    found = {}
    for check in (check for name in FILES for check in checks_of(name)):
        key, number = check.key, 2
        while key in found:
            key, number = f"{check.key} {number}", number + 1
        found[key] = check
    return found


def needs(text):
    """The files that a file requires."""
    required = re.findall(r"From zeta Require(.*?)\.\n", text, re.S)
    return {name.replace(".", "/") for names in required for name in re.findall(r"\w+\.\w+", names)}


def theorem_files():
    """What the theorems rest on, in the order in which it is compiled."""
    listed = re.findall(r"theories/(\w+/\w+)\.v", (PROOFS / "_CoqProject").read_text())
    asked = set(THEOREMS)
    for name in reversed(listed):
        if name in asked:
            asked |= needs((PROOFS / f"theories/{name}.v").read_text())
    return [name for name in listed if name in asked]


def broken_lemma(folder, name):
    """The lemma of the file that does not go through; nothing where all do."""
    command = ["coqc", "-q", "-Q", "theories", "zeta", f"theories/{name}.v"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    line = int(re.search(r'File "[^"]*", line (\d+)', done.stderr)[1])
    above = (folder / f"theories/{name}.v").read_text().splitlines()[:line]
    return f"{name}.{LEMMA.findall(chr(10).join(above))[-1]}"


def compile_all(folder, names, texts):
    """Compiles the proofs as they are, with room for what stands for a check."""
    for name in names:
        path = folder / f"theories/{name}.v"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[name] + (YES if name == "Spec/Reason" else ""))
        if broken := broken_lemma(folder, name):
            raise SystemExit(f"the proofs do not compile: {broken}")


def without(folder, check, names, texts):
    """The first lemma that fails without the check."""
    touched, text = {f"Spec/{check.file}"}, texts[f"Spec/{check.file}"]
    for name in names:
        if needs(texts[name]) & touched:
            touched.add(name)
    source = folder / f"theories/Spec/{check.file}.v"
    source.write_text(text[: check.span[0]] + "yes" + text[check.span[1] :])
    broken = (broken_lemma(folder, name) for name in names if name in touched)
    return next(filter(None, broken), NOT_NEEDED)


def try_files(wanted):
    names, found = theorem_files(), all_checks()
    texts = {name: (PROOFS / f"theories/{name}.v").read_text("ascii") for name in names}
    with tempfile.TemporaryDirectory() as place:
        whole, tried = Path(place, "whole"), Path(place, "tried")
        compile_all(whole, names, texts)
        for file in wanted:
            answers = read_answers()
            for key, check in found.items():
                if check.file == file:
                    shutil.copytree(whole, tried)
                    answers[key] = without(tried, check, names, texts)
                    shutil.rmtree(tried)
                    print(f"{key}: {answers[key]}", flush=True)
            write_answers({key: answers.get(key, "?") for key in found})


def write_answers(answers):
    ANSWERS.write_text("".join(f"{key}: {answer}\n" for key, answer in answers.items()))
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    PAGE.write_text(before + BEGIN + table(answers) + END + rest.partition(END)[2], "utf-8")


def read_answers():
    lines = ANSWERS.read_text("ascii").splitlines() if ANSWERS.exists() else []
    return dict(line.rsplit(": ", 1) for line in lines)


def is_shape(key):
    return key in SHAPE or key.split(" ")[1] in SHAPE


def table(answers):
    """For the page: a row for each function, its checks in order."""
    rows = {}
    for key, lemma in answers.items():
        function, stop, *_ = key.split(" ")
        shown = "shape of memory" if is_shape(key) else "defence in depth"
        if lemma != NOT_NEEDED:
            shown = f"`{lemma.partition('.')[2]}`"
        rows.setdefault(function, []).append(f"{stop}: {shown}")
    lines = [f"| `{function}` | {'<br>'.join(checks)} |\n" for function, checks in rows.items()]
    return "| function | each check, and the first lemma that fails without it |\n|---|---|\n" + (
        "".join(lines)
    )


def is_lemma(lemma):
    file, _, name = lemma.partition(".")
    source = PROOFS / f"theories/{file}.v"
    return source.exists() and name in LEMMA.findall(source.read_text("ascii"))


def compare():
    found, answers, wrong = all_checks(), read_answers(), []
    if list(found) != list(answers):
        wrong.append(f"checks and `needed.txt` differ: {sorted(set(found) ^ set(answers))}")
    for key, lemma in answers.items():
        if lemma != NOT_NEEDED and not is_lemma(lemma):
            wrong.append(f"{key}: there is no lemma `{lemma}`")
        check = found.get(key)
        defence = lemma == NOT_NEEDED and not is_shape(key)
        if check is not None and check.marked != defence:
            wrong.append(f"{key}: marked as defence in depth: {check.marked}, but is: {defence}")
    if BEGIN + table(answers) + END not in PAGE.read_text("utf-8"):
        wrong.append("docs/proof.md shows another table")
    if wrong:
        raise SystemExit(
            "\n".join([*wrong, "`make -C proofs needed` finds out and writes it down"])
        )


if __name__ == "__main__":
    if sys.argv[1:]:
        try_files(FILES if sys.argv[1:] == ["all"] else sys.argv[1:])
    else:
        compare()
