"""The README's configuration table is the one that the settings make."""

from __future__ import annotations

from pathlib import Path

import msgspec

from service.settings import Settings

README = Path(__file__).resolve().parents[2] / "README.md"
HEADER = ["| Variable | Default | Meaning |", "|---|---|---|"]
# Defaults that depend on the machine, in words.
COMPUTED = {"home": "the platform's cache folder", "threads": "the cores it may use"}


def _default(name: str, default: object) -> str:
    if name in COMPUTED:
        return COMPUTED[name]
    if default is None:
        return "unset"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def _expected() -> list[str]:
    meanings = {
        name: meaning["description"]
        for name, meaning in msgspec.json.schema(Settings, schema_hook=_schema)["$defs"]["Settings"][
            "properties"
        ].items()
    }
    rows = (
        f"| `MANCHETE_{field.name.upper()}` | {_default(field.name, field.default)} | {meanings[field.name]} |"
        for field in msgspec.structs.fields(Settings)
    )
    return [*HEADER, *rows]


def _schema(_: type) -> dict[str, str]:
    """Paths and secrets, which JSON does not have."""
    return {"type": "string"}


def test_the_table_lists_every_setting_with_its_default_and_meaning() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()
    start = lines.index(HEADER[0])
    end = next(index for index in range(start, len(lines)) if not lines[index].startswith("|"))
    expected = _expected()
    assert lines[start:end] == expected, "README.md should have this table:\n" + "\n".join(expected)
