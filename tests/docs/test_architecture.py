"""The drawing in docs/architecture.md shows the rooms that exist, in the order that is enforced."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def _layers() -> list[str]:
    configuration = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = configuration["tool"]["importlinter"]["contracts"]
    (rooms,) = (contract for contract in contracts if contract["id"] == "rooms")
    return list(rooms["layers"])


def _documented() -> dict[str, str]:
    """The rooms of the table, and beside each the text of what it may import."""
    text = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in text.splitlines() if re.match(r"\| `", line)]
    return {room: row[3] for row in rows for room in re.findall(r"`(\w+)`", row[1])}


def test_the_table_has_exactly_the_enforced_rooms() -> None:
    enforced = {room for layer in _layers() for room in re.findall(r"\w+", layer)}
    assert set(_documented()) == enforced


@pytest.mark.parametrize("document", ["docs/architecture.md", "README.md", "CONTRIBUTING.md", "docs/docker.md"])
def test_links_between_documents_lead_somewhere(document: str) -> None:
    path = REPOSITORY / document
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    assert targets
    missing = [target for target in targets if not (path.parent / target).exists()]
    assert missing == []


def test_nothing_in_the_table_looks_upwards() -> None:
    rank = {room: row for row, layer in enumerate(_layers()) for room in re.findall(r"\w+", layer)}
    upwards = [
        f"{room} -> {imported}"
        for room, cell in _documented().items()
        for imported in re.findall(r"`(\w+)`", cell.partition(" but ")[0])
        if rank[imported] <= rank[room]
    ]
    assert upwards == []
