"""The Dockerfile says what it should. No engine is needed: it is parsed, and what can be tried of it is tried."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Instruction:
    """One instruction and the number of the stage that it belongs to (-1 before the first FROM)."""

    name: str
    value: str
    stage: int


@dataclass(frozen=True)
class Dockerfile:
    instructions: tuple[Instruction, ...]

    def values(self, name: str, stage: int | None = None) -> list[str]:
        return [i.value for i in self.instructions if i.name == name and stage in {None, i.stage}]


@pytest.fixture(scope="module")
def dockerfile() -> Dockerfile:
    text = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    stage, found = -1, []
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        if line.strip():
            name, _, value = line.strip().partition(" ")
            stage += name == "FROM"
            found.append(Instruction(name, " ".join(value.split()), stage))
    return Dockerfile(tuple(found))


@pytest.fixture(scope="module")
def torch() -> str:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (requirement,) = (line for line in project["dependencies"] if re.match(r"torch\b", line))
    return str(requirement)


def test_it_is_built_in_two_stages_from_one_small_base(dockerfile: Dockerfile) -> None:
    stages = dockerfile.values("FROM")
    assert [stage.split()[-1] for stage in stages] == ["builder", "runtime"]
    assert {stage.split()[0] for stage in stages} == {"python:${PYTHON_VERSION}-slim"}


def test_its_python_is_one_that_the_project_supports(dockerfile: Dockerfile) -> None:
    (version,) = (value for value in dockerfile.values("ARG", -1) if value.startswith("PYTHON_VERSION="))
    assert version.partition("=")[2] in {"3.11", "3.12", "3.13"}


def test_it_runs_as_a_user_without_rights_made_before(dockerfile: Dockerfile) -> None:
    names = [instruction.name for instruction in dockerfile.instructions if instruction.stage == 1]
    assert dockerfile.values("USER") == ["manchete"]
    assert names.index("USER") < names.index("CMD")
    assert "RUN" not in names[names.index("USER") :]
    (made,) = dockerfile.values("RUN", 1)
    assert re.search(r"useradd --system --uid [1-9]\d+ .* manchete$", made)


def test_it_starts_the_service_reachable_from_outside_the_container(dockerfile: Dockerfile) -> None:
    (command,) = dockerfile.values("CMD", 1)
    assert json.loads(command) == ["manchete", "serve"]
    assert "MANCHETE_HOST=0.0.0.0" in dockerfile.values("ENV", 1)[0].split()
    assert dockerfile.values("EXPOSE", 1) == ["8000"]


def test_models_are_converted_where_the_service_will_look_for_them(dockerfile: Dockerfile) -> None:
    (prepare,) = (run for run in dockerfile.values("RUN", 0) if "models prepare" in run)
    home = prepare.partition("MANCHETE_HOME=")[2].split()[0]
    assert f"MANCHETE_HOME={home}" in dockerfile.values("ENV", 1)[0].split()
    assert f"--from=builder --chown=manchete:manchete {home} {home}" in dockerfile.values("COPY", 1)


def test_torch_comes_from_the_index_that_the_build_argument_names(dockerfile: Dockerfile, torch: str) -> None:
    assert "TORCH_INDEX_URL=" in dockerfile.values("ARG", 0)
    (install,) = (run for run in dockerfile.values("RUN", 0) if "torch" in run)
    for index, expected in {"": [], "http://index.example/cpu": ["--index-url", "http://index.example/cpu"]}.items():
        printed = subprocess.run(
            ["bash", "-c", install.replace("pip ", "printf '%s\\n' ", 1)],
            env={"TORCH_INDEX_URL": index},
            capture_output=True,
            text=True,
            check=True,
        )
        assert printed.stdout.splitlines() == ["install", *expected, torch]


def test_its_install_commands_can_be_satisfied(torch: str) -> None:
    """torch is installed first, so `pip install .` after it must find the project's requirement fulfilled."""
    run = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--dry-run", "--no-index", "--no-deps", torch],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "Requirement already satisfied: torch" in run.stdout


def test_what_it_copies_exists_and_is_sent_to_the_builder(dockerfile: Dockerfile) -> None:
    ignore = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = {line.removeprefix("!") for line in ignore if line.startswith("!")}
    assert "*" in ignore
    for copy in dockerfile.values("COPY"):
        if "--from=" not in copy:
            sources = [Path(source).name for source in copy.split()[:-1]]
            assert set(sources) <= sent
            assert [source for source in sources if not (REPOSITORY / source).exists()] == []


def test_nothing_is_fetched_but_by_pip(dockerfile: Dockerfile) -> None:
    assert dockerfile.values("ADD") == []
    commands = " ".join(dockerfile.values("RUN"))
    assert not re.search(r"\b(curl|wget|git|apt-get)\b|https?://", commands)


class _Ready(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/ready" else 404)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Keep the tests' output clean."""


@pytest.fixture
def service() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Ready) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_health_check_is_the_services_readiness(
    dockerfile: Dockerfile,
    service: ThreadingHTTPServer,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    healthy: bool,
) -> None:
    monkeypatch.setattr(_Ready, "status", status)
    (check,) = dockerfile.values("HEALTHCHECK", 1)
    options, _, command = check.partition("CMD ")
    assert {option.partition("=")[0] for option in shlex.split(options)} >= {
        "--interval",
        "--timeout",
        "--start-period",
    }
    program, *arguments = json.loads(command)
    assert program == "python"
    environment = {"MANCHETE_PORT": str(service.server_port)}
    run = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, check=False)
    assert (run.returncode == 0) == healthy
