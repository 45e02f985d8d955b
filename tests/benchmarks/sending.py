"""Sending as fast as the server answers: our sender with everything it writes down, beside a bare loop."""

from __future__ import annotations

from statistics import median

from sqlalchemy.orm import Session

from bot.cards import Card
from bot.care import outbox
from bot.care.outbox import Lane
from tests.benchmarks import clinic, processes
from tests.benchmarks.clinic import START
from tests.benchmarks.databases import Databases
from tests.benchmarks.rows import Row
from tests.benchmarks.sandbox_server import PATIENTS_FROM

MESSAGES, ROUNDS, LATENCY_MS = 800, 3, 50
TEXT = "<b>Your check-in</b>\n\nThank you. Your team has your answers."


async def unlimited(where: Databases) -> list[Row]:
    """Row 3. Rounds of ours and of the bare loop in turn; each figure is the median of its rounds."""
    ours, bare = [], []
    async with processes.running("answering_server", "--latency-ms", LATENCY_MS) as server:
        api = ("--url", server.told["url"], "--token", server.told["token"])
        for _ in range(ROUNDS):
            with where.empty() as url:
                db = clinic.new(url)
                db.write_now(_queue)
                db.close()
                async with processes.running("sending_sides", "ours", "--database", url, *api) as side:
                    ours.append(MESSAGES / (await side.says())["seconds"])
            async with processes.running("sending_sides", "bare", *api) as side:
                bare.append(MESSAGES / (await side.says())["seconds"])
    ratio = median(ours) / median(bare)
    return [
        Row(
            database=where.kind,
            what=f"sending with no limit, {LATENCY_MS} ms latency, {MESSAGES} messages, 12 in flight",
            ours=f"{median(ours):.0f} a second",
            beside=f"bare Bot.send_message {median(bare):.0f} a second",
            ratio=ratio,
            target=">= 0.8",
            reached=ratio >= 0.8,
        )
    ]


def _queue(session: Session) -> None:
    for number in range(MESSAGES):
        chat = clinic.chat(session, PATIENTS_FROM + number, "private")
        outbox.say_card(session, chat, Card(text=TEXT), key=str(number), now=START, lane=Lane.CONVERSATION)
