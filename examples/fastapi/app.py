"""The log of a harbour: a page that a server renders, and that learns of its own deployments.

Of Tideline it holds three things: the version in `data-app-version` on the body, one script tag, and
the gateway's origin in its Content-Security-Policy. `/version.json` is for whoever deploys.
"""

import os
from collections import deque
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates

HERE = Path(__file__).parent

# What this server was built or started as. "dev" names no build: its pages are told nothing.
VERSION = os.environ.get("SPOT_VERSION", "").strip() or "dev"

# Where the browser finds the gateway: an origin of its own, or "" behind a proxy that serves both.
GATEWAY = os.environ.get("TIDELINE_GATEWAY", "").strip().rstrip("/")

TARGET = {
    "app": os.environ.get("TIDELINE_APP", "").strip() or "fastapi",
    "environment": os.environ.get("TIDELINE_ENVIRONMENT", "").strip() or "local",
}


def content_security_policy(gateway: str) -> str:
    """The policy of every page: nothing but this server, and the gateway where it is another one."""
    parts = urlsplit(gateway)
    origin = f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self'{origin}",
            f"connect-src 'self'{origin}",
            "style-src 'self'",
            "img-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )


POLICY = content_security_policy(GATEWAY)

templates = Jinja2Templates(HERE / "templates")
app = FastAPI(title="Harbour log", docs_url=None, redoc_url=None, openapi_url=None)
app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")

# In memory, so that the example needs no database: a restart empties it.
entries: deque[dict[str, str]] = deque(maxlen=20)


@app.middleware("http")
async def add_headers(request: Request, call_next) -> Response:
    """A page is asked for again each time: after a reload it has to be the new version's."""
    response = await call_next(request)
    response.headers.setdefault("Cache-Control", "no-cache")
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@app.get("/", response_class=HTMLResponse)
async def index(request: Request) -> Response:
    """The page."""
    return templates.TemplateResponse(
        request,
        "index.html",
        {"version": VERSION, "gateway": GATEWAY, "target": TARGET, "entries": list(entries)},
    )


@app.post("/entries")
async def write_entry(
    vessel: Annotated[str, Form(min_length=1, max_length=80)],
    note: Annotated[str, Form(min_length=1, max_length=400)],
) -> Response:
    """Takes an entry in, and leads back to the page."""
    at = datetime.now(timezone.utc)
    entries.appendleft(
        {"vessel": vessel, "note": note, "at": at.isoformat(), "time": at.strftime("%H:%M UTC")}
    )
    return RedirectResponse("/", status_code=303)


@app.get("/version.json")
async def served_version() -> Response:
    """What this server runs. (What is live, which all browsers are told, is the gateway's.)"""
    return JSONResponse({"version": VERSION}, headers={"Cache-Control": "no-store"})
