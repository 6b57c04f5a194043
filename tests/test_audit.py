"""Audits of the logs that a store wrote: honest ones pass, changed ones are found out."""

from pathlib import Path

import pytest
import zeta
from zeta import errors, log
from zeta.auditing import Truncated, WrongLength
from zeta.verifier import Rejected

KEYS = [b"key %d" % number for number in range(300)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with zeta.open(workers=2, slots=96, epoch=None, log=tmp_path / "logs") as store:
        for value in (b"1", b"2"):
            store.put_many(KEYS, [value] * len(KEYS))
            store.rename(KEYS[0], KEYS[1])
            assert store.get(KEYS[2]) == value
            store.certify()
    return tmp_path / "logs"


def thread_logs(folder: Path) -> list[Path]:
    """The files that begin with an entry of a log."""
    return sorted(path for path in folder.iterdir() if is_log(path.read_bytes()))


def is_log(data: bytes) -> bool:
    try:
        return bool(log.decode(data))
    except errors.InvalidValue:
        return False


def test_an_honest_log_passes(folder: Path) -> None:
    steps: list[tuple[int, int]] = []
    report = zeta.audit(folder, on_progress=lambda done, total: steps.append((done, total)))
    assert report.problem is None
    assert report.threads == 2
    assert report.certified is not None
    assert report.certified >= 1
    assert report.operations == 2 * (len(KEYS) + 2)
    assert report.uncertified_operations == 0
    assert [epoch.epoch for epoch in report.epochs] == list(range(report.certified + 1))
    assert sum(epoch.operations for epoch in report.epochs) == report.operations
    assert all(epoch.outcome == zeta.Certified() for epoch in report.epochs)
    assert report.entries > report.operations
    assert report.bytes == sum(path.stat().st_size for path in thread_logs(folder))
    assert steps[-1] == (report.bytes, report.bytes)


def test_a_log_of_entries_is_readable(folder: Path) -> None:
    entries = [entry for path in thread_logs(folder) for entry in log.decode(path.read_bytes())]
    runs = [entry for entry in entries if isinstance(entry, log.RunApp)]
    assert len(runs) == 2 * (len(KEYS) + 2)


def test_a_cut_log_is_found_out(folder: Path) -> None:
    path = thread_logs(folder)[0]
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    assert isinstance(zeta.audit(folder).problem, Truncated)


def test_a_changed_log_is_found_out(folder: Path) -> None:
    path = thread_logs(folder)[0]
    data = path.read_bytes()
    entries = log.decode(data)
    at = next(i for i, entry in enumerate(entries) if isinstance(entry, log.RunApp))
    path.write_bytes(log.encode(entries[:at] + entries[at + 1 :]))
    report = zeta.audit(folder)
    assert report.problem is not None
    path.write_bytes(log.encode(entries[: at + 1] + entries[at:]))
    zeta.audit(folder)
    entries[at] = log.RunApp(0, log.arguments(b"other"), (0,))
    path.write_bytes(log.encode(entries))
    problem = zeta.audit(folder).problem
    assert isinstance(problem, Rejected)
    assert isinstance(problem.reason, zeta.Reason)
    outcomes = [type(epoch.outcome) for epoch in zeta.audit(folder).epochs]
    assert outcomes[-1] is zeta.Poisoned


def test_what_is_no_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.LogReadError, match="cannot be read"):
        zeta.audit(tmp_path)
    with pytest.raises(OSError, match="cannot be read"):
        zeta.audit(tmp_path / "nothing")


@pytest.mark.parametrize(
    "change",
    [
        ("zeta log 1", "zeta log 2"),
        ("threads ", "threads 30"),
        ("threads ", "threads -"),
        ("slots ", "slots 9999999"),
        ("nonce ", "nonce x"),
        ("root ", "roots "),
        ("closed ", "opened "),
        ("closed ", "closed 1 "),
        ("closed ", "closed x"),
        ("\n", "\n\n"),
    ],
    ids=lambda change: change[1],
)
def test_a_manifest_that_no_store_wrote_is_refused(folder: Path, change: tuple[str, str]) -> None:
    manifest = folder / "manifest"
    manifest.write_text(manifest.read_text().replace(*change))
    with pytest.raises(errors.LogReadError, match="manifest"):
        zeta.audit(folder)


def test_a_manifest_that_is_cut_or_goes_on_is_refused(folder: Path) -> None:
    manifest = folder / "manifest"
    text = manifest.read_text()
    manifest.write_text(text[:-1])
    with pytest.raises(errors.LogReadError, match="cut"):
        zeta.audit(folder)
    manifest.write_text(text + "closed 1 2\n")
    with pytest.raises(errors.LogReadError, match="after its end"):
        zeta.audit(folder)
    manifest.write_text(text + "\0" * (3 << 20))
    with pytest.raises(errors.LogReadError, match="too long"):
        zeta.audit(folder)


def test_a_log_that_its_store_did_not_close_so_is_found_out(folder: Path) -> None:
    manifest = folder / "manifest"
    *lines, closed = manifest.read_text().splitlines(keepends=True)
    assert closed.startswith("closed ")
    assert zeta.audit(folder).closed
    manifest.write_text("".join(lines))
    assert not zeta.audit(folder).closed
    first, second = thread_logs(folder)
    lengths = (first.stat().st_size, second.stat().st_size + 1)
    manifest.write_text("".join(lines) + f"closed {lengths[0]} {lengths[1]}\n")
    assert zeta.audit(folder).problem == WrongLength(1, lengths[1] - 1, lengths[1])


def test_a_callback_that_raises_ends_the_audit(folder: Path) -> None:
    def fail(done: int, total: int) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        zeta.audit(folder, on_progress=fail)
