"""The control API: people's acts, the clock, scripted failures, and the state to watch. JSON both ways.

What cannot be done is answered with 400, 404 or 409 and `{"error": reason in words}`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pydantic
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.clock import MovableClock
from bot.sandbox import acts, dispatch, enclosures, faults, groups, people, refusals, view, world

Json = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]
NextEvent = Callable[[], Awaitable[datetime | None]]
Model = TypeVar("Model", bound=acts.Act)

WATCH_S = 20.0
# Changes come in bursts; a page that draws twenty times a second is enough.
GATHER_S = 0.03


async def _read(request: Request, model: type[Model]) -> Model:
    body = await request.body() or b"{}"
    try:
        return model.model_validate_json(body)
    except pydantic.ValidationError as error:
        problems = (f"{'.'.join(map(str, p['loc'])) or 'body'}: {p['msg']}" for p in error.errors(include_url=False))
        raise refusals.Impossible("; ".join(problems)) from None


def _number(request: Request, name: str, default: int = 0) -> int:
    given = request.query_params.get(name, "")
    if given and not given.lstrip("-").isdigit():
        raise refusals.Impossible(f"{name}: {given!r} is no whole number")
    return int(given) if given else default


def _in_words(endpoint: Endpoint) -> Endpoint:
    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except refusals.Impossible as refused:
            return JSONResponse({"error": refused.reason}, status_code=refused.status)

    return answered


class Control:
    """The endpoints under /sandbox."""

    def __init__(
        self, desk: dispatch.Dispatch, *, next_event: NextEvent | None, storyline: Callable[[], str | None]
    ) -> None:
        self._desk = desk
        self._world = desk.world
        self._next_event = next_event
        self._storyline = storyline
        self._closed = False

    def close(self) -> None:
        """Answer every watcher at once, now and from now on."""
        self._closed = True
        self._world.changed()

    def routes(self) -> list[Route]:
        """All routes."""
        table: list[tuple[str, str, Endpoint]] = [
            ("GET", "/sandbox/state", self.state),
            ("GET", "/sandbox/chats/{id}", self.chat),
            ("GET", "/sandbox/calls", self.calls),
            ("GET", "/sandbox/queries/{id}", self.query),
            ("GET", "/sandbox/files/{id}", self.file),
            ("POST", "/sandbox/users", self.new_user),
            ("POST", "/sandbox/users/{id:int}/{act}", self.person_acts),
            ("POST", "/sandbox/groups", self.new_group),
            ("POST", "/sandbox/chats/{id}/{act}", self.chat_changes),
            ("POST", "/sandbox/clock", self.move_clock),
            ("POST", "/sandbox/limits", self.set_limits),
            ("POST", "/sandbox/faults", self.plan_fault),
            ("DELETE", "/sandbox/faults", self.clear_faults),
            ("POST", "/sandbox/updates/restart", self.restart_updates),
            ("POST", "/sandbox/updates/raw", self.raw_update),
        ]
        return [Route(path, _in_words(endpoint), methods=[method]) for method, path, endpoint in table]

    async def _watch(self, request: Request) -> None:
        seen = _number(request, "rev", -1)
        wait = min(float(_number(request, "wait_ms", int(WATCH_S * 1000))) / 1000, WATCH_S)
        if seen == self._world.revision.number and not self._closed:
            await self._world.revision.differs(seen, wait)

    async def state(self, request: Request) -> Response:
        """Everything, as soon as it differs from revision `rev`."""
        await self._watch(request)
        if "rev" in request.query_params and not self._closed:
            await asyncio.sleep(GATHER_S)
        return JSONResponse(view.state(self._desk, self._storyline()))

    async def chat(self, request: Request) -> Response:
        """One chat, as soon as the revision differs from `rev`."""
        where = self._chat(request)
        await self._watch(request)
        return JSONResponse({"rev": self._world.revision.number, "chat": view.chat(self._world, where)})

    async def calls(self, request: Request) -> Response:
        """The Bot API calls after a sequence number."""
        found = self._desk.log.after(_number(request, "after"))
        return JSONResponse({"calls": [call.view() for call in found]})

    async def query(self, request: Request) -> Response:
        """A tap and its answer."""
        query = self._world.queries.get(request.path_params["id"])
        if query is None:
            raise refusals.Impossible("no such tap", status=404)
        return JSONResponse({"callback_query_id": query.id, "answer": query.answer})

    async def file(self, request: Request) -> Response:
        """The content of a file in a chat."""
        stored = self._world.files.get(request.path_params["id"])
        if stored is None:
            raise refusals.Impossible("no such file", status=404)
        return Response(stored.content, media_type=stored.mime, headers={"content-disposition": "inline"})

    async def new_user(self, request: Request) -> Response:
        """Add a person."""
        person = people.enter(self._world, await _read(request, acts.NewUser))
        return JSONResponse(view.user(self._world, person))

    async def new_group(self, request: Request) -> Response:
        """Found a group or channel."""
        where = groups.found(self._world, await _read(request, acts.NewGroup))
        return JSONResponse(view.chat(self._world, where))

    def _chat(self, request: Request) -> world.Chat:
        given = str(request.path_params["id"])
        if not given.lstrip("-").isdigit():
            raise refusals.Impossible(f"{given!r} is no chat id", status=404)
        return self._world.chat(int(given))

    async def person_acts(self, request: Request) -> Response:
        """Something a person does."""
        here, act = self._world, request.path_params["act"]
        person = here.user(request.path_params["id"])
        if act == "tap":
            return await self._tap(person, await _read(request, acts.Tap))
        if act in PERSON_MESSAGES:
            model, write = PERSON_MESSAGES[act]
            return JSONResponse(view.message(here, write(here, person, await _read(request, model))))
        if act in enclosures.STAND_INS:
            item = enclosures.send(here, person, act, await _read(request, acts.SendFile))
            return JSONResponse(view.message(here, item))
        if act == "erase":
            people.erase(here, person, await _read(request, acts.Erase))
        elif act == "react":
            people.react(here, person, await _read(request, acts.React))
        elif act in PERSON_SWITCHES:
            await _read(request, acts.Nothing)
            PERSON_SWITCHES[act](here, person)
        else:
            raise refusals.Impossible(f"people cannot {act!r} here", status=404)
        return JSONResponse(view.user(here, person))

    async def _tap(self, person: world.User, act: acts.Tap) -> Response:
        query = people.tap(self._world, person, act)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + act.wait_s
        while query.answer is None and not self._closed and (left := deadline - loop.time()) > 0:
            await self._world.revision.differs(self._world.revision.number, left)
        return JSONResponse({"callback_query_id": query.id, "answer": query.answer})

    async def chat_changes(self, request: Request) -> Response:
        """Something that happens to a group or channel."""
        here, where, act = self._world, self._chat(request), request.path_params["act"]
        match act:
            case "migrate":
                where = groups.migrate(here, where)
            case "kick":
                groups.kick(here, where)
            case "add":
                groups.admit(here, where, admin=bool((await _read(request, acts.Rights)).admin))
            case "rights":
                groups.set_rights(here, where, await _read(request, acts.Rights))
            case "delete":
                groups.dissolve(here, where)
            case "topic":
                groups.set_topic(here, where, await _read(request, acts.TopicState))
            case "member":
                groups.set_member(here, where, await _read(request, acts.Member))
            case _:
                raise refusals.Impossible(f"chats cannot {act!r} here", status=404)
        return JSONResponse(view.chat(here, where))

    async def move_clock(self, request: Request) -> Response:
        """Move the clock, if it is one that moves."""
        act = await _read(request, acts.MoveClock)
        clock = self._world.clock
        if not isinstance(clock, MovableClock):
            raise refusals.Impossible("the sandbox runs on the machine's clock, which cannot be moved", status=409)
        if act.advance_s is not None:
            clock.advance(timedelta(seconds=act.advance_s))
        elif act.to is not None:
            clock.move_to(act.to)
        else:
            clock.move_to(await self._following())
        return JSONResponse({"now": clock.now().isoformat()})

    async def _following(self) -> datetime:
        instant = await self._next_event() if self._next_event else None
        if instant is None:
            raise refusals.Impossible("nothing is planned that the clock could move to", status=409)
        return instant

    async def set_limits(self, request: Request) -> Response:
        """Turn the sending limits on or off."""
        self._desk.limits.on = (await _read(request, acts.SetLimits)).on
        self._world.changed()
        return JSONResponse({"on": self._desk.limits.on})

    async def plan_fault(self, request: Request) -> Response:
        """Script a failure."""
        act = await _read(request, acts.PlanFault)
        self._desk.faults.plan(faults.Fault(**act.model_dump()), self._world.clock.now())
        self._world.changed()
        return JSONResponse({"faults": self._desk.faults.view()})

    async def clear_faults(self, request: Request) -> Response:
        """Let everything work again."""
        self._desk.faults.clear()
        self._world.changed()
        return JSONResponse({"faults": []})

    async def restart_updates(self, request: Request) -> Response:
        """Go on with other update ids."""
        act = await _read(request, acts.Restart)
        self._world.updates.restart(act.next_id)
        return JSONResponse({"next_id": act.next_id})

    async def raw_update(self, request: Request) -> Response:
        """Put any object into the queue."""
        act = await _read(request, acts.RawUpdate)
        self._world.updates.add_raw(act.update)
        return JSONResponse({"waiting": len(self._world.updates.waiting())})


PERSON_MESSAGES: dict[str, tuple[type[Any], Callable[[world.World, world.User, Any], world.Message]]] = {
    "start": (acts.Start, people.start),
    "text": (acts.Text, people.say),
    "press": (acts.Press, people.press),
    "edit": (acts.Edit, people.edit),
    "contact": (acts.SendContact, people.share_contact),
}
PERSON_SWITCHES: dict[str, Callable[[world.World, world.User], None]] = {
    "block": people.block,
    "unblock": people.unblock,
    "deactivate": people.deactivate,
}
