"""Pulls that break off, meet a full disk or another process, or are killed: what came is kept and gone on with."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from fake_sources import RECORDS, FakeServer

from service.errors import ConfigurationError, ModelMissing
from service.models import ModelStore

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


def test_another_range_than_was_asked_for_is_not_taken(
    server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    paths = server.add_student("es", "en", student, packing="none")
    server.site.cuts[paths["model"]] = [4096]
    server.site.headers[paths["model"]] = {"content-range": "bytes 1-2/3"}
    with pytest.raises(ModelMissing, match="another range than was asked for"):
        do_pull("es-en")


def test_a_busy_server_is_asked_again(server: FakeServer, do_pull: Any, student: dict[str, bytes]) -> None:
    paths = server.add_student("es", "en", student)
    server.site.statuses[paths["lex"]] = [503, 429]
    server.site.statuses[RECORDS] = [500]
    assert do_pull("es-en")


def test_nobody_listening_is_told_with_the_command(do_pull: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(ModelMissing, match=rf"127\.0\.0\.1:{port} broke off 5 times \(ConnectError\)"):
        do_pull("es-en", firefox_url=f"http://127.0.0.1:{port}")


def test_a_model_larger_than_the_disk_is_refused_before_it_is_fetched(
    server: FakeServer, do_pull: Any, student: dict[str, bytes]
) -> None:
    paths = server.add_student("es", "en", student)
    records = json.loads(server.site.files[RECORDS])
    records["data"][0]["attachment"]["size"] = 10**18
    server.site.files[RECORDS] = json.dumps(records).encode()
    with pytest.raises(ConfigurationError, match="bytes free, firefox-base-es-en takes up to 4000000000"):
        do_pull("es-en")
    assert not {one.path for one in server.site.log} & set(paths.values())


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
