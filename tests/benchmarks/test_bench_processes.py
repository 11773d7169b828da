"""Measured processes: pinned, asked in turn, and told apart when they fail, die or hang."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import conditions
from benchmarks.coldstart import ColdCommand, cold_start
from benchmarks.processes import SystemFailed, Worker
from benchmarks.progress import Progress
from benchmarks.systems import SystemSpec, parse_systems, system_spec
from service.errors import InvalidInput

can_pin = pytest.mark.skipif(not conditions.can_pin(), reason="this platform cannot pin processes to cores")


def test_a_failure_is_told_and_the_process_goes_on() -> None:
    with Worker("manchete", ()) as worker:
        with pytest.raises(SystemFailed, match="manchete failed to open: there is no model for pt-xx"):
            worker.ask("open", direction="pt-xx")
        assert worker.ask("resident")["bytes"] is not None or not Path("/proc/self/statm").exists()


def test_what_a_text_made_fail_is_not_quoted() -> None:
    with Worker("manchete", ()) as worker, pytest.raises(SystemFailed) as caught:
        worker.ask("batch", direction="a secret text", lines=["a secret text"])
    assert caught.value.message == "manchete failed to batch: KeyError"


def test_a_process_that_died_is_told_from_one_that_hangs() -> None:
    with Worker("no-such-system", (), seconds=60) as worker:
        with pytest.raises(SystemFailed, match="no-such-system failed to open: ValueError"):
            worker.ask("open", direction="pt-en")
        os.kill(worker.pid, 9)
        with pytest.raises(SystemFailed, match="no-such-system died with exit status -9"):
            worker.ask("open", direction="pt-en")


def test_a_process_that_takes_too_long_is_ended() -> None:
    # Nobody imports anything in a hundredth of a second.
    late = pytest.raises(SystemFailed, match=r"manchete took longer than 0\.01 s")
    with Worker("manchete", (), seconds=0.01) as worker, late:
        worker.ask("resident")


@can_pin
def test_processes_started_while_pinned_stay_on_the_core_and_this_one_does_not() -> None:
    before = os.sched_getaffinity(0)
    core = conditions.usable_cores()[-1]
    code = "import os; print(*os.sched_getaffinity(0))"
    with conditions.pinned((core,)):
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == [str(core)]
    assert os.sched_getaffinity(0) == before


def test_cores_are_taken_from_the_end_and_not_made_up() -> None:
    usable = conditions.usable_cores()
    assert conditions.cores_for(1) == (usable[-1],)
    assert conditions.cores_for(1, usable[0]) == (usable[0],)
    assert conditions.cores_for(len(usable)) == usable
    assert conditions.cores_for(len(usable) + 1) is None
    with pytest.raises(InvalidInput, match="--core"):
        conditions.cores_for(1, max(usable) + 1)


def test_the_users_settings_do_not_reach_measured_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANCHETE_ENGINE", "transformers")
    monkeypatch.setenv("MANCHETE_HOME", "/somewhere")
    environment = conditions.child_environment({"MANCHETE_THREADS": "3"})
    settings = {name: value for name, value in environment.items() if name.startswith("MANCHETE_")}
    assert settings == {"MANCHETE_HOME": "/somewhere", "MANCHETE_THREADS": "3"}
    assert environment["OMP_NUM_THREADS"] == "1"


def test_a_peer_that_is_not_installed_is_missing_and_the_command_that_brings_it_is_named() -> None:
    reason = SystemSpec("peer", 1, "no-such-distribution", "").missing()
    assert reason is not None
    assert "pip install no-such-distribution" in reason


def test_systems_are_parsed_in_order_each_once() -> None:
    specs = parse_systems(" torch, manchete-2,torch,manchete ")
    assert [(spec.name, spec.cores) for spec in specs] == [("torch", 1), ("manchete-2", 2), ("manchete", 1)]
    with pytest.raises(InvalidInput, match="manchete-999"):
        system_spec("manchete-999")


def test_a_cold_start_without_a_translation_is_a_failure() -> None:
    command = ColdCommand((sys.executable, "-c", "import sys; sys.stdin.read(); sys.exit(3)"))
    with pytest.raises(SystemFailed, match="peer ended with exit status 3 and no translation"):
        cold_start("peer", command, "Um.", ())


def test_a_cold_start_is_the_whole_life_of_the_process() -> None:
    code = "import sys, time; time.sleep(0.2); print(sys.stdin.read())"
    assert 0.2 < cold_start("peer", ColdCommand((sys.executable, "-c", code)), "Um.", ()) < 60


def test_progress_goes_line_by_line_to_what_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(2) as progress:
        progress.step("one")
        progress.step("two")
    assert capsys.readouterr().err == "[1/2] one\n[2/2] two\n"
