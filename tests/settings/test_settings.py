"""Settings: read from the environment, checked, and never showing a key."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from service.errors import ConfigurationError
from service.settings import Settings, load_settings, settings_from


def test_the_environment_is_read_and_converted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MANCHETE_HOME", str(tmp_path))
    monkeypatch.setenv("MANCHETE_PORT", "9000")
    monkeypatch.setenv("MANCHETE_REQUEST_TIMEOUT_SECONDS", "1.5")
    monkeypatch.setenv("MANCHETE_PRELOAD", "")
    monkeypatch.setenv("MANCHETE_UNKNOWN", "ignored")
    settings = load_settings()
    assert settings.models_dir == tmp_path / "models"
    assert (settings.port, settings.request_timeout_seconds, settings.preload) == (9000, 1.5, "")
    assert settings.threads >= 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "99999"),
        ("port", "http"),
        ("threads", "0"),
        ("log_level", "loud"),
        ("request_timeout_seconds", "nan"),
        ("request_timeout_seconds", "0"),
        ("engine", "marian"),
        ("device", "cuda:one"),
        ("max_batch_tokens", "1"),
    ],
)
def test_a_value_that_cannot_be_used_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings_from({name: value})
    assert caught.value.field == f"MANCHETE_{name.upper()}"
    assert caught.value.message.startswith(f"MANCHETE_{name.upper()}: ")


@pytest.mark.parametrize("key", ["s3cr3t", "null", "123", "true"])
def test_a_key_is_kept_as_it_is_and_not_shown(key: str) -> None:
    settings = settings_from({"api_key": key})
    assert settings.api_key is not None
    assert settings.api_key.reveal() == key
    assert key not in repr(settings)
    assert key not in str(msgspec.structs.asdict(settings))


def test_no_key_by_default() -> None:
    assert Settings().api_key is None
