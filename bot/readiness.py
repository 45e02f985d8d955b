"""What must be settled before the bot may meet a patient: real numbers, a real zone, a token, a safe webhook.

A missing number is a patient ringing nobody, so it stops the start; so does one that was never filled in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import available_timezones

if TYPE_CHECKING:
    from bot.settings import Settings

NUMBERS = ("team_phone", "emergency_number", "out_of_hours", "crisis_line")
WEBHOOK_PORTS = (443, 80, 88, 8443)  # the only ones Telegram connects to (core.telegram.org/bots/api#setwebhook)
_SECRET_FORM = re.compile(r"[A-Za-z0-9_-]{16,256}")  # Telegram's alphabet for secret_token; 16 against guessing
_UNFILLED = re.compile(
    r"\b(?:to-?do|tbd|change.?me|example|placeholder|your|fill.?in|n/a)\b|(?<![a-z])x{2,}|[<>{}?…]|\.\.\.",
    re.IGNORECASE,
)
_INVENTED = re.compile(r"^1?555|555[ .-]?01\d\d$|^(?:44|0)?1632960|^(?:44|0)?7700900|^(?:44|0)?2079460")

_EXAMPLES = {
    "clinic_name": 'CLINIC_NAME="Northside Spine Unit"',
    "clinic_timezone": "CLINIC_TIMEZONE=Europe/London",
    "team_phone": 'TEAM_PHONE="<the team\'s number, as patients dial it>"',
    "emergency_number": 'EMERGENCY_NUMBER="<the number for an ambulance where your patients live>"',
    "out_of_hours": 'OUT_OF_HOURS="<the number that answers at night and at weekends>"',
    "crisis_line": 'CRISIS_LINE="<the mental-health crisis line where your patients live>"',
}


def problems(settings: Settings) -> list[str]:
    """What keeps these settings from serving patients, one sentence each; empty when nothing does."""
    found = []
    if settings.telegram_bot_token is None:
        found.append("TELEGRAM_BOT_TOKEN is missing. @BotFather on Telegram gives one when you make the bot.")
    for name, example in _EXAMPLES.items():
        value: str = getattr(settings, name)
        if not value:
            found.append(f"{name.upper()} is missing. For example: {example}")
        elif _UNFILLED.search(value):
            found.append(f"{name.upper()} was never filled in: {value!r}. For example: {example}")
        elif name in NUMBERS and not is_number(value, australian=settings.clinic_timezone.startswith("Australia/")):
            found.append(f"{name.upper()} is no number a patient can ring: {value!r}. For example: {example}")
    if settings.clinic_timezone and settings.clinic_timezone not in available_timezones():
        found.append(f"CLINIC_TIMEZONE is no IANA time zone: {settings.clinic_timezone!r}. For example: Europe/London")
    return found + _webhook_problems(settings)


def is_number(text: str, *, australian: bool = False) -> bool:
    """Whether a patient could ring this: has digits that are neither invented nor a run such as 000 or 12345.

    Words around the number are welcome ("NHS 111, option 2"). 000 is the emergency number of Australia only.
    """
    digits = "".join(re.findall(r"\d", text))
    if len(digits) < 2 or _INVENTED.search(digits):
        return False
    if not digits.strip("0"):
        return australian and digits == "000"
    return len(digits) < 5 or (len(set(digits)) > 1 and digits not in "01234567890" and digits not in "9876543210")


def _webhook_problems(settings: Settings) -> list[str]:
    if not settings.webhook_url:
        return []
    found = []
    address = urlsplit(settings.webhook_url)
    if address.scheme != "https" or (address.port or 443) not in WEBHOOK_PORTS:
        found.append("WEBHOOK_URL must begin with https:// and use port 443, 80, 88 or 8443, as Telegram demands.")
    secret = settings.webhook_secret
    if secret is None:
        found.append("WEBHOOK_SECRET is missing; without it anyone could post updates. Run: openssl rand -hex 32")
    elif not _SECRET_FORM.fullmatch(secret.get_secret_value()):
        found.append("WEBHOOK_SECRET must be 16 to 256 letters, digits, _ or -. Run: openssl rand -hex 32")
    return found
