"""Published scores beside measured ones: the two kinds of CSV, and what is said of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.published import read_published
from service.errors import InvalidInput

WIDE = "pair,dataset,system,bleu,comet\npt-en,set-a,one,40.5,0.88\npt-en,set-b,one,41,\nen-fr,set-a,one,30,0.8\n"
LONG = "pair,testset,metric,score,model\npor-eng,set-a,chrf,0.685,two\npor-eng,set-a,bleu,44.25,two\n"


def _write(folder: Path, text: str, name: str = "scores.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_both_layouts_are_read_and_told_apart_by_their_file(tmp_path: Path) -> None:
    paths = [_write(tmp_path, WIDE), _write(tmp_path, LONG, "board.csv")]
    found = read_published(paths, ["pt-en"], ["set-a"])
    assert [(one.system, one.metric, one.value, one.source) for one in found] == [
        ("one", "bleu", 40.5, "scores.csv"),
        ("one", "comet", 0.88, "scores.csv"),
        ("two", "chrf", 68.5, "board.csv"),
        ("two", "bleu", 44.25, "board.csv"),
    ]
    assert {one.test_set for one in read_published(paths, ["pt-en"])} == {"set-a", "set-b"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a,b\n1,2\n", "needs the columns pair"),
        ("pair,system\npt-en,one\n", "needs the columns pair"),
        ("pair,system,bleu\npt-en,one,much\n", "line 2: bleu is no number"),
    ],
)
def test_other_files_are_refused_by_name(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(InvalidInput, match=rf"--published: .*scores\.csv.*{complaint}"):
        read_published([_write(tmp_path, text)], ["pt-en"])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"--published: .*none\.csv cannot be read"):
        read_published([tmp_path / "none.csv"], ["pt-en"])
