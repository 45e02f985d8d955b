"""Answers as fast as they come: our whole path beside a stock handler that inserts one row."""

from __future__ import annotations

import asyncio
import json
import signal
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from bot.cards import Action
from bot.care import pathways
from bot.chat import tokens
from bot.db import keys as stored_keys
from bot.db.models import CheckIn
from tests.benchmarks import clinic, processes
from tests.benchmarks.clinic import FIRST, START
from tests.benchmarks.databases import Databases
from tests.benchmarks.processes import Phone, Running
from tests.benchmarks.rows import Row, percentile
from tests.benchmarks.sandbox_server import PATIENTS_FROM

ANSWERS, ROUNDS = 500, 2
SETTLE_S = 2
LONGEST_S = 120
CALM = 0  # the option "No" of the first question
Call = dict[str, Any]


async def whole_path(where: Databases) -> list[Row]:
    """Row 4. Everybody taps in one instant, so the last one waits longest. Rounds in turn."""
    ours: list[list[float]] = []
    stock: list[list[float]] = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder, where.empty() as url:
            ours.append(await _ours(Path(folder) / "taps.json", url))
        with tempfile.TemporaryDirectory() as folder, where.empty() as url:
            stock.append(await _stock(Path(folder) / "taps.json", url))
    mine, theirs = max(map(_rate, ours)), max(map(_rate, stock))
    a, b = min(percentile(each, 0.99) for each in ours), min(percentile(each, 0.99) for each in stock)
    return [
        Row(
            database=where.kind,
            what=f"{ANSWERS} answers at once through the whole path",
            ours=f"{mine:.0f} a second, p99 {a:.2f} s",
            beside=f"PTB Application + one AsyncSession insert: {theirs:.0f} a second, p99 {b:.2f} s",
            ratio=mine / theirs,
            target=">= 2 x, p99 shorter",
            reached=mine / theirs >= 2 and a < b,
        )
    ]


def _rate(waits: Sequence[float]) -> float:
    return len(waits) / max(waits)


async def _ours(taps: Path, url: str) -> list[float]:
    db = clinic.new(url)
    rows = db.write_now(_open)
    db.close()
    secret = stored_keys.token_secret([clinic.KEY])
    data = [
        tokens.encode(Action("p_ans", (row_id, question, CALM)), PATIENTS_FROM + number, secret)
        for number, (row_id, question) in enumerate(rows)
    ]
    async with _sandbox(taps) as sandbox:
        api = ("--url", sandbox.told["url"], "--token", sandbox.told["token"], "--start", START.isoformat())
        async with processes.running("our_bot", "--database", url, *api, "--parts", "answers"):
            return await _waits(sandbox, taps, data)


async def _stock(taps: Path, url: str) -> list[float]:
    async with _sandbox(taps) as sandbox:
        api = ("--url", sandbox.told["url"], "--token", sandbox.told["token"])
        database = url.replace("sqlite:", "sqlite+aiosqlite:", 1)  # psycopg is asynchronous under its own name
        async with processes.running("ptb_bot", "answers", *api, "--database", database):
            return await _waits(sandbox, taps, [f"a:{number}" for number in range(ANSWERS)])


def _sandbox(taps: Path) -> AbstractAsyncContextManager[Running]:
    size = ("--patients", ANSWERS, "--asked", "--taps", taps)
    return processes.running("sandbox_server", "--start", START.isoformat(), *size)


def _open(session: Session) -> list[tuple[int, int]]:
    """Patients with the first question on the screen. Their check-ins, and the question's place in the pathway."""
    (team,) = clinic.teams(session, [-1001])
    found: list[CheckIn] = []
    for number in range(ANSWERS):
        enrolment, _chat = clinic.enrol(session, number, team)
        row = clinic.checkin(session, enrolment, START)
        row.state, row.stage, row.question, row.opened_at = "open", "asking", FIRST, START
        found.append(row)
    session.flush()
    place = [question.id for question in pathways.latest(session).questions].index(FIRST)
    return [(row.id, place) for row in found]


async def _waits(sandbox: Running, taps: Path, data: Sequence[str]) -> list[float]:
    """Everybody taps at once. For each, seconds until the tap was answered, which follows the commit."""
    messages = sandbox.told["messages"]
    taps.write_text(json.dumps([(PATIENTS_FROM + n, messages[n], data[n]) for n in range(ANSWERS)]), encoding="utf-8")  # noqa: ASYNC240 - nothing else runs here yet
    await asyncio.sleep(SETTLE_S)
    sandbox.process.send_signal(signal.SIGUSR1)
    tapped = datetime.fromisoformat((await sandbox.says())["tapped"])
    async with Phone(sandbox.told["url"]) as phone:
        deadline, answered = time.monotonic() + LONGEST_S, list[Call]()
        while time.monotonic() < deadline and len(answered) < ANSWERS:
            await asyncio.sleep(1)
            calls = (await phone.get("calls"))["calls"]
            answered = [call for call in calls if call["method"] == "answerCallbackQuery"]
    return [(_ended(call) - tapped).total_seconds() for call in answered]


def _ended(call: Call) -> datetime:
    return datetime.fromisoformat(call["at"]) + timedelta(milliseconds=call["ms"])
