"""What scripts rely on: the fields of each command's JSON object, and the exit codes."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import zeta

from .conftest import Run

MEASURED = {
    "operations",
    "wrong_answers",
    "epochs_certified",
    "verified_ops_per_s",
    "unverified_ops_per_s",
    "ratio",
    "certification_ms",
}


def assert_measured(contract: dict[str, Any]) -> None:
    assert contract.keys() >= MEASURED
    assert contract["wrong_answers"] == 0
    assert contract["epochs_certified"] >= 1
    assert contract["ratio"] == pytest.approx(
        contract["verified_ops_per_s"] / contract["unverified_ops_per_s"], rel=0.01
    )
    assert 0 < contract["certification_ms"]["p50"] <= contract["certification_ms"]["p99"]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("policy", ["hybrid", "deferred", "merkle"])
def test_replay_agrees_with_the_dict(run: Run, trace: Path, threads: int, policy: str):
    options = ("--threads", threads, "--policy", policy, "--epoch-ms", 20, "--read-share", 0.5)
    contract = run("replay", trace, "--limit", 9000, *options, "--batch", 100, "--json").contract
    assert_measured(contract)
    assert contract["operations"] == 9000


@pytest.mark.parametrize("size", [1, 8, 100])
def test_replay_takes_values_of_any_size(run: Run, trace: Path, size: int):
    ended = run("replay", trace, "--limit", 2000, "--value-size", size, "--json")
    assert ended.contract["wrong_answers"] == 0


def test_replay_of_a_csv_deletes_and_finds_absence(run: Run, tmp_path: Path):
    path = tmp_path / "operations.csv"
    rows = ["op,key,value"]
    for number in range(600):
        key = f"k{number * 7 % 40}"
        rows.append((f"put,{key},v{number}", f"get,{key}", f"delete,{key}")[number % 3])
    path.write_text("\n".join(rows))
    contract = run("replay", path, "--threads", 2, "--batch", 16, "--json").contract
    assert contract["operations"] == 600
    assert contract["wrong_answers"] == 0


@pytest.mark.parametrize("workload", ["ycsb-a", "ycsb-b", "ycsb-c", "ycsb-d", "ycsb-f"])
@pytest.mark.parametrize("distribution", ["zipfian", "uniform"])
def test_bench_measures(run: Run, workload: str, distribution: str):
    options = ("--records", 2000, "--seconds", 0.1, "--epoch-ms", 20, "--batch", 500)
    ended = run("bench", workload, *options, "--distribution", distribution, "--json")
    assert_measured(ended.contract)
    assert "bytes_per_record" in ended.contract


def test_bench_compares_policies(run: Run):
    ended = run("bench", "policies", "--records", 500, "--seconds", 0.1, "--batch", 100, "--json")
    assert ended.contract["policies"].keys() == {"hybrid", "deferred", "merkle"}


@pytest.mark.parametrize("threads", [1, 2])
def test_bench_measures_transfers(run: Run, threads: int):
    options = ("--accounts", 300, "--seconds", 0.1, "--batch", 100, "--threads", threads)
    contract = run("bench", "bank", *options, "--json").contract
    assert contract["wrong_answers"] == 0
    assert contract["operations"] > contract["failed_checks"] > 0
    assert contract["verified_ops_per_s"] > 0 < contract["unverified_ops_per_s"]
    assert contract["epochs_certified"] > 0
    assert contract["ratio"] == pytest.approx(
        contract["verified_ops_per_s"] / contract["unverified_ops_per_s"], rel=1e-3
    )


def test_bench_times_single_calls(run: Run):
    contract = run("bench", "single", "--records", 500, "--seconds", 0.1, "--json").contract
    assert contract["verified"].keys() == {"get_ns", "put_ns"}


def test_demo_catches_every_attack(run: Run):
    contract = run("demo", "--seconds", 0.5, "--epoch-ms", 100, "--json").contract
    assert contract["operations"] > 0
    assert contract["epochs_certified"] >= 2
    assert len(contract["attacks"]) >= 8
    for attack in contract["attacks"]:
        assert attack.keys() == {"name", "caught", "by", "ms"}
        assert attack["caught"], attack
        assert attack["by"]


def test_demo_serves_a_trace_and_prints_no_control_codes(run: Run, trace: Path):
    ended = run("demo", "--trace", trace, "--seconds", 0.2)
    assert ended.code == 0
    assert "\x1b" not in ended.out
    assert trace.name in ended.out


def test_logs_that_replay_wrote_are_verified_offline(run: Run, trace: Path, tmp_path: Path):
    folder = tmp_path / "logs"
    run("replay", trace, "--limit", 3000, "--threads", 2, "--log", folder)
    contract = run("verify-log", folder, "--json").contract
    assert contract["problem"] is None
    assert contract["operations"] >= 3000
    assert contract["epochs_certified"] >= 1
    certified = [epoch for epoch in contract["epochs"] if epoch["outcome"] == "certified"]
    assert len(certified) == contract["epochs_certified"]
    assert sum(epoch["operations"] for epoch in certified) == contract["operations"]


def test_logs_that_nobody_closed_have_a_code_of_their_own(run: Run, tmp_path: Path):
    store = zeta.open(epoch=None, log=tmp_path / "logs")
    store.put(b"key", b"value")
    store.certify()
    ended = run("verify-log", tmp_path / "logs", "--json")
    found = json.loads(ended.out)
    assert ended.code == 3
    assert (found["closed"], found["problem"], found["operations"]) == (False, None, 1)
    assert "not closed" in ended.err
    store.close()
    contract = run("verify-log", tmp_path / "logs", "--json").contract
    assert (contract["closed"], contract["problem"], contract["operations"]) == (True, None, 1)


def test_a_log_cut_between_two_entries_is_refused_offline(run: Run, tmp_path: Path):
    with zeta.open(epoch=None, log=tmp_path / "logs") as store:
        store.put(b"key", b"value")
    path = tmp_path / "logs" / "thread-0"
    entries = zeta.log.decode(path.read_bytes())
    for count in range(len(entries)):
        path.write_bytes(zeta.log.encode(entries[:count]))
        ended = run("verify-log", tmp_path / "logs", "--json")
        assert ended.code == 1
        assert json.loads(ended.out)["problem"]["reason"] == "WrongLength"
        assert "closed" in ended.err


def test_bench_of_the_longest_values_ends(run: Run):
    contract = run(
        "bench", "ycsb-a", "--records", 100, "--value-size", 1 << 20, "--seconds", 0.05, "--json"
    ).contract
    assert contract["operations"] > 0
    assert contract["wrong_answers"] == 0


def test_of_many_epochs_the_last_are_shown(run: Run, tmp_path: Path):
    with zeta.open(epoch=None, log=tmp_path / "logs") as store:
        for _ in range(30):
            store.certify()
    ended = run("verify-log", tmp_path / "logs")
    assert "the last 20 of 31 epochs" in ended.out
    assert len(ended.out.splitlines()) < 30
    assert len(run("verify-log", tmp_path / "logs", "--json").contract["epochs"]) == 31


@pytest.mark.parametrize(
    "arguments",
    [
        ("fly",),
        ("demo", "--no-such-option"),
        ("replay",),
        ("replay", "no-such-file"),
        ("replay", "."),
        ("replay", "{trace}", "--threads", "0"),
        ("replay", "{trace}", "--read-share", "1.5"),
        ("replay", "{trace}", "--policy", "none"),
        ("replay", "{text}"),
        ("replay", "{cut}"),
        ("bench", "ycsb-e"),
        ("bench", "ycsb-a", "--theta", "1"),
        ("bench", "ycsb-a", "--records", "0"),
        ("verify-log", "no-such-folder"),
        ("verify-log", "{empty}"),
    ],
)
def test_misuse_is_told_on_the_error_stream(
    run: Run, trace: Path, tmp_path: Path, arguments: tuple[str, ...]
):
    (tmp_path / "text.txt").write_text("not a trace")
    (tmp_path / "cut.xz").write_bytes(trace.read_bytes()[:-20])
    (tmp_path / "empty").mkdir()
    places = {
        "{trace}": trace,
        "{text}": tmp_path / "text.txt",
        "{cut}": tmp_path / "cut.xz",
        "{empty}": tmp_path / "empty",
    }
    ended = run(*(places.get(argument, argument) for argument in arguments))
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.strip()
    assert "Traceback" not in ended.err


def test_a_log_that_cannot_begin_is_told(run: Run, trace: Path, tmp_path: Path):
    (tmp_path / "file").write_text("")
    ended = run("replay", trace, "--log", tmp_path / "file")
    assert ended.code == 2
    assert str(tmp_path / "file") in ended.err


def test_a_tampered_log_is_refused_offline(run: Run, trace: Path, tmp_path: Path):
    folder = tmp_path / "logs"
    run("replay", trace, "--limit", 3000, "--log", folder)
    (largest,) = sorted(folder.iterdir(), key=lambda path: path.stat().st_size)[-1:]
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.write_bytes(content)
    ended = run("verify-log", folder, "--json")
    assert ended.code == 1
    problem = json.loads(ended.out)["problem"]
    assert problem["reason"]
    assert problem["text"] in ended.err


def test_a_log_that_cannot_grow_is_told(trace: Path, tmp_path: Path):
    # A limit on the size of files is what a full disk looks like, without filling one.
    def limit_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    command = [sys.executable, "-m", "zeta.cli", "replay", str(trace)]
    ended = subprocess.run(
        [*command, "--log", str(tmp_path / "logs"), "--json"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit_files,
    )
    assert ended.returncode == 2
    assert str(tmp_path / "logs") in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_reader_who_goes_is_no_sign_of_tampering(trace: Path):
    command = [sys.executable, "-m", "zeta.cli", "replay", str(trace), "--limit", "500"]
    ended = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert ended.stdout is not None
    ended.stdout.close()
    assert ended.stderr is not None
    with ended, ended.stderr:
        assert ended.stderr.read() == "zeta: whoever read the output has gone\n"
    assert ended.returncode == 2


def test_the_command_runs_as_a_process_of_its_own(trace: Path):
    ended = subprocess.run(
        [sys.executable, "-m", "zeta.cli", "replay", str(trace), "--limit", "500", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TERM": "dumb"},
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout.splitlines()[-1])["operations"] == 500
    assert "\x1b" not in ended.stdout + ended.stderr


def test_verify_log_refuses_logs_of_another_application(run: Run, tmp_path: Path):
    with zeta.open(log=tmp_path / "log") as store:
        store.put(b"key", b"value")
    folder, shipped = tmp_path / "log", "zeta.applications"
    same = run("verify-log", folder, "--app", f"{shipped}.key_value:KeyValue", "--json")
    assert same.contract["problem"] is None
    other = run("verify-log", folder, "--app", f"{shipped}.counters:Counters")
    assert other.code == 2
    assert "transition `put` is gone" in other.err
    assert run("verify-log", folder, "--app", "nothing").code == 2
