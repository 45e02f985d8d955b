"""A thousand check-ins due at once under Telegram's limits, and red answers in the middle of them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.benchmarks import clinic, processes
from tests.benchmarks.clinic import START, Wave
from tests.benchmarks.databases import Databases
from tests.benchmarks.processes import Phone, Running
from tests.benchmarks.rows import Row, percentile
from tests.benchmarks.sandbox_server import PATIENTS_FROM

DUE, REDS, TEAMS = 1000, 100, 20
EVERY_S = 0.3  # between two red answers
TELEGRAM_PER_S = 30
LONGEST_S = 300
RED_LABEL = "Yes, it is new or worse"
Call = dict[str, Any]


async def limit(where: Databases) -> list[Row]:
    """Row 1: the wave alone."""
    with where.empty() as url:
        calls = await _ours(url, reds=0)
    bulk = [_accepted(call) for call in calls if _is_bulk(call)]
    seconds = (max(bulk) - min(bulk)).total_seconds()
    refused = sum(call["code"] == 429 for call in calls)
    best = len(bulk) / TELEGRAM_PER_S
    ratio = best / seconds
    return [
        Row(
            database=where.kind,
            what=f"wave of {len(bulk)} due check-ins at Telegram's limits",
            ours=f"{seconds:.1f} s, {refused} answers 429",
            beside=f"the limit itself: {best:.1f} s",
            ratio=ratio,
            target=">= 0.9, no 429",
            reached=ratio >= 0.9 and refused == 0 and len(bulk) == DUE,
        )
    ]


async def reds(where: Databases) -> list[Row]:
    """Row 2: from a red answer to the first message about it that a clinician's chat accepted."""
    with where.empty() as url:
        ours = await _ours(url, reds=REDS)
    theirs = await _theirs()
    mine, stock = _waits(ours), _waits(theirs)
    a, b = percentile(mine, 0.99), percentile(stock, 0.99)
    refused = sum(call["code"] == 429 for call in ours), sum(call["code"] == 429 for call in theirs)
    return [
        Row(
            database=where.kind,
            what=f"{REDS} red answers during that wave, each to the clinician's message accepted (p99)",
            ours=f"{a * 1000:.0f} ms (p50 {percentile(mine, 0.5) * 1000:.0f}, n {len(mine)}, 429s {refused[0]})",
            beside=f"AIORateLimiter {b:.1f} s (p50 {percentile(stock, 0.5):.1f}, n {len(stock)}, 429s {refused[1]})",
            ratio=b / a,
            target="<= 500 ms and >= 20 x sooner, no 429",
            reached=a <= 0.5 and b / a >= 20 and len(mine) == REDS and refused[0] == 0,
        )
    ]


async def _ours(url: str, reds: int) -> list[Call]:
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


async def _theirs() -> list[Call]:
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


async def _watch(sandbox: Running, phone: Phone, reds: int, button: Callable[[Call], tuple[int, int]]) -> list[Call]:
    """Wait for the wave and tap in the midst of it. Gives back every call, once each message went out and each tap was
    told, or after LONGEST_S.
    """
    tapped: dict[int, datetime] = {}
    asked: list[Call] = []
    deadline = time.monotonic() + LONGEST_S
    tapping: asyncio.Task[None] | None = None
    calls: list[Call] = []
    while time.monotonic() < deadline:
        await asyncio.sleep(0.5)
        calls += (await phone.get("calls", after=calls[-1]["seq"] if calls else 0))["calls"]
        bulk = [call for call in calls if _is_bulk(call)]
        asked = [call for call in calls if call["method"] == "sendMessage" and call["ok"] and _is_asked(call)]
        if (
            reds
            and tapping is None
            and len(bulk) >= TELEGRAM_PER_S
            and len({c["params"]["chat_id"] for c in asked}) >= reds
        ):
            tapping = asyncio.create_task(_tap_all(sandbox, phone, asked[:reds], button, tapped))
        told = tapping is None or (tapping.done() and len(_told(calls, tapped)) == reds)
        if len(bulk) >= DUE and told:
            break
    if tapping is not None:
        await tapping
    for call in calls:
        call["tapped"] = tapped
    return calls


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


def _waits(calls: Sequence[Call]) -> list[float]:
    """Seconds from each tap to the first message to a group or clinician that names the patient."""
    tapped: dict[int, datetime] = calls[0]["tapped"]
    told = _told(calls, tapped)
    return [(told[number] - tapped[number]).total_seconds() for number in told]


def _told(calls: Sequence[Call], tapped: dict[int, datetime]) -> dict[int, datetime]:
    """When the first message about each patient who tapped was accepted."""
    told: dict[int, datetime] = {}
    staff = [call for call in calls if call["ok"] and call["method"] == "sendMessage" and not _to_patient(call)]
    for number in tapped:
        about = [_accepted(call) for call in staff if clinic.code(number) in call["params"]["text"]]
        if about:
            told[number] = min(about)
    return told


def _accepted(call: Call) -> datetime:
    return datetime.fromisoformat(call["at"]) + timedelta(milliseconds=call["ms"])


def _to_patient(call: Call) -> bool:
    return int(call["params"].get("chat_id", 0)) >= PATIENTS_FROM


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
