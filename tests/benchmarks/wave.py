"""A thousand check-ins due at once under Telegram's limits, and red answers in the middle of them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from tests.benchmarks import clinic, processes
from tests.benchmarks.clinic import START, Wave
from tests.benchmarks.databases import Databases
from tests.benchmarks.processes import Phone, Running
from tests.benchmarks.rows import Row
from tests.benchmarks.sandbox_server import PATIENTS_FROM
from tests.benchmarks.telling import Call, Watched, about, accepted

DUE, REDS, TEAMS = 1000, 100, 20
EVERY_S = 0.3  # between two red answers
TELEGRAM_PER_S = 30
LONGEST_S, QUIET_S = 300, 60
RED_LABEL = "Yes, it is new or worse"


async def limit(where: Databases) -> list[Row]:
    """Row 1: the wave alone."""
    with where.empty() as url:
        found = await _ours(url, reds=0)
    bulk = [accepted(call) for call in found.calls if _is_bulk(call)]
    seconds = (max(bulk) - min(bulk)).total_seconds()
    best = len(bulk) / TELEGRAM_PER_S
    ratio = best / seconds
    return [
        Row(
            database=where.kind,
            what=f"wave of {len(bulk)} due check-ins at Telegram's limits",
            ours=f"{seconds:.1f} s, {found.refused} answers 429",
            beside=f"the limit itself: {best:.1f} s",
            ratio=ratio,
            target=">= 0.9, no 429",
            reached=ratio >= 0.9 and found.refused == 0 and len(bulk) == DUE,
        )
    ]


async def reds(where: Databases) -> list[Row]:
    """Row 2: from a red answer to the first message about it that a clinician's chat accepted."""
    with where.empty() as url:
        ours = await _ours(url, reds=REDS)
    theirs = await _theirs()
    mine, stock = ours.waits(), theirs.waits()
    longest = mine.at_least(0.99)
    ratio = 0.0 if mine.untold else stock.at_least(0.99) / longest
    return [
        Row(
            database=where.kind,
            what=f"{REDS} red answers during that wave, each to the clinician's message accepted (p99)",
            ours=_said(ours),
            beside=f"AIORateLimiter {_said(theirs)}",
            ratio=ratio,
            target="<= 500 ms and >= 20 x sooner, no 429",
            reached=longest <= 0.5 and ratio >= 20 and len(mine.told) == REDS and ours.refused == 0,
        )
    ]


def _said(found: Watched) -> str:
    waits = found.waits()
    return f"{waits.words(0.99)} (p50 {waits.words(0.5)}, {waits.counted}, 429s {found.refused})"


async def _ours(url: str, reds: int) -> Watched:
    lead = timedelta(seconds=2 + reds / 15)
    async with processes.running(
        "sandbox_server", "--start", START.isoformat(), "--patients", DUE + reds, "--teams", TEAMS
    ) as sandbox:
        clock_s = (time.monotonic() - sandbox.told["monotonic"]) * 1.0
        db = clinic.new(url)
        due_at = START + timedelta(seconds=clock_s) + lead
        db.write_now(clinic.fill, sandbox.told["groups"], Wave(due=DUE, due_at=due_at, asked=reds))
        db.close()
        api = ("--url", sandbox.told["url"], "--token", sandbox.told["token"])
        async with (
            processes.running("our_bot", "--database", url, *api, "--start", START.isoformat()),
            Phone(sandbox.told["url"]) as phone,
        ):
            return await _watch(sandbox, phone, reds, _red_button)


async def _theirs() -> Watched:
    async with processes.running(
        "sandbox_server", "--start", START.isoformat(), "--patients", DUE + REDS, "--teams", TEAMS
    ) as sandbox:
        api = ("--url", sandbox.told["url"], "--token", sandbox.told["token"])
        size = ("--due", DUE, "--asked", REDS, "--groups", *sandbox.told["groups"])
        async with (
            processes.running("ptb_bot", "wave", *api, *size),
            Phone(sandbox.told["url"]) as phone,
        ):
            return await _watch(sandbox, phone, REDS, lambda _call: (0, 0))


async def _watch(sandbox: Running, phone: Phone, reds: int, button: Callable[[Call], tuple[int, int]]) -> Watched:
    """Wait for the wave and tap in the midst of it, until each message went out and each tap was told.

    Ends without that after QUIET_S in which no check-in was accepted, nobody tapped and no call was about a red answer,
    and after LONGEST_S.
    """
    tapped: dict[int, datetime] = {}
    calls: list[Call] = []
    began = moved = time.monotonic()
    before = (0, 0, 0)
    tapping: asyncio.Task[None] | None = None
    while time.monotonic() - began < LONGEST_S and time.monotonic() - moved < QUIET_S:
        await asyncio.sleep(0.5)
        calls += (await phone.get("calls", after=calls[-1]["seq"] if calls else 0))["calls"]
        asked = [call for call in calls if call["method"] == "sendMessage" and call["ok"] and _is_asked(call)]
        telling = about(calls, tapped)
        now = (sum(map(_is_bulk, calls)), len(tapped), len(telling))
        moved, before = (time.monotonic() if now != before else moved), now
        everybody = len({call["params"]["chat_id"] for call in asked}) >= reds
        if reds and tapping is None and now[0] >= TELEGRAM_PER_S and everybody:
            tapping = asyncio.create_task(_tap_all(sandbox, phone, asked[:reds], button, tapped))
        told = {number for number, call in telling if call["ok"]}
        if now[0] >= DUE and (tapping is None or (tapping.done() and len(told) == reds)):
            break
    if tapping is not None:
        await tapping
    return Watched(calls=calls, tapped=tapped, ended=_sandbox_now(sandbox))


async def _tap_all(
    sandbox: Running,
    phone: Phone,
    asked: Sequence[Call],
    button: Callable[[Call], tuple[int, int]],
    tapped: dict[int, datetime],
) -> None:
    for call in asked:
        row, col = button(call)
        chat = int(call["params"]["chat_id"])
        tapped[chat - PATIENTS_FROM] = _sandbox_now(sandbox)
        await phone.post(f"users/{chat}/tap", chat_id=chat, message_id=call["message_id"], row=row, col=col)
        await asyncio.sleep(EVERY_S)


def _sandbox_now(sandbox: Running) -> datetime:
    """The sandbox's time: both processes read the machine's one monotonic clock."""
    told = sandbox.told
    return datetime.fromisoformat(told["now"]) + timedelta(seconds=time.monotonic() - told["monotonic"])


def _is_bulk(call: Call) -> bool:
    return bool(
        call["method"] == "sendMessage"
        and call["ok"]
        and PATIENTS_FROM <= int(call["params"]["chat_id"]) < PATIENTS_FROM + DUE
    )


def _is_asked(call: Call) -> bool:
    return int(call["params"]["chat_id"]) >= PATIENTS_FROM + DUE and "callback_data" in str(call["params"])


def _red_button(call: Call) -> tuple[int, int]:
    markup = call["params"]["reply_markup"]
    rows = (json.loads(markup) if isinstance(markup, str) else markup)["inline_keyboard"]
    return next((r, c) for r, row in enumerate(rows) for c, each in enumerate(row) if each["text"].endswith(RED_LABEL))
