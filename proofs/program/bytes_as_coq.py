"""Prints the bytes of the key-value program that ships as a Coq file."""

from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[2] / "crates/program/key_value.program"
NUMBERS_PER_LINE = 16

HEAD = """\
(** The bytes of the key-value program that ships; [make generate] writes this file. *)
From Coq Require Import NArith List.
From zeta Require Import Spec.Record.
Import ListNotations.
Open Scope N_scope.

Definition key_value_bytes : bytes := [
"""


def main() -> None:
    """Prints the file."""
    numbers = [str(byte) for byte in PROGRAM.read_bytes()]
    lines = [
        "; ".join(numbers[start : start + NUMBERS_PER_LINE])
        for start in range(0, len(numbers), NUMBERS_PER_LINE)
    ]
    print(HEAD + "  " + ";\n  ".join(lines) + "\n].")


if __name__ == "__main__":
    main()
