"""The wired service on real weights, converted once for the whole test session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.settings import Settings
from service.types import RequestContext
from service.wiring import Service, build


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with a store of its own."""
    service = build(Settings(home=tmp_path_factory.mktemp("home"), char_limit=20_000))
    yield service
    service.close()


@pytest.fixture
def context() -> RequestContext:
    """A request without a deadline."""
    return RequestContext("test")
