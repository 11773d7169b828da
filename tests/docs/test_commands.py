"""Every command that the documentation shows works."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from documented_commands import ADDRESS, REPOSITORY, SECONDS, Block, blocks, check, documents, executable, workspace

DOCUMENTED = [block for path in documents() for block in blocks(path)]


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MANCHETE_")}
    if "MANCHETE_HOME" in os.environ:
        kept["MANCHETE_HOME"] = os.environ["MANCHETE_HOME"]
    # What is subscribed to for the documentation is no feed of the developer's.
    kept["MANCHETE_FEEDS_DATABASE"] = f"sqlite:///{tmp_path_factory.mktemp('feeds') / 'feeds.db'}"
    kept["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    return kept


@pytest.fixture(scope="session")
def server(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running service."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [executable(), "serve"],
            env=environment | {"MANCHETE_PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_ready(address, process, log)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_until_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/ready", timeout=5).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the service did not become ready:\n{log.read_text(errors='replace')}")


@pytest.mark.parametrize("block", DOCUMENTED, ids=lambda block: f"{block.path.relative_to(REPOSITORY)}:{block.line}")
def test_documented_commands_work(
    block: Block, tmp_path: Path, environment: dict[str, str], request: pytest.FixtureRequest
) -> None:
    if "curl" in block.text and not shutil.which("curl"):
        pytest.skip("curl is not installed")
    if ADDRESS.search(block.text):
        block = replace(block, text=ADDRESS.sub(request.getfixturevalue("server"), block.text))
    check(block, workspace(tmp_path), environment)


SAMPLE = """\
Text.

```sh
# a comment
echo one > made.txt
test "$(cat made.txt)" = one
```

```console deterministic
$ printf 'a\\nb\\n'
a
b
$ echo 'two
> lines' | tr -d '>'
two
 lines
```

```python
not_a_command()
```
"""


def _sample(folder: Path, text: str) -> list[Block]:
    path = folder / "sample.md"
    path.write_text(text, encoding="utf-8")
    return list(blocks(path))


def test_blocks_are_found_where_they_are_and_run(tmp_path: Path, environment: dict[str, str]) -> None:
    found = _sample(tmp_path, SAMPLE)
    assert [(block.line, block.words) for block in found] == [(3, ("sh",)), (9, ("console", "deterministic"))]
    for block in found:
        check(block, tmp_path, environment)


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ("```sh\nfalse\ntrue\n```", "exit status 1"),
        ("```sh\ntrue | false | true\n```", "exit status 1"),
        ("```console deterministic\n$ echo this\nthat\n```", "this"),
        ("```console\n$ true\nsomething\n```", "printed nothing"),
        ("```sh\nmake no-such-target\n```", "no-such-target"),
        ("```sh\ndocker build --build-arg NO_SUCH_ARGUMENT=1 .\n```", "NO_SUCH_ARGUMENT"),
        ("```sh\nmake help\necho mixed\n```", "split it"),
        ("```sh network\ncurl http://somewhere\n```", "curl is not checked"),
        ("```sh network\nmanchete models pull something --source ./folder\n```", "does not say its own"),
    ],
)
def test_what_does_not_work_is_noticed(block: str, complaint: str, tmp_path: Path, environment: dict[str, str]) -> None:
    (found,) = _sample(tmp_path, block)
    with pytest.raises(AssertionError, match=complaint):
        check(found, tmp_path, environment)
