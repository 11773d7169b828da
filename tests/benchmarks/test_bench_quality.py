"""`bench quality`: files and real servers as systems, runs that are stopped, and what is told of what is missing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import uvicorn
from bench_runs import Bench

from benchmarks.corpus import OWN_FOLDER, load_corpus
from benchmarks.results import Report, read_report
from service.api import create_app
from service.errors import InvalidInput
from service.settings import settings_from
from service.wiring import build

LINES = 8
CORPUS = load_corpus(OWN_FOLDER, ["pt", "en"], LINES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with outputs of two systems from Portuguese to English."""
    good = [line.replace("The", "A") for line in CORPUS.lines["en"]]
    bad = [" ".join(reversed(line.split())).replace("48", "84") for line in CORPUS.lines["en"]]
    made = tmp_path / "outputs"
    made.mkdir()
    for name, lines in {"good": good, "bad": bad}.items():
        (made / f"{name}.pt-en.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return made


def _value(report: Report, system: str, metric: str) -> float:
    figure = report.find(system, "pt-en", metric)
    assert figure is not None, (system, metric)
    return figure.median


def test_two_files_are_judged_without_any_code(bench: Bench, folder: Path, tmp_path: Path) -> None:
    page, output = tmp_path / "page.md", tmp_path / "quality.json"
    arguments = ("--data", OWN_FOLDER, "--lines", LINES, "--direction", "pt-en", "--samples", 200)
    ran = bench("quality", "--systems", f"file:{folder}", *arguments, "--json", output, "--markdown", page)
    report = read_report(output)
    assert _value(report, "good", "bleu") > 50 > _value(report, "bad", "bleu")
    assert _value(report, "good", "ter") < _value(report, "bad", "ter")
    assert _value(report, "good", "numbers_kept") == 100 > _value(report, "bad", "numbers_kept")
    assert _value(report, "bad", "guard_warnings") > 0
    assert _value(report, "good", "length_ratio") == pytest.approx(1, abs=0.05)
    (chrf,) = (one for one in report.comparisons if one.metric == "chrf")
    assert (chrf.first, chrf.second) == ("bad", "good")
    assert chrf.high < 0
    assert chrf.p_value < 0.05
    assert set(report.conditions.signatures) == {"bleu", "chrf", "ter"}
    assert "COMET was not measured: no model was given (--comet CHECKPOINT)." in ran.out
    assert f"lines:{LINES}|" in report.signature
    assert report.signature in page.read_text(encoding="utf-8")
    assert f"[{ran.err.count(chr(10))}/" in ran.err.splitlines()[-1]


def test_one_file_beside_ours_needs_one_flag(bench: Bench, home: Path, folder: Path, tmp_path: Path) -> None:
    output, saved = tmp_path / "quality.json", tmp_path / "saved"
    arguments = ("--data", OWN_FOLDER, "--lines", LINES, "--direction", "pt-en", "--json", output)
    ran = bench(
        *("quality", "--systems", f"manchete:beam=2,file:{folder}/bad.pt-en.txt,marian=file:{folder}/good.pt-en.txt"),
        *(*arguments, "--save", saved),
    )
    report = read_report(output)
    assert _value(report, "manchete:beam=2", "chrf") > _value(report, "bad.pt-en", "chrf")
    assert "manchete:beam=2 - marian" in ran.out
    lines = (saved / "manchete-beam=2.pt-en.txt").read_text(encoding="utf-8").splitlines()
    again = bench("quality", "--systems", f"file:{saved}", *arguments)
    assert len(lines) == LINES
    assert again.code == 0
    assert _value(read_report(output), "manchete-beam=2", "bleu") == pytest.approx(
        _value(report, "manchete:beam=2", "bleu")
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--systems", "file:{folder}/bad.pt-en.txt", "--lines", "3"], "has 8 lines for 3 sources"),
        (
            ["--systems", "file:{folder}", "--data", "{folder}/good.pt-en.txt"],
            "--data: there are no references for pt-en",
        ),
        (["--systems", "file:{folder}", "--published", "none.csv"], "--published: none.csv cannot be read"),
        (["--systems", "file:{folder}", "--direction", "portuguese"], "--direction: portuguese is not a pair"),
    ],
)
def test_bad_input_names_its_option(bench: Bench, folder: Path, arguments: list[str], complaint: str) -> None:
    given = [one.format(folder=folder) for one in arguments]
    rest = [] if "--direction" in given else ["--direction", "pt-en"]
    data = [] if "--data" in given else ["--data", OWN_FOLDER]
    count = [] if "--lines" in given else ["--lines", LINES]
    with pytest.raises(InvalidInput) as caught:
        bench("quality", *given, *rest, *data, *count)
    assert complaint in caught.value.message


def test_json_lines_with_source_and_reference(bench: Bench, folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "set.jsonl"
    rows = zip(CORPUS.lines["pt"], CORPUS.lines["en"], strict=True)
    text = "".join(json.dumps({"source": source, "reference": reference}) + "\n" for source, reference in rows)
    data.write_text(text, encoding="utf-8")
    output = tmp_path / "quality.json"
    bench("quality", "--data", data, "--direction", "pt-en", "--systems", f"file:{folder}", "--json", output)
    assert read_report(output).conditions.data.name == "set.jsonl"


def test_what_was_done_before_a_stop_is_not_done_again(bench: Bench, home: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    arguments = ("quality", "--data", OWN_FOLDER, "--lines", LINES, "--direction", "pt-en", "--systems", "manchete")
    first = bench(*arguments, "--resume", kept)
    (path,) = kept.iterdir()
    content = json.loads(path.read_text(encoding="utf-8"))
    content["parts"]["lines"][0] = "Not what the engine would write."
    path.write_text(json.dumps(content), encoding="utf-8")
    second = bench(*arguments, "--resume", kept, "--json", tmp_path / "second.json")
    assert "kept" in second.err
    assert second.out != first.out
    content["parts"] = {"lines": content["parts"]["lines"][:0], "seconds": 0.0, "latencies": None}
    path.write_text(json.dumps(content), encoding="utf-8")
    assert _figures(bench(*arguments, "--resume", kept).out) == _figures(first.out)
    other = ("quality", "--data", OWN_FOLDER, "--lines", LINES - 1, "--direction", "pt-en", "--systems", "manchete")
    assert "kept" not in bench(*other, "--resume", kept).err


def _figures(out: str) -> list[str]:
    return [line for line in out.splitlines() if line.startswith("manchete")]


class Deepl(BaseHTTPRequestHandler):
    """DeepL's protocol over the translations of `CORPUS`, told to wait once."""

    waited = False

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.headers["authorization"] != "DeepL-Auth-Key segredo":
            self._answer(403, {})
        elif not Deepl.waited:
            Deepl.waited = True
            self._answer(429, {})
        else:
            assert (self.path, body["source_lang"], body["target_lang"]) == ("/v2/translate", "PT", "EN-US")
            known = dict(zip(CORPUS.lines["pt"], CORPUS.lines["en"], strict=True))
            self._answer(200, {"translations": [{"text": known.get(text, text)} for text in body["text"]]})

    def _answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def deepl() -> Iterator[str]:
    """The address of a server of DeepL's protocol."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Deepl)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def libretranslate(prepared_home: Path) -> Iterator[str]:
    """The address of our own server, which speaks LibreTranslate's protocol and asks for a key."""
    settings = settings_from({"home": prepared_home, "threads": 1, "api_key": "segredo"})
    server = uvicorn.Server(uvicorn.Config(create_app(build(settings)), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def test_servers_of_both_protocols_are_systems(
    bench: Bench, home: Path, deepl: str, libretranslate: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DEEPL_AUTH_KEY", "segredo")
    monkeypatch.setenv("LIBRETRANSLATE_API_KEY", "segredo")
    output = tmp_path / "quality.json"
    ran = bench(
        "quality", "--systems", f"deepl:{deepl},ours=libretranslate:{libretranslate},gone=libretranslate:http://127.0.0.1:1",
        *("--data", OWN_FOLDER, "--lines", LINES, "--direction", "pt-en", "--json", output),
    )  # fmt: skip
    report = read_report(output)
    assert _value(report, f"deepl@{deepl.removeprefix('http://')}", "bleu") == pytest.approx(100)
    assert 30 < _value(report, "ours", "bleu") < 100
    (gone,) = report.absences
    assert (gone.system, gone.direction) == ("gone", "pt-en")
    assert "does not answer (ConnectError)" in gone.reason
    assert "segredo" not in ran.out + ran.err + output.read_text(encoding="utf-8")


def test_a_key_that_is_refused_is_an_absence(bench: Bench, deepl: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPL_AUTH_KEY", "errada")
    arguments = ("--data", OWN_FOLDER, "--lines", LINES, "--direction", "pt-en")
    ran = bench("quality", "--systems", f"paid=deepl:{deepl}", *arguments)
    assert f"Not measured: paid (pt-en): deepl:{deepl} failed to open: {deepl} answered 403." in ran.out
    assert "errada" not in ran.out + ran.err


COMET = """#!/bin/sh
# Scores as comet-score writes them: what it is given counts, not what it is.
while [ $# -gt 0 ]; do
  case "$1" in -t) outputs=$2 ;; -r) references=$2 ;; -s) sources=$2 ;; --to_json) json=$2 ;; --model) model=$2 ;; esac
  shift
done
[ -s "$sources" ] && [ -s "$references" ] && [ -f "$model" ] || { echo "no such file" >&2; exit 3; }
printf '{"outputs": [' > "$json"
sed -e '1s/.*/{"COMET": 0.5}/' -e '2,$s/.*/, {"COMET": 0.9}/' "$outputs" >> "$json"
printf ']}' >> "$json"
"""


def test_comet_is_measured_by_its_own_command_where_there_is_a_model(
    bench: Bench, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command, model, output = tmp_path / "comet-score", tmp_path / "model.ckpt", tmp_path / "quality.json"
    command.write_text(COMET, encoding="utf-8")
    command.chmod(0o755)
    model.touch()
    monkeypatch.setenv("COMET_SCORE", str(command))
    arguments = ("--data", OWN_FOLDER, "--lines", LINES, "--direction", "pt-en", "--systems", f"file:{folder}")
    bench("quality", *arguments, "--comet", model, "--json", output)
    assert _value(read_report(output), "good", "comet") == pytest.approx((0.5 + 0.9 * (LINES - 1)) / LINES)
    missing = bench("quality", *arguments, "--comet", tmp_path / "other.ckpt")
    assert "COMET was not measured" in missing.out
    command.write_text("#!/bin/sh\necho out of memory >&2\nexit 1\n", encoding="utf-8")
    failed = bench("quality", *arguments, "--comet", model)
    assert "Not measured: COMET of good (pt-en): comet-score ended with exit status 1: out of memory." in failed.out
