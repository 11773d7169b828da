"""How fast a model is on this machine: measured once, kept beside its files, used where a request wants the fastest."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Final

from service.engines.base import Engine
from service.models.entry import ModelEntry

SPEED_FILE: Final = "speed.json"
_ROUNDS: Final = 5
# News of common lengths. A model that reads another language takes names and numbers for most of it, which costs it the
# same: speed is counted in its own tokens.
_SENTENCES: Final = (
    "The council of Porto Alegre approved a budget of 48 million reais on Tuesday.",
    "Maria Oliveira, 34, told Radio Gaucha that the bridge had been closed since 7 May 2024.",
    "Santos 2, Palmeiras 1.",
    "The central bank kept its rate at 10.5%, as 38 of 40 economists in a survey of the agency had expected it to do.",
    "Hospital São Lucas, in the centre of Recife, received 120 patients between 18:00 and 23:30 on Sunday night.",
    "Unesco, Petrobras and the University of Coimbra signed the agreement in Lisbon.",
    "More than 2,000 people marched along Avenida Paulista to the Museum of Art, where the last speaker was a teacher.",
    "The film opens in Rio de Janeiro, Buenos Aires and Madrid on 12 December.",
)


def measure(engine: Engine) -> float:
    """Source tokens a second that `engine` takes on the calling thread, in one batch: the median of five rounds.

    Raises EngineFailure when the model cannot translate.
    """
    # Imported here: the catalogue is read at every start, and this takes longer than all of it.
    from statistics import median

    limit = engine.max_source_tokens
    counted = zip(_SENTENCES, engine.count_tokens(_SENTENCES), strict=True)
    texts = [(text, tokens) for text, tokens in counted if tokens <= limit]
    sentences = [text for text, _ in texts]
    engine.translate(sentences)
    seconds = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        engine.translate(sentences)
        seconds.append(time.perf_counter() - started)
    return sum(tokens for _, tokens in texts) / median(seconds)


def keep_speed(folder: Path, entry: ModelEntry, tokens_per_second: float) -> None:
    """Write what was measured into the model's folder; raises OSError. It goes when the model is installed anew."""
    fields = {"revision": entry.revision, "tokens_per_second": round(tokens_per_second, 1)}
    (folder / SPEED_FILE).write_text(json.dumps(fields) + "\n", encoding="utf-8")


def read_speed(folder: Path, entry: ModelEntry) -> float | None:
    """What was measured for this revision; None where nothing was, or what is there cannot be read."""
    try:
        fields = json.loads((folder / SPEED_FILE).read_text(encoding="utf-8"))
        speed = float(fields["tokens_per_second"])
        return speed if fields["revision"] == entry.revision and speed > 0 else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
