"""Takes updates in by long polling: stored and committed before Telegram is told that they arrived. Never exits.

The offset confirms; it moves past a batch only after the batch is committed, and it is the batch's LAST id plus one,
never the largest: ids may start anew at a lower number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import structlog
from sqlalchemy.orm import Session

from bot import metrics
from bot.care import gaps, inbox, watchdog
from bot.care.clinic import Clinic
from bot.care.inbox import Raw
from bot.chat import updates
from bot.clock import Clock
from bot.db.engine import Database, Unit
from bot.pulse import Pulse

log = structlog.get_logger()

LONG_POLL_S = 25
ALONE_S = 0.6  # the same offset again within half a second makes Telegram send one update at a time
LONGEST_PAUSE_S = 30.0
AWAY_S = 2.0
STILL_S = 50.0  # between two steps; a poll that is answered byte by byte would never end by itself
_ANSWER_MARGIN_S = 10
_REMEDIES = {
    401: "Telegram does not know the bot's token. Set TELEGRAM_BOT_TOKEN to the one @BotFather shows, then restart.",
    404: "The Bot API address or the token is wrong. Check TELEGRAM_API_URL and TELEGRAM_BOT_TOKEN, then restart.",
    409: "Another program reads this bot's updates, or a webhook is set. Stop the other one, or delete the webhook.",
}
KIND = {401: "not_authorized", 404: "bot_not_found", 409: "second_reader"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Telegram, or something before it, gave no updates. `code` is None when there was no usable answer."""

    code: int | None
    why: str
    retry_after: float | None = None


class Poller:
    """Reads updates into the inbox. `api` is the Bot API's address with the token."""

    def __init__(self, db: Database, clinic: Clinic, clock: Clock, api: str, bot_id: int) -> None:
        self._db = db
        self._clinic = clinic
        self._clock = clock
        self._url = f"{api}/getUpdates"
        self._bot_id = bot_id
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(10, read=LONG_POLL_S + _ANSWER_MARGIN_S))
        self._offset: int | None = None
        self._failures = 0
        self._troubles = set(KIND.values())  # whatever an earlier process left open
        self.pause_s = 0.0
        self.pulse = Pulse("poller", STILL_S)

    async def run(self) -> None:
        """Poll until cancelled; cancelling never loses an update.

        The first poll returns at once, so that a gap is dealt with now and not when the first long poll ends.
        """
        timeout_s, least_s = 0, ALONE_S
        while True:
            await self.poll_once(timeout_s)
            if pause_s := max(self.pause_s, least_s):
                await asyncio.sleep(pause_s)
            timeout_s, least_s = LONG_POLL_S, 0.0

    async def poll_once(self, timeout_s: int) -> int:
        """Ask once, store, move the offset. Returns how many updates were new; then `pause_s` says how long to wait."""
        began = self._clock.now()
        self.pulse.beat()
        answer = await self._ask(timeout_s)
        self.pulse.beat()
        if isinstance(answer, Refused):
            metrics.POLLS.labels("refused").inc()
            await self._refused(answer)
            return 0
        batch = [raw for raw in map(updates.raw, answer) if raw is not None]
        unusable = len(batch) < len(answer)
        try:
            new, lost_since = await self._db.write(
                _keep, self._bot_id, batch, began, self._clock.now(), unusable=unusable
            )
        except Exception as error:  # noqa: BLE001 - whatever hinders the commit, the polling goes on and asks again
            log.error("updates not stored", kind=type(error).__name__, count=len(batch))  # noqa: TRY400 - a traceback quotes rows
            metrics.POLLS.labels("not_stored").inc()
            self._back_off(ALONE_S, AWAY_S)  # taps expire while a database is away: look often
            return 0
        metrics.POLLS.labels("ok").inc()
        if batch:
            self._offset = batch[-1].update_id + 1
            self._failures, self.pause_s = 0, 0.0
        elif unusable:
            self._back_off(1.0)  # they cannot be confirmed, so Telegram will send them at once again
        else:
            self._failures, self.pause_s = 0, 0.0
        await self._mended()
        if lost_since is not None:
            await self._ask_again(lost_since, began)
        return new

    async def clock_moved(self) -> None:
        """Count the time up to now as listened to: for rehearsals and tests whose clock jumps while nobody polls."""
        await self._db.write(watchdog.beat, gaps.LISTENING, gaps.EVERY_S, {}, self._clock.now())

    async def close(self) -> None:
        """Let go of the connection."""
        await self._http.aclose()

    async def _ask(self, timeout_s: int) -> list[Any] | Refused:
        wanted: dict[str, Any] = {"timeout": timeout_s, "allowed_updates": list(updates.ALLOWED)}
        if self._offset is not None:
            wanted["offset"] = self._offset
        try:
            answer = await self._http.post(self._url, json=wanted)
            body = answer.json()
        except httpx.HTTPError as error:
            return Refused(code=None, why=type(error).__name__)
        except ValueError:
            return Refused(code=answer.status_code if answer.is_error else None, why="no JSON")
        return _understood(answer.status_code, body)

    async def _refused(self, refused: Refused) -> None:
        self._back_off(max(1.0, refused.retry_after or 0.0))
        log.warning("poll failed", code=refused.code, why=refused.why, pause_s=self.pause_s)
        if refused.code in KIND:
            kind, remedy = KIND[refused.code], _REMEDIES[refused.code]
            if await self._note(watchdog.incident, kind, "bot", remedy, self._clock.now()):
                self._troubles.add(kind)

    async def _mended(self) -> None:
        for kind in sorted(self._troubles):
            if await self._note(watchdog.clear, kind, "bot", self._clock.now()):
                self._troubles.discard(kind)

    async def _ask_again(self, lost_since: datetime, began: datetime) -> None:
        """Deal with a gap. Where that fails, the next poll finds the same gap and tries again."""
        now = self._clock.now()
        if not await self._note(gaps.ended, lost_since, began, now, self._clinic):
            remedy = "After a time without connection the open check-ins could not be asked again. Restart the bot."
            await self._note(watchdog.incident, "gap_not_handled", "bot", remedy, now)

    async def _note(self, unit: Unit[..., Any], *args: Any) -> bool:
        """Whether the database took it; trouble there must not stop the polling."""
        try:
            await self._db.write(unit, *args)
        except Exception as error:  # noqa: BLE001 - as above
            log.error("not noted", what=unit.__name__, kind=type(error).__name__)  # noqa: TRY400 - as above
            return False
        return True

    def _back_off(self, least_s: float, most_s: float = LONGEST_PAUSE_S) -> None:
        self._failures += 1
        self.pause_s = min(most_s, least_s * 2 ** min(self._failures - 1, 10))


def _understood(code: int, body: Any) -> list[Any] | Refused:
    if not isinstance(body, dict):
        return Refused(code=code if code >= 400 else None, why="no Bot API answer")
    found = body.get("result")
    if code == 200 and body.get("ok") is True and isinstance(found, list):
        return found
    parameters = body.get("parameters")
    retry = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return Refused(
        code=code if code >= 400 else None,
        why=str(body.get("description", "no result"))[:120],
        retry_after=float(retry) if isinstance(retry, int | float) else None,
    )


def _keep(
    session: Session, bot_id: int, batch: Sequence[Raw], began: datetime, now: datetime, *, unusable: bool
) -> tuple[int, datetime | None]:
    new = inbox.store(session, bot_id, batch, now)
    if unusable:
        remedy = "Telegram sent an update without a number; it could not be kept. Report this."
        watchdog.incident(session, "unnumbered_update", "bot", remedy, now)
    return new, gaps.listened(session, began, now)
