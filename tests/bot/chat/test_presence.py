"""What Telegram is told at the start, and that trouble on the line is waited for while a refusal is believed."""

from __future__ import annotations

from datetime import datetime

from bot.chat.presence import Presence
from bot.clock import MovableClock
from bot.sandbox import server
from bot.sandbox.actors import Sandbox

SECRET = "s3cret-s3cret-s3cret"


async def test_a_webhook_is_set_once_telegram_answers_again(now: datetime) -> None:
    async with server.serve(MovableClock(now)) as served, Sandbox(served.url) as sandbox:
        await sandbox.fails("http", method="setWebhook", times=1, code=502)
        assert await Presence(f"{served.url}/bot{served.token}").receive("https://aftercare.example/telegram", SECRET)


async def test_a_webhook_that_telegram_refuses_is_not_taken(now: datetime) -> None:
    async with server.serve(MovableClock(now)) as served:
        assert not await Presence(f"{served.url}/bot{served.token}").receive("http://plain.example/telegram", SECRET)
