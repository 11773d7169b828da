"""A server of this installation on a free port of this machine, for as long as it is measured."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from benchmarks.coldstart import manchete_command
from benchmarks.conditions import child_environment, pinned
from benchmarks.processes import SystemFailed, last_line

_HOST: Final = "127.0.0.1"
_READY_SECONDS: Final = 180.0
_STOP_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class SpawnedServer:
    """Where it listens, and its process."""

    url: str
    pid: int


@contextmanager
def spawned_server(cores: Sequence[int], threads: int) -> Iterator[SpawnedServer]:
    """Run `manchete serve` pinned to `cores` until the block is left.

    Its translation memory is off, since the same texts come again. Raises SystemFailed when it does not become ready.
    """
    port = _free_port()
    changes = {
        "MANCHETE_HOST": _HOST,
        "MANCHETE_PORT": str(port),
        "MANCHETE_THREADS": str(threads),
        "MANCHETE_TRANSLATION_MEMORY_MB": "0",
    }
    with tempfile.TemporaryFile() as log:
        with pinned(cores):
            process = subprocess.Popen(  # noqa: S603
                [*manchete_command(), "serve"],
                env=child_environment(changes),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            url = f"http://{_HOST}:{port}"
            if not _becomes_ready(url, process):
                raise SystemFailed(f"the server did not become ready: {last_line(log)}")
            yield SpawnedServer(url, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _becomes_ready(url: str, process: subprocess.Popen[bytes]) -> bool:
    import httpx

    deadline = time.monotonic() + _READY_SECONDS
    with httpx.Client(base_url=url, trust_env=False) as http:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if http.get("/ready").status_code == httpx.codes.OK:
                    return True
            except httpx.TransportError:
                # Not listening yet.
                pass
            time.sleep(_POLL_SECONDS)
    return False


def _free_port() -> int:
    with socket.create_server((_HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
