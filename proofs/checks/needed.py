"""Leaves out each check of the Coq verifier in turn, and says whether the theorem still holds.

A check that is not needed is defence in depth, or keeps the shape of a memory that Coq does not
have; docs/proof.md lists them. AddB is not tried: `Thm/AddB` says exactly what its checks are.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

PROOFS = Path(__file__).resolve().parents[1]
THEOREM = "Thm/Soundness"
TRIED = ["AddM", "EvictM", "EvictB", "EvictBM", "Epoch", "RunApp", "Entry", "Bounds"]
# Stands for a check that always passes, and that no tactic sees through.
YES = "\nDefinition yes : bool := true.\nGlobal Opaque yes.\n"


def listed():
    """All files up to the theorem, in the order in which they are compiled."""
    names = re.findall(r"theories/(\w+/\w+)\.v", (PROOFS / "_CoqProject").read_text())
    return names[: names.index(THEOREM) + 1]


def needs(text):
    """The files that a file requires."""
    required = re.findall(r"From zeta Require(.*?)\.\n", text, re.S)
    return {name.replace(".", "/") for names in required for name in re.findall(r"\w+\.\w+", names)}


def compiles(folder, name):
    command = ["coqc", "-q", "-Q", "theories", "zeta", f"theories/{name}.v"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


def without_a_check(text):
    """The text without one check, and what that check says, for each of them."""
    for found in re.finditer(r"require \(", text):
        end, depth = found.end(), 1
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        stop = text[end:].strip().splitlines()[0].rstrip(";.")
        yield text[: found.end() - 1] + "yes" + text[end:], stop


def main():
    names = listed()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        shutil.copytree(PROOFS / "theories", folder / "theories")
        files = {name: folder / f"theories/{name}.v" for name in names}
        with files["Spec/Width"].open("a") as width:
            width.write(YES)
        if not all(compiles(folder, name) for name in names):
            raise SystemExit("the proofs do not compile")
        for tried in (f"Spec/{name}" for name in TRIED):
            whole = files[tried].read_text()
            if "Spec.Width" not in whole:
                whole = whole.replace("Require Import Spec", "Require Import Spec.Width Spec", 1)
            touched = {tried}
            for name in names:
                if needs(files[name].read_text()) & touched:
                    touched.add(name)
            again = [name for name in names if name in touched]
            for text, stop in without_a_check(whole):
                files[tried].write_text(text)
                broken = next((name for name in again if not compiles(folder, name)), None)
                verdict = f"needed in {broken}" if broken else "not needed"
                print(f"{tried} {stop}: {verdict}", flush=True)
            files[tried].write_text(whole)
            for name in again:
                compiles(folder, name)


if __name__ == "__main__":
    main()
