"""What certifies is linearizable, judged by porcupine, which knows nothing of Zeta."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


def judge(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["go", "run", ".", str(path)], cwd=HERE, capture_output=True, text=True, check=False
    )


def test_the_judge_knows_good_histories_from_bad() -> None:
    known = HERE / "known.jsonl"
    result = judge(known)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "ok 6, illegal 12, unknown 0" in result.stdout


def test_the_judge_fails_where_a_verdict_is_not_expected(tmp_path: Path) -> None:
    known = (HERE / "known.jsonl").read_text()
    believed = tmp_path / "believed.jsonl"
    believed.write_text(known.replace('"expect": "illegal"', '"expect": "ok"'))
    result = judge(believed)
    assert result.returncode != 0
    assert "12 histories are not as expected" in result.stderr


def test_what_certifies_is_linearizable(tmp_path: Path) -> None:
    for adversary, runs in (("off", 400), ("on", 1200)):
        histories = tmp_path / f"{adversary}.jsonl"
        simulation = ["cargo", "run", "--quiet", "--locked", "-p", "zeta-sim", "--"]
        options = ["--runs", str(runs), "--adversary", adversary, "--histories", str(histories)]
        subprocess.run([*simulation, *options], cwd=ROOT, check=True, capture_output=True)
        result = judge(histories)
        assert result.returncode == 0, result.stdout + result.stderr
        assert "illegal 0, unknown 0" in result.stdout
