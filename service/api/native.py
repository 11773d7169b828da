"""Our own endpoints: a summary, and the whole digest of an article in one call."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from service.api.errors import documented_errors
from service.api.execution import answer_headers, context_of, executor_of, read_request
from service.api.limits import check_filled, check_text, summary_length
from service.api.openapi import request_body
from service.api.render import DigestJson, SummarizeJson, render_digest, render_summarize
from service.api.routing import DirectRoute
from service.api.schemas import AUTO, DigestFields, SummarizeFields, SummaryFields
from service.api.stories import StoryJson, render_story
from service.errors import InvalidInput
from service.markup.glossary import checked
from service.pipeline.stories import StoryRequest
from service.types import DigestRequest, SummarizeRequest
from service.writing import Manner

router = APIRouter(tags=["Manchete"], route_class=DirectRoute)

_ARTICLE = (
    "A prefeitura de Vila Serena abriu ontem a nova ponte sobre o rio Claro. A obra custou doze milhões de reais e "
    "levou dois anos. Segundo a engenheira responsável, Marta Nunes, a travessia vai encurtar em vinte minutos o "
    "caminho até o hospital. A ponte antiga será reservada a pedestres e ciclistas."
)


@router.post(
    "/summarize",
    summary="Summarize a text in its own language",
    response_model=SummarizeJson | StoryJson,
    responses=documented_errors(400, 403, 413, 415, 429, 500, 503, 504),
    openapi_extra=request_body(SummarizeFields, {"text": _ARTICLE, "sentences": 2}),
)
async def summarize(request: Request) -> JSONResponse:
    """Choose the sentences that tell the most. Each comes with its place in `text`, in characters (code points).

    With `texts`, several texts about the same story give one summary without repetition; the `sources` of a sentence
    say which text it is from, where, and which sentences of the others say the same.
    """
    fields = await read_request(request, SummarizeFields)
    executor = executor_of(request)
    if fields.texts is not None:
        return await _summarize_together(request, fields, fields.texts)
    if fields.text is None:
        raise InvalidInput("Invalid request: missing text parameter", field="text")
    wanted = SummarizeRequest(
        text=check_filled(fields.text, "text", executor.service.settings.char_limit),
        source=_source(fields),
        title=_title(fields, executor.service.settings.char_limit),
        length=summary_length(fields.sentences, fields.words, fields.ratio),
        manner=Manner(fields.method, fields.style),
    )
    context = context_of(request, [wanted.text])
    result = await executor.run(request, context, lambda: executor.service.pipeline.summarize(wanted, context))
    return JSONResponse(render_summarize(result), headers=answer_headers([result]))


@router.post(
    "/digest",
    summary="Detect, translate and summarize an article",
    response_model=DigestJson,
    responses=documented_errors(400, 403, 413, 415, 429, 500, 503, 504),
    openapi_extra=request_body(DigestFields, {"text": _ARTICLE, "target": "en", "title": "Ponte nova em Vila Serena"}),
)
async def digest(request: Request) -> JSONResponse:
    """Tell the language of `text`, translate it to `target`, and summarize the translation.

    Each sentence of the summary comes with its place in the translation and, under `source`, in the original.
    """
    fields = await read_request(request, DigestFields)
    executor = executor_of(request)
    wanted = DigestRequest(
        text=check_filled(fields.text, "text", executor.service.settings.char_limit),
        target=fields.target,
        source=_source(fields),
        title=_title(fields, executor.service.settings.char_limit),
        length=summary_length(fields.sentences, fields.words, fields.ratio),
        quality=fields.quality,
        model=fields.model,
        glossary=checked(fields.glossary or {}),
        manner=Manner(fields.method, fields.style),
    )
    context = context_of(request, [wanted.text])
    result = await executor.run(request, context, lambda: executor.service.pipeline.digest(wanted, context))
    return JSONResponse(render_digest(result), headers=answer_headers([result]))


async def _summarize_together(request: Request, fields: SummarizeFields, texts: list[str]) -> JSONResponse:
    executor = executor_of(request)
    limit = executor.service.settings.char_limit
    if fields.text is not None:
        raise InvalidInput("text and texts: give one of the two, not both", field="text")
    wanted = StoryRequest(
        texts=tuple(check_filled(text, f"texts[{index}]", limit) for index, text in enumerate(texts)),
        source=_source(fields),
        title=_title(fields, limit),
        length=summary_length(fields.sentences, fields.words, fields.ratio),
        manner=Manner(fields.method, fields.style),
    )
    context = context_of(request, texts)
    result = await executor.run(request, context, lambda: executor.service.pipeline.summarize_together(wanted, context))
    return JSONResponse(render_story(result), headers=answer_headers([result]))


def _source(fields: SummaryFields) -> str | None:
    return None if fields.source == AUTO else fields.source


def _title(fields: SummaryFields, char_limit: int) -> str | None:
    if fields.title is None or not fields.title.strip():
        return None
    return check_text(fields.title, "title", char_limit)
