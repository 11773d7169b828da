"""Descriptions of request bodies for the OpenAPI document.

The bodies are read by `service.api.body`, which takes JSON and forms alike; FastAPI describes one or the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.api.body import FORM_TYPE, JSON_TYPE, MULTIPART_TYPE
from service.api.schemas import Fields


def request_body(schema: type[Fields], example: Mapping[str, Any]) -> dict[str, Any]:
    """Describe the body of an endpoint that takes `schema` as JSON or as a form, with one example."""
    document = {"schema": schema.model_json_schema(), "example": dict(example)}
    content = dict.fromkeys((JSON_TYPE, FORM_TYPE, MULTIPART_TYPE), document)
    return {"requestBody": {"required": True, "content": content}}
