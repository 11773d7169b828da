"""The README's configuration table is the one that the settings make."""

from __future__ import annotations

from pathlib import Path

from pydantic.fields import FieldInfo

from service.settings import Settings

README = Path(__file__).resolve().parents[2] / "README.md"
HEADER = ["| Variable | Default | Meaning |", "|---|---|---|"]
# Defaults that depend on the machine, in words.
COMPUTED = {"home": "the platform's cache folder", "threads": "the cores it may use"}


def _default(name: str, field: FieldInfo) -> str:
    if field.default_factory is not None:
        return COMPUTED[name]
    if field.default is None:
        return "unset"
    return f"`{field.default:g}`" if isinstance(field.default, float) else f"`{field.default}`"


def _expected() -> list[str]:
    rows = (
        f"| `MANCHETE_{name.upper()}` | {_default(name, field)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    )
    return [*HEADER, *rows]


def test_the_table_lists_every_setting_with_its_default_and_meaning() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()
    start = lines.index(HEADER[0])
    end = next(index for index in range(start, len(lines)) if not lines[index].startswith("|"))
    expected = _expected()
    assert lines[start:end] == expected, "README.md should have this table:\n" + "\n".join(expected)
