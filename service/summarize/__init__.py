"""Short summaries: of the text's own sentences, or written by a model and held to the text by a guard."""

from __future__ import annotations

from service.summarize.abstractive import Backend, Generate, Job, Writer, extracted
from service.summarize.document import SourceSentence, count_words
from service.summarize.extractive import METHOD, body_sentences, summarize
from service.summarize.prompts import Prompt, PromptExample, default_prompts_dir, load_prompts
from service.summarize.story import StorySentence, StorySource, StorySummary, StoryText, styled_story, summarize_story
from service.summarize.styles import STYLES

__all__ = [
    "METHOD",
    "STYLES",
    "Backend",
    "Generate",
    "Job",
    "Prompt",
    "PromptExample",
    "SourceSentence",
    "StorySentence",
    "StorySource",
    "StorySummary",
    "StoryText",
    "Writer",
    "body_sentences",
    "count_words",
    "default_prompts_dir",
    "extracted",
    "load_prompts",
    "styled_story",
    "summarize",
    "summarize_story",
]
