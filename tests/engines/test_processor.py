"""Models in number formats that the processor is exact in."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.engines import loading
from service.engines.loading import CTRANSLATE2, WORKSPACE_BYTES, expected_bytes, load_ctranslate2
from service.engines.processor import has_exact_int8, has_whole_vectors


@pytest.mark.parametrize(
    ("machine", "flags", "exact"),
    [
        ("x86_64", {"avx2", "fma"}, False),
        ("x86_64", {"avx2", "avx512f", "avx512bw"}, False),
        ("x86_64", {"avx2", "avx512f", "avx512_vnni"}, True),
        # Another instruction; whether the libraries use it is not known.
        ("x86_64", {"avx2", "avx_vnni"}, False),
        # Not Linux: nothing is known.
        ("AMD64", set(), False),
        ("aarch64", set(), True),
        ("arm64", set(), True),
    ],
)
def test_only_vnni_makes_x86_exact(machine: str, flags: set[str], exact: bool) -> None:
    assert has_exact_int8(machine, frozenset(flags)) is exact


@pytest.mark.parametrize(
    ("machine", "flags", "whole"),
    [
        ("x86_64", {"avx", "avx2", "fma"}, True),
        ("x86_64", {"avx", "sse4_2"}, False),
        ("AMD64", set(), False),
        ("aarch64", set(), False),
    ],
)
def test_only_avx2_adds_in_whole_vectors(machine: str, flags: set[str], whole: bool) -> None:
    assert has_whole_vectors(machine, frozenset(flags)) is whole


@pytest.mark.parametrize(("exact", "dtype", "bytes_a_weight"), [(True, "int8", 1), (False, "float32", 4)])
def test_a_model_that_would_lose_products_is_computed_in_float(
    random_converted: Path, monkeypatch: pytest.MonkeyPatch, exact: bool, dtype: str, bytes_a_weight: int
) -> None:
    monkeypatch.setattr(loading, "exact_int8", lambda: exact)
    engine = load_ctranslate2(random_converted, "random", "1")
    assert engine.signature.dtype == dtype
    model = (random_converted / "model.bin").stat().st_size
    assert engine.resident_bytes == expected_bytes(CTRANSLATE2, model, 0) == bytes_a_weight * model + WORKSPACE_BYTES
    assert len(engine.translate(["x"])) == 1
    engine.close()
