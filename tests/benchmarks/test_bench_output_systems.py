"""How systems are named on the command line, and which names are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.output_systems import parse_output_systems
from service.errors import InvalidInput

BOTH = ("pt-en", "en-pt")


def test_our_systems_with_settings_and_names_of_their_own() -> None:
    systems = parse_output_systems(
        "manchete, manchete:beam=4,wide=manchete:beam=8,manchete-2:model=m:quality=best", BOTH
    )
    assert [(one.label, one.spec, one.cores) for one in systems] == [
        ("manchete", "manchete", 1),
        ("manchete:beam=4", "manchete:beam=4", 1),
        ("wide", "manchete:beam=8", 1),
        ("manchete-2:model=m:quality=best", "manchete-2:model=m:quality=best", 2),
    ]


def test_a_file_is_a_system_of_one_direction(tmp_path: Path) -> None:
    path = tmp_path / "deepl-free.txt"
    path.write_text("x\n", encoding="utf-8")
    (system,) = parse_output_systems(f"file:{path}", ["pt-en"])
    assert (system.label, system.files) == ("deepl-free", {"pt-en": path})
    (named,) = parse_output_systems(f"other=file:{path}", ["pt-en"])
    assert named.label == "other"
    with pytest.raises(InvalidInput, match="is of one direction"):
        parse_output_systems(f"file:{path}", BOTH)


def test_a_folder_holds_the_outputs_of_one_system_or_of_many(tmp_path: Path) -> None:
    for name in ("pt-en.txt", "a.pt-en.txt", "a.en-pt.txt", "b.c.en-pt.txt", "notes.txt", "xpt-en.txt"):
        (tmp_path / name).write_text("x\n", encoding="utf-8")
    systems = parse_output_systems(f"file:{tmp_path}", BOTH)
    assert {one.label: sorted(one.files) for one in systems} == {
        tmp_path.name: ["pt-en"],
        "a": ["en-pt", "pt-en"],
        "b.c": ["en-pt"],
    }
    assert {one.label: one.missing("pt-en") for one in systems}["b.c"] == "it has no file for pt-en"


def test_servers_are_called_by_their_host() -> None:
    systems = parse_output_systems("libretranslate:http://127.0.0.1:5000,paid=deepl:https://api.example", BOTH)
    assert [one.label for one in systems] == ["libretranslate@127.0.0.1:5000", "paid"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "name at least one system"),
        ("marian", "marian is not known; there are: manchete, manchete-N"),
        ("manchete,manchete", "manchete is named twice"),
        ("manchete:beam=0", "beam must be a whole number from 1 to 32"),
        ("manchete:model=x", "manchete has no option model; it has: beam="),
        ("fxtranslate:beam=2", "fxtranslate has no option beam; it has: none"),
        ("libretranslate:localhost:5000", "libretranslate needs an address"),
        ("libretranslate:http://127.0.0.1:99999", "libretranslate needs an address"),
        ("deepl:https://user:secret@api.example", "keys are given in DEEPL_AUTH_KEY"),
        ("file:nowhere", "nowhere is no file and no folder with pt-en.txt"),
    ],
)
def test_other_names_are_refused(text: str, complaint: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_output_systems(text, BOTH)
    assert caught.value.message.startswith("--systems: ")
    assert complaint in caught.value.message
    assert "secret" not in caught.value.message


def test_a_peer_that_is_not_installed_says_what_to_install() -> None:
    (system,) = parse_output_systems("argostranslate", ["pt-en"])
    reason = system.missing("pt-en")
    if reason is None:
        pytest.skip("argostranslate is installed")
    assert "pip install argostranslate" in reason
