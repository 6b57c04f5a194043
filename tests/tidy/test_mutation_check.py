"""The rewriting of the mutation check: every check gets the switch of its number, nothing else."""

from pathlib import Path

import mutation_check

LIB = """//! A crate.
pub fn require<E>(condition: bool, error: E) -> Result<(), E> {
    if condition { Ok(()) } else { Err(error) }
}
pub fn one(x: u8) -> Result<(), u8> {
    require(x > 0, 1)?; // not require(this)
    self::require::<u8>(
        x < f(9),
        2,
    )
}
#[cfg(test)]
mod tests {
    fn two() { require(true, "require(") }
}
"""


def workspace(root: Path) -> Path:
    for crate in mutation_check.CRATES:
        source = root / "crates" / crate / "src/lib.rs"
        source.parent.mkdir(parents=True)
        source.write_text(LIB)
    return root


def test_checks_are_found_with_their_function_and_text(tmp_path: Path) -> None:
    checks = mutation_check.find_checks(workspace(tmp_path))
    crates = mutation_check.CRATES
    assert [check.number for check in checks] == list(range(2 * len(crates)))
    assert checks[1].key == "crates/program/src/lib.rs: one: x < f(9), 2,"
    assert [check.crate for check in checks] == [crate for crate in crates for _ in range(2)]


def test_each_check_gets_its_number(tmp_path: Path) -> None:
    mutation_check.rewrite(workspace(tmp_path))
    crate = mutation_check.CRATES[1]
    text = (tmp_path / "crates" / crate / "src/lib.rs").read_text()
    assert "    crate::mutation::require_switch(2, x > 0, 1)?; // not require(this)" in text
    assert "    crate::mutation::require_switch::<u8>(3, \n        x < f(9)," in text
    assert 'fn two() { require(true, "require(") }' in text
    assert "pub fn require<E>(condition" in text
