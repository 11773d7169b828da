"""Every endpoint against every fault: a 4xx, one sentence, and the field's name in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

TEXT = "A ponte nova foi aberta ontem. A obra custou doze milhões de reais."
GOOD: dict[str, dict[str, Any]] = {
    "/translate": {"q": TEXT, "source": "pt", "target": "en"},
    "/detect": {"q": TEXT},
    "/summarize": {"text": TEXT, "source": "pt"},
    "/digest": {"text": TEXT, "source": "pt", "target": "en"},
}
TEXT_FIELD = {"/translate": "q", "/detect": "q", "/summarize": "text", "/digest": "text"}
TAKES_LANGUAGE = ["/translate", "/summarize", "/digest"]
HAS_TARGET = ["/translate", "/digest"]
HAS_LENGTH = ["/summarize", "/digest"]
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
ENDPOINTS = list(GOOD)
BAD_CODES = [1, ["en"], "", "zz", "xx-YY-zz", "é", "a b", "x" * 5000]

WRONG_FIELDS = [
    *((path, {TEXT_FIELD[path]: value}, TEXT_FIELD[path]) for path in ENDPOINTS for value in (1, 1.5, True, {}, None)),
    *((path, {TEXT_FIELD[path]: "a\0b"}, TEXT_FIELD[path]) for path in ENDPOINTS),
    *((path, {TEXT_FIELD[path]: ""}, TEXT_FIELD[path]) for path in ENDPOINTS),
    *((path, {TEXT_FIELD[path]: " \n\t"}, TEXT_FIELD[path]) for path in ENDPOINTS if path != "/translate"),
    *((path, {"text": [TEXT]}, "text") for path in HAS_LENGTH),
    ("/detect", {"q": [TEXT]}, "q"),
    ("/translate", {"q": []}, "q"),
    ("/translate", {"q": [TEXT, 7]}, "q[1]"),
    ("/translate", {"q": [TEXT, None]}, "q[1]"),
    ("/translate", {"q": [[TEXT]]}, "q[0]"),
    ("/translate", {"q": [TEXT, "a\0b"]}, "q[1]"),
    *(
        (path, {"source": value}, "source")
        for path in TAKES_LANGUAGE
        for value in (1, "", "zz", "xx-YY-zz", "é", "a b")
    ),
    *((path, {"target": value}, "target") for path in HAS_TARGET for value in (1, "", "zz", None, ["en"], "x" * 5000)),
    *((path, {"target": "fr"}, "target") for path in HAS_TARGET),
    ("/translate", {"format": "xml"}, "format"),
    ("/translate", {"format": 1}, "format"),
    ("/translate", {"format": "html"}, "format"),
    *(("/translate", {"alternatives": value}, "alternatives") for value in ("abc", "2", -1, 1.5, True, 99, [])),
    *((path, {"sentences": value}, "sentences") for path in HAS_LENGTH for value in (0, 51, "2", 2.5, True)),
    *((path, {"words": value}, "words") for path in HAS_LENGTH for value in (9, 2001, "20", False)),
    *((path, {"sentences": 2, "words": 50}, "sentences") for path in HAS_LENGTH),
    *((path, {"title": value}, "title") for path in HAS_LENGTH for value in (1, ["x"], "a\0b")),
    *((path, {"sentnces": 2}, "sentnces") for path in HAS_LENGTH),
    *((path, {"api_key": 7}, "api_key") for path in ENDPOINTS),
]


def refused(response: Any, status: int = 400) -> str:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert list(response.json()) == ["error"]
    sentence: str = response.json()["error"]
    assert sentence
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    return sentence


@pytest.mark.parametrize("path", ENDPOINTS)
def test_the_good_request_is_good(client: TestClient, path: str) -> None:
    assert client.post(path, json=GOOD[path]).status_code == 200
    assert client.post(path, data=GOOD[path]).status_code == 200


@pytest.mark.parametrize(("path", "change", "field"), WRONG_FIELDS)
def test_a_wrong_field_is_named(client: TestClient, path: str, change: dict[str, Any], field: str) -> None:
    sentence = refused(client.post(path, json=GOOD[path] | change))
    assert field in sentence


@pytest.mark.parametrize("path", ENDPOINTS)
def test_every_required_field_is_missed(client: TestClient, path: str) -> None:
    for field in set(GOOD[path]) - {"source"}:
        body = {name: value for name, value in GOOD[path].items() if name != field}
        assert refused(client.post(path, json=body)) == f"Invalid request: missing {field} parameter"


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not json",
        b"[]",
        b'"text"',
        b"null",
        b"{",
        b'{"q": NaN}',
        b'{"q": Infinity}',
        b'{"q": "\\ud800"}',
        b'{"text": "\\udfff tail"}',
        b'{"q": "\xff"}',
        b'{"q": "ol\xe1"}',
        '{"q": "olá"}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"q":' * 100_000,
        b'{"q": 1' + b"0" * 10_000 + b"}",
        b'{"q": 1e999}',
        b'{"q": "a"} trailing',
    ],
    ids=lambda raw: raw[:16].decode("latin-1"),
)
def test_a_broken_json_body(client: TestClient, path: str, raw: bytes) -> None:
    sentence = refused(client.post(path, content=raw, headers=JSON))
    assert sentence.startswith(("body: ", "Invalid request: missing ", "q: must be a string", "q: is not a field"))


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("raw", [b"q=%ff&text=%ff&target=en", b"q=\xff&text=\xff", b"q=%ED%A0%80&text=%ED%A0%80"])
def test_a_form_that_is_not_utf8(client: TestClient, path: str, raw: bytes) -> None:
    assert "UTF-8" in refused(client.post(path, content=raw, headers=FORM))


@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_query_that_is_not_utf8(client: TestClient, path: str) -> None:
    assert refused(client.post(f"{path}?q=%ff", json=GOOD[path])).startswith("query: ")


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize(
    ("parameters", "raw"),
    [
        ("", b"--x\r\n\r\n"),
        ("; boundary=x", b"nothing of the kind"),
        ("; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n"),
        ("; boundary=x", b'--x\r\nContent-Disposition: form-data; name="q"\r\n\r\n\xff\r\n--x--\r\n'),
        ("; boundary=x", b'--x\r\nContent-Disposition: form-data; name="q"; filename="a"\r\n\r\na\r\n--x--\r\n'),
        ("; boundary=x; charset=undefined", b'--x\r\nContent-Disposition: form-data; name="q"\r\n\r\na\r\n--x--\r\n'),
    ],
)
def test_a_broken_multipart_body(client: TestClient, path: str, parameters: str, raw: bytes) -> None:
    refused(client.post(path, content=raw, headers={"content-type": f"multipart/form-data{parameters}"}))


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/octet-stream", "nonsense"])
def test_another_media_type(client: TestClient, path: str, content_type: str) -> None:
    raw = json.dumps(GOOD[path]).encode()
    sentence = refused(client.post(path, content=raw, headers={"content-type": content_type}), 415)
    assert sentence.startswith(f"content-type: {content_type} ")


@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_body_without_a_type_is_read_as_json(client: TestClient, path: str) -> None:
    assert client.post(path, content=json.dumps(GOOD[path]).encode()).status_code == 200


@pytest.mark.parametrize("value", ["abc", "-1", "1.5", "", " ", "9" * 400, "٣"])
def test_a_number_in_a_form_is_checked_too(client: TestClient, value: str) -> None:
    response = client.post("/translate", data=GOOD["/translate"] | {"alternatives": value})
    assert refused(response).startswith("alternatives: ")


@pytest.mark.parametrize("field", ["target", "source", "format", "alternatives"])
def test_a_field_given_twice(client: TestClient, field: str) -> None:
    raw = f"q=ola&source=pt&target=en&{field}=1&{field}=2".encode()
    assert refused(client.post("/translate", content=raw, headers=FORM)).startswith(f"{field}: given ")


@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_text_over_the_limit_names_field_length_and_limit(make_client: Any, path: str) -> None:
    client = make_client(char_limit=100)
    field = TEXT_FIELD[path]
    assert client.post(path, json=GOOD[path] | {field: TEXT + "x" * (100 - len(TEXT))}).status_code == 200
    sentence = refused(client.post(path, json=GOOD[path] | {field: "ção" * 34}), 413)
    assert sentence == f"{field}: 102 characters are over the limit of 100"


@pytest.mark.parametrize("path", HAS_LENGTH)
def test_a_title_over_the_limit(make_client: Any, path: str) -> None:
    client = make_client(char_limit=100)
    sentence = refused(client.post(path, json=GOOD[path] | {"title": "x" * 101}), 413)
    assert sentence == "title: 101 characters are over the limit of 100"


def test_one_text_of_a_list_over_the_limit(make_client: Any) -> None:
    client = make_client(char_limit=10)
    sentence = refused(client.post("/translate", json={"q": ["ola", "x" * 11], "source": "pt", "target": "en"}), 413)
    assert sentence == "q[1]: 11 characters are over the limit of 10"


def test_too_many_texts_name_the_setting(make_client: Any) -> None:
    client = make_client(max_client_batch_size=3)
    body = {"source": "pt", "target": "en"}
    assert client.post("/translate", json=body | {"q": ["a"] * 3}).status_code == 200
    sentence = refused(client.post("/translate", json=body | {"q": ["a"] * 4}), 413)
    assert sentence == "q: 4 texts are over the limit of 3 (max_client_batch_size)"


@pytest.mark.parametrize("path", ["/translate", "/digest"])
def test_a_language_that_cannot_be_told(client: TestClient, path: str) -> None:
    body = GOOD[path] | {TEXT_FIELD[path]: "ᚠᚢᚦᚨᚱᚲ ᚺᚨᛁᛏᛖ"}
    del body["source"]
    assert refused(client.post(path, json=body)).startswith(f"{TEXT_FIELD[path]}: ")


@pytest.mark.parametrize("path", ["/nothing", "/translate/", "/docs/assets/nothing", "/docs/assets/../../x", "/%ff"])
def test_paths_that_do_not_exist(client: TestClient, path: str) -> None:
    assert refused(client.get(path), 404) == "Not found"


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_other_verbs(client: TestClient, path: str, method: str) -> None:
    assert refused(client.request(method, path), 405) == "Method not allowed"
