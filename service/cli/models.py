"""`manchete models ...`: the store of models, and the sources that it is filled from."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from service.cli.exits import complain
from service.cli.texts import print_line
from service.models import Catalog, ModelStore, Placement, commands
from service.models.sources import Listener, Sources
from service.settings import load_settings

if TYPE_CHECKING:
    from service.settings import Settings


def prepare(options: Namespace) -> int:
    """`manchete models prepare`."""
    from service.wiring import prepare_models

    prepare_models(load_settings(), force=options.force, report=print_line)
    return 0


def show_list(options: Namespace) -> int:
    """`manchete models list`."""
    settings = load_settings()
    if options.available:
        return commands.list_available(_sources(settings), options.source, print_line)
    return commands.list_models(_store(settings), print_line)


def pull(options: Namespace) -> int:
    """`manchete models pull`."""
    settings = load_settings()
    with _progress() as listener:
        return commands.pull_model(_store(settings), _sources(settings), options.what, options.source, listener)


def info(options: Namespace) -> int:
    """`manchete models info`."""
    return commands.model_info(_store(load_settings()), options.model, print_line)


def verify(options: Namespace) -> int:
    """`manchete models verify`."""
    return commands.verify_models(_store(load_settings()), options.models, print_line)


def measure(options: Namespace) -> int:
    """`manchete models measure`."""
    settings = load_settings()
    placement = Placement(settings.device, settings.dtype)
    return commands.measure_models(_store(settings), options.models, settings.engine, placement, print_line)


def remove(options: Namespace) -> int:
    """`manchete models rm`."""
    return commands.remove_models(_store(load_settings()), options.models, print_line)


def prune(options: Namespace) -> int:
    """`manchete models prune`."""
    del options
    return commands.prune_store(_store(load_settings()), print_line)


MODELS_COMMANDS: Final[Mapping[str, Callable[[Namespace], int]]] = {
    "prepare": prepare,
    "list": show_list,
    "pull": pull,
    "info": info,
    "verify": verify,
    "measure": measure,
    "rm": remove,
    "prune": prune,
}


def _store(settings: Settings) -> ModelStore:
    return ModelStore(settings.models_dir, Catalog())


def _sources(settings: Settings) -> Sources:
    return Sources(settings.firefox_url, settings.hub_url, settings.offline)


@contextmanager
def _progress() -> Iterator[Listener]:
    """A bar on a terminal; elsewhere only the sentences, so that a log stays a log."""
    from tqdm import tqdm

    bar: Any = tqdm(unit="B", unit_scale=True, disable=not sys.stderr.isatty(), leave=False)

    def show(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)

    try:
        yield Listener(complain, show)
    finally:
        bar.close()
