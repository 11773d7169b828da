"""HTTP: schemas, the one table from errors to status codes, LibreTranslate's endpoints and our own.

Importing the package loads neither FastAPI nor the service: the command line uses `service.api.render` alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.api.app import create_app, create_app_from_env

__all__ = ["create_app", "create_app_from_env"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("service.api.app"), name)
