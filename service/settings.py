"""Every setting of the service, read from `MANCHETE_*` environment variables.

One class, so that the configuration table in the README can be checked against it. Nothing else reads the environment.
msgspec checks the values: pydantic does as much but takes longer to import than a sentence takes to translate.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from service.errors import ConfigurationError

PREFIX: Final = "MANCHETE_"


class Secret:
    """A text that is not shown when it or what holds it is printed or logged."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(...)"


def _default_home() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("manchete", appauthor=False)


def _usable_cores() -> int:
    # The affinity mask, not the number of cores of the machine: containers and taskset narrow it.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Settings(Struct, frozen=True, kw_only=True):
    """The service's configuration. Sizes are in the unit their name ends in; times are in seconds."""

    home: Annotated[Path, Meta(description="Folder of the model store and other state")] = field(
        default_factory=_default_home
    )
    prompts_dir: Annotated[Path | None, Meta(description="Folder of prompt templates; unset: those shipped")] = None
    host: Annotated[str, Meta(description="Address to listen on")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on")] = 8000
    threads: Annotated[int, Meta(ge=1, le=1024, description="Worker threads; one core each")] = field(
        default_factory=_usable_cores
    )
    log_level: Annotated[str, Meta(pattern="^(debug|info|warning|error)$", description="Least level logged")] = "info"

    char_limit: Annotated[int, Meta(ge=1, description="Characters a text may have")] = 200000
    payload_limit_bytes: Annotated[int, Meta(ge=1, description="Bytes a request body may have")] = 4000000
    max_client_batch_size: Annotated[int, Meta(ge=1, description="Texts one request may carry")] = 1024
    request_timeout_seconds: Annotated[float, Meta(gt=0, description="Time after which a request is given up")] = 120.0

    max_concurrent_requests: Annotated[int, Meta(ge=1, description="Requests in work; more are answered 429")] = 256
    max_queue_tokens: Annotated[int, Meta(ge=1, description="Source tokens waiting; more are answered 429")] = 400000
    max_batch_tokens: Annotated[int, Meta(ge=16, description="Padded source tokens (rows x longest) in a batch")] = 768
    max_batch_rows: Annotated[int, Meta(ge=1, description="Segments in a batch")] = 24
    shutdown_seconds: Annotated[float, Meta(ge=0, description="Time to drain the queue on shutdown")] = 10.0

    engine: Annotated[
        Literal["student", "transformers"],
        Meta(description="`student`: int8 on the processor; `transformers`: float with PyTorch"),
    ] = "student"
    device: Annotated[str, Meta(pattern="^(cpu|cuda(:\\d+)?)$", description="Where `transformers` runs")] = "cpu"
    dtype: Annotated[Literal["float32", "bfloat16"], Meta(description="Number format of `transformers`")] = "float32"
    firefox_url: Annotated[str, Meta(description="Where `models pull` finds students")] = (
        "https://firefox.settings.services.mozilla.com"
    )
    hub_url: Annotated[str, Meta(description="Where `models pull` finds OPUS-MT models")] = "https://huggingface.co"
    offline: Annotated[
        bool, Meta(description="Refuse `models pull`, `feeds run`, and models of a hub that are not here already")
    ] = False
    hop_loss: Annotated[
        float, Meta(ge=0, le=1, description="Share of a text's worth that a pivot is taken to cost beside its models")
    ] = 0.05
    direct_first: Annotated[bool, Meta(description="A direct model before a pivot, however much it may lose")] = True
    memory_mb: Annotated[int, Meta(ge=1, description="Loaded models may take this much; older ones are evicted")] = 1024
    model_idle_seconds: Annotated[float, Meta(ge=0, description="Evict a model unused for so long; 0: never")] = 0.0
    translation_memory_mb: Annotated[int, Meta(ge=0, description="Memory for translations to reuse; 0: none")] = 64
    translation_memory_file: Annotated[Path | None, Meta(description="SQLite file that keeps them; unset: none")] = None
    preload: Annotated[str, Meta(description="Pairs to load at start-up, comma-separated")] = "pt-en,en-pt"

    summary_backend: Annotated[
        Literal["none", "smollm2", "transformers", "openai"],
        Meta(description="What may write summaries (`method=abstractive`)"),
    ] = "none"
    summary_model: Annotated[
        str | None, Meta(description="The endpoint's model, or a folder, or a hub's repository")
    ] = None
    summary_url: Annotated[str | None, Meta(description="Address of the endpoint, up to and with `/v1`")] = None
    summary_api_key: Annotated[Secret | None, Meta(description="Key that the endpoint asks for")] = None
    summary_timeout_seconds: Annotated[float, Meta(gt=0, description="Time to write one, tries included")] = 30.0
    summary_connect_seconds: Annotated[float, Meta(gt=0, description="Time to connect to the endpoint")] = 3.0
    summary_read_seconds: Annotated[float, Meta(gt=0, description="Time to wait for its next bytes")] = 20.0
    summary_retries: Annotated[int, Meta(ge=0, le=10, description="Further tries after 429, 5xx or no connection")] = 2
    summary_response_bytes: Annotated[int, Meta(ge=1000, description="Bytes its answer may have")] = 1000000
    summary_requests_per_minute: Annotated[int, Meta(ge=0, description="Requests to it a minute; 0: no limit")] = 0
    summary_tokens_per_day: Annotated[int, Meta(ge=0, description="Its tokens in 24 hours; 0: no limit")] = 0
    summary_input_words: Annotated[int, Meta(ge=50, description="Words of a text that are given to a model")] = 1500

    feeds_target: Annotated[str, Meta(min_length=2, description="Language that feeds are translated to")] = "en"
    feeds_database: Annotated[
        Secret | None, Meta(description="SQLAlchemy URL of the feeds' database; unset: SQLite in `MANCHETE_HOME`")
    ] = None
    feeds_allow_private: Annotated[
        str | None, Meta(description="Hosts and networks to fetch from though not public, comma-separated; `*`: all")
    ] = None
    feeds_concurrency: Annotated[int, Meta(ge=1, le=256, description="Feeds fetched at once; of one host, one")] = 16
    feeds_host_pause_seconds: Annotated[float, Meta(ge=0, description="Pause between two requests to a host")] = 1.0
    feeds_timeout_seconds: Annotated[float, Meta(gt=0, description="Time that fetching a document may take")] = 30.0
    feeds_max_bytes: Annotated[int, Meta(ge=1024, description="Bytes a document may have, decompressed")] = 8000000
    feeds_max_items: Annotated[int, Meta(ge=1, description="Items taken of one document, the first ones")] = 200
    feeds_retention_days: Annotated[int, Meta(ge=0, description="Items are deleted after so many days; 0: never")] = 90
    feeds_user_agent: Annotated[str, Meta(pattern="^[!-~][ -~]*$", description="What servers are told asks them")] = (
        "manchete (self-hosted feed reader)"
    )

    feeds_public_url: Annotated[
        Annotated[str, Meta(pattern=r"^https?://[^\s?#@]+$")] | None,
        Meta(
            description="Address of this server as those who subscribe to digests know it; unset: that of the request"
        ),
    ] = None

    api_key: Annotated[Secret | None, Meta(description="Key that requests must carry; unset: none needed")] = None

    @property
    def models_dir(self) -> Path:
        """Where converted models are kept."""
        return self.home / "models"


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises ConfigurationError naming the variable when a value cannot be used.
    """
    names = {PREFIX + name.upper(): name for name in Settings.__struct_fields__}
    return settings_from({name: os.environ[variable] for variable, name in names.items() if variable in os.environ})


def settings_from(values: Mapping[str, object]) -> Settings:
    """Settings of the given values, which may be texts, and of the defaults for the others.

    Raises ConfigurationError naming the variable when a value cannot be used.
    """
    try:
        return msgspec.convert(values, Settings, strict=False, dec_hook=_convert)
    except msgspec.ValidationError as error:
        sentence, _, path = str(error).partition(" - at `$.")
        variable = PREFIX + path.rstrip("`").upper()
        raise ConfigurationError(f"{variable}: {sentence[:1].lower()}{sentence[1:]}", field=variable) from error


def _convert(kind: type, value: Any) -> Any:
    """What msgspec does not know: paths and secrets."""
    return value if isinstance(value, kind) else kind(value)
