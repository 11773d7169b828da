"""Pulling students over real HTTP: what is taken, what is checked, what is refused."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from fake_sources import RECORDS, FakeServer
from pulled import loaded, translate

from service.errors import ConfigurationError, ModelCorrupt, ModelMissing
from service.models import ModelStore
from service.models.commands import list_available
from service.models.sources import Sources


@pytest.mark.parametrize("packing", ["zst", "gz", "none"])
def test_pull_route_load_translate(
    packing: str, server: FakeServer, models: ModelStore, do_pull: Any, heard: Any, student: dict[str, bytes]
) -> None:
    server.add_student("es", "en", student, packing=packing)
    entry = do_pull("es-en")
    assert (entry.model_id, entry.pair, entry.kind) == ("firefox-base-es-en", "es-en", "student")
    assert entry.parameters == len(student["model"])
    done = [step[0] for step in heard.progress]
    assert done == sorted(done)
    assert heard.progress[-1][0] == heard.progress[-1][1] > 0
    with loaded(models) as (pool, router):
        route = router.route("es", "pt")
        assert route.pairs == ("es-en", "en-pt")
        assert "pt" in router.reachable("es")
        assert translate(pool, route.entries[0].model_id)
        (model,) = pool.loaded()
        assert model.model_id == "firefox-base-es-en"
    assert not models.download_folder(entry.model_id).exists()


def test_a_second_pull_fetches_nothing_and_a_damaged_file_is_fetched_again(
    server: FakeServer, models: ModelStore, do_pull: Any, heard: Any, student: dict[str, bytes]
) -> None:
    paths = server.add_student("es", "en", student)
    entry = do_pull("es-en")
    sent = server.site.bytes_sent(paths["model"])
    do_pull("es-en")
    assert server.site.bytes_sent(paths["model"]) == sent
    assert heard.lines[-1].endswith("ready already")
    (models.folder(entry) / "weights.bin").write_bytes(b"damage")
    with pytest.raises(ModelCorrupt, match="run 'manchete models pull es-en --source firefox'"):
        models.ensure(entry)
    do_pull("es-en")
    assert server.site.bytes_sent(paths["model"]) == 2 * sent
    assert models.ensure(entry)


@pytest.mark.parametrize("kind", ["model", "vocab", "lex"])
def test_a_wrong_checksum_throws_the_download_away(
    kind: str, server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    path = server.add_student("es", "en", student)[kind]
    content = server.site.files[path]
    server.site.files[path] = content[:-1] + bytes([content[-1] ^ 1])
    with pytest.raises(ModelCorrupt, match="wrong checksum"):
        do_pull("es-en")
    assert not list(models.root.rglob("*.partial"))
    assert models.entries() == ()
    server.site.files[path] = content
    assert do_pull("es-en")


def test_content_that_is_not_what_the_records_say_is_refused(
    server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    server.add_student("es", "en", student)
    records = json.loads(server.site.files[RECORDS])
    records["data"][0]["decompressedHash"] = "0" * 64
    server.site.files[RECORDS] = json.dumps(records).encode()
    with pytest.raises(ModelCorrupt, match="once decompressed"):
        do_pull("es-en")
    assert models.entries() == ()


def test_a_file_longer_than_promised_is_refused(server: FakeServer, do_pull: Any, student: dict[str, bytes]) -> None:
    path = server.add_student("es", "en", student)["model"]
    server.site.files[path] += bytes(100_000)
    with pytest.raises(ModelCorrupt, match="longer than the"):
        do_pull("es-en")


def test_a_model_that_no_engine_can_read_is_not_installed(
    server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    server.add_student("es", "en", {**student, "model": b"no Marian model"})
    with pytest.raises(ModelCorrupt, match=r"needs .* bytes|binary version"):
        do_pull("es-en")
    assert models.entries() == ()
    assert not list(models.root.glob("*.partial"))


def test_what_is_not_there_is_named(server: FakeServer, do_pull: Any, student: dict[str, bytes]) -> None:
    paths = server.add_student("es", "en", student)
    server.add_student("en", "pt", student)
    with pytest.raises(ModelMissing, match=r"es-pt: there is no such student.*es-en and en-pt are there"):
        do_pull("es-pt")
    del server.site.files[paths["lex"]]
    with pytest.raises(ModelMissing, match=r"lex.* answered 404"):
        do_pull("es-en")
    del server.site.files[RECORDS]
    with pytest.raises(ModelMissing, match=f"{RECORDS} does not exist"):
        do_pull("es-en")


def test_the_newest_release_and_the_largest_architecture_are_taken(
    server: FakeServer, models: ModelStore, do_pull: Any, heard: Any, student: dict[str, bytes]
) -> None:
    small = {**student, "model": student["model"][:5000]}
    server.add_student("es", "en", small, version="3.10", architecture="tiny", packing="none")
    server.add_student("es", "en", student, version="3.9", packing="none")
    server.add_student("es", "en", student, version="3.10", packing="none")
    server.add_student("es", "en", student, version="3.11a1", packing="none")
    server.add_student("es", "en", student, version="4.0", packing="none")
    entry = do_pull("es-en")
    assert entry.model_id == "firefox-base-es-en"
    assert entry.revision.startswith("3.10+")
    assert any("6 of 15 records" in line for line in heard.lines)


def test_the_records_are_read_as_mozillas_own_reader_does(
    server: FakeServer, student: dict[str, bytes], two_vocabularies: dict[str, bytes]
) -> None:
    theirs = pytest.importorskip("fxtranslate", reason="Mozilla's reader is installed with the bench extra").discovery
    server.add_student("es", "en", student)
    server.add_student("en", "es", student, architecture="tiny", version="3.2")
    server.add_student("de", "en", student, version="2.1")
    server.add_student("fr", "en", student, version="4.0")
    server.add_student("en", "ja", two_vocabularies)
    body = server.site.files[RECORDS].decode()
    said: list[str] = []
    list_available(Sources(server.url, server.url), "firefox", said.append)
    listed = [line.split() for line in said if line.startswith("firefox-")]
    assert {tuple(pair.split("-")) for _, pair, *_ in listed} == set(theirs.model_pairs(body))


@pytest.mark.parametrize("names", ["ja en-ja ja", "zh en-zh zh-Hans", "zh en-zh-CN zh-Hans", "ko en-ko ko"])
def test_a_student_with_two_vocabularies_is_pulled_as_any_other(
    names: str, server: FakeServer, models: ModelStore, do_pull: Any, two_vocabularies: dict[str, bytes]
) -> None:
    published, asked, target = names.split()
    server.add_student("en", published, two_vocabularies)
    entry, pair = do_pull(asked), f"en-{target}"
    assert (entry.model_id, entry.pair) == (f"firefox-base-{pair}", pair)
    assert entry.parameters == len(two_vocabularies["model"])
    kept = {path.name for path in models.folder(entry).iterdir()}
    assert {"srcvocab.spm", "trgvocab.spm", "lex.bin", "model.bin"} < kept
    assert "vocab.spm" not in kept
    with loaded(models) as (pool, router):
        (chosen,) = router.route("en", target).entries
        assert translate(pool, chosen.model_id)
        assert router.route("pt", target).pairs == ("pt-en", pair)


def test_both_chinese_scripts_have_a_student_of_their_own(
    server: FakeServer, models: ModelStore, do_pull: Any, two_vocabularies: dict[str, bytes]
) -> None:
    server.add_student("en", "zh_hans", two_vocabularies)
    server.add_student("en", "zh_hant", two_vocabularies)
    for asked, pair in (("en-zh-TW", "en-zh-Hant"), ("en-zh", "en-zh-Hans")):
        assert do_pull(asked).pair == pair
    with loaded(models) as (_, router):
        for target in ("zh-Hans", "zh-Hant"):
            assert router.route("en", target).pairs == (f"en-{target}",)


@pytest.mark.parametrize("missing", ["srcvocab", "trgvocab"])
def test_a_vocabulary_that_the_records_lack_is_named(
    missing: str, server: FakeServer, models: ModelStore, do_pull: Any, two_vocabularies: dict[str, bytes]
) -> None:
    server.add_student("en", "ja", {kind: content for kind, content in two_vocabularies.items() if kind != missing})
    with pytest.raises(ModelMissing, match=rf"firefox-base-en-ja: the records have no {missing} .*--source opus"):
        do_pull("en-ja")
    assert models.entries() == ()


def test_swapped_vocabularies_are_not_installed(
    server: FakeServer, models: ModelStore, do_pull: Any, two_vocabularies: dict[str, bytes]
) -> None:
    source, target = two_vocabularies["srcvocab"], two_vocabularies["trgvocab"]
    server.add_student("en", "ja", {**two_vocabularies, "srcvocab": target, "trgvocab": source})
    with pytest.raises(ModelCorrupt, match=r"source-vocabulary\.content has \d+ pieces, the model has"):
        do_pull("en-ja")
    assert models.entries() == ()


@pytest.mark.parametrize(
    "change",
    [
        {"architecture": "../../evil"},
        {"attachment": {"location": "x", "hash": "../../../evil", "size": 3}},
        {"sourceLanguage": "../es"},
        {"version": "../3.0"},
    ],
)
def test_names_from_the_records_are_never_paths(
    change: dict[str, Any], server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    server.add_student("es", "en", student)
    records = json.loads(server.site.files[RECORDS])
    for record in records["data"]:
        record.update(change)
    server.site.files[RECORDS] = json.dumps(records).encode()
    with pytest.raises(ModelMissing):
        do_pull("es-en")
    assert not models.root.exists() or not list(models.root.iterdir())


def test_an_address_that_is_not_http_is_refused(server: FakeServer, do_pull: Any, student: dict[str, bytes]) -> None:
    with pytest.raises(ConfigurationError, match="MANCHETE_FIREFOX_URL: file:///etc"):
        do_pull("es-en", firefox_url="file:///etc")
    path = server.add_student("es", "en", student)["model"]
    server.site.redirects[path] = "file:///etc/passwd"
    with pytest.raises(ModelMissing, match="cannot be fetched"):
        do_pull("es-en")


def test_a_redirect_is_followed_but_not_for_ever(server: FakeServer, do_pull: Any, student: dict[str, bytes]) -> None:
    path = server.add_student("es", "en", student)["model"]
    server.site.files["/elsewhere"] = server.site.files[path]
    server.site.redirects[path] = f"{server.url}/elsewhere"
    assert do_pull("es-en")
    server.site.redirects[RECORDS] = f"{server.url}{RECORDS}"
    with pytest.raises(ModelMissing, match="cannot be fetched"):
        do_pull("es-en")


def test_offline_opens_no_socket_and_has_the_command(
    do_pull: Any, monkeypatch: pytest.MonkeyPatch, models: ModelStore
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    for source in ("firefox", "opus"):
        command = f"MANCHETE_OFFLINE=0 manchete models pull es-en --source {source}"
        with pytest.raises(ConfigurationError, match=command):
            do_pull("es-en", source, offline=True)
    assert not models.root.exists()
