"""HTTP as Telegram's server speaks it, and its failures: cut connections, broken bodies, silence."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import struct
from contextlib import suppress
from typing import Any, cast

from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.sandbox import calls, dispatch, faults, files, parameters, refusals

Json = dict[str, Any]

TOKEN = re.compile(r"\d{6,12}:[A-Za-z0-9_-]{30,50}")
BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"
NO_PAGE = "<html><head><title>404 Not Found</title></head><body>404 Not Found</body></html>"
HANG_S = 60.0
CUT = frozenset({"reset_before", "reset_after"})
DELAY_S = 1.0
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Connections:
    """The open connections, so that one can be cut in the middle of a call."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[H11Protocol]:
        """A uvicorn protocol class that keeps this list."""
        known = self._open

        class Listed(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
                super().connection_made(transport)
                self._peer = transport.get_extra_info("peername")[:2]
                known[self._peer] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                known.pop(self._peer, None)
                super().connection_lost(exc)

        return Listed

    def cut(self, request: Request) -> Response:
        """Reset the connection of a request; the response goes nowhere."""
        client = request.client
        transport = self._open.get((client.host, client.port)) if client else None
        if transport is not None:
            raw = cast(socket.socket, transport.get_extra_info("socket"))
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            transport.abort()
        return Response(status_code=500)


async def read(request: Request) -> parameters.Parameters:
    """The arguments of a call from its query and body. Raises Refusal for a body that cannot be read."""
    values: Json = dict(request.query_params)
    uploads: dict[str, parameters.Upload] = {}
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "application/json":
        try:
            body = json.loads(await request.body() or b"{}")
        except ValueError:
            raise refusals.bad_request("can't parse JSON object") from None
        if not isinstance(body, dict):
            raise refusals.bad_request("object expected as parameters")
        values |= {name: value for name, value in body.items() if value is not None}
    elif kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        async with request.form() as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    uploads[name] = parameters.Upload(
                        name=value.filename or name,
                        mime=value.content_type or "application/octet-stream",
                        content=await value.read(),
                    )
                else:
                    values[name] = value
    return parameters.Parameters(values=values, files=uploads)


def _answer(result: Any) -> Response:
    body = json.dumps({"ok": True, "result": result}, ensure_ascii=False)
    return Response(body, media_type="application/json")


def _refuse(refusal: refusals.Refusal) -> Response:
    body: Json = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    return Response(json.dumps(body), status_code=refusal.code, media_type="application/json")


class BotApi:
    """The endpoints a bot calls: /bot<token>/<method> and /file/bot<token>/<path>."""

    def __init__(self, desk: dispatch.Dispatch, connections: Connections) -> None:
        self._desk = desk
        self._connections = connections
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End every artificial wait."""
        self._closing.set()

    def _admit(self, request: Request) -> None:
        token = request.path_params["token"]
        if token != self._desk.world.bot.token:
            raise refusals.unauthorized() if TOKEN.fullmatch(token) else refusals.not_found()

    async def call(self, request: Request) -> Response:
        """One Bot API call."""
        desk = self._desk
        name = request.path_params["method"]
        name = dispatch.NAMES.get(name.lower(), name)
        try:
            self._admit(request)
            given = await read(request)
        except refusals.Refusal as refusal:
            return _refuse(refusal)
        except ClientDisconnect:
            return Response(status_code=400)  # whoever began to ask is no more
        entry = desk.log.open(name, given, desk.world.clock.now())
        response: Response | None = None
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            response = await self._carry_out(request, name, given, entry)
        finally:
            entry.ms = (loop.time() - began) * 1000
            entry.code = response.status_code if response and entry.fault not in CUT else 0
            if desk.log.close(entry):
                desk.world.changed()
        return response

    async def _carry_out(
        self, request: Request, name: str, given: parameters.Parameters, entry: calls.Call
    ) -> Response:
        fault = self._fault(name, given, entry)
        try:
            early = await self._before(fault, request)
            if early is not None:
                return early
            entry.result = await self._desk.call(name, given)
        except refusals.Refusal as refusal:
            entry.description = refusal.description
            return _refuse(refusal)
        if self._desk.faults.outage(self._desk.world.clock.now()):
            entry.fault = "outage"
            return HTMLResponse(BAD_GATEWAY, status_code=502)
        entry.ok = True
        return await self._after(fault, request, _answer(entry.result))

    def _fault(self, name: str, given: parameters.Parameters, entry: calls.Call) -> faults.Fault | None:
        if self._desk.faults.outage(self._desk.world.clock.now()):
            entry.fault = "outage"
            return faults.Fault(method="*", kind="outage")
        fault = self._desk.faults.take(name, given.integer("chat_id") or None)
        entry.fault = fault.kind if fault else None
        return fault

    async def _before(self, fault: faults.Fault | None, request: Request) -> Response | None:
        if fault is None:
            return None
        match fault.kind:
            case "outage":
                return HTMLResponse(BAD_GATEWAY, status_code=502)
            case "html_404":
                return HTMLResponse(NO_PAGE, status_code=404)
            case "reset_before":
                return self._connections.cut(request)
            case "http":
                raise refusals.Refusal(fault.code, fault.description, fault.parameters)
            case "delay":
                await self._pause(DELAY_S if fault.seconds is None else fault.seconds)
        return None

    async def _after(self, fault: faults.Fault | None, request: Request, response: Response) -> Response:
        match fault.kind if fault else None:
            case "reset_after":
                return self._connections.cut(request)
            case "garble_after":
                whole = bytes(response.body)
                return Response(whole[: len(whole) // 2], media_type="application/json")
            case "hang_after":
                await self._pause(HANG_S if fault is None or fault.seconds is None else fault.seconds)
        return response

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()

    async def download(self, request: Request) -> Response:
        """A file by its file_path."""
        try:
            self._admit(request)
        except refusals.Refusal as refusal:
            return _refuse(refusal)
        stored = files.at(self._desk.world, request.path_params["path"])
        if stored is None:
            return _refuse(refusals.not_found())
        return Response(stored.content, media_type="application/octet-stream")
