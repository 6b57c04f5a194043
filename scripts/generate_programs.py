"""Writes the programs of applications that Rust code takes as bytes, from their Python sources."""

from pathlib import Path

from zeta.applications.key_value import KeyValue

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = {ROOT / "crates/program/key_value.program": KeyValue}
"""Each file, and the application whose program it holds."""


def main() -> None:
    """Writes each file."""
    for path, application in PROGRAMS.items():
        path.write_bytes(application.program())
        print(f"{application.digest().hex()} {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
