"""`bench all` on a few lines: everything of the page, and nothing twice."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.corpus import OWN_FOLDER
from benchmarks.results import read_report

REPOSITORY = Path(__file__).resolve().parents[2]
MARKS = "".join(
    f"<!-- bench {name}: begin -->\n<!-- bench {name}: end -->\n"
    for name in ("detect", "speed", "load", "feeds", "quality")
)


def _start(page: Path, folder: Path) -> subprocess.Popen[str]:
    arguments = ("--direction", "pt-en", "--data", str(OWN_FOLDER), "--lines", "4")
    output = ("--resume", str(folder / "kept"), "--figures", str(folder / "figures"), "--markdown", str(page))
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.cli", "all", *arguments, *output],
        cwd=REPOSITORY,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_one_command_makes_every_table_and_goes_on_where_it_was_stopped(home: Path, tmp_path: Path) -> None:
    pytest.importorskip("fxtranslate", reason="the peer fxtranslate is not installed (extra: bench)")
    page = tmp_path / "page.md"
    page.write_text(MARKS, encoding="utf-8")
    stopped = _start(page, tmp_path)
    deadline = time.monotonic() + 240
    while not (tmp_path / "kept" / "speed.json").exists() and time.monotonic() < deadline:
        assert stopped.poll() is None, stopped.communicate()
        time.sleep(0.2)
    stopped.terminate()
    stopped.communicate(timeout=60)
    assert stopped.returncode != 0
    whole = _start(page, tmp_path)
    _, progress = whole.communicate(timeout=400)
    assert whole.returncode == 0, progress
    clean = not subprocess.run(
        ["git", "status", "--porcelain"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    # Files that were changed since the last commit may have changed what is measured.
    assert ("speed, kept" in progress) is clean
    for name in ("speed", "load", "feeds", "quality"):
        report = read_report(tmp_path / "figures" / f"{name}.json")
        assert report.figures
        assert report.signature in page.read_text(encoding="utf-8")
    last = [line for line in progress.splitlines() if line.startswith("[")][-1]
    done, _, total = last[1 : last.index("]")].partition("/")
    assert done == total
