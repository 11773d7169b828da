"""Models after they were pulled: removed while in use, converted anew, pruned, listed, verified; from folders too."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from fake_sources import FakeServer
from msgspec.structs import replace
from pulled import loaded, translate

from service.engines.loading import Placement
from service.errors import InvalidInput, ModelMissing
from service.models import Catalog, EngineLoader, ModelEntry, ModelStore
from service.models.commands import (
    list_models,
    measure_models,
    model_info,
    prune_store,
    remove_models,
    verify_models,
)
from service.models.inventory import installed_catalog
from service.models.manifest import MANIFEST_FILE, read_manifest
from service.models.speed import SPEED_FILE
from service.settings import Settings
from service.types import RequestContext, TranslateRequest
from service.wiring import build


def test_the_service_translates_with_what_was_pulled(
    tmp_path: Path, server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    server.add_student("es", "en", student)
    do_pull("es-en")
    service = build(Settings(home=tmp_path, preload="es-en", threads=1))
    assert service.settings.models_dir == models.root
    service.start()
    request = TranslateRequest("La ponte de la ciudad.", "pt", "es")
    result = service.pipeline.translate(request, RequestContext("test"))
    assert result.translation.route == ("es-en", "en-pt")
    assert "pt" in next(one for one in service.pipeline.languages() if one.code == "es").targets
    (model,) = [one for one in service.models() if one.model == "firefox-base-es-en"]
    assert (model.loaded, model.default_for) == (True, ("es-en",))
    service.close()


@pytest.mark.parametrize(
    ("chosen", "route"),
    [
        ({}, ("es-pt",)),
        ({"direct_first": False}, ("es-en", "en-pt")),
        ({"direct_first": False, "hop_loss": 0.9}, ("es-pt",)),
    ],
)
def test_what_a_pivot_costs_is_a_setting(tmp_path: Path, chosen: dict[str, Any], route: tuple[str, ...]) -> None:
    scores = {("es", "pt"): 20.0, ("es", "en"): 95.0, ("en", "pt"): 95.0}
    entries = [
        ModelEntry("-".join(pair), pair[:1], pair[1:], "1", "made here", score=score) for pair, score in scores.items()
    ]
    service = build(Settings(home=tmp_path, threads=1, preload="", **chosen), catalog=Catalog(entries))
    assert service.router.route("es", "pt").pairs == route
    service.close()


def test_a_measured_speed_is_kept_told_and_used_until_the_model_is_installed_anew(
    server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    server.add_student("es", "en", student)
    entry = do_pull("es-en")
    said: list[str] = []

    assert measure_models(models, [entry.model_id], "student", Placement(), said.append) == 0
    (line,) = said
    assert re.fullmatch(r"firefox-base-es-en: [1-9]\d* tokens/s on one thread", line)
    (measured,) = [one for one in installed_catalog(models, Catalog()) if one.model_id == entry.model_id]
    assert measured.speed is not None
    assert list_models(models, said.append) == 0
    assert any(one.startswith("firefox-base-es-en") and "tokens/s" in one for one in said)
    assert model_info(models, entry.model_id, said.append) == 0
    assert any(re.fullmatch(r"speed: \d+ tokens/s", one) for one in said)
    assert verify_models(models, [entry.model_id], said.append) == 0
    remove_models(models, [entry.model_id], said.append)
    do_pull("es-en")
    (anew,) = [one for one in installed_catalog(models, Catalog()) if one.model_id == entry.model_id]
    assert anew.speed is None
    with pytest.raises(ModelMissing, match="is not installed"):
        measure_models(models, ["none"], "student", Placement(), said.append)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"tokens_per_second": "x", "revision": "1"}', '{"revision": 3}'])
def test_a_speed_that_cannot_be_read_is_none(
    content: str, server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    server.add_student("es", "en", student)
    entry = do_pull("es-en")
    (models.folder(entry) / SPEED_FILE).write_text(content)
    assert all(one.speed is None for one in installed_catalog(models, Catalog()) if one.model_id == entry.model_id)


def test_removing_a_leased_model_leaves_it_usable_where_it_is_loaded(
    server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    server.add_student("es", "en", student)
    entry = do_pull("es-en")
    said: list[str] = []
    with loaded(models) as (pool, _):
        with pool.lease(entry.model_id) as engine:
            before = engine.translate(["casa"])[0].text
            assert remove_models(ModelStore(models.root, Catalog()), [entry.model_id], said.append) == 0
            assert engine.translate(["casa"])[0].text == before
        assert translate(pool, entry.model_id)
    assert not models.folder(entry).exists()
    assert models.entries() == ()
    with loaded(models) as (_, router), pytest.raises(InvalidInput, match="es to en is not supported"):
        router.route("es", "en")
    with pytest.raises(ModelMissing, match="is not in the store"):
        remove_models(models, [entry.model_id], said.append)
    with pytest.raises(ModelMissing, match="is not in the store"):
        remove_models(models, ["../models"], said.append)


def test_an_older_conversion_is_made_anew_from_what_was_kept(
    server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    server.add_student("es", "en", student)
    entry = do_pull("es-en")
    folder = models.folder(entry)
    manifest = read_manifest(folder)
    assert manifest is not None
    (folder / MANIFEST_FILE).write_text(replace(manifest, converter=0).to_json())
    server.close()
    assert models.entries() == (entry,)
    assert models.prune() == {}
    with loaded(models) as (pool, _):
        assert translate(pool, entry.model_id)
    assert models.current(entry) is not None


def test_a_pulled_student_runs_in_float_too(
    server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    server.add_student("es", "en", student)
    entry = do_pull("es-en")
    catalog = installed_catalog(models, Catalog())
    engine = EngineLoader(catalog, models, engine="transformers", placement=Placement())(entry.model_id)
    assert engine.translate(["casa"])[0].text is not None
    assert engine.signature.engine == "transformers"
    engine.close()


def test_prune_takes_what_no_engine_can_load(
    server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    paths = server.add_student("es", "en", student)
    server.add_student("en", "es", student)
    entry = do_pull("en-es")
    server.site.cuts[paths["model"]] = [1024] * 5
    with pytest.raises(ModelMissing):
        do_pull("es-en")
    (models.root / ".firefox-base-de-en-abc.partial").mkdir()
    shutil.copytree(models.folder(entry), models.root / "broken")
    (models.root / "broken" / MANIFEST_FILE).write_text("{}")
    said: list[str] = []
    with models.lock("firefox-base-es-en"):
        prune_store(models, said.append)
    assert [line.split(":")[0] for line in said] == [".firefox-base-de-en-abc.partial", "broken"]
    prune_store(models, said.append)
    assert said[-1].startswith(".firefox-base-es-en.download: removed")
    prune_store(models, said.append)
    assert said[-1] == "nothing to remove"
    assert models.entries() == (entry,)


def test_list_info_and_verify_tell_what_is_there(
    server: FakeServer, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    server.add_student("es", "en", student)
    entry = do_pull("es-en")
    said: list[str] = []
    list_models(models, said.append)
    assert [line.split()[:3] for line in said] == [
        ["firefox-tiny-pt-en", "pt-en", "student"],
        ["firefox-tiny-en-pt", "en-pt", "student"],
        ["firefox-base-es-en", "es-en", "student"],
    ]
    said.clear()
    model_info(models, entry.model_id, said.append)
    assert f"revision: {entry.revision}" in said
    assert any(line.startswith("file: weights.bin") for line in said)
    assert verify_models(models, [], said.append) == 0
    assert f"{entry.model_id}: all files are whole" in said
    assert any(line.startswith("firefox-tiny-pt-en: not converted yet") for line in said)
    (models.folder(entry) / "lex.bin").write_bytes(b"")
    assert verify_models(models, [entry.model_id], said.append) == 1
    assert "run 'manchete models pull es-en --source firefox'" in said[-1]
    with pytest.raises(ModelMissing, match="there are: firefox-tiny-pt-en"):
        model_info(models, "firefox-base-de-en", said.append)


def test_a_student_in_a_folder_is_installed(
    tmp_path: Path, models: ModelStore, do_pull: Any, student: dict[str, bytes]
) -> None:
    folder = tmp_path / "my model"
    folder.mkdir()
    for kind, name in (("model", "model.x.bin"), ("vocab", "vocab.x.spm")):
        (folder / name).write_bytes(student[kind])
    with pytest.raises(ModelMissing, match=r"not exactly one lex\*\.bin"):
        do_pull("de-en", str(folder))
    (folder / "lex.x.bin").write_bytes(student["lex"])
    entry = do_pull("de-en", str(folder))
    assert (entry.model_id, entry.pair) == ("local-my-model", "de-en")
    with loaded(models) as (pool, router):
        assert translate(pool, router.route("de", "en").entries[0].model_id)


def test_a_student_with_two_vocabularies_in_a_folder_is_installed(
    tmp_path: Path, models: ModelStore, do_pull: Any, two_vocabularies: dict[str, bytes]
) -> None:
    folder = tmp_path / "enja"
    folder.mkdir()
    for kind, name in (("model", "model.x.bin"), ("srcvocab", "srcvocab.x.spm"), ("lex", "lex.x.bin")):
        (folder / name).write_bytes(two_vocabularies[kind])
    with pytest.raises(ModelMissing, match=r"not exactly one trgvocab\*\.spm"):
        do_pull("en-ja", str(folder))
    (folder / "trgvocab.x.spm").write_bytes(two_vocabularies["trgvocab"])
    entry = do_pull("en-ja", str(folder))
    assert (entry.model_id, entry.pair) == ("local-enja", "en-ja")
    with loaded(models) as (pool, router):
        assert translate(pool, router.route("en", "ja").entries[0].model_id)


def test_a_student_with_two_vocabularies_is_looked_after_as_any_other(
    server: FakeServer, models: ModelStore, do_pull: Any, two_vocabularies: dict[str, bytes]
) -> None:
    server.add_student("en", "ja", two_vocabularies)
    entry = do_pull("en-ja")
    folder = models.folder(entry)
    manifest = read_manifest(folder)
    assert manifest is not None
    (folder / MANIFEST_FILE).write_text(replace(manifest, converter=0).to_json())
    server.close()
    assert models.prune() == {}
    with loaded(models) as (pool, _):
        assert translate(pool, entry.model_id)
    assert models.current(entry) is not None
    catalog = installed_catalog(models, Catalog())
    engine = EngineLoader(catalog, models, engine="transformers", placement=Placement())(entry.model_id)
    assert engine.translate(["casa ponte"])[0].source_tokens == 3
    engine.close()
    (folder / "trgvocab.spm").unlink()
    said: list[str] = []
    assert verify_models(models, [entry.model_id], said.append) == 1
    assert "trgvocab.spm is missing; run 'manchete models pull en-ja --source firefox'" in said[-1]


def test_weights_that_run_code_when_read_are_refused(tmp_path: Path, do_pull: Any) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelMissing, match=r"no model\.safetensors but pytorch_model\.bin"):
        do_pull("de-en", str(tmp_path))
