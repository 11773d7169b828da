"""An endpoint that stalls, lies, never ends or fails: the summary still comes in time, extracted, and says why."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

import pytest
from hostile_servers import (
    Answer,
    completion,
    drips,
    floods,
    hangs_up,
    raw,
    says,
    send,
    serving,
    stalls,
    stalls_inside,
)

from service.errors import Cancelled
from service.generators import Options, open_generator
from service.generators.options import OPENAI
from service.segment import sentences
from service.settings import Secret
from service.summarize import Job, SourceSentence, Writer, default_prompts_dir, load_prompts
from service.types import Summary, SummaryLength

TEXT = (
    "The council of Alder voted 7-2 on Monday to buy the Grand Theater for $1.9 million. Construction is to begin in "
    "March and last 14 months. Councilor Bo Quist, who voted against the purchase, said that the roof alone could cost "
    "$600,000. The present library holds 40,000 books in a space meant for 15,000."
)
GOOD = "The council of Alder voted 7-2 to buy the Grand Theater. Construction is to begin in March."
PROMPTS = load_prompts(default_prompts_dir())
LIMIT = 1.5


def job(text: str = TEXT, **changes: Any) -> Job:
    spans = sentences(text, "en")
    parts = [SourceSentence(text[span.start : span.end], span.start, span.end) for span in spans]
    given = {"language": "en", "length": SummaryLength(sentences=2), "style": "brief"} | changes
    return Job(text, parts, **given)


def writer(url: str, **options: Any) -> Writer:
    given = {"connect_seconds": 1.0, "read_seconds": LIMIT, "retries": 1, "timeout_seconds": LIMIT} | options
    return Writer(open_generator(Options(OPENAI, "toy", url, **given)), PROMPTS, sentences)


def summarized(answer: Answer, **options: Any) -> tuple[Summary, float, list[dict[str, Any]]]:
    with serving(answer) as server:
        started = time.monotonic()
        summary = writer(server.url, **options).summarize(job())
        return summary, time.monotonic() - started, server.requests


def check_extractive(summary: Summary, reason: str) -> None:
    assert summary.method == "extractive"
    assert summary.fallback_reason == reason
    assert summary.warnings[0].code == "summary-fallback"
    assert summary.sentences
    for sentence in summary.sentences:
        assert sentence.text in TEXT
        assert [TEXT[span.start : span.end] for span in sentence.sources] == [sentence.text]


def test_what_the_text_supports_is_printed_with_its_sources() -> None:
    summary, _, requests = summarized(says(GOOD))
    assert summary.method == "abstractive"
    assert summary.fallback_reason is None
    assert summary.text == GOOD
    assert [TEXT[one.sources[0].start : one.sources[0].end][:12] for one in summary.sentences] == [
        "The council ",
        "Construction",
    ]
    prompt = next(one for one in PROMPTS if (one.style, one.language) == ("brief", "en"))
    assert summary.made_by == f"abstractive/openai:toy/{prompt.name}"
    (request,) = requests
    assert request["path"] == "/v1/chat/completions"
    assert request["temperature"] == 0
    assert TEXT[:60] in request["messages"][0]["content"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (stalls, "timeout"),
        (stalls_inside, "timeout"),
        (drips(b"HTTP/1.1 200 OK\r\n\r\n", b" "), "timeout"),
        (drips(b"HTTP/1.1 200 OK\r\n", b"x-more: 1\r\n"), "timeout"),
        (drips(b"HTTP/1.1 200 OK\r\nx-long: ", b"1"), "timeout"),
        (drips(b"", b"H"), "timeout"),
        (floods, "too-large"),
        (hangs_up, "bad-answer"),
        (raw(b"\x00\xff garbage"), "bad-answer"),
        (raw(b"<html>it works</html>"), "bad-answer"),
        (raw(b"[" * 100_000), "bad-answer"),
        (raw(b"{}"), "bad-answer"),
        (raw(b'{"choices": []}'), "bad-answer"),
        (raw(b'{"choices": 7}'), "bad-answer"),
        (raw(completion(None)), "bad-answer"),
        (raw(completion(["a"])), "bad-answer"),
        (raw(b"", 500), "server-error"),
        (raw(b"", 503), "server-error"),
        (raw(b"", 429), "rate-limited"),
        (raw(b"", 429, retry_after="3600"), "rate-limited"),
        (raw(b"", 401), "refused"),
        (raw(b"", 302, location="http://127.0.0.1:1/"), "refused"),
        (says(""), "unsupported"),
        (says("Martians bought the Grand Theater for $7 billion."), "unsupported"),
        (says("<think>The council of Alder voted."), "unsupported"),
    ],
)
def test_what_goes_wrong_costs_time_but_no_summary(answer: Answer, reason: str) -> None:
    summary, seconds, _ = summarized(answer)
    # Generous: the limit is a second and a half, this machine may be busy.
    assert seconds < LIMIT + 4
    check_extractive(summary, reason)


def test_nobody_listens() -> None:
    with serving(stalls) as server:
        url = server.url
    check_extractive(writer(url).summarize(job()), "unreachable")


def test_a_second_try_helps_and_waits_as_long_as_it_is_told() -> None:
    calls: list[float] = []

    def answer(handler: Any, _: object) -> None:
        calls.append(time.monotonic())
        if len(calls) == 1:
            send(handler, 429, b"", retry_after="1")
        else:
            send(handler, 200, completion(GOOD))

    summary, _, _ = summarized(answer, timeout_seconds=10.0)
    assert summary.method == "abstractive"
    assert calls[1] - calls[0] >= 0.9


def test_no_more_tries_than_allowed_and_none_after_a_refusal() -> None:
    assert len(summarized(raw(b"", 500), retries=2, timeout_seconds=10.0)[2]) == 3
    assert len(summarized(raw(b"", 400), retries=2)[2]) == 1
    assert len(summarized(raw(b"junk"), retries=2)[2]) == 1


def test_the_budget_of_requests_and_of_tokens_holds() -> None:
    with serving(says(GOOD, usage={"total_tokens": 70})) as server:
        thrifty = writer(server.url, requests_per_minute=1)
        assert thrifty.summarize(job()).method == "abstractive"
        check_extractive(thrifty.summarize(job()), "over-budget")
        counting = writer(server.url, tokens_per_day=100)
        assert [counting.summarize(job()).fallback_reason for _ in range(3)] == [None, None, "over-budget"]


def test_the_key_is_sent_and_neither_it_nor_the_text_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(raw(b"", 500)) as server:
        writer(server.url, api_key=Secret("sesame-7"), retries=0).summarize(job())
        assert server.headers[0]["authorization"] == "Bearer sesame-7"
    assert caplog.text
    assert "sesame-7" not in caplog.text
    assert "Alder" not in caplog.text


def test_a_request_that_is_over_stops_waiting() -> None:
    with serving(stalls) as server:
        started = time.monotonic()
        short = job(deadline=time.monotonic() + 2.5)
        summary = writer(server.url, timeout_seconds=30.0, read_seconds=30.0).summarize(short)
        assert time.monotonic() - started < 6
        check_extractive(summary, "timeout")
        gone = job()
        gone.cancelled.set()
        with pytest.raises(Cancelled):
            writer(server.url, timeout_seconds=30.0).summarize(gone)


def test_an_answer_that_was_cut_off_loses_its_last_sentence() -> None:
    summary, _, _ = summarized(says(f"{GOOD} The present library holds 40,000", "length"))
    assert summary.text == GOOD


def test_a_sentence_without_its_end_is_left_out() -> None:
    summary, _, _ = summarized(says("Construction is to begin in\nThe council of Alder voted 7-2."))
    assert summary.text == "The council of Alder voted 7-2."
    assert [notice.message for notice in summary.warnings] == ["a sentence was left out: malformed"]


def test_unsupported_sentences_are_left_out_and_named() -> None:
    summary, _, _ = summarized(says(f"{GOOD} Everybody in Alder was delighted."))
    assert summary.text == GOOD
    assert summary.method == "abstractive"
    assert [notice.code for notice in summary.warnings] == ["unsupported-sentence"]


@pytest.mark.parametrize(
    ("style", "written", "text"),
    [
        (
            "bullets",
            "Points:\n* The council of Alder voted 7-2.\n* Construction is to begin in March.",
            "- The council of Alder voted 7-2.\n- Construction is to begin in March.",
        ),
        (
            "thread",
            "1/2 The council of Alder voted 7-2.\n2/2 Construction is to begin in March.",
            "1/2 The council of Alder voted 7-2.\n2/2 Construction is to begin in March.",
        ),
        (
            "headline",
            "Headline: **Council of Alder votes 7-2 to buy Grand Theater**",
            "Council of Alder votes 7-2 to buy Grand Theater",
        ),
    ],
)
def test_styles_are_set_as_they_are_called(style: str, written: str, text: str) -> None:
    with serving(says(written)) as server:
        summary = writer(server.url).summarize(job(style=style))
    assert summary.fallback_reason is None, summary.warnings
    assert summary.text == text


def test_a_language_without_a_prompt_is_extracted() -> None:
    with serving(says(GOOD)) as server:
        check_extractive(writer(server.url).summarize(job(language="pl")), "no-prompt")
        assert server.requests == []


def test_the_request_is_valid_json_whatever_the_text_holds() -> None:
    text = TEXT + ' He said "{{ 7 * 7 }} {% raw %}" \u2028 \\ end.'
    with serving(says(GOOD)) as server:
        assert writer(server.url).summarize(job(text)).method == "abstractive"
        prompt = server.requests[0]["messages"][0]["content"]
    assert "{{ 7 * 7 }} {% raw %}" in prompt
    assert json.dumps(prompt)


@pytest.mark.parametrize(
    "flood",
    [
        "The council of Alder, " * 900,
        "the " * 5_000,
        "council, and buy " * 1_000,
        "Buy the Grand Theater. " * 800,
        "7-2 " * 5_000,
        "((((" * 5_000,
        "<think>" * 2_500,
        "- 1/2 " * 3_000,
    ],
)
def test_an_answer_made_to_be_slow_to_judge_is_judged_soon(flood: str) -> None:
    summary, seconds, _ = summarized(says(flood), timeout_seconds=10.0)
    assert seconds < 5
    assert summary.text


def test_a_very_long_text_is_summarized_soon() -> None:
    text = " ".join(
        [TEXT, *(f"In year {n}, the town of Borne had {n + 7} goats and {n % 13} wells." for n in range(3_500))]
    )
    started = time.monotonic()
    with serving(says(GOOD)) as server:
        summary = writer(server.url, timeout_seconds=20.0).summarize(job(text))
        asked = server.requests[0]["messages"][0]["content"]
    assert summary.text == GOOD
    # Much more than it takes.
    assert time.monotonic() - started < 20
    assert len(asked.split()) < 3_000
