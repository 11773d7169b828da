"""`--glossary` and `--term`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

TEXT = "O presidente visitou o Planalto na manhã de ontem.\n"
COMMAND = ("translate", "--from", "pt", "--to", "en")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("terms.json", '{"presidente": "head of state", "Planalto": "Planalto"}'),
        ("terms.csv", 'presidente,head of state\r\n\r\n"Planalto",Planalto\r\n'),
        ("terms.tsv", "\ufeffpresidente\thead of state\nPlanalto\tPlanalto"),
    ],
)
def test_a_glossary_file(manchete_here: Any, tmp_path: Path, name: str, content: str) -> None:
    file = tmp_path / name
    file.write_bytes(content.encode())
    done = manchete_here(*COMMAND, "--glossary", str(file), given=TEXT.encode())
    assert done.returncode == 0, done.stderr
    assert "head of state" in done.stdout.decode()
    assert "Planalto" in done.stdout.decode()


def test_terms_come_before_the_file_and_hold_for_every_line(manchete_here: Any, tmp_path: Path) -> None:
    file = tmp_path / "terms.json"
    file.write_text('{"presidente": "head of state"}')
    given = (TEXT + "Ontem choveu.\n" + TEXT).encode()
    done = manchete_here(
        *COMMAND, "--lines", "--glossary", str(file), "--term", "presidente=chairman", "--term", "a=b=c", given=given
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    assert ["chairman" in line for line in lines] == [True, False, True]
    assert "head of state" not in done.stdout.decode()


def test_a_digest_takes_one(manchete_here: Any) -> None:
    done = manchete_here(
        "digest", "--from", "pt", "--to", "en", "--json", "--term", "presidente=head of state", given=TEXT.encode()
    )
    answer = json.loads(done.stdout)
    assert "head of state" in answer["translation"]["text"]
    assert answer["signature"]["glossary"].startswith("1 terms/")


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("terms.txt", "a", "must end in .json, .csv or .tsv"),
        ("terms.json", "[1]", "must hold an object of strings"),
        ("terms.json", "{", "is not valid JSON"),
        ("terms.json", '{"a": 1}', "--glossary.a: must be a string"),
        ("terms.json", '{"a": ["b", "c"]}', "--glossary.a: must be a string"),
        ("terms.json", '{"a": {"b": "c"}}', "--glossary.a: must be a string"),
        ("terms.json", '{"a": "b", "a": "c"}', "entry a: a has two renderings"),
        ("terms.csv", "a,b\nc\n", "line 2: must have two columns, has 1"),
        ("terms.csv", '"a,b', "line 1: unexpected end of data"),
        ("terms.tsv", "a\tb\na\tc\n", "line 2: a has two renderings"),
        ("terms.csv", "a,\n", "--glossary.a: its rendering must not be empty"),
        ("terms.csv", "\udcff", "is not valid UTF-8 at byte 0"),
        (None, "", "cannot read"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(
    manchete_here: Any, tmp_path: Path, name: str | None, content: str, error: str
) -> None:
    file = tmp_path / (name or "missing.json")
    if name is not None:
        file.write_bytes(content.encode("utf-8", "surrogateescape"))
    done = manchete_here(*COMMAND, "--glossary", str(file), given=TEXT.encode())
    assert done.returncode == 2
    assert done.stdout == b""
    assert "--glossary" in done.stderr.decode()
    assert error in done.stderr.decode()


@pytest.mark.parametrize(
    ("term", "error"),
    [
        ("presidente", "--term: must be TERM=RENDERING, not presidente"),
        ("=x", "--term.: the term must not be empty"),
        ("a=", "--term.a: its rendering must not be empty"),
        ("a=" + "x" * 201, "--term.a: 201 characters of its rendering are over the limit of 200"),
    ],
)
def test_what_is_wrong_with_a_term_is_named(manchete_here: Any, term: str, error: str) -> None:
    done = manchete_here(*COMMAND, "--term", term, given=TEXT.encode())
    assert done.returncode == 2
    assert error in done.stderr.decode()
