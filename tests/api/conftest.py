"""The application over an engine that answers each text with itself: everything is real but the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.api import create_app
from service.engines.echo import EchoEngine
from service.guards import unchecked
from service.settings import settings_from
from service.wiring import build

MakeClient = Callable[..., TestClient]


@pytest.fixture(scope="module")
def make_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeClient]:
    """Build a client of an application with the given settings; `load` puts another engine in."""
    home: Path = tmp_path_factory.mktemp("home")
    with ExitStack() as stack:

        def make(*, load: Callable[[str], EchoEngine] = EchoEngine, **settings: object) -> TestClient:
            values = {"home": home, "preload": "", "threads": 1} | settings
            service = build(settings_from(values), load=load, check=unchecked)
            return stack.enter_context(TestClient(create_app(service), raise_server_exceptions=True))

        yield make


@pytest.fixture(scope="module")
def client(make_client: MakeClient) -> TestClient:
    """A client with the default limits."""
    return make_client()
