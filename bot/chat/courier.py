"""The only sender: a card becomes a Bot API call, and whatever Telegram answers becomes an Outcome. Never raises.

Alerts have a connection pool of their own, so that nothing else can stand in their way.
"""

from __future__ import annotations

import asyncio
import html
import os
import re
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import structlog
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    User,
)
from telegram.constants import ParseMode
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from bot import cards
from bot.cards import Button, Card, Toast
from bot.care import outcomes
from bot.care.delivery import Outgoing
from bot.care.outbox import Lane
from bot.care.outcomes import Outcome
from bot.chat import refusals, tokens

log = structlog.get_logger()

TIMEOUT_S = 20.0  # Telegram itself may hold a message back for 8 seconds
ALERT_POOL, POOL = 4, 16
TOAST_LIMIT = 200
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_TAG = re.compile(r"<[^>]*>")


class Lines:
    """Bots with one connection each, lent to one call at a time, the one used last first.

    One pool for all would look at every connection at every call: a third of the time of a call with sixteen of them.
    """

    def __init__(self, bots: Sequence[Bot]) -> None:
        self.all = tuple(bots)
        self._free = list(bots)
        self._room = asyncio.Semaphore(len(bots))

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Bot]:
        """Wait for a line and hold it until the block ends."""
        async with self._room:
            bot = self._free.pop()
            try:
                yield bot
            finally:
                self._free.append(bot)


class Courier:
    """Speaks to the Bot API at `api_url` (no token in it). `secret` signs the buttons. Close it at the end."""

    def __init__(self, token: str, api_url: str, secret: bytes, *, timeout_s: float = TIMEOUT_S) -> None:
        os.environ.setdefault("PTB_TIMEDELTA", "true")  # PTB's opt-in: without it every 429 warns of a coming change
        self._secret = secret
        trust = httpx.create_ssl_context()  # made once: reading the certificates takes longest
        self._alerts = Lines([_bot(token, api_url, trust, timeout_s) for _ in range(ALERT_POOL)])
        self._others = Lines([_bot(token, api_url, trust, timeout_s) for _ in range(POOL)])

    async def me(self) -> User:
        """Who the bot is; raises TelegramError."""
        async with self._others.one() as bot:
            return await bot.get_me()

    async def close(self) -> None:
        """Let go of the connections."""
        for bot in (*self._alerts.all, *self._others.all):
            await bot.request.shutdown()

    async def deliver(self, outgoing: Outgoing) -> Outcome:
        """Send or edit this message once."""
        lines = self._alerts if outgoing.lane <= Lane.CLINICIAN else self._others
        try:
            if not outgoing.plain and _length(outgoing.card) > (
                cards.CAPTION_LIMIT if outgoing.card.file else cards.TEXT_LIMIT
            ):
                return outcomes.BadContent("too long")
            markup = None if outgoing.plain else self._markup(outgoing.card, outgoing.chat)
            async with lines.one() as bot:
                return await (self._plain(bot, outgoing) if outgoing.plain else self._call(bot, outgoing, markup))
        except tokens.TokenTooLong as error:
            return outcomes.BadContent(type(error).__name__)

    async def answer(self, query_id: str, toast: Toast | None) -> None:
        """Answer a tap. Best effort: a tap that is too old is nobody's loss."""
        said = toast or Toast()
        try:
            async with self._others.one() as bot:
                await bot.answer_callback_query(
                    query_id, text=said.text[:TOAST_LIMIT] or None, show_alert=said.alert or None
                )
        except TelegramError as error:
            log.info("tap not answered", kind=type(error).__name__)

    async def fetch(self, file_id: str, limit: int) -> bytes | None:
        """The content of a file of at most `limit` bytes, or None when it cannot be had."""
        try:
            async with self._others.one() as bot:
                file = await bot.get_file(file_id)
                if (file.file_size or 0) > limit:
                    return None
                content = bytes(await file.download_as_bytearray())
        except TelegramError as error:
            log.warning("file not fetched", kind=type(error).__name__)
            return None
        return content if len(content) <= limit else None

    async def _call(self, bot: Bot, outgoing: Outgoing, markup: Any) -> Outcome:
        card = outgoing.card
        inline = markup if isinstance(markup, InlineKeyboardMarkup) else None
        common: dict[str, Any] = {"parse_mode": ParseMode.HTML, "reply_markup": markup}
        quiet: dict[str, Any] = {"disable_notification": card.silent or None, "protect_content": card.protect or None}
        try:
            if outgoing.edit is not None:
                edited = await bot.edit_message_text(
                    card.text,
                    chat_id=outgoing.chat,
                    message_id=outgoing.edit,
                    parse_mode=ParseMode.HTML,
                    reply_markup=inline,
                    link_preview_options=_NO_PREVIEW,
                )
                return outcomes.Sent(edited.message_id if isinstance(edited, Message) else outgoing.edit)
            if card.file is None:
                sent = await bot.send_message(
                    outgoing.chat, card.text, link_preview_options=_NO_PREVIEW, **common, **quiet
                )
            elif card.file.picture:
                sent = await bot.send_photo(
                    outgoing.chat, card.file.content, caption=card.text, filename=card.file.name, **common, **quiet
                )
            else:
                sent = await bot.send_document(
                    outgoing.chat, card.file.content, caption=card.text, filename=card.file.name, **common, **quiet
                )
            return outcomes.Sent(sent.message_id)
        except Exception as error:  # noqa: BLE001 - a body PTB cannot read raises KeyError and the like AFTER it was sent
            return refusals.outcome(error)

    async def _plain(self, bot: Bot, outgoing: Outgoing) -> Outcome:
        """The words alone, in as many pieces as it takes: for a card that Telegram refused."""
        text = html.unescape(_TAG.sub("", outgoing.card.text)).strip() or "…"
        pieces = [text[at : at + cards.TEXT_LIMIT] for at in range(0, len(text), cards.TEXT_LIMIT)]
        first: Message | None = None
        for piece in pieces:
            try:
                sent = await bot.send_message(outgoing.chat, piece, link_preview_options=_NO_PREVIEW)
            except Exception as error:  # noqa: BLE001 - as above
                return refusals.outcome(error) if first is None else outcomes.Uncertain("sent in part")
            first = first or sent
        return outcomes.Sent(first.message_id if first else 0)

    def _markup(self, card: Card, chat: int) -> Any:
        if card.rows:
            return InlineKeyboardMarkup([[self._button(button, chat) for button in row] for row in card.rows])
        if card.keyboard is None:
            return None
        if not card.keyboard:
            return ReplyKeyboardRemove()
        return ReplyKeyboardMarkup(card.keyboard, resize_keyboard=True, one_time_keyboard=True)

    def _button(self, button: Button, chat: int) -> InlineKeyboardButton:
        if button.action is None:
            return InlineKeyboardButton(button.label, url=button.url)
        return InlineKeyboardButton(button.label, callback_data=tokens.encode(button.action, chat, self._secret))


def _length(card: Card) -> int:
    return len(html.unescape(_TAG.sub("", card.text)))


def _bot(token: str, api_url: str, trust: ssl.SSLContext, timeout_s: float) -> Bot:
    request = HTTPXRequest(
        connection_pool_size=1,
        httpx_kwargs={"verify": trust},
        read_timeout=timeout_s,
        write_timeout=timeout_s,
        connect_timeout=min(5.0, timeout_s),
        pool_timeout=30.0,
        media_write_timeout=timeout_s,
    )
    return Bot(
        token,
        base_url=f"{api_url}/bot",
        base_file_url=f"{api_url}/file/bot",
        request=request,
        get_updates_request=request,
    )
