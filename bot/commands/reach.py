"""What Telegram says of the bot: its token, how updates reach it, whether it may post in each team's chat, the time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from bot.care.checkup import Check
from bot.settings import Settings

TIMEOUT_S = 15.0
MOST_SKEW_S = 60
_MEMBERS = ("creator", "administrator", "member")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamChat:
    """The chat of a care team, by its Telegram id."""

    team: str
    chat: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What Telegram answered: the result, or why there is none. `date` is its clock, when it said."""

    result: Any = None
    error: str = ""
    date: datetime | None = None


class Telegram:
    """Asks the Bot API. The address holds the token, so no error is passed on as it is."""

    def __init__(self, settings: Settings) -> None:
        token = settings.telegram_bot_token
        self._base = f"{settings.telegram_api_url}/bot{token.get_secret_value() if token is not None else ''}"

    def ask(self, method: str, **parameters: Any) -> Answer:
        """Call a method. Never raises for what the network or Telegram does."""
        try:
            response = httpx.post(f"{self._base}/{method}", json=parameters, timeout=TIMEOUT_S)
            body = response.json()
        except (httpx.HTTPError, ValueError) as error:
            return Answer(error=f"Telegram cannot be reached ({type(error).__name__})")
        said = response.headers.get("date")
        if not isinstance(body, dict) or not body.get("ok"):
            why = body.get("description") if isinstance(body, dict) else None
            return Answer(error=str(why or f"answer {response.status_code}"), date=date_of(said))
        return Answer(result=body["result"], date=date_of(said))


def checks(settings: Settings, teams: Sequence[TeamChat], now: datetime) -> Iterator[Check]:
    """Everything that only Telegram knows."""
    telegram = Telegram(settings)
    me = telegram.ask("getMe")
    if not isinstance(me.result, dict):
        remedy = "Check the network and TELEGRAM_API_URL; if Telegram answers Unauthorized, copy the token again."
        yield Check(name="token", ok=False, what=f"{me.error}.", remedy=remedy)
        return
    yield Check(name="token", ok=True, what=f"The bot is @{me.result.get('username')}.")
    yield clock(me.date, now)
    yield _updates(settings, telegram.ask("getWebhookInfo"))
    for team in teams:
        yield _team_chat(telegram, team, int(me.result["id"]))


def clock(theirs: datetime | None, now: datetime) -> Check:
    """Whether this machine's time is Telegram's, within a minute."""
    if theirs is None:
        return Check(name="clock", ok=True, what="Telegram did not say what time it is.")
    skew = (now - theirs).total_seconds()
    if abs(skew) <= MOST_SKEW_S:
        return Check(name="clock", ok=True, what="It agrees with Telegram's.")
    which = "ahead of" if skew > 0 else "behind"
    remedy = "Set this machine's clock (NTP): check-ins and deadlines go by it."
    return Check(name="clock", ok=False, what=f"It is {abs(skew):.0f} s {which} Telegram's.", remedy=remedy)


def _updates(settings: Settings, answer: Answer) -> Check:
    info: Json = answer.result if isinstance(answer.result, dict) else {}
    if not info:
        return Check(name="updates", ok=False, what=f"{answer.error}.", remedy="Run this again.")
    url, waiting, failed = str(info.get("url", "")), info.get("pending_update_count", 0), info.get("last_error_message")
    if url != settings.webhook_url:
        what = f"Telegram delivers to {url or 'nobody (the bot has to fetch)'}, which is not what the settings say."
        return Check(name="updates", ok=False, what=what, remedy="Restart the bot: it tells Telegram at start.")
    how = "delivered to the webhook" if url else "fetched by the bot"
    if failed and waiting:
        remedy = "Check WEBHOOK_URL, its certificate, and that the bot listens behind it."
        return Check(name="updates", ok=False, what=f"{waiting} wait; Telegram says: {failed}.", remedy=remedy)
    return Check(name="updates", ok=True, what=f"They are {how}; {waiting} wait.")


def _team_chat(telegram: Telegram, team: TeamChat, me: int) -> Check:
    name = f"chat of {team.team}"
    chat = telegram.ask("getChat", chat_id=team.chat)
    if not isinstance(chat.result, dict):
        remedy = "Add the bot to the chat again as an administrator, then let an admin send /bind there."
        return Check(name=name, ok=False, what=f"{chat.error}.", remedy=remedy)
    if chat.result.get("username") or chat.result.get("active_usernames"):
        remedy = "Make it private in Telegram: anybody can read escalations there now."
        return Check(name=name, ok=False, what="It has a public address.", remedy=remedy)
    member = telegram.ask("getChatMember", chat_id=team.chat, user_id=me)
    if not isinstance(member.result, dict) or not may_post(chat.result, member.result):
        remedy = "Make the bot an administrator there, with the right to post."
        return Check(name=name, ok=False, what="The bot may not post in it.", remedy=remedy)
    return Check(name=name, ok=True, what="It is private, and the bot may post in it.")


def may_post(chat: Json, member: Json) -> bool:
    """Whether a member like this may write in a chat like this (Bot API: Chat, ChatMember)."""
    status = member.get("status")
    if chat.get("type") == "channel":
        return status == "administrator" and bool(member.get("can_post_messages"))
    if status == "restricted":
        return bool(member.get("can_send_messages"))
    return status in _MEMBERS


def date_of(header: str | None) -> datetime | None:
    """The instant (UTC) of a Date header."""
    try:
        return parsedate_to_datetime(header).astimezone(UTC) if header else None
    except ValueError:
        return None
