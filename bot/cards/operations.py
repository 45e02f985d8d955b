"""What a team reads of the bot's own work: times it heard nobody, many small cases at once, the account of check-ins.

Made for a group: patients appear by their codes, never by name (hazard H25). Times are shown in the zone that is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot import texts
from bot.cards import Card, bold, esc

CODES = 40  # more of them would push what to do next off the screen


def gap(began: datetime, ended: datetime, codes: Sequence[str], zone: str) -> Card:
    """Nobody listened from `began` to `ended` (UTC); the patients of `codes` are asked again."""
    text = (
        f"⏸ <b>The bot heard nobody</b> from {esc(texts.moment(began, 'en', zone))} to "
        f"{esc(texts.moment(ended, 'en', zone))} ({esc(_span(ended - began))}).\n"
        "What was typed meanwhile comes in now; a button pressed meanwhile may be lost.\n"
    )
    if not codes:
        return Card(text=f"{text}No check-in was open.\n\n{_YOURS}")
    count = "1 patient" if len(codes) == 1 else f"{len(codes)} patients"
    return Card(
        text=f"{text}{count} with an open check-in asked again: {_listed(codes)}.\n\n{_YOURS} "
        "Look at /open in an hour, and ring whoever it still shows as not having answered."
    )


_YOURS = "Next: if you tapped a button on a case in that time, tap it again."


def backlog(codes: Sequence[str], as_of: datetime, zone: str) -> Card:
    """Many cases for review came at once: they share this card."""
    count = "1 more case" if len(codes) == 1 else f"{len(codes)} more cases"
    return Card(
        text=f"🟦 <b>{count} for review</b>, as of {esc(texts.time(as_of, 'en', zone))}: {_listed(codes)}.\n"
        "So many came at once that they share this card.\n\nNext: /open lists them, and shows each one."
    )


def backlog_done() -> Card:
    """None of them is open any more."""
    return Card(text="🟦 The cases for review of this card are closed.")


def account(
    team: str,
    day: str,
    ended: Mapping[str, int],
    *,
    opened: int,
    coming: int,
    balanced: bool,
    exceptions: Sequence[tuple[str, str, str]],
) -> Card:
    """The account of a team's check-ins. `exceptions` are (code, check-in, what to do next)."""
    total = sum(ended.values()) + opened + coming
    reasons = ", ".join(f"{count} {esc(reason.replace('_', ' '))}" for reason, count in ended.items()) or "none"
    lines = [
        f"🧾 <b>Check-ins of {esc(team)}</b>, {esc(day)}",
        f"{total} planned = {sum(ended.values())} ended + {opened} open + {coming} to come",
        f"Ended: {reasons}.",
    ]
    if not balanced:
        lines.append("⚠️ The account does not balance. Report this with the log.")
    if not exceptions:
        lines.append("Nothing went astray." if balanced else "")
        return Card(text="\n".join(filter(None, lines)), silent=balanced)
    lines += ["", f"⚠️ <b>{len(exceptions)} went astray:</b>"]
    lines += [f"• {bold(code)}, {esc(what)}: {esc(remedy)}" for code, what, remedy in exceptions[:_EXCEPTIONS]]
    if len(exceptions) > _EXCEPTIONS:
        lines.append(f"… and {len(exceptions) - _EXCEPTIONS} more: an admin runs aftercare ledger.")
    return Card(text="\n".join(lines))


_EXCEPTIONS = 12


def _listed(codes: Sequence[str]) -> str:
    shown = ", ".join(bold(code) for code in codes[:CODES])
    return shown if len(codes) <= CODES else f"{shown} and {len(codes) - CODES} more"


def _span(length: timedelta) -> str:
    minutes = max(1, int(length.total_seconds()) // 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 60 * 48 else f"{minutes // (60 * 24)} days"
