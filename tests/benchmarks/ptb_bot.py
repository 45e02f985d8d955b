"""The stock bot beside ours: python-telegram-bot's Application as its documentation shows it, in a process of its own.

`wave`: every due check-in is a job of the JobQueue, AIORateLimiter paces, a handler passes a red answer on at once.
`answers`: a handler answers the tap and inserts one row through an AsyncSession.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

os.environ.setdefault("PTB_TIMEDELTA", "true")

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import AIORateLimiter, Application, CallbackQueryHandler, ContextTypes

from tests.benchmarks import clinic, processes
from tests.benchmarks.sandbox_server import PATIENTS_FROM

RETRIES = 5  # none by default: a message refused with 429 would be lost
App = Application[Any, Any, Any, Any, Any, Any]


class Base(DeclarativeBase):
    """The stock bot's tables."""


class Answer(Base):
    """One answer."""

    __tablename__ = "answers"
    id: Mapped[int] = mapped_column(primary_key=True)
    chat: Mapped[int]
    question: Mapped[str]
    value: Mapped[str]
    at: Mapped[datetime]


def keyboard(*data: str) -> InlineKeyboardMarkup:
    """One button a row."""
    return InlineKeyboardMarkup([[InlineKeyboardButton(text, callback_data=text)] for text in data])


async def wave(app: App, groups: Sequence[int], due: int, asked: int, wait_s: float) -> None:
    """Ask the first question of some, then let all the others fall due at once."""

    async def red(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        assert query is not None and query.data is not None
        number = int(query.data.rpartition(":")[2])
        await query.answer()
        await context.bot.send_message(groups[number % len(groups)], f"Red flag: {clinic.code(number)}")

    async def check_in(context: ContextTypes.DEFAULT_TYPE) -> None:
        assert context.job is not None and context.job.chat_id is not None
        await context.bot.send_message(context.job.chat_id, "How are you today?", reply_markup=keyboard("start"))

    app.add_handler(CallbackQueryHandler(red, pattern="^red:"))
    await app.initialize()
    await app.start()
    assert app.updater is not None and app.job_queue is not None
    await app.updater.start_polling()
    processes.tell()
    for number in range(due, due + asked):
        await app.bot.send_message(PATIENTS_FROM + number, "Numb?", reply_markup=keyboard(f"red:{number}"))
    for number in range(due):
        app.job_queue.run_once(
            check_in, wait_s, chat_id=PATIENTS_FROM + number, job_kwargs={"misfire_grace_time": None}
        )


async def answers(app: App, url: str) -> None:
    """Keep what is tapped. The database is as durable as ours."""
    engine = create_async_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _as_durable_as_ours)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    new_session = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)

    async def take(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        assert query is not None and query.data is not None
        async with new_session() as session:
            session.add(Answer(chat=query.from_user.id, question="first", value=query.data, at=datetime.now(UTC)))
            await session.commit()
        await query.answer()

    app.add_handler(CallbackQueryHandler(take))
    await app.initialize()
    await app.start()
    assert app.updater is not None
    await app.updater.start_polling()
    processes.tell()


def _as_durable_as_ours(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


async def main() -> None:
    """Serve until told to stop."""
    given = argparse.ArgumentParser()
    given.add_argument("mode", choices=("wave", "answers"))
    given.add_argument("--url", required=True)
    given.add_argument("--token", required=True)
    given.add_argument("--groups", type=int, nargs="*", default=[])
    given.add_argument("--due", type=int, default=0)
    given.add_argument("--asked", type=int, default=0)
    given.add_argument("--wait-s", type=float, default=3)
    given.add_argument("--database", default="")
    asked = given.parse_args()
    logging.disable()  # as ours: messages of a thousand jobs would be part of what is measured
    builder = Application.builder().token(asked.token).base_url(f"{asked.url}/bot")
    if asked.mode == "wave":
        builder = builder.rate_limiter(AIORateLimiter(max_retries=RETRIES))  # type: ignore[arg-type]  # its own limits arguments are not ours to type
    app = builder.build()
    if asked.mode == "wave":
        await wave(app, asked.groups, asked.due, asked.asked, asked.wait_s)
    else:
        await answers(app, asked.database)
    await processes.until_stopped()
    os._exit(0)  # what it still had to send is of no interest, and would be complained about one by one


if __name__ == "__main__":
    asyncio.run(main())
