"""The one exception tree of the service.

Every error a caller can cause or must know about descends from `MancheteError`. Foreign exceptions are mapped
to one of these once, at the edge of the room that calls the foreign library; `service.api` holds the only table
from these classes to HTTP status codes, and `service.cli` the only one to exit codes.

    MancheteError
    ├── InvalidInput            the caller can mend it; names the field
    │   ├── UnknownLanguage     a code that is not a language we know
    │   ├── UnsupportedPair     both languages are known, no installed model connects them
    │   ├── UndetectedLanguage  source was not given and the text gives too little evidence
    │   ├── NotFound            what is named does not exist
    │   └── TooLarge            over a limit; names the limit
    ├── Overloaded              shed on arrival or while queued; carries seconds to wait
    ├── DeadlineExceeded        the request's time ran out before its result
    ├── Cancelled               the client has gone
    ├── ShuttingDown            the process is draining
    ├── ModelError              names a model
    │   ├── ModelMissing        not installed, or a file of it is not there
    │   └── ModelCorrupt        there, but not what its checksum or format says
    ├── EngineFailure           a model ran and failed
    ├── WritingFailed           nothing was written, or nothing usable; names the reason
    ├── AlreadyRunning          the same job is in work, here or in another process
    ├── StorageError            the database could not be read or written
    └── ConfigurationError      a setting has no usable value
        └── MissingExtra        an optional part of the service is not installed; names the extra
"""

from __future__ import annotations


class MancheteError(Exception):
    """Base of every error in this tree; `str()` of it is one sentence a user can act on.

    `field` names the request field (or the setting) at fault, where there is one.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class InvalidInput(MancheteError):
    """The request cannot be served as it stands; the caller can mend it."""


class UnknownLanguage(InvalidInput):
    """A language code that is malformed or not a language the service knows."""

    def __init__(self, code: str, *, field: str) -> None:
        super().__init__(f"{field}: {code[:40]} is not supported", field=field)
        self.code = code


class UnsupportedPair(InvalidInput):
    """No installed model, and no chain of installed models, leads from `source` to `target`."""

    def __init__(self, source: str, target: str, *, field: str = "target") -> None:
        super().__init__(f"{field}: {source} to {target} is not supported by the installed models", field=field)
        self.source = source
        self.target = target


class UndetectedLanguage(InvalidInput):
    """The source language was left to detection and the text gives too little evidence for one."""


class TooLarge(InvalidInput):
    """A value is over a limit; the message names the field, the size and the limit."""


class NotFound(InvalidInput):
    """What the request names does not exist."""


class Overloaded(MancheteError):
    """The service has no room for the request now; `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DeadlineExceeded(MancheteError):
    """The request's deadline passed before its result was ready."""


class Cancelled(MancheteError):
    """The client went away, so its work was dropped."""


class ShuttingDown(MancheteError):
    """The service is draining and takes no new work."""


class ModelError(MancheteError):
    """Something is wrong with one model; `model_id` names it."""

    def __init__(self, message: str, *, model_id: str) -> None:
        super().__init__(message)
        self.model_id = model_id


class ModelMissing(ModelError):
    """A model, or a file of it, is not installed; the message names the command that gets it."""


class ModelCorrupt(ModelError):
    """A model file is not what its checksum or format says; the message names the file and the repair."""


class EngineFailure(MancheteError):
    """A loaded model failed on a batch or a text."""


class WritingFailed(MancheteError):
    """A back end that writes summaries gave none; `reason` is a stable code, for example `timeout`."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class ConfigurationError(MancheteError):
    """A setting cannot be used; `field` is the setting's environment variable."""


class MissingExtra(ConfigurationError):
    """An optional part of the service is not installed; `extra` is the name that pip installs it by."""

    def __init__(self, what: str, *, extra: str) -> None:
        super().__init__(f"{what} need libraries that are not installed: pip install 'manchete[{extra}]'")
        self.extra = extra


class AlreadyRunning(MancheteError):
    """A job of which there may be only one is in work already, in this process or in another."""


class StorageError(MancheteError):
    """The database could not be read or written."""
