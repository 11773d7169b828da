"""Pulling students over real HTTP: whole, resumed, checked, refused; by one process, by two, by one that is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_sources import RECORDS, FakeServer

from service.engines.loading import Placement
from service.errors import ConfigurationError, InvalidInput, ModelCorrupt, ModelMissing
from service.models import Catalog, EngineLoader, ModelPool, ModelStore, Router
from service.models.commands import list_available, list_models, model_info, prune_store, remove_models, verify_models
from service.models.inventory import installed_catalog
from service.models.manifest import MANIFEST_FILE, read_manifest
from service.models.sources import Sources
from service.settings import Settings
from service.types import RequestContext, TranslateRequest
from service.wiring import build

SCRIPT = """
import resource, sys
from pathlib import Path
from service.errors import MancheteError
from service.models import Catalog, ModelStore
from service.models.pull import pull
from service.models.sources import Listener, Sources
url, root, limit = sys.argv[1:]
if int(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
try:
    pull(ModelStore(Path(root), Catalog()), Sources(url, url), "es-en", "firefox",
         Listener(lambda line: print(line, flush=True), lambda *_: None))
except MancheteError as error:
    print(type(error).__name__, error)
    sys.exit(3)
"""


def start_pull(server: FakeServer, root: Path, limit: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SCRIPT, server.url, str(root), str(limit)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@contextmanager
def loaded(models: ModelStore) -> Iterator[tuple[ModelPool, Router]]:
    catalog = installed_catalog(models, Catalog())
    loader = EngineLoader(catalog, models, engine="student", placement=Placement())
    pool = ModelPool(loader, budget_bytes=2**30, expected_bytes=loader.expected_bytes)
    yield pool, Router(catalog)
    pool.close()


def translate(pool: ModelPool, model_id: str) -> str:
    with pool.lease(model_id) as engine:
        return engine.translate(["casa ponte rio"])[0].text


@pytest.mark.parametrize("packing", ["zst", "gz", "none"])
def test_pull_route_load_translate(
    packing: str, server: FakeServer, models: ModelStore, do_pull: Any, heard: Any, student: dict[str, bytes]
) -> None:
    server.add_student("es", "en", student, packing=packing)
    entry = do_pull("es-en")
    assert (entry.model_id, entry.pair, entry.kind) == ("firefox-base-es-en", "es-en", "student")
    assert entry.parameters == len(student["model"])
    done = [step[0] for step in heard.progress]
    assert done == sorted(done)
    assert heard.progress[-1][0] == heard.progress[-1][1] > 0
    with loaded(models) as (pool, router):
        route = router.route("es", "pt")
        assert route.pairs == ("es-en", "en-pt")
        assert "pt" in router.reachable("es")
        assert translate(pool, route.entries[0].model_id)
        (model,) = pool.loaded()
        assert model.model_id == "firefox-base-es-en"
    assert not models.download_folder(entry.model_id).exists()


def test_a_second_pull_fetches_nothing_and_a_damaged_file_is_fetched_again(
    server: FakeServer, models: ModelStore, do_pull: Any, heard: Any, student: dict[str, bytes]
) -> None:
    paths = server.add_student("es", "en", student)
    entry = do_pull("es-en")
    sent = server.site.bytes_sent(paths["model"])
    do_pull("es-en")
    assert server.site.bytes_sent(paths["model"]) == sent
    assert heard.lines[-1].endswith("ready already")
    (models.folder(entry) / "weights.bin").write_bytes(b"damage")
    with pytest.raises(ModelCorrupt, match="run 'manchete models pull es-en --source firefox'"):
        models.ensure(entry)
    do_pull("es-en")
    assert server.site.bytes_sent(paths["model"]) == 2 * sent
    assert models.ensure(entry)


def test_a_cut_connection_is_resumed_where_it_broke_off(
    server: FakeServer, do_pull: Any, student: dict[str, bytes]
) -> None:
    paths = server.add_student("es", "en", student, packing="none")
    path, size = paths["model"], len(student["model"])
    server.site.cuts[path] = [4096, 2048]
    do_pull("es-en")
    requests = [one for one in server.site.log if one.path == path]
    assert [one.start for one in requests] == [0, 4096, 6144]
    assert server.site.bytes_sent(path) == size


def test_after_too_many_cuts_the_sentence_has_the_command_and_the_next_pull_goes_on(
    server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    paths = server.add_student("es", "en", student, packing="none")
    path, size = paths["model"], len(student["model"])
    server.site.cuts[path] = [1024] * 5
    with pytest.raises(ModelMissing, match=r"broke off 5 times .* run 'manchete models pull es-en --source firefox'"):
        do_pull("es-en")
    assert models.entries() == ()
    do_pull("es-en")
    assert server.site.bytes_sent(path) == size
    assert server.site.log[-1].path != path


def test_a_server_without_ranges_is_asked_from_the_start(
    server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    paths = server.add_student("es", "en", student, packing="none")
    server.site.ranges = False
    server.site.cuts[paths["model"]] = [4096]
    assert models.ensure(do_pull("es-en"))


def test_a_busy_server_is_asked_again(server: FakeServer, do_pull: Any, student: dict[str, bytes]) -> None:
    paths = server.add_student("es", "en", student)
    server.site.statuses[paths["lex"]] = [503, 429]
    server.site.statuses[RECORDS] = [500]
    assert do_pull("es-en")


@pytest.mark.parametrize("kind", ["model", "vocab", "lex"])
def test_a_wrong_checksum_throws_the_download_away(
    kind: str, server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    path = server.add_student("es", "en", student)[kind]
    content = server.site.files[path]
    server.site.files[path] = content[:-1] + bytes([content[-1] ^ 1])
    with pytest.raises(ModelCorrupt, match="wrong checksum"):
        do_pull("es-en")
    assert not list(models.root.rglob("*.partial"))
    assert models.entries() == ()
    server.site.files[path] = content
    assert do_pull("es-en")


def test_content_that_is_not_what_the_records_say_is_refused(
    server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    server.add_student("es", "en", student)
    records = json.loads(server.site.files[RECORDS])
    records["data"][0]["decompressedHash"] = "0" * 64
    server.site.files[RECORDS] = json.dumps(records).encode()
    with pytest.raises(ModelCorrupt, match="once decompressed"):
        do_pull("es-en")
    assert models.entries() == ()


def test_a_file_longer_than_promised_is_refused(server: FakeServer, do_pull: Any, student: dict[str, bytes]) -> None:
    path = server.add_student("es", "en", student)["model"]
    server.site.files[path] += bytes(100_000)
    with pytest.raises(ModelCorrupt, match="longer than the"):
        do_pull("es-en")


def test_a_model_that_no_engine_can_read_is_not_installed(
    server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    server.add_student("es", "en", {**student, "model": b"no Marian model"})
    with pytest.raises(ModelCorrupt, match=r"needs .* bytes|binary version"):
        do_pull("es-en")
    assert models.entries() == ()
    assert not list(models.root.glob("*.partial"))


def test_what_is_not_there_is_named(server: FakeServer, do_pull: Any, student: dict[str, bytes]) -> None:
    paths = server.add_student("es", "en", student)
    server.add_student("en", "pt", student)
    with pytest.raises(ModelMissing, match=r"es-pt: there is no such student.*es-en and en-pt are there"):
        do_pull("es-pt")
    del server.site.files[paths["lex"]]
    with pytest.raises(ModelMissing, match=r"lex.* answered 404"):
        do_pull("es-en")
    del server.site.files[RECORDS]
    with pytest.raises(ModelMissing, match=f"{RECORDS} does not exist"):
        do_pull("es-en")


def test_the_newest_release_and_the_largest_architecture_are_taken(
    server: FakeServer, models: ModelStore, do_pull: Any, heard: Any, student: dict[str, bytes]
) -> None:
    small = {**student, "model": student["model"][:5000]}
    server.add_student("es", "en", small, version="3.10", architecture="tiny", packing="none")
    server.add_student("es", "en", student, version="3.9", packing="none")
    server.add_student("es", "en", student, version="3.10", packing="none")
    server.add_student("es", "en", student, version="3.11a1", packing="none")
    server.add_student("es", "en", student, version="4.0", packing="none")
    entry = do_pull("es-en")
    assert entry.model_id == "firefox-base-es-en"
    assert entry.revision.startswith("3.10+")
    assert any("6 of 15 records" in line for line in heard.lines)


def test_the_records_are_read_as_mozillas_own_reader_does(server: FakeServer, student: dict[str, bytes]) -> None:
    theirs = pytest.importorskip("fxtranslate", reason="Mozilla's reader is installed with the bench extra").discovery
    server.add_student("es", "en", student)
    server.add_student("en", "es", student, architecture="tiny", version="3.2")
    server.add_student("de", "en", student, version="2.1")
    server.add_student("fr", "en", student, version="4.0")
    body = server.site.files[RECORDS].decode()
    said: list[str] = []
    list_available(Sources(server.url, server.url), "firefox", said.append)
    listed = [line.split() for line in said if line.startswith("firefox-")]
    assert {tuple(pair.split("-")) for _, pair, *_ in listed} == set(theirs.model_pairs(body))


def test_two_vocabularies_are_refused_with_another_source(
    server: FakeServer, do_pull: Any, student: dict[str, bytes]
) -> None:
    two = {"model": student["model"], "lex": student["lex"], "srcvocab": b"a", "trgvocab": b"b"}
    server.add_student("en", "ja", two)
    with pytest.raises(ModelMissing, match=r"two vocabularies.*--source opus"):
        do_pull("en-ja")


@pytest.mark.parametrize(
    "change",
    [
        {"architecture": "../../evil"},
        {"attachment": {"location": "x", "hash": "../../../evil", "size": 3}},
        {"sourceLanguage": "../es"},
        {"version": "../3.0"},
    ],
)
def test_names_from_the_records_are_never_paths(
    change: dict[str, Any], server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    server.add_student("es", "en", student)
    records = json.loads(server.site.files[RECORDS])
    for record in records["data"]:
        record.update(change)
    server.site.files[RECORDS] = json.dumps(records).encode()
    with pytest.raises(ModelMissing):
        do_pull("es-en")
    assert not models.root.exists() or not list(models.root.iterdir())


def test_an_address_that_is_not_http_is_refused(server: FakeServer, do_pull: Any, student: dict[str, bytes]) -> None:
    with pytest.raises(ConfigurationError, match="MANCHETE_FIREFOX_URL: file:///etc"):
        do_pull("es-en", firefox_url="file:///etc")
    path = server.add_student("es", "en", student)["model"]
    server.site.redirects[path] = "file:///etc/passwd"
    with pytest.raises(ModelMissing, match="cannot be fetched"):
        do_pull("es-en")


def test_a_redirect_is_followed_but_not_for_ever(server: FakeServer, do_pull: Any, student: dict[str, bytes]) -> None:
    path = server.add_student("es", "en", student)["model"]
    server.site.files["/elsewhere"] = server.site.files[path]
    server.site.redirects[path] = f"{server.url}/elsewhere"
    assert do_pull("es-en")
    server.site.redirects[RECORDS] = f"{server.url}{RECORDS}"
    with pytest.raises(ModelMissing, match="cannot be fetched"):
        do_pull("es-en")


def test_offline_opens_no_socket_and_has_the_command(
    do_pull: Any, monkeypatch: pytest.MonkeyPatch, models: ModelStore
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    for source in ("firefox", "opus"):
        command = f"MANCHETE_OFFLINE=0 manchete models pull es-en --source {source}"
        with pytest.raises(ConfigurationError, match=command):
            do_pull("es-en", source, offline=True)
    assert not models.root.exists()


def test_nobody_listening_is_told_with_the_command(do_pull: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(ModelMissing, match=rf"127\.0\.0\.1:{port} broke off 5 times \(ConnectError\)"):
        do_pull("es-en", firefox_url=f"http://127.0.0.1:{port}")


def test_a_full_disk_is_one_sentence_and_the_next_pull_goes_on(
    server: FakeServer, models: ModelStore, student: dict[str, bytes]
) -> None:
    pytest.importorskip("resource", reason="only POSIX limits the size of files")
    paths = server.add_student("es", "en", student, packing="none")
    process = start_pull(server, models.root, limit=6000)
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 3, output
    assert "ConfigurationError MANCHETE_HOME:" in output
    assert "free some space" in output
    before = server.site.bytes_sent(paths["model"])
    assert start_pull(server, models.root).wait(60) == 0
    assert [one.start for one in server.site.log if one.path == paths["model"]][-1] > 0
    assert before > 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write into any folder")
def test_a_folder_that_cannot_be_written_is_named(server: FakeServer, models: ModelStore, do_pull: Any) -> None:
    models.root.mkdir(mode=0o500)
    with pytest.raises(ConfigurationError, match="MANCHETE_HOME"):
        do_pull("es-en")


def test_a_home_that_cannot_be_a_folder_is_named(
    server: FakeServer, models: ModelStore, do_pull: Any, student: Any
) -> None:
    server.add_student("es", "en", student)
    models.root.write_text("in the way")
    with pytest.raises(ConfigurationError, match=r"MANCHETE_HOME: .* cannot be written"):
        do_pull("es-en")


def test_the_service_translates_with_what_was_pulled(
    tmp_path: Path, server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    server.add_student("es", "en", student)
    do_pull("es-en")
    service = build(Settings(home=tmp_path, preload="es-en", threads=1))
    assert service.settings.models_dir == models.root
    service.start()
    request = TranslateRequest("La ponte de la ciudad.", "pt", "es")
    result = service.pipeline.translate(request, RequestContext("test"))
    assert result.translation.route == ("es-en", "en-pt")
    assert "pt" in next(one for one in service.pipeline.languages() if one.code == "es").targets
    (model,) = [one for one in service.models() if one.model == "firefox-base-es-en"]
    assert (model.loaded, model.default_for) == (True, ("es-en",))
    service.close()


def test_two_processes_pull_once(server: FakeServer, models: ModelStore, student: dict[str, bytes]) -> None:
    paths = server.add_student("es", "en", student)
    processes = [start_pull(server, models.root) for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert sum("converting" in output for output in outputs) == 1
    assert server.site.bytes_sent(paths["model"]) == len(server.site.files[paths["model"]])


def test_a_killed_pull_is_resumed(server: FakeServer, models: ModelStore, student: dict[str, bytes]) -> None:
    paths = server.add_student("es", "en", student, packing="none")
    path, size = paths["model"], len(student["model"])
    server.site.cuts[path] = [8192]
    server.site.chunk_pause = threading.Event()
    process = start_pull(server, models.root)
    deadline = time.monotonic() + 30
    while server.site.bytes_sent(path) < 8192 and time.monotonic() < deadline:
        time.sleep(0.01)
    # httpx hands bytes on as they come; what the process has not written yet is fetched again.
    partial = next(iter(models.root.rglob("*.partial")), None)
    while (partial is None or partial.stat().st_size == 0) and time.monotonic() < deadline:
        partial = next(iter(models.root.rglob("*.partial")), None)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert partial is not None
    kept = partial.stat().st_size
    server.site.chunk_pause.set()
    assert not models.entries()
    second = start_pull(server, models.root)
    assert second.wait(60) == 0
    assert [one.start for one in server.site.log if one.path == path] == [0, kept]
    assert server.site.bytes_sent(path) == 8192 + size - kept
    assert [entry.model_id for entry in models.entries()] == ["firefox-base-es-en"]


def test_removing_a_leased_model_leaves_it_usable_where_it_is_loaded(
    server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    server.add_student("es", "en", student)
    entry = do_pull("es-en")
    said: list[str] = []
    with loaded(models) as (pool, _):
        with pool.lease(entry.model_id) as engine:
            before = engine.translate(["casa"])[0].text
            assert remove_models(ModelStore(models.root, Catalog()), [entry.model_id], said.append) == 0
            assert engine.translate(["casa"])[0].text == before
        assert translate(pool, entry.model_id)
    assert not models.folder(entry).exists()
    assert models.entries() == ()
    with loaded(models) as (_, router), pytest.raises(InvalidInput, match="es to en is not supported"):
        router.route("es", "en")
    with pytest.raises(ModelMissing, match="is not in the store"):
        remove_models(models, [entry.model_id], said.append)
    with pytest.raises(ModelMissing, match="is not in the store"):
        remove_models(models, ["../models"], said.append)


def test_an_older_conversion_is_made_anew_from_what_was_kept(
    server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    server.add_student("es", "en", student)
    entry = do_pull("es-en")
    folder = models.folder(entry)
    manifest = read_manifest(folder)
    assert manifest is not None
    (folder / MANIFEST_FILE).write_text(replace(manifest, converter=0).to_json())
    server.close()
    assert models.entries() == (entry,)
    assert models.prune() == {}
    with loaded(models) as (pool, _):
        assert translate(pool, entry.model_id)
    assert models.current(entry) is not None


def test_prune_takes_what_no_engine_can_load(
    server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    paths = server.add_student("es", "en", student)
    server.add_student("en", "es", student)
    entry = do_pull("en-es")
    server.site.cuts[paths["model"]] = [1024] * 5
    with pytest.raises(ModelMissing):
        do_pull("es-en")
    (models.root / ".firefox-base-de-en-abc.partial").mkdir()
    shutil.copytree(models.folder(entry), models.root / "broken")
    (models.root / "broken" / MANIFEST_FILE).write_text("{}")
    said: list[str] = []
    with models.lock("firefox-base-es-en"):
        prune_store(models, said.append)
    assert [line.split(":")[0] for line in said] == [".firefox-base-de-en-abc.partial", "broken"]
    prune_store(models, said.append)
    assert said[-1].startswith(".firefox-base-es-en.download: removed")
    prune_store(models, said.append)
    assert said[-1] == "nothing to remove"
    assert models.entries() == (entry,)


def test_list_info_and_verify_tell_what_is_there(
    server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    server.add_student("es", "en", student)
    entry = do_pull("es-en")
    said: list[str] = []
    list_models(models, said.append)
    assert [line.split()[:3] for line in said] == [
        ["firefox-tiny-pt-en", "pt-en", "student"],
        ["firefox-tiny-en-pt", "en-pt", "student"],
        ["firefox-base-es-en", "es-en", "student"],
    ]
    said.clear()
    model_info(models, entry.model_id, said.append)
    assert f"revision: {entry.revision}" in said
    assert any(line.startswith("file: weights.bin") for line in said)
    assert verify_models(models, [], said.append) == 0
    (models.folder(entry) / "lex.bin").write_bytes(b"")
    assert verify_models(models, [entry.model_id], said.append) == 1
    assert "run 'manchete models pull es-en --source firefox'" in said[-1]
    with pytest.raises(ModelMissing, match="there are: firefox-tiny-pt-en"):
        model_info(models, "firefox-base-de-en", said.append)


def test_a_student_in_a_folder_is_installed(
    tmp_path: Path, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    folder = tmp_path / "my model"
    folder.mkdir()
    for kind, name in (("model", "model.x.bin"), ("vocab", "vocab.x.spm")):
        (folder / name).write_bytes(student[kind])
    with pytest.raises(ModelMissing, match=r"not exactly one lex\*\.bin"):
        do_pull("de-en", str(folder))
    (folder / "lex.x.bin").write_bytes(student["lex"])
    entry = do_pull("de-en", str(folder))
    assert (entry.model_id, entry.pair) == ("local-my-model", "de-en")
    with loaded(models) as (pool, router):
        assert translate(pool, router.route("de", "en").entries[0].model_id)


def test_weights_that_run_code_when_read_are_refused(tmp_path: Path, do_pull: Any) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelMissing, match=r"no model\.safetensors but pytorch_model\.bin"):
        do_pull("de-en", str(tmp_path))
