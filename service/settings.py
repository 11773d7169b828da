"""Every setting of the service, read from `MANCHETE_*` environment variables.

One class, so that the configuration table in the README can be checked against it. Nothing else reads the environment.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.errors import ConfigurationError


def _default_home() -> Path:
    return user_cache_path("manchete", appauthor=False)


def _usable_cores() -> int:
    # The affinity mask, not the number of cores of the machine: containers and taskset narrow it.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Settings(BaseSettings):
    """The service's configuration. Sizes are in the unit their name ends in; times are in seconds."""

    model_config = SettingsConfigDict(env_prefix="MANCHETE_", frozen=True, extra="ignore")

    home: Path = Field(default_factory=_default_home, description="Folder of the model store and other state")
    prompts_dir: Path | None = Field(default=None, description="Folder of prompt templates; unset: those shipped")
    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on")
    threads: int = Field(default_factory=_usable_cores, ge=1, le=1024, description="Worker threads; one core each")
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$", description="Least level logged")

    char_limit: int = Field(default=200_000, ge=1, description="Characters a text may have")
    payload_limit_bytes: int = Field(default=4_000_000, ge=1, description="Bytes a request body may have")
    max_client_batch_size: int = Field(default=1024, ge=1, description="Texts one request may carry")
    request_timeout_seconds: float = Field(default=120.0, gt=0, description="Time after which a request is given up")

    max_concurrent_requests: int = Field(default=256, ge=1, description="Requests in work; more are answered 429")
    max_queue_tokens: int = Field(default=400_000, ge=1, description="Source tokens waiting; more are answered 429")
    max_batch_tokens: int = Field(default=512, ge=16, description="Padded source tokens (rows x longest) in a batch")
    max_batch_rows: int = Field(default=16, ge=1, description="Segments in a batch")
    shutdown_seconds: float = Field(default=10.0, ge=0, description="Time to drain the queue on shutdown")

    engine: Literal["student", "transformers"] = Field(
        default="student", description="`student`: int8 on the processor; `transformers`: float with PyTorch"
    )
    device: str = Field(default="cpu", pattern=r"^(cpu|cuda(:\d+)?)$", description="Where `transformers` runs")
    dtype: Literal["float32", "bfloat16"] = Field(default="float32", description="Number format of `transformers`")
    firefox_url: str = Field(
        default="https://firefox.settings.services.mozilla.com", description="Where `models pull` finds students"
    )
    hub_url: str = Field(default="https://huggingface.co", description="Where `models pull` finds OPUS-MT models")
    offline: bool = Field(default=False, description="Refuse `models pull`; nothing else uses the network")
    memory_mb: int = Field(default=1024, ge=1, description="Loaded models may take this much; older ones are evicted")
    model_idle_seconds: float = Field(default=0.0, ge=0, description="Evict a model unused for so long; 0: never")
    translation_memory_mb: int = Field(default=64, ge=0, description="Memory for translations to reuse; 0: none")
    translation_memory_file: Path | None = Field(default=None, description="SQLite file that keeps them; unset: none")
    preload: str = Field(default="pt-en,en-pt", description="Pairs to load at start-up, comma-separated")

    api_key: SecretStr | None = Field(default=None, description="Key that requests must carry; unset: none needed")

    @property
    def models_dir(self) -> Path:
        """Where converted models are kept."""
        return self.home / "models"


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises ConfigurationError naming the variable when a value cannot be used.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        variable = "MANCHETE_" + "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigurationError(f"{variable}: {first['msg']}", field=variable) from error
