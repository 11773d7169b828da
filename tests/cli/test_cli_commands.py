"""Every command on real weights, and what bad input gives: exit code 2 and one sentence on standard error."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from service import __version__

ARTICLE = (
    "A prefeitura de Vila Serena abriu ontem a nova ponte sobre o rio Claro. A obra custou doze milhões de reais e "
    "levou dois anos. Segundo a engenheira Marta Nunes, a travessia vai encurtar em vinte minutos o caminho até o "
    "hospital. A ponte antiga será reservada a pedestres e ciclistas. Os moradores festejaram a abertura.\n"
)


@pytest.fixture
def article(tmp_path: Path) -> str:
    """The path of a file with a short Portuguese article."""
    (tmp_path / "artigo.txt").write_text(ARTICLE, encoding="utf-8")
    return str(tmp_path / "artigo.txt")


def lines(raw: bytes) -> list[str]:
    return raw.decode().split("\n")


def test_translate_a_sentence(manchete: Any) -> None:
    done = manchete("translate", "--from", "pt", "--to", "en", given="O livro está em cima da mesa.".encode())
    assert (done.returncode, done.stderr) == (0, b"")
    assert "book" in done.stdout.decode().lower()
    assert "table" in done.stdout.decode().lower()


def test_translate_keeps_the_layout(manchete_here: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("\r\n• Bom dia.\r\n\r\n\tBoa noite.  \r\n".encode())
    done = manchete_here("translate", "--from", "pt", "--to", "en", str(tmp_path / "a.txt"))
    assert done.stdout.startswith("\r\n• ".encode())
    assert done.stdout.endswith(b".  \r\n")
    assert done.stdout.count(b"\r\n") == 4


def test_translate_lines(manchete: Any) -> None:
    done = manchete("translate", "--from", "pt", "--to", "en", "--lines", given=b"Bom dia.\n\nBoa noite.")
    assert done.returncode == 0
    first, second, third, end = lines(done.stdout)
    assert "morning" in first.lower()
    assert "night" in third.lower()
    assert (second, end) == ("", "")


def test_a_failed_line_gives_exit_code_1(manchete_here: Any) -> None:
    done = manchete_here("translate", "--from", "pt", "--to", "en", "--lines", given=b"Bom dia.\nol\xe1\n")
    assert done.returncode == 1
    assert done.stdout.count(b"\n") == 2
    assert done.stderr == b"line 2: not valid UTF-8 at byte 2\n"


def test_detect(manchete_here: Any, article: str) -> None:
    assert lines(manchete_here("detect", article).stdout)[0].split("\t")[0] == "pt"
    answer = json.loads(manchete_here("detect", "--json", article).stdout)
    assert answer["language"] == "pt"
    done = manchete_here("detect", "--lines", "--json", given=ARTICLE.encode() + b"\n42\n")
    assert [json.loads(line)["language"] for line in lines(done.stdout)[:-1]] == ["pt", "und", "und"]


def test_summarize(manchete_here: Any, article: str) -> None:
    text = manchete_here("summarize", "--sentences", "2", article).stdout.decode()
    assert text.startswith("A prefeitura de Vila Serena abriu ontem a nova ponte")
    answer = json.loads(manchete_here("summarize", "--sentences", "2", "--json", article).stdout)
    assert len(answer["summary"]["sentences"]) == 2
    for sentence in answer["summary"]["sentences"]:
        assert ARTICLE[sentence["start"] : sentence["end"]] == sentence["text"]


def test_digest_as_json(manchete: Any, article: str) -> None:
    done = manchete("digest", "--to", "en", "--title", "Vila Serena tem ponte nova", "--json", article)
    assert (done.returncode, done.stderr) == (0, b"")
    answer = json.loads(done.stdout)
    assert answer["detected"]["language"] == "pt"
    assert "bridge" in answer["translation"]["text"].lower()
    assert 1 <= len(answer["summary"]["sentences"]) <= 3
    assert {"translation", "title", "summary", "signature", "timings"} <= set(answer)
    for sentence in answer["summary"]["sentences"]:
        assert answer["translation"]["text"][sentence["start"] : sentence["end"]] == sentence["text"]


def test_digest_to_read(manchete_here: Any, article: str) -> None:
    text = manchete_here("digest", "--to", "en", article).stdout.decode()
    assert text.startswith("Portuguese (pt), ")
    assert "-> English\n\nSummary\n\n" in text
    assert "\n\nTranslation\n\n" in text


def test_version_and_help(manchete_here: Any) -> None:
    assert manchete_here("--version").stdout == f"manchete {__version__}\n".encode()
    for command in ([], ["serve"], ["translate"], ["detect"], ["summarize"], ["digest"], ["models", "prepare"]):
        done = manchete_here(*command, "--help")
        assert done.returncode == 0
        assert b"Usage: " in done.stdout
    done = manchete_here()
    assert done.returncode == 2
    assert b"commands:" in done.stdout


def test_models_prepare_says_what_it_does(manchete_here: Any) -> None:
    done = manchete_here("models", "prepare")
    assert done.returncode == 0
    assert done.stdout.decode().count(": ready in ") == 2


TRANSLATE = ["translate", "--from", "pt", "--to", "en"]
BAD = [
    (["translate", "--from", "pt", "--to", "zz"], b"Bom dia.", "--to: zz is not supported"),
    (["translate", "--from", "zz", "--to", "en"], b"Bom dia.", "--from: zz is not supported"),
    (["translate", "--from", "zz", "--to", "en", "--lines"], b"", "--from: zz is not supported"),
    (["translate", "--from", "de", "--to", "en"], b"Guten Tag.", "--to: de to en is not supported"),
    (["translate", "--from", "de", "--to", "en", "--lines"], b"Guten Tag.\n", "--to: de to en is not supported"),
    (["translate", "--to", "en"], "ᚠᚢᚦᚨᚱᚲ ᚺᚨᛁᛏᛖ".encode(), "FILE: too little evidence"),
    (["translate"], b"Bom dia.", "the following arguments are required: --to"),
    (TRANSLATE, b"", "FILE: must not be empty"),
    (TRANSLATE, b" \n\t\n", "FILE: must not be empty"),
    (TRANSLATE, b"ol\xe1", "FILE: standard input is not valid UTF-8 at byte 2"),
    (TRANSLATE, b"a\0b", "FILE: must not contain NUL characters"),
    (TRANSLATE, b"x" * 51, "FILE: 51 characters are over the limit of 50"),
    ([*TRANSLATE, "no-such-file.txt"], b"", "FILE: cannot read no-such-file.txt: No such file or directory"),
    ([*TRANSLATE, "."], b"", "FILE: cannot read .: Is a directory"),
    ([*TRANSLATE, "--lines", "no-such-file.txt"], b"", "FILE: cannot read no-such-file.txt"),
    ([*TRANSLATE, "--nonsense"], b"", "unrecognized arguments: --nonsense"),
    (["detect"], b"", "FILE: must not be empty"),
    (["summarize", "--sentences", "0"], b"a", "--sentences: must be a whole number from 1 to "),
    (["summarize", "--sentences", "two"], b"a", "--sentences: must be a whole number from 1 to "),
    (["summarize", "--words", "5"], b"a", "--words: must be a whole number from "),
    (
        ["summarize", "--sentences", "2", "--words", "20"],
        b"a",
        "--sentences and --words: give one of the two, not both",
    ),
    (["summarize", "--ratio", "2"], b"a", "--ratio: must be a number from 0.01 to 1.0, not 2"),
    (["summarize", "--ratio", "half"], b"a", "--ratio: must be a number from 0.01 to 1.0, not half"),
    (["summarize", "--ratio", "0.2", "--words", "20"], b"a", "--words and --ratio: give one of the two, not both"),
    (["summarize", "-", "-"], b"a", "FILE: standard input can be read once"),
    (["summarize", *["a.txt"] * 51], b"a", "FILE: 51 files are over the limit of 50"),
    (["summarize", "-", "no-such-file.txt"], b"a", "FILE: cannot read no-such-file.txt: No such file or directory"),
    (["summarize", "--title", "x" * 51], b"Um texto.", "--title: 51 characters are over the limit of 50"),
    (["digest", "--to", "zz"], b"Bom dia.", "--to: zz is not supported"),
    (["digest", "--to", "en"], b"", "FILE: must not be empty"),
    (["serve", "--port", "70000"], b"", "--port: must be a whole number from 0 to 65535, not 70000"),
    (["nonsense"], b"", "COMMAND: invalid choice: 'nonsense'"),
]


@pytest.mark.parametrize(("arguments", "given", "sentence"), BAD)
def test_bad_input_is_one_sentence_and_exit_code_2(
    manchete_here: Any, arguments: list[str], given: bytes, sentence: str
) -> None:
    done = manchete_here(*arguments, given=given, MANCHETE_CHAR_LIMIT="50")
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.decode().startswith(sentence)
    assert done.stderr.count(b"\n") == 1


def test_a_setting_that_cannot_be_used_is_named(manchete: Any) -> None:
    done = manchete(*TRANSLATE, given=b"a", MANCHETE_CHAR_LIMIT="many")
    assert done.returncode == 2
    assert done.stderr.startswith(b"MANCHETE_CHAR_LIMIT: ")
    assert done.stderr.count(b"\n") == 1
    done = manchete("serve", "--port", "0", MANCHETE_PRELOAD="pt-xx")
    assert done.returncode == 2
    assert done.stderr.decode().splitlines()[-1].startswith("MANCHETE_PRELOAD: ")


def test_a_corrupt_model_names_the_file_and_the_repair(manchete_here: Any, tmp_path: Path, prepared_home: Path) -> None:
    for file in sorted(prepared_home.rglob("*")):
        copy = tmp_path / file.relative_to(prepared_home)
        if file.is_dir():
            copy.mkdir()
        else:
            copy.write_bytes(file.read_bytes())
    damaged = max((file for file in tmp_path.rglob("*") if file.is_file()), key=lambda file: file.stat().st_size)
    damaged.write_bytes(damaged.read_bytes()[:-100])
    pair = ("en", "pt") if "en-pt" in str(damaged) or "enpt" in str(damaged) else ("pt", "en")
    done = manchete_here(
        "translate", "--from", pair[0], "--to", pair[1], given=b"Bom dia.", MANCHETE_HOME=str(tmp_path)
    )
    assert done.returncode == 3
    assert damaged.name in done.stderr.decode()
    assert "manchete models prepare" in done.stderr.decode()
    assert len(done.stderr.decode().splitlines()) == 1


def test_a_port_in_use_is_one_sentence(manchete: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = manchete("serve", "--host", "127.0.0.1", "--port", port)
    assert done.returncode == 2
    assert done.stderr.decode() == f"--host, --port: cannot listen on 127.0.0.1:{port}: Address already in use\n"


def test_a_reader_that_goes_away_is_not_an_error_to_report(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "service.cli", "detect", "--lines"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, **pipes) as process:  # type: ignore[call-overload]
        process.stdout.close()
        try:
            process.stdin.write(b"um\n" * 100_000)
            process.stdin.close()
        except BrokenPipeError:
            pass
        assert process.stderr.read() == b""
        assert process.wait(60) != 0


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_an_interrupt_is_quiet(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "service.cli", "detect", "--lines"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, **pipes) as process:  # type: ignore[call-overload]
        process.stdin.write(b"42\n")
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"und")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr.read() == b""


def test_serve_answers_and_stops_when_told(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "service.cli", "serve", "--port", "0"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        address = ""
        while not address:
            line = process.stderr.readline()
            assert line, "the server ended before it listened"
            address = line.partition("listening on ")[2].partition(" ")[0]
        body = json.dumps({"text": ARTICLE, "target": "en"}).encode()
        request = urllib.request.Request(f"{address}/digest", body, {"content-type": "application/json"})
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(request, timeout=60) as response:
                    answer = json.load(response)
                break
            except ConnectionError:
                time.sleep(0.05)
        assert answer["detected"]["language"] == "pt"
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
        assert process.wait(60) in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
        assert "Traceback" not in rest
        assert "Vila Serena" not in rest


def test_a_summary_may_be_set_as_a_list(manchete_here: Any) -> None:
    text = "A ponte reabriu ontem depois de dois anos. A obra custou R$ 3,5 milhões à prefeitura da cidade.".encode()
    done = manchete_here("summarize", "--from", "pt", "--style", "bullets", "--method", "auto", given=text)
    assert done.returncode == 0, done.stderr
    assert [line[:4] for line in done.stdout.decode().splitlines()] == ["- A ", "- A "]


def test_a_written_summary_needs_something_that_writes(manchete_here: Any) -> None:
    done = manchete_here("summarize", "--from", "pt", "--method", "abstractive", given=b"A ponte reabriu.")
    assert done.returncode == 2
    assert b"MANCHETE_SUMMARY_BACKEND" in done.stderr


def test_several_files_give_one_summary(manchete_here: Any, tmp_path: Path) -> None:
    first, second = tmp_path / "a.txt", tmp_path / "b.txt"
    first.write_text("O rio subiu dois metros na terça-feira. A ponte da cidade foi fechada.", encoding="utf-8")
    second.write_text("O rio subiu dois metros, na terça-feira. Ninguém ficou ferido na cheia.", encoding="utf-8")

    plain = manchete_here("summarize", str(first), str(second), "--sentences", "5")
    assert plain.returncode == 0
    assert plain.stdout.decode().count("dois metros") == 1
    assert "Ninguém ficou ferido" in plain.stdout.decode()

    answer = json.loads(manchete_here("summarize", str(first), str(second), "--json").stdout)
    assert [one["text"] for one in answer["summary"]["sentences"][0]["sources"]] == [0, 1]


def test_summary_as_a_share_of_the_words(manchete_here: Any) -> None:
    text = "O rio subiu dois metros na terça-feira. A ponte da cidade foi fechada. Ninguém ficou ferido na cheia."
    done = manchete_here("summarize", "--ratio", "0.7", given=text.encode())
    assert 0 < len(done.stdout.decode().split()) <= 0.7 * len(text.split())
