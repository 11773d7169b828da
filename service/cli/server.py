"""`manchete serve`: the HTTP server around the application."""

from __future__ import annotations

import logging
import os
import socket
from typing import Final

import uvicorn
from msgspec.structs import replace

from service.api import create_app
from service.cli.endurance import settle_in
from service.errors import InvalidInput
from service.settings import load_settings
from service.wiring import build

_LOG_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"
_BACKLOG: Final = 2048


def run_server(host: str | None, port: int | None) -> None:
    """Serve until interrupted. `host` and `port` stand in for the settings where given.

    Raises ConfigurationError for a setting, InvalidInput for an address that cannot be listened on.
    """
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = replace(load_settings(), **given)
    _set_up_logging(settings.log_level)
    listener = _listen(settings.host, settings.port)
    service = build(settings)
    # Started here and not by the application, so that a setting that cannot be used is told in one sentence.
    service.start()
    settle_in()
    config = uvicorn.Config(
        create_app(service, owns_service=False),
        log_config=None,
        # The application writes its own access log, without query strings.
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=max(1, round(settings.shutdown_seconds)),
    )
    address, number = listener.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    logging.getLogger(__name__).info("listening on http://%s:%d (API: /docs)", shown, number)
    try:
        with listener:
            uvicorn.Server(config).run(sockets=[listener])
    finally:
        service.close()


def _set_up_logging(level: str) -> None:
    logging.basicConfig(level=level.upper(), format=_LOG_FORMAT)
    # The format names none of these, which would be found out for every line all the same.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        # The address is in the sentence already; Python adds it to some of the system's explanations.
        why = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise InvalidInput(f"--host, --port: cannot listen on {host}:{port}: {why}", field="port") from error
    # Connections inherit it. Without it an answer's second packet waits 40 ms for the client to acknowledge the first:
    # asyncio sees to this only for sockets that it made itself.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
