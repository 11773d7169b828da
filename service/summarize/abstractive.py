"""Summaries that a model writes and the guard lets pass, or else extracted ones that say why.

The model is given as `generate`: what it is and where it runs is not this room's concern. Whatever it writes is
untrusted. A sentence is printed only where sentences of the text support it; no fault of the model fails a summary.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Sequence
from threading import Event
from typing import Protocol

import msgspec
from msgspec.structs import replace

from service.errors import WritingFailed
from service.summarize.document import SourceSentence, count_words, ends_sentence
from service.summarize.extractive import METHOD as EXTRACTIVE
from service.summarize.extractive import summarize
from service.summarize.faithfulness import Guard, Verdict
from service.summarize.instructions import trusted
from service.summarize.prompts import Prompt
from service.summarize.styles import BRIEF, HEADLINE, SENTENCE, THREAD, layout, styled
from service.types import Notice, Span, Summary, SummaryLength, SummarySentence
from service.writing import Writing, Written

logger = logging.getLogger(__name__)

METHOD = "abstractive"
Generate = Callable[[Writing], Written]
Split = Callable[[str, str], Sequence[Span]]
_ITEM = re.compile(r"\s*(?:[-*•–]\s+|\d{1,2}\s*/\s*\d{1,2}[.:)]?\s+|\d{1,2}[.)]\s+)")
_LABEL = re.compile(
    r"\s*(?:\*\*|#+\s*)?(?:summary|resumo|headline|t[íi]tulo|points|pontos|posts|postagens|resumen|titular|puntos|mensajes|"
    r"r[ée]sum[ée]|titre|messages|zusammenfassung|überschrift|punkte|beiträge)(?:\*\*)?\s*(?::(?:\*\*)?\s*|$)",
    re.IGNORECASE,
)
_FENCE = re.compile(r"^\s*```\w*\s*$|</?article[\w-]*>", re.MULTILINE)
_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
# Of so many of the most telling sentences, the first with so few words makes a headline.
_HEADLINE_CHOICE, _HEADLINE_WORDS = 3, 20
_SENTENCE_WORDS = 12
_MAX_OUTPUT, _MAX_DRAFTS = 20_000, 100
# Kept of the request's own time for choosing sentences where nothing was written in time.
_RESERVE_SECONDS = 2.0


class Backend(Protocol):
    """What writes. `name` is for signatures; a text of more than `input_words` is cut down to its most telling ones.

    A `small` one loses the thread of an article: it is asked to shorten one sentence at a time. `seconds` are for a
    whole summary.
    """

    @property
    def name(self) -> str: ...

    @property
    def input_words(self) -> int: ...

    @property
    def seconds(self) -> float: ...

    @property
    def small(self) -> bool: ...

    @property
    def write(self) -> Generate: ...


class Job(msgspec.Struct, frozen=True):
    """A text to summarize. `deadline` is on the monotonic clock, None for none."""

    text: str
    sentences: Sequence[SourceSentence]
    language: str
    length: SummaryLength
    style: str
    title: str | None = None
    deadline: float | None = None
    cancelled: Event = msgspec.field(default_factory=Event)


class Writer:
    """Writes summaries with a back end and the prompt templates. May be called from many threads at once."""

    def __init__(self, backend: Backend, prompts: Sequence[Prompt], split: Split) -> None:
        """`split` gives the sentences of a text in a language."""
        self._backend = backend
        self._prompts = {(prompt.style, prompt.language): prompt for prompt in prompts}
        self._split = split

    def summarize(self, job: Job) -> Summary:
        """A summary in the job's style; never raises for what the back end does."""
        kept, left = trusted(job.text, job.sentences)
        notices = tuple(_left_out(sentence) for sentence in left)
        job = replace(job, sentences=kept or job.sentences)
        try:
            prompt = self._prompt(job)
            summary = self._written(job, prompt)
        except WritingFailed as failure:
            logger.warning("no summary was written: %s", failure.reason)
            summary = extracted(job)
            reason = Notice("summary-fallback", f"{failure.message}; sentences of the text were chosen instead")
            summary = replace(summary, fallback_reason=failure.reason, warnings=(reason, *summary.warnings))
        return replace(summary, warnings=(*notices, *summary.warnings))

    def _prompt(self, job: Job) -> Prompt:
        style = SENTENCE if self._backend.small else job.style
        prompt = self._prompts.get((style, job.language.partition("-")[0].casefold()))
        if prompt is None:
            raise WritingFailed(f"there is no prompt for {job.style} in {job.language}", reason="no-prompt")
        return prompt

    def _written(self, job: Job, prompt: Prompt) -> Summary:
        drafts, sentences, words = (self._shortened if self._backend.small else self._asked)(job, prompt)
        passed, refused = _guarded(drafts, job)
        if not passed or len(refused) > len(passed):
            found = ", ".join(sorted({notice.message for notice in refused})) or "nothing was written"
            raise WritingFailed(f"the text does not support what was written ({found})", reason="unsupported")
        chosen, dropped = _within(passed, sentences, words)
        text = layout([sentence.text for sentence in chosen], job.style)
        made_by = f"{METHOD}/{self._backend.name}/{prompt.name}"
        return Summary(text, tuple(chosen), METHOD, (*refused, *dropped), job.style, None, made_by)

    def _asked(self, job: Job, prompt: Prompt) -> tuple[list[str], int, int]:
        """What is written of the text as a whole, and the limits in sentences and words."""
        body = _extract(job, SummaryLength(sentences=None, words=self._backend.input_words))
        sentences, words = _limits(job, prompt)
        request = prompt.render(body.text, sentences=sentences, words=words)
        written = self._backend.write(Writing(request, body.text, words, self._deadline(job), job.cancelled))
        return self._drafts(written, job), sentences, words

    def _shortened(self, job: Job, prompt: Prompt) -> tuple[list[str], int, int]:
        """What becomes of the most telling sentences, each written anew by itself."""
        body = _extract(job, SummaryLength(sentences=1) if job.style == HEADLINE else job.length)
        deadline = self._deadline(job)
        drafts = []
        for sentence in body.sentences:
            request = prompt.render(sentence.text, sentences=1, words=prompt.words)
            written = self._backend.write(Writing(request, sentence.text, prompt.words, deadline, job.cancelled))
            drafts += self._drafts(written, job)[:1]
        return drafts, len(drafts), job.length.words or prompt.words * max(1, len(drafts))

    def _deadline(self, job: Job) -> float:
        latest = time.monotonic() + self._backend.seconds
        return latest if job.deadline is None else min(latest, job.deadline - _RESERVE_SECONDS)

    def _drafts(self, written: Written, job: Job) -> list[str]:
        """The sentences of what was written, without labels, fences and list marks; a last one cut off is left out."""
        text = _THOUGHT.sub("", written.text[:_MAX_OUTPUT])
        text = _FENCE.sub("", text)
        text = text.partition("\n\n")[0] if self._backend.small else text
        drafts: list[str] = []
        for line in text.splitlines():
            bare = _ITEM.sub("", _LABEL.sub("", line, count=1), count=1).strip().strip('"“”*').strip()
            if bare:
                spans = [Span(0, len(bare))] if job.style == HEADLINE else self._split(bare, job.language)
                drafts += [bare[span.start : span.end].strip() for span in spans]
        if not written.complete or len(written.text) > _MAX_OUTPUT:
            drafts = drafts[:-1]
        return drafts[:_MAX_DRAFTS]


def extracted(job: Job) -> Summary:
    """The extractive summary in the job's style, each sentence its own source."""
    summary = _headline(job) if job.style == HEADLINE else _extract(job, job.length)
    placed = tuple(replace(one, sources=(Span(one.start, one.end),)) for one in summary.sentences)
    return styled(replace(summary, sentences=placed), job.style, job.title)


def _headline(job: Job) -> Summary:
    """The first of the most telling sentences that is short enough for a headline; where none is, the lead."""
    for sentence in _extract(job, SummaryLength(sentences=_HEADLINE_CHOICE)).sentences:
        if count_words(sentence.text) <= _HEADLINE_WORDS:
            return Summary(sentence.text, (sentence,), EXTRACTIVE)
    return _extract(job, SummaryLength(sentences=1))


def _extract(job: Job, length: SummaryLength) -> Summary:
    return summarize(job.text, job.sentences, language=job.language, length=length, title=job.title)


def _limits(job: Job, prompt: Prompt) -> tuple[int, int]:
    """Sentences and words that may be written: what was asked for, or else what the prompt says."""
    if job.style == HEADLINE:
        return prompt.sentences, prompt.words
    wanted = job.length.words
    if job.length.ratio is not None:
        wanted = max(1, int(job.length.ratio * sum(count_words(sentence.text) for sentence in job.sentences)))
    if wanted is not None:
        return max(1, wanted // _SENTENCE_WORDS), wanted
    sentences = job.length.sentences or prompt.sentences
    return sentences, max(prompt.words, sentences * prompt.words // prompt.sentences)


def _guarded(drafts: Sequence[str], job: Job) -> tuple[list[SummarySentence], list[Notice]]:
    guard = Guard(job.sentences, job.language)
    passed: list[SummarySentence] = []
    refused: list[Notice] = []
    for draft in dict.fromkeys(drafts):
        verdict = guard.check(draft)
        if job.style in (BRIEF, THREAD) and not ends_sentence(draft):
            # The rest of it is missing.
            verdict = Verdict("malformed")
        if verdict.problem is None:
            first = verdict.sources[0]
            passed.append(SummarySentence(draft, first.start, first.end, sources=verdict.sources))
        else:
            refused.append(Notice("unsupported-sentence", f"a sentence was left out: {verdict.problem}"))
    return passed, refused


def _within(sentences: Sequence[SummarySentence], most: int, words: int) -> tuple[list[SummarySentence], list[Notice]]:
    """As many as the limits allow, at least one."""
    chosen: list[SummarySentence] = []
    spent = 0
    for sentence in sentences[:most]:
        spent += count_words(sentence.text)
        if chosen and spent > words:
            break
        chosen.append(sentence)
    left = len(sentences) - len(chosen)
    return chosen, [Notice("shortened", f"{left} sentences over the limit were left out")] if left else []


def _left_out(sentence: SourceSentence) -> Notice:
    span = Span(sentence.start, sentence.end)
    return Notice("instruction-in-text", "this reads as an instruction to a machine and was left out", span)
