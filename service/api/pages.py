"""The pages for people: the one at `/`, and the API's documentation at `/docs`. Nothing comes from another host."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Final

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.staticfiles import StaticFiles
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from service.web import index_html

# URLs are relative, so that the pages work behind a proxy that adds a prefix.
_ASSETS: Final = "docs/assets"
_INLINE: Final = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


def mount_pages(app: FastAPI) -> None:
    """Serve the page and the documentation of `app`, each under a policy that allows its own inline code alone."""
    index = index_html()
    docs = bytes(
        get_swagger_ui_html(
            openapi_url="openapi.json",
            title=f"{app.title}: API",
            swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{_ASSETS}/swagger-ui.css",
            swagger_favicon_url="data:,",
            swagger_ui_parameters={"validatorUrl": None, "tryItOutEnabled": True},
        ).body
    ).decode()
    _add_page(app, "/", index, _policy(index))
    # Swagger UI injects style elements of its own, whose hashes change with its version.
    _add_page(app, "/docs", docs, _policy(docs, style="'self' 'unsafe-inline'", script="'self'"))
    app.mount(f"/{_ASSETS}", StaticFiles(packages=[("fastapi_offline", "static")]), name="docs-assets")


def _add_page(app: FastAPI, path: str, html: str, policy: str) -> None:
    headers = {"content-security-policy": policy, "cache-control": "no-cache"}

    async def page(_: Request) -> Response:
        return HTMLResponse(html, headers=headers)

    app.add_route(path, page, methods=["GET"], include_in_schema=False)


def _policy(html: str, *, style: str = "", script: str = "") -> str:
    """A content security policy (CSP Level 3) with the hashes of the page's inline scripts and styles."""
    hashes: dict[str, list[str]] = {"script": [], "style": []}
    for match in _INLINE.finditer(html):
        digest = base64.b64encode(hashlib.sha256(match[2].encode()).digest()).decode()
        hashes[match[1]].append(f"'sha256-{digest}'")
    sources = {
        "default-src": "'none'",
        "script-src": " ".join([script, *hashes["script"]]).strip() or "'none'",
        # A hash in the list would switch 'unsafe-inline' off.
        "style-src": style or " ".join(hashes["style"]) or "'none'",
        "img-src": "'self' data:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in sources.items())
