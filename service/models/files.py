"""The store's way with the disk: locks between processes, folders that appear whole, refusals in one sentence."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.errors import ConfigurationError


@contextmanager
def writing(root: Path) -> Iterator[None]:
    """Turn what the disk refuses inside the block into a ConfigurationError that says what to do."""
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"MANCHETE_HOME: {root} cannot be written ({error.strerror or error}); "
            "free some space or set MANCHETE_HOME to a folder that can",
            field="MANCHETE_HOME",
        ) from error


@contextmanager
def locked(root: Path, model_id: str, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of one model between processes; gives False at once when it is held and `wait` is not given.

    Raises ConfigurationError when `root` cannot be written.
    """
    # Imported here: it brings asyncio along, and most processes find their models converted.
    from filelock import FileLock, Timeout

    with writing(root):
        root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / f".{model_id}.lock", timeout=-1 if wait else 0)
        try:
            lock.acquire()
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()


def partial_folder(root: Path, model_id: str) -> Path:
    """A new folder beside the final one, to be renamed to it or thrown away."""
    return Path(tempfile.mkdtemp(prefix=f".{model_id}-", suffix=".partial", dir=root))


def partial_folders(root: Path, model_id: str) -> list[Path]:
    """What conversions of the model that were killed left behind."""
    return sorted(root.glob(f".{model_id}-*.partial"))


def swap(partial: Path, final: Path) -> None:
    """Put a finished folder in its place by a rename, after all of it is on disk."""
    _flush(partial)
    partial.chmod(0o755)
    if final.exists():
        # Renamed aside first: a folder that is not empty cannot be replaced by a rename.
        old = partial_folder(final.parent, final.name)
        final.rename(old / "old")
        partial.rename(final)
        shutil.rmtree(old, ignore_errors=True)
    else:
        partial.rename(final)


def remove_folder(folder: Path) -> None:
    """Make a model's folder disappear at once, then delete it; files that are open stay readable where POSIX rules."""
    old = partial_folder(folder.parent, folder.name)
    folder.rename(old / "old")
    shutil.rmtree(old, ignore_errors=True)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def _flush(folder: Path) -> None:
    for path in [*folder.iterdir(), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
