"""LibreTranslate's endpoints, so that its clients work unchanged.

`POST /translate` and `POST /detect` take JSON, forms and the query string. Answers have LibreTranslate's shape; an
additional `warnings` appears where there is something to warn of. Confidences are percentages here.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from msgspec.structs import replace
from typing_extensions import TypedDict

from service.api.errors import InvalidItem, documented_errors
from service.api.execution import answer_headers, context_of, executor_of, read_request
from service.api.limits import check_filled, check_text
from service.api.openapi import request_body
from service.api.render import WarningJson, render_warnings
from service.api.routing import DirectRoute
from service.api.schemas import AUTO, DetectFields, TranslateFields
from service.errors import InvalidInput, MancheteError, TooLarge, UnknownLanguage, UnsupportedPair
from service.markup.glossary import checked
from service.settings import Settings
from service.types import UNDETERMINED, Candidate, Detection, TranslateRequest, TranslateResult

TYPING_PAUSE_MS = 500

router = APIRouter(tags=["LibreTranslate"], route_class=DirectRoute)


class ConfidenceJson(TypedDict):
    """A language and how sure of it the detector is, in percent."""

    confidence: float
    language: str


class TranslateJson(TypedDict, total=False):
    """A translated text, or a list of them in the order of `q`, with what goes with each in the same order."""

    translatedText: str | list[str]
    detectedLanguage: ConfidenceJson | list[ConfidenceJson]
    alternatives: list[str] | list[list[str]]
    warnings: list[WarningJson] | list[list[WarningJson]]


class LanguageJson(TypedDict):
    """A language and the codes it can be translated to."""

    code: str
    name: str
    targets: list[str]


class NamedCodeJson(TypedDict):
    """A language's code and English name."""

    code: str
    name: str


class FrontendLanguageJson(TypedDict):
    """What a page should offer first."""

    source: NamedCodeJson
    target: NamedCodeJson


class FrontendSettingsJson(TypedDict):
    """What a page needs to know before it sends anything."""

    charLimit: int
    frontendTimeout: int
    apiKeys: bool
    keyRequired: bool
    suggestions: bool
    filesTranslation: bool
    supportedFilesFormat: list[str]
    language: FrontendLanguageJson


_TRANSLATE_EXAMPLE = {"q": "O governo anunciou novas medidas.", "source": "auto", "target": "en"}


@router.post(
    "/translate",
    summary="Translate a text or a list of texts",
    response_model=TranslateJson,
    responses=documented_errors(400, 403, 413, 415, 429, 500, 503, 504),
    openapi_extra=request_body(TranslateFields, _TRANSLATE_EXAMPLE),
)
async def translate(request: Request) -> JSONResponse:
    """Translate `q`. `source` may be left out or `auto`; then each text's language is detected."""
    fields = await read_request(request, TranslateFields)
    if fields.format == "html":
        raise InvalidInput("format: html is not supported yet, send text", field="format")
    executor = executor_of(request)
    texts = _checked_texts(fields.q, executor.service.settings)
    source = None if fields.source == AUTO else fields.source
    pattern = TranslateRequest(
        "", fields.target, source, fields.alternatives, fields.quality, fields.model, checked(fields.glossary or {})
    )
    requests = [replace(pattern, text=text) for text in texts]
    context = context_of(request, texts)
    pipeline = executor.service.pipeline
    if isinstance(fields.q, str):
        (result,) = await executor.follow(request, context, pipeline.translate_steps(requests, context))
        if isinstance(result, MancheteError):
            raise result
        parts = _parts(result, fields)
        return JSONResponse(_without_empty(parts), headers=answer_headers([result]))
    outcomes = await executor.follow(request, context, pipeline.translate_steps(requests, context))
    results = [_result_of(index, outcome, source) for index, outcome in enumerate(outcomes)]
    columns = _columns([_parts(result, fields) for result in results])
    return JSONResponse(columns, headers=answer_headers(results))


@router.post(
    "/detect",
    summary="Tell the language of a text",
    response_model=list[ConfidenceJson],
    responses=documented_errors(400, 403, 413, 415, 429, 500, 503, 504),
    openapi_extra=request_body(DetectFields, {"q": "Bom dia a todos."}),
)
async def detect(request: Request) -> JSONResponse:
    """Candidates for the language of `q`, best first; `und` alone when the text gives too little evidence."""
    fields = await read_request(request, DetectFields)
    executor = executor_of(request)
    text = check_filled(fields.q, "q", executor.service.settings.char_limit)
    pipeline = executor.service.pipeline
    detection = await executor.run(request, context_of(request, [text]), lambda: pipeline.detect(text, field="q"))
    candidates = detection.candidates
    if detection.language == UNDETERMINED or not candidates:
        candidates = (Candidate(detection.language, detection.confidence),)
    return JSONResponse([_confidence(each) for each in candidates])


@router.get("/languages", summary="List the languages", response_model=list[LanguageJson])
async def languages(request: Request) -> JSONResponse:
    """Every language that can be translated from, with the targets it reaches."""
    entries = executor_of(request).service.pipeline.languages()
    return JSONResponse([{"code": each.code, "name": each.name, "targets": list(each.targets)} for each in entries])


@router.get("/frontend/settings", summary="Limits and defaults for a page", response_model=FrontendSettingsJson)
async def frontend_settings(request: Request) -> JSONResponse:
    """Limits and what is switched on."""
    service = executor_of(request).service
    key_required = service.settings.api_key is not None
    entries = service.pipeline.languages()
    target = next((each for each in entries if each.code == "en"), entries[0] if entries else None)
    settings: FrontendSettingsJson = {
        "charLimit": service.settings.char_limit,
        "frontendTimeout": TYPING_PAUSE_MS,
        "apiKeys": key_required,
        "keyRequired": key_required,
        "suggestions": False,
        "filesTranslation": False,
        "supportedFilesFormat": [],
        "language": {
            "source": {"code": AUTO, "name": "Auto Detect"},
            "target": {"code": target.code, "name": target.name} if target else {"code": "en", "name": "English"},
        },
    }
    return JSONResponse(settings)


def _checked_texts(q: str | list[str], settings: Settings) -> list[str]:
    if isinstance(q, str):
        if not q:
            raise InvalidInput("q: must not be empty", field="q")
        return [check_text(q, "q", settings.char_limit)]
    limit = settings.max_client_batch_size
    if len(q) > limit:
        raise TooLarge(f"q: {len(q)} texts are over the limit of {limit} (max_client_batch_size)", field="q")
    return [check_text(text, f"q[{index}]", settings.char_limit) for index, text in enumerate(q)]


def _result_of(index: int, outcome: TranslateResult | MancheteError, source: str | None) -> TranslateResult:
    if isinstance(outcome, TranslateResult):
        return outcome
    same_for_all = isinstance(outcome, UnknownLanguage) or (isinstance(outcome, UnsupportedPair) and source is not None)
    if isinstance(outcome, InvalidInput) and not same_for_all:
        raise InvalidItem(f"q[{index}]", outcome)
    raise outcome


def _parts(result: TranslateResult, fields: TranslateFields) -> dict[str, Any]:
    parts: dict[str, Any] = {"translatedText": result.translation.text}
    if fields.source == AUTO:
        parts["detectedLanguage"] = _best(result.detected)
    if fields.alternatives:
        parts["alternatives"] = list(result.alternatives)
    parts["warnings"] = render_warnings(result.translation.warnings)
    return parts


def _without_empty(parts: dict[str, Any]) -> dict[str, Any]:
    return parts if parts["warnings"] else {name: part for name, part in parts.items() if name != "warnings"}


def _columns(rows: list[dict[str, Any]]) -> dict[str, Any]:
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    if not any(columns["warnings"]):
        del columns["warnings"]
    return columns


def _best(detection: Detection) -> ConfidenceJson:
    return _confidence(Candidate(detection.language, detection.confidence))


def _confidence(candidate: Candidate) -> ConfidenceJson:
    return {"confidence": round(100 * candidate.confidence, 2), "language": candidate.language}
