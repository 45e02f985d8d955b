"""The composition root: settings → database → courier → intake → delivery → ticks. Stopping is the reverse.

An App can run (production) or be brought to rest step by step (tests and rehearsals); the parts are the same. On
PostgreSQL the parts may run in processes of their own, any number of each: one polls and one sends, by election.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

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
from bot.console.beacon import Beacon
from bot.console.endpoint import Endpoint
from bot.console.judging import Judge
from bot.db import alone, listening, migrate
from bot.db import keys as stored_keys
from bot.db.election import Election
from bot.db.engine import Database
from bot.errors import AftercareError
from bot.guard import Guard
from bot.keeping import Keeper
from bot.settings import Settings
from bot.systemd import READY, STOPPING, Systemd
from bot.ticks import LISTENING, TICKS, Ticks
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
        """Serve until cancelled. A part that ends or stands still is started again; where that does not help, all ends.

        So whoever restarts processes sees it. Raises AlreadyServed when another process serves the same SQLite file,
        and PartLost.
        """
        keeper, systemd = Keeper(self.db, self.clock), Systemd(os.environ)
        guard = Guard([keeper.database, *self.ticks.pulses], systemd=systemd)
        with alone.serving(self.settings.database_url):
            try:
                async with guard.watching(), self.ticks.running(), asyncio.TaskGroup() as group:
                    group.create_task(keeper.probe())
                    self._show(group, keeper, guard)
                    await self._start(group, keeper)
                    systemd.tell(READY)
            except BaseExceptionGroup as failed:
                raise _said(failed) from None
            finally:
                systemd.tell(STOPPING)
                await self.sender.finish(STOPPING_S)  # what is cut off now would be sent twice at the next start

    async def _start(self, group: asyncio.TaskGroup, keeper: Keeper) -> None:
        if self.db.shared:
            group.create_task(keeper.keep("wake-ups", lambda: listening.listen(self.db)))
        if "care" in self.parts:
            group.create_task(keeper.keep("inbox", self.intake.run, self.intake.pulse))
        if "delivery" in self.parts:
            deliver = partial(keeper.keep, "sender", self._deliver, *self.sender.pulses)
            group.create_task(self.sending.lead(deliver))
        if "intake" in self.parts:
            group.create_task(self.presence.announce())  # beside the listening: menus can wait, taps cannot
            await self._listen(group, keeper)
        log.info("running", parts=sorted(self.parts), bot=self.clinic.bot_username, webhook=self.webhook is not None)

    def _show(self, group: asyncio.TaskGroup, keeper: Keeper, guard: Guard) -> None:
        """Begin to show, and to tell whoever watches from outside, how things stand."""
        if "console" not in self.parts:
            return
        ticks = (*TICKS, LISTENING) if self.settings.webhook_url else TICKS
        judge = Judge(
            self.db,
            self.clock,
            {tick.name: tick.every_s for tick in ticks},
            lambda: [*guard.standing_still(), *keeper.standing_still()],
        )
        if self.settings.console is not None:
            page = Endpoint(judge, self._leading).app()
            group.create_task(keeper.keep("console", partial(serve, page, *self.settings.console)))
        if self.settings.heartbeat_url:
            beacon = Beacon(self.settings.heartbeat_url, judge)
            group.create_task(keeper.keep("heartbeat", beacon.run))

    def _leading(self) -> dict[str, bool]:
        """For each part of this process that one process does for all, whether it is this one."""
        elections = {"intake": ("poller", self.polling), "delivery": ("sender", self.sending)}
        return {name: election.leading for part, (name, election) in elections.items() if part in self.parts}

    async def _deliver(self) -> None:
        await self.sender.finish(STOPPING_S)  # what an earlier run of it still sends is not to be sent again
        await self.sender.run()

    async def _listen(self, group: asyncio.TaskGroup, keeper: Keeper) -> None:
        """Begin to take updates in, by asking or by being told."""
        if self.webhook is None:
            await self.presence.poll()
            group.create_task(self.polling.lead(partial(keeper.keep, "poller", self.poller.run, self.poller.pulse)))
            return
        group.create_task(keeper.keep("webhook", partial(serve, self.webhook.app(), *self.settings.listen)))
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
    _refuse_parts(settings, parts)
    token = _token(settings)
    api = f"{settings.telegram_api_url}/bot{token}"
    migrate.upgrade(settings.database_url, keys)
    async with AsyncExitStack() as stack:
        db = await _opened(stack, settings, keys, clock)
        presence = Presence(api)
        me = await presence.me()
        secret = stored_keys.token_secret(keys)
        courier = Courier(token, settings.telegram_api_url, secret)
        stack.push_async_callback(courier.close)
        clinic = _clinic(settings, me.username)
        poller = Poller(db, clinic, clock, api, me.id)
        stack.push_async_callback(poller.close)
        webhook = _webhook(settings, db, clock, me.id)
        receives = webhook is not None and "intake" in parts
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
            ticks=Ticks(db, clinic, clock, TICKS if "care" in parts else (), webhook=receives, pace=pace),
            webhook=webhook,
            polling=Election(settings.database_url, f"poller {me.id}"),
            sending=Election(settings.database_url, f"sender {me.id}"),
        )


async def _opened(stack: AsyncExitStack, settings: Settings, keys: Sequence[str], clock: Clock) -> Database:
    db = Database(settings.database_url, keys)
    stack.callback(db.close)
    await db.read(stored_keys.check)
    await db.write(publishing.ensure_first, clock.now(), settings.pathway)
    return db


def _token(settings: Settings) -> str:
    if settings.telegram_bot_token is None:
        raise NotReady("TELEGRAM_BOT_TOKEN is missing. @BotFather on Telegram gives one when you make the bot.")
    return settings.telegram_bot_token.get_secret_value()


def _said(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    """What the program says of itself, if that is among what ended it."""
    ours: BaseException | None = failed.subgroup(AftercareError)
    while isinstance(ours, BaseExceptionGroup):
        ours = ours.exceptions[0]
    return failed if ours is None else ours


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
