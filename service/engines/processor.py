"""What the processor's arithmetic can be trusted with."""

from __future__ import annotations

import platform
import re
from functools import cache
from pathlib import Path
from typing import Final

_CPUINFO: Final = Path("/proc/cpuinfo")
_X86: Final = frozenset({"x86_64", "amd64", "i386", "i686"})


@cache
def exact_int8() -> bool:
    """Whether libraries add int8 products up without loss.

    x86 adds two of them in 16 bits, which saturate, unless it has VNNI ("Nuances of int8 computations" in oneDNN's
    documentation). Where that cannot be found out, as on systems other than Linux, the answer is no.
    """
    return has_exact_int8(platform.machine(), _flags())


def has_exact_int8(machine: str, flags: frozenset[str]) -> bool:
    """The same of a machine and the flags of its processor."""
    return machine.lower() not in _X86 or "avx512_vnni" in flags


@cache
def sums_pass_over_zeros() -> bool:
    """Whether zeros after its last addend leave a sum of ONNX Runtime's the same to the bit.

    On x86 with AVX2 its kernels add the rest of a row in vectors as they do the others, the missing ones as zeros.
    Elsewhere they add them one by one, in another order than that of a longer row (docs/decisions/0035). Where that
    cannot be found out, as on systems other than Linux, the answer is no.
    """
    return has_whole_vectors(platform.machine(), _flags())


def has_whole_vectors(machine: str, flags: frozenset[str]) -> bool:
    """The same of a machine and the flags of its processor."""
    return machine.lower() in _X86 and "avx2" in flags


def _flags() -> frozenset[str]:
    try:
        found = re.search(r"^flags\s*:(.*)$", _CPUINFO.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
    except OSError:
        return frozenset()
    return frozenset(found[1].split()) if found else frozenset()
