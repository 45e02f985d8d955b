"""The composition root: settings → database → courier → intake → delivery → ticks. Stopping is the reverse.

An App can run (production) or be brought to rest step by step (tests and rehearsals); the parts are the same. On
PostgreSQL the parts may run in processes of their own, any number of each: one polls and one sends, by election.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog

from bot import settings as configuration
from bot.care import publishing, showing
from bot.care.clinic import Clinic
from bot.chat import admin, dispatch
from bot.chat.courier import Courier
from bot.chat.intake import Intake
from bot.chat.poller import Poller
from bot.chat.presence import Presence
from bot.chat.sender import Sender
from bot.chat.webhook import Webhook
from bot.clock import Clock
from bot.db import alone, listening, migrate
from bot.db import keys as stored_keys
from bot.db.election import Election
from bot.db.engine import Database
from bot.errors import AftercareError
from bot.settings import Settings
from bot.ticks import TICKS, Ticks
from bot.webserver import serve

log = structlog.get_logger()


STOPPING_S = 10.0  # for calls under way when the bot is told to stop
PARTS = ("intake", "care", "delivery", "console")  # what can run in a process of its own


class NotReady(AftercareError):
    """The bot cannot start."""


@dataclass(frozen=True, kw_only=True)
class App:
    """Everything that runs, wired. `parts` are those of PARTS that run in this process."""

    parts: frozenset[str]
    settings: Settings
    clinic: Clinic
    clock: Clock
    db: Database
    presence: Presence
    poller: Poller
    intake: Intake
    sender: Sender
    ticks: Ticks
    webhook: Webhook | None
    polling: Election
    sending: Election

    async def run(self) -> None:
        """Serve until cancelled. One part that ends ends the whole, so that whoever restarts processes sees it.

        Raises AlreadyServed when another process serves the same SQLite file.
        """
        with alone.serving(self.settings.database_url):
            try:
                async with self.ticks.running(), asyncio.TaskGroup() as group:
                    await self._start(group)
            finally:
                await self.sender.finish(STOPPING_S)  # what is cut off now would be sent twice at the next start

    async def _start(self, group: asyncio.TaskGroup) -> None:
        group.create_task(listening.listen(self.db))
        if "care" in self.parts:
            group.create_task(self.intake.run())
        if "delivery" in self.parts:
            group.create_task(self.sending.lead(self.sender.run))
        if "intake" in self.parts:
            await self.presence.announce()
            await self._listen(group)
        log.info("running", parts=sorted(self.parts), bot=self.clinic.bot_username, webhook=self.webhook is not None)

    async def _listen(self, group: asyncio.TaskGroup) -> None:
        """Begin to take updates in, by asking or by being told."""
        if self.webhook is None:
            await self.presence.poll()
            group.create_task(self.polling.lead(self.poller.run))
            return
        host, port = self.settings.listen
        group.create_task(serve(self.webhook.app(), host, port))
        await self._receive()

    async def _receive(self) -> None:
        """Ask Telegram to deliver to the webhook; a bot that receives nothing must not look alive."""
        secret = self.settings.webhook_secret
        if secret is None or not await self.presence.receive(self.settings.webhook_url, secret.get_secret_value()):
            raise NotReady("Telegram did not take WEBHOOK_URL. Check the address, its certificate and its port.")


@asynccontextmanager
async def build(
    settings: Settings, keys: Sequence[str], clock: Clock, *, parts: Collection[str] = PARTS, pace: float = 1.0
) -> AsyncIterator[App]:
    """Wire an app and close it again. Raises NotReady, TokenRefused, KeyMissing, and what migrating raises.

    The database is migrated, and the shipped pathway published if none is; numbers and translations were checked with
    the settings. `pace` says how much faster `clock` runs than the machine's.
    """
    if settings.telegram_bot_token is None:
        raise NotReady("TELEGRAM_BOT_TOKEN is missing. @BotFather on Telegram gives one when you make the bot.")
    _refuse_parts(settings, parts)
    token = settings.telegram_bot_token.get_secret_value()
    api = f"{settings.telegram_api_url}/bot{token}"
    migrate.upgrade(settings.database_url, keys)
    async with AsyncExitStack() as stack:
        db = Database(settings.database_url, keys)
        stack.callback(db.close)
        await db.read(stored_keys.check)
        await db.write(publishing.ensure_first, clock.now(), settings.pathway)
        presence = Presence(api)
        me = await presence.me()
        secret = stored_keys.token_secret(keys)
        courier = Courier(token, settings.telegram_api_url, secret)
        stack.push_async_callback(courier.close)
        clinic = _clinic(settings, me.username)
        poller = Poller(db, clinic, clock, api, me.id)
        stack.push_async_callback(poller.close)
        webhook = _webhook(settings, db, clock, me.id)
        yield App(
            parts=frozenset(parts),
            settings=settings,
            clinic=clinic,
            clock=clock,
            db=db,
            presence=presence,
            poller=poller,
            intake=Intake(db, clinic, clock, courier, dispatch.handle, secret, check=admin.checked),
            sender=Sender(db, clinic, clock, courier, showing.RENDERERS),
            ticks=Ticks(
                db,
                clinic,
                clock,
                TICKS if "care" in parts else (),
                webhook=webhook is not None and "intake" in parts,
                pace=pace,
            ),
            webhook=webhook,
            polling=Election(settings.database_url, f"poller {me.id}"),
            sending=Election(settings.database_url, f"sender {me.id}"),
        )


def _refuse_parts(settings: Settings, parts: Collection[str]) -> None:
    unknown = sorted(set(parts) - set(PARTS))
    if unknown or not parts:
        raise NotReady(f"There is no part {', '.join(unknown) or 'named'}. The parts are: {', '.join(PARTS)}.")
    if set(parts) != set(PARTS) and settings.sqlite_file is not None:
        raise NotReady("On SQLite one process serves everything: leave --only out, or move to PostgreSQL.")


def _clinic(settings: Settings, username: str) -> Clinic:
    return Clinic(
        name=settings.clinic_name,
        timezone=settings.clinic_timezone,
        values=configuration.card_values(settings),
        bot_username=username,
    )


def _webhook(settings: Settings, db: Database, clock: Clock, bot_id: int) -> Webhook | None:
    if not settings.webhook_url or settings.webhook_secret is None:
        return None
    return Webhook(db, clock, bot_id, settings.webhook_secret.get_secret_value())
