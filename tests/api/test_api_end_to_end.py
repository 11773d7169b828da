"""A real server in another thread, real weights, real sockets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2 as httpx
import pytest
import uvicorn

from service.api import create_app
from service.settings import Settings
from service.wiring import build, prepare_models

ARTICLE = (
    "A prefeitura de Vila Serena abriu ontem a nova ponte sobre o rio Claro. A obra custou doze milhões de reais e "
    "levou dois anos.\n\nSegundo a engenheira Marta Nunes, a travessia vai encurtar em vinte minutos o caminho até o "
    "hospital. A ponte antiga será reservada a pedestres e ciclistas. Os moradores festejaram a abertura."
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a server on a free port."""
    settings = Settings(home=tmp_path_factory.getbasetemp() / "prepared-home", threads=2, translation_memory_mb=0)
    prepare_models(settings, force=False, report=lambda _: None)
    running = uvicorn.Server(uvicorn.Config(create_app(build(settings)), port=0, log_level="warning"))
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        thread.join(0.01)
    port = running.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        yield client
    running.should_exit = True
    thread.join(60)
    assert not thread.is_alive()


def test_the_main_job(server: httpx.Client) -> None:
    answer = server.post(
        "/digest", json={"text": ARTICLE, "target": "en", "title": "Vila Serena tem ponte nova"}
    ).json()
    assert answer["detected"]["language"] == "pt"
    translation = answer["translation"]["text"]
    assert "bridge" in translation.lower()
    assert translation.count("\n\n") == 1
    assert "bridge" in answer["title"].lower()
    assert 2 <= len(answer["summary"]["sentences"]) <= 3
    for sentence in answer["summary"]["sentences"]:
        assert translation[sentence["start"] : sentence["end"]] == sentence["text"]
        source = sentence["source"]
        assert ARTICLE[source["start"] : source["end"]].strip().endswith(".")
    assert answer["signature"]["models"][0]["model"]


def test_libretranslate_s_main_job(server: httpx.Client) -> None:
    answer = server.post("/translate", data={"q": "O livro está em cima da mesa.", "source": "auto", "target": "en"})
    assert "book" in answer.json()["translatedText"].lower()
    assert answer.json()["detectedLanguage"]["language"] == "pt"


def test_answers_reach_those_who_asked(server: httpx.Client) -> None:
    def ask(number: int) -> str:
        body = {"q": f"O comboio número {number} parte agora.", "source": "pt", "target": "en"}
        text: str = server.post("/translate", json=body).json()["translatedText"]
        return text

    numbers = range(100, 160)
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(ask, numbers))
    assert together == [ask(number) for number in numbers]
    assert len(set(together)) > 50


def test_a_client_that_hangs_up_does_no_harm(server: httpx.Client) -> None:
    long = "\n".join(f"O comboio número {number} parte agora da estação central." for number in range(3000))
    with pytest.raises(httpx.TimeoutException):
        server.post("/translate", json={"q": long, "source": "pt", "target": "en"}, timeout=0.5)
    answer = server.post("/translate", json={"q": "Bom dia.", "source": "pt", "target": "en"}, timeout=20)
    assert answer.status_code == 200


def test_a_chunked_body_over_the_limit(server: httpx.Client) -> None:
    def body() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 100_000

    try:
        response = server.post("/translate", content=body(), headers={"content-type": "application/json"})
    except httpx.WriteError:
        return
    assert response.status_code == 413
    assert "4000000 bytes" in response.json()["error"]
