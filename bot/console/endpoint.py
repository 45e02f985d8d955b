"""The web endpoint: /healthz (alive), /readyz (every promise is kept, or which are not), /metrics (Prometheus)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.console import exposition
from bot.console.judging import Judge

NEVER_STORED = {"Cache-Control": "no-store"}


class Endpoint:
    """Three pages over one judge. `leading`: for each part that one process does for all, whether it is this one."""

    def __init__(self, judge: Judge, leading: Callable[[], Mapping[str, bool]] = dict) -> None:
        self._judge = judge
        self._leading = leading

    def app(self) -> Starlette:
        """The application to serve."""
        pages = {"/healthz": self.alive, "/readyz": self.ready, "/metrics": self.metrics}
        return Starlette(routes=[Route(path, page, methods=["GET"]) for path, page in pages.items()])

    async def alive(self, _request: Request) -> Response:
        """200: the event loop turns."""
        return PlainTextResponse("ok\n", headers=NEVER_STORED)

    async def ready(self, _request: Request) -> Response:
        """200 while every promise is kept, else 503; as JSON, with `problems` in words."""
        report = await self._judge.look()
        shown = exposition.as_json(report, self._leading())
        return JSONResponse(shown, status_code=503 if report.problems else 200, headers=NEVER_STORED)

    async def metrics(self, _request: Request) -> Response:
        """The text format of Prometheus."""
        shown = exposition.as_metrics(await self._judge.look(), self._leading())
        return Response(shown, media_type=CONTENT_TYPE_LATEST, headers=NEVER_STORED)
