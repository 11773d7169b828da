"""What the operator says about the back end that writes."""

from __future__ import annotations

from typing import Any, Final, Protocol, Self

import msgspec

NONE: Final = "none"
SMOLLM2: Final = "smollm2"
TRANSFORMERS: Final = "transformers"
OPENAI: Final = "openai"


class Hidden(Protocol):
    """A key that does not show itself."""

    def reveal(self) -> str:
        """The key."""
        ...


class Options(msgspec.Struct, frozen=True):
    """`backend` is one of the constants here; times are in seconds.

    `model` is an endpoint's name for a model, or a folder, or a repository of the hub; `url` the endpoint's address up
    to and with `/v1`. A budget of 0 is none.
    """

    backend: str
    model: str | None = None
    url: str | None = None
    api_key: Hidden | None = None
    timeout_seconds: float = 30.0
    connect_seconds: float = 3.0
    read_seconds: float = 20.0
    retries: int = 2
    response_bytes: int = 1_000_000
    requests_per_minute: int = 0
    tokens_per_day: int = 0
    input_words: int = 1500
    threads: int = 1
    offline: bool = False
    device: str = "cpu"
    dtype: str = "float32"

    @classmethod
    def of(cls, settings: Any) -> Self:
        """Those of the service's settings: `summary_...`, and what holds for every model."""
        own: dict[str, Any] = {name: getattr(settings, f"summary_{name}", None) for name in cls.__struct_fields__}
        shared: dict[str, Any] = {name: getattr(settings, name) for name in ("threads", "offline", "device", "dtype")}
        return cls(**own | shared)
