"""Routes: direct or through a pivot, group models, several models of a pair, variants and scripts; always the same."""

from __future__ import annotations

import itertools

import pytest
from msgspec.structs import replace

from service.errors import InvalidInput, ModelMissing, UnsupportedPair
from service.models import Catalog, ModelEntry, Router
from service.models.entry import estimated_loss
from service.models.pairs import parse_pair
from service.models.route import RoutePolicy

ROMANCE = {"es": ">>spa<<", "fr": ">>fra<<", "pt": ">>por<<", "pt-BR": ">>pob<<"}


def model(
    name: str, source: str, target: str, *, size: int = 16, score: float | None = None, kind: str = "student"
) -> ModelEntry:
    """A model of `size` million weights."""
    return ModelEntry(
        name,
        (source,),
        (target,),
        "1",
        "made here",
        parameters=size * 10**6,
        score=score,
        kind=kind,  # type: ignore[arg-type]
    )


def test_fast_is_what_was_measured_to_be_fast_where_all_were() -> None:
    small, large = model("small", "es", "pt"), model("large", "es", "pt", size=64)
    assert ids(Router([small, large]), "es", "pt", quality="fast") == ["small"]
    measured = [replace(small, speed=2_000.0), replace(large, speed=9_000.0)]
    assert ids(Router(measured), "es", "pt", quality="fast") == ["large"]
    assert ids(Router([measured[0], large]), "es", "pt", quality="fast") == ["small"]


def test_a_fast_pivot_is_the_one_whose_models_take_the_least_time_together() -> None:
    def chain(middle: str, first: float, second: float) -> list[ModelEntry]:
        hops = (("es", middle, first), (middle, "pt", second))
        return [replace(model(f"{here}-{there}", here, there), speed=speed) for here, there, speed in hops]

    entries = [*chain("en", 1_000.0, 9_000.0), *chain("fr", 4_000.0, 4_000.0)]
    assert ids(Router(entries), "es", "pt", quality="fast") == ["es-fr", "fr-pt"]


GROUP = ModelEntry(
    "opus-mt-en-ROMANCE",
    ("en",),
    tuple(ROMANCE),
    "1",
    "made here",
    kind="ctranslate2",
    target_tokens=ROMANCE,
    parameters=75 * 10**6,
)
MANY = ModelEntry("opus-mt-ROMANCE-en", ("es", "fr", "pt"), ("en",), "1", "made here", kind="ctranslate2")


def ids(router: Router, source: str, target: str, **options: str) -> list[str]:
    return [entry.model_id for entry in router.route(source, target, **options).entries]


def test_a_direct_model_beats_two_better_ones_unless_configured() -> None:
    entries = [
        model("direct", "es", "pt", score=20.0),
        model("es-en", "es", "en", score=95.0),
        model("en-pt", "en", "pt", score=95.0),
    ]
    assert ids(Router(entries), "es", "pt") == ["direct"]
    assert ids(Router(entries, RoutePolicy(direct_first=False)), "es", "pt") == ["es-en", "en-pt"]
    assert ids(Router(entries, RoutePolicy(direct_first=False, hop_loss=0.9)), "es", "pt") == ["direct"]


def test_the_pivot_that_is_estimated_to_lose_least_is_taken_in_any_order() -> None:
    entries = [
        model("es-en", "es", "en", score=40.0),
        model("en-de", "en", "de", score=30.0),
        model("es-fr", "es", "fr", score=45.0),
        model("fr-de", "fr", "de", score=35.0),
        model("es-it", "es", "it", score=60.0),
        model("it-de", "it", "de", score=19.0),
    ]
    for order in itertools.permutations(entries):
        assert ids(Router(order), "es", "de") == ["es-fr", "fr-de"]
    route = Router(entries).route("es", "de")
    assert route.pairs == ("es-fr", "fr-de")


def test_three_hops_are_no_route() -> None:
    router = Router([model("a", "es", "en"), model("b", "en", "fr"), model("c", "fr", "de")])
    assert router.reachable("es") == ("es", "en", "fr")
    with pytest.raises(UnsupportedPair):
        router.route("es", "de")


def test_quality_and_model_choose_among_the_models_of_a_pair() -> None:
    entries = [
        model("small", "es", "en", size=16),
        model("large", "es", "en", size=60),
        model("opus", "es", "en", size=230, score=52.0, kind="ctranslate2"),
    ]
    for order in itertools.permutations(entries):
        router = Router(order)
        assert ids(router, "es", "en") == ["large"]
        assert ids(router, "es", "en", quality="fast") == ["small"]
        assert ids(router, "es", "en", quality="best") == ["opus"]
        assert ids(router, "es", "en", model="small") == ["small"]
        assert ids(router, "es", "en", model="small", quality="best") == ["small"]
        assert [entry.model_id for entry in router.installed("es", "en")] == ["large", "small", "opus"]
    assert ids(Router(entries, RoutePolicy(engine="ctranslate2")), "es", "en") == ["opus"]


def test_a_model_that_is_named_is_used_through_a_pivot_too() -> None:
    entries = [
        model("es-en.1", "es", "en", size=60),
        model("es-en.2", "es", "en"),
        model("en-pt", "en", "pt"),
        model("es-pt", "es", "pt"),
    ]
    assert ids(Router(entries), "es", "pt", model="es-en.2") == ["es-en.2", "en-pt"]


def test_a_choice_that_cannot_be_had_names_the_field_and_what_there_is() -> None:
    router = Router([model("small", "es", "en"), model("other", "en", "de")])
    with pytest.raises(InvalidInput, match=r"model: other does not lead from es to en; .* there are: small") as caught:
        router.route("es", "en", model="other")
    assert caught.value.field == "model"
    with pytest.raises(InvalidInput, match="quality: good is not one of fast, best") as caught:
        router.route("es", "en", quality="good")
    assert caught.value.field == "quality"


def test_a_group_model_is_narrowed_to_its_target_and_asked_by_token() -> None:
    router = Router([GROUP, MANY])
    (entry,) = router.route("en", "fr").entries
    assert (entry.model_id, entry.pair, entry.target_token) == ("opus-mt-en-ROMANCE>>fra<<", "en-fr", ">>fra<<")
    assert Catalog([GROUP]).get(entry.model_id) == entry
    with pytest.raises(ModelMissing, match="no target token >>deu<<"):
        Catalog([GROUP]).get("opus-mt-en-ROMANCE>>deu<<")
    assert ids(router, "es", "fr") == ["opus-mt-ROMANCE-en", "opus-mt-en-ROMANCE>>fra<<"]
    assert ids(router, "es", "fr", model="opus-mt-en-ROMANCE")[1] == "opus-mt-en-ROMANCE>>fra<<"
    assert router.route("es", "fr").pairs == ("es-en", "en-fr")
    assert set(router.reachable("es")) == {"es", "en", "fr", "pt"}


def test_sources_of_a_group_share_one_engine() -> None:
    router = Router([MANY])
    assert ids(router, "es", "en") == ids(router, "fr", "en") == ["opus-mt-ROMANCE-en"]
    assert router.route("fr", "en").entries[0].source == "fr"


@pytest.mark.parametrize(
    ("target", "token", "variant"),
    [("pt", ">>por<<", None), ("pt-BR", ">>pob<<", "pt-BR"), ("pt-PT", ">>por<<", None)],
)
def test_the_variant_asked_for_is_taken_where_the_model_has_it(target: str, token: str, variant: str | None) -> None:
    for targets in (tuple(ROMANCE), tuple(reversed(ROMANCE))):
        entry = ModelEntry("m", ("en",), targets, "1", "made here", target_tokens=ROMANCE)
        route = Router([entry]).route("en", target)
        assert route.entries[0].target_token == token
        assert route.target_variant == variant
        assert route.pairs == ("en-pt",)


def test_scripts_are_other_languages_and_regions_are_not() -> None:
    router = Router([model("hans", "zh-Hans", "en"), model("hant", "zh-Hant", "en")])
    assert ids(router, "zh-Hant", "en") == ["hant"]
    assert ids(Router([model("pt", "pt", "en")]), "pt-PT", "en") == ["pt"]


def test_an_estimate_is_a_score_or_a_size() -> None:
    assert estimated_loss(model("a", "es", "en", score=44.0)) == pytest.approx(0.56)
    sizes = [estimated_loss(model("a", "es", "en", size=size)) for size in (16, 60, 230)]
    assert sizes == sorted(sizes, reverse=True)
    assert all(0.0 < loss < 1.0 for loss in sizes)


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("es-en", ("es", "en")),
        ("spa-eng", ("es", "en")),
        ("en-pt-BR", ("en", "pt-BR")),
        ("zh-Hans-en", ("zh-Hans", "en")),
        ("en-zh-Hant", ("en", "zh-Hant")),
        ("pt-BR-zh-Hant", ("pt-BR", "zh-Hant")),
        ("es", None),
        ("", None),
        ("ROMANCE-en", None),
    ],
)
def test_pairs_are_read_as_people_write_them(text: str, pair: tuple[str, str] | None) -> None:
    assert parse_pair(text) == pair
