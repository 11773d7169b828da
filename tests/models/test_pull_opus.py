"""Pulling OPUS-MT models from a hub on this machine, and running them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fake_sources import COMMIT, FakeServer

from service.engines.loading import Placement
from service.errors import InvalidInput, ModelCorrupt, ModelMissing
from service.models import Catalog, EngineLoader, ModelStore, Router
from service.models.commands import list_available
from service.models.inventory import installed_catalog
from service.models.language_codes import own_codes
from service.models.sources import Sources

OWNER = "Helsinki-NLP"


TOKENS = (">>spa<<", ">>pob<<", ">>cmn<<", ">>cmn_Hans<<", ">>xyz<<")


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a small random model."""
    # Imported here: it brings torch along. The tests beside this one have its folder on the path.
    from hub_models import write_marian

    folder = tmp_path_factory.mktemp("opus")
    write_marian(folder)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="session")
def group(plain: dict[str, bytes]) -> dict[str, bytes]:
    """The same as a model of several targets: some pieces of its vocabulary are tokens, one of no language known."""
    vocabulary = json.loads(plain["vocab.json"])
    # Those before the two tokens that it has and the padding, which is the last.
    for old, new in zip(list(vocabulary)[-3 - len(TOKENS) : -3], TOKENS, strict=True):
        vocabulary = {new if token == old else token: place for token, place in vocabulary.items()}
    return {**plain, "vocab.json": json.dumps(vocabulary).encode()}


def test_pull_convert_route_translate(server: FakeServer, models: ModelStore, do_pull: Any, plain: Any) -> None:
    flores = {"dataset": {"name": "flores101-devtest"}, "metrics": [{"type": "bleu", "value": 29.5}]}
    card = {"license": "apache-2.0", "model-index": [{"results": [flores]}]}
    server.add_repository(f"{OWNER}/opus-mt-es-en", {**plain, "pytorch_model.bin": b"\x80\x04."}, **card)
    entry = do_pull("es-en", "opus")
    assert (entry.model_id, entry.pair, entry.kind) == ("opus-mt-es-en", "es-en", "ctranslate2")
    assert (entry.revision, entry.licence, entry.score) == (COMMIT, "apache-2.0", 29.5)
    assert not any("pytorch_model" in one.path for one in server.site.log)
    catalog = installed_catalog(models, Catalog())
    (routed,) = Router(catalog).route("es", "en").entries
    loader = EngineLoader(catalog, models, engine="student", placement=Placement())
    engine = loader(routed.model_id)
    assert len(engine.translate(["casa ponte", "rio"])) == 2
    assert engine.signature.engine == "ctranslate2"
    assert loader.expected_bytes(routed.model_id) > 0
    engine.close()


def test_a_group_model_runs_with_each_of_its_tokens(
    server: FakeServer, models: ModelStore, do_pull: Any, heard: Any, group: Any
) -> None:
    server.add_repository(f"{OWNER}/opus-mt-en-ROMANCE", group, language=["en", "fr", "es"])
    entry = do_pull("en-fr", "opus")
    assert entry.model_id == "opus-mt-en-ROMANCE"
    assert entry.target_tokens == {
        "es": ">>spa<<",
        "fr": ">>fra<<",
        "pt": ">>por<<",
        "pt-BR": ">>pob<<",
        "zh-Hans": ">>cmn_Hans<<",
    }
    assert any("1 target languages have no name here: xyz" in line for line in heard.lines)
    catalog = installed_catalog(models, Catalog())
    loader = EngineLoader(catalog, models, engine="student", placement=Placement())
    (french,) = Router(catalog).route("en", "fr").entries
    engine = loader(french.model_id)
    assert engine.translate(["casa"])
    assert engine.signature.model == "opus-mt-en-ROMANCE>>fra<<"
    engine.close()


def test_a_pair_falls_back_to_the_group_that_reads_it(server: FakeServer, do_pull: Any, plain: Any) -> None:
    server.add_repository(f"{OWNER}/opus-mt-ROMANCE-en", plain, language=["fr", "es", "roa", "en"])
    entry = do_pull("pt-en", "opus")
    assert (entry.sources, entry.targets) == (("pt", "fr", "es"), ("en",))
    assert [one.path for one in server.site.log if one.path.startswith("/api")] == [
        f"/api/models/{OWNER}/opus-mt-{name}" for name in ("pt-en", "tc-big-pt-en", "ROMANCE-en")
    ]


def test_a_model_is_pulled_by_its_name(server: FakeServer, do_pull: Any, plain: Any) -> None:
    server.add_repository(f"{OWNER}/opus-mt-tc-big-es-en", plain)
    server.add_repository("somebody/es-en", plain)
    server.add_repository("somebody/news", plain, language=["es", "en"])
    assert do_pull("opus-mt-tc-big-es-en", "opus").pair == "es-en"
    assert do_pull("somebody/es-en", "opus").model_id == "es-en"
    with pytest.raises(InvalidInput, match="does not end in a pair of languages"):
        do_pull("somebody/news", "opus")


def test_what_is_not_there_is_named(server: FakeServer, do_pull: Any) -> None:
    with pytest.raises(ModelMissing, match=rf"has none of {OWNER}/opus-mt-de-fr, {OWNER}/opus-mt-tc-big-de-fr"):
        do_pull("de-fr", "opus")
    for name in ("../../etc/passwd", "a/b/c", "a b"):
        with pytest.raises(InvalidInput, match="pair"):
            do_pull(name, "opus")


def test_weights_only_as_pickle_are_refused_or_taken_from_the_conversion(
    server: FakeServer, do_pull: Any, heard: Any, plain: Any
) -> None:
    name = f"{OWNER}/opus-mt-es-en"
    server.add_repository(name, plain)
    whole = json.loads(server.site.files[f"/api/models/{name}"])
    pickled = [one for one in whole["siblings"] if one["rfilename"] != "model.safetensors"]
    server.site.files[f"/api/models/{name}"] = json.dumps({**whole, "siblings": pickled}).encode()
    proposal = {"num": 3, "author": "somebody", "isPullRequest": True, "status": "open"}
    closed = {"num": 5, "author": {"name": "SFconvertbot"}, "isPullRequest": True, "status": "closed"}
    discussions = {"discussions": [proposal, closed]}
    server.site.files[f"/api/models/{name}/discussions"] = json.dumps(discussions).encode()
    with pytest.raises(ModelMissing, match=r"no model\.safetensors, and weights in other formats are not read"):
        do_pull("es-en", "opus")
    discussions["discussions"].append({**closed, "num": 7, "status": "open"})
    server.site.files[f"/api/models/{name}/discussions"] = json.dumps(discussions).encode()
    revision = f"/api/models/{name}/revision/{quote('refs/pr/7', safe='')}"
    server.site.files[revision] = json.dumps(whole).encode()
    assert do_pull("es-en", "opus")
    assert any("proposal 7" in line for line in heard.lines)


@pytest.mark.parametrize("file", ["vocab.json", "model.safetensors"])
def test_a_wrong_checksum_is_refused(
    file: str, server: FakeServer, models: ModelStore, do_pull: Any, plain: Any
) -> None:
    name = f"{OWNER}/opus-mt-es-en"
    server.add_repository(name, plain)
    path = f"/{name}/resolve/{COMMIT}/{file}"
    path = server.site.redirects.get(path, path).removeprefix(server.url)
    content = server.site.files[path]
    server.site.files[path] = content[:-2] + b"  "
    with pytest.raises(ModelCorrupt, match=f"{file} has the wrong checksum"):
        do_pull("es-en", "opus")
    assert models.entries() == ()


def test_resumes_through_the_redirect(server: FakeServer, do_pull: Any, plain: Any) -> None:
    name = f"{OWNER}/opus-mt-es-en"
    server.add_repository(name, plain)
    path = server.site.redirects[f"/{name}/resolve/{COMMIT}/model.safetensors"].removeprefix(server.url)
    server.site.cuts[path] = [3000]
    assert do_pull("es-en", "opus")
    assert [one.start for one in server.site.log if one.path == path] == [0, 3000]
    assert server.site.bytes_sent(path) == len(plain["model.safetensors"])


@pytest.mark.parametrize("document", [[], {}, {"sha": "../x", "siblings": []}, {"sha": COMMIT, "siblings": [1]}])
def test_what_is_no_hub_is_said_to_be_none(document: Any, server: FakeServer, do_pull: Any) -> None:
    server.site.files[f"/api/models/{OWNER}/opus-mt-es-en"] = json.dumps(document).encode()
    with pytest.raises(ModelMissing, match="does not answer about"):
        do_pull("es-en", "opus")


def test_what_is_available_is_listed_over_pages(server: FakeServer, student: dict[str, bytes]) -> None:
    sources = Sources(server.url, server.url)
    first = [{"id": f"{OWNER}/opus-mt-es-en"}, {"id": f"{OWNER}/other"}, {"id": "other/opus-mt-fr-en"}]
    second = [{"modelId": f"{OWNER}/opus-mt-de-en"}]
    server.site.files["/api/models"] = json.dumps(first).encode()
    # Only the query of the next page's address counts: whoever answers may not send us to another host.
    server.site.headers["/api/models"] = {"link": '<http://192.0.2.1/api/models?cursor=2>; rel="next"'}
    server.site.files["/api/models?cursor=2"] = json.dumps(second).encode()
    said: list[str] = []
    list_available(sources, "opus", said.append)
    assert said == ["opus-mt-de-en  de-en", "opus-mt-es-en  es-en"]
    server.add_student("es", "en", student)
    said.clear()
    list_available(sources, "firefox", said.append)
    assert [line.split()[:2] for line in said] == [["firefox-base-es-en", "es-en"]]


@pytest.mark.parametrize("layout", ["m2m100", "nllb"])
def test_a_folder_of_another_kind_is_told_its_languages(
    layout: str, tmp_path: Path, models: ModelStore, do_pull: Any
) -> None:
    import hub_models

    folder = tmp_path / layout
    (hub_models.write_m2m100 if layout == "m2m100" else hub_models.write_nllb)(folder)
    entry = do_pull("en-pt", str(folder))
    assert (entry.kind, entry.pair) == ("seq2seq", "en-pt")
    codes = {"m2m100": ("en", "pt"), "nllb": ("eng_Latn", "por_Latn")}
    assert own_codes(models.folder(entry), "en", "pt") == codes[layout]
    catalog = installed_catalog(models, Catalog())
    engine = EngineLoader(catalog, models, engine="student", placement=Placement())(entry.model_id)
    assert engine.translate(["a"])
    engine.close()


def test_an_opus_folder_is_installed(tmp_path: Path, models: ModelStore, do_pull: Any, plain: Any) -> None:
    folder = tmp_path / "opus"
    folder.mkdir()
    for name, content in plain.items():
        (folder / name).write_bytes(content)
    entry = do_pull("es-en", str(folder))
    assert (entry.model_id, entry.kind) == ("local-opus", "ctranslate2")
    assert models.ensure(entry)
    (folder / "vocab.json").unlink()
    with pytest.raises(ModelMissing, match=r"has no vocab\.json"):
        do_pull("es-en", str(folder))
