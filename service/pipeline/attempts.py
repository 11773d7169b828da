"""Other ways to translate a segment whose first translation has a fault, the cheapest first."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from service.guards import Finding
from service.guards.wording import in_sentence_case, reworded
from service.types import GREEDY, DecodeOptions, Hypothesis

# Of six hypotheses one mostly keeps the number that greedy search lost. Eight mend no more on FLORES devtest and take a
# third longer, four mend fewer.
_BEAM = DecodeOptions(beam=6, n_best=6)
# Shorter segments (in source tokens) lose more by being cut than they win.
_LONG = 24
_BREAK = re.compile(r"[,;:)]\s+|\s(?=\()|\s[–—-]\s")
_CAPITALS = "all-capitals"


class Attempt(msgspec.Struct, frozen=True):
    """Texts to translate in place of a segment's: `method` is what is different about them.

    The texts are parts of the segment, in order; `capitals` says that their translation is put in capitals.
    """

    method: str
    texts: tuple[str, ...]
    options: DecodeOptions
    capitals: bool = False

    def combined(self, outcomes: Sequence[Hypothesis]) -> list[Hypothesis]:
        """The translations of the whole segment that the hypotheses for its parts make, best first."""
        if len(outcomes) == 1:
            (only,) = outcomes
            found = [replace(only, alternatives=()), *(one for one in only.alternatives if one.complete)]
        else:
            found = [_joined(outcomes)]
        return [replace(one, text=one.text.upper()) for one in found] if self.capitals else found


def attempts(given: tuple[str, str], language: str, tokens: int, findings: Sequence[Finding]) -> list[Attempt]:
    """What may mend the findings on the translation of a segment of `tokens` tokens; in order of their cost.

    `given` has what the model was given and what it is given in another try: they differ where a glossary's terms were
    sent as their renderings.
    """
    first, text = given
    capitals = any(finding.code == _CAPITALS for finding in findings)
    cased = in_sentence_case(text) if capitals else text
    plan = [Attempt("capitals", (cased,), GREEDY, capitals=True)] if capitals else []
    if any(finding.mendable for finding in findings):
        other = reworded(cased, language)
        if other != (cased if capitals else first):
            plan.append(Attempt("reworded", (other,), GREEDY, capitals))
        parts = _halves(other) if tokens >= _LONG else ()
        if parts:
            plan.append(Attempt("split", parts, GREEDY, capitals))
        plan.append(Attempt("beam", (other,), _BEAM, capitals))
    return plan


def _halves(text: str) -> tuple[str, ...]:
    """Two parts of about the same length, cut where the sentence pauses; none where it does not near its middle."""
    middle, quarter = len(text) / 2, len(text) / 4
    ends = [match.end() for match in _BREAK.finditer(text) if abs(match.end() - middle) <= quarter]
    if not ends:
        return ()
    end = min(ends, key=lambda place: abs(place - middle))
    return text[:end].rstrip(), text[end:]


def _joined(parts: Sequence[Hypothesis]) -> Hypothesis:
    tokens = sum(part.target_tokens for part in parts)
    return Hypothesis(
        " ".join(part.text for part in parts),
        sum(part.score * part.target_tokens for part in parts) / max(tokens, 1),
        sum(part.source_tokens for part in parts),
        tokens,
        complete=all(part.complete for part in parts),
        tokenize_seconds=max(part.tokenize_seconds for part in parts),
        infer_seconds=max(part.infer_seconds for part in parts),
    )
