"""Short summaries made of the text's own sentences, and the prompt templates for back ends that write new ones."""

from __future__ import annotations

from service.summarize.document import SourceSentence, count_words
from service.summarize.extractive import METHOD, summarize
from service.summarize.prompts import Prompt, PromptExample, default_prompts_dir, load_prompts

__all__ = [
    "METHOD",
    "Prompt",
    "PromptExample",
    "SourceSentence",
    "count_words",
    "default_prompts_dir",
    "load_prompts",
    "summarize",
]
