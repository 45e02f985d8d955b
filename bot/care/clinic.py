"""What a clinic is, as far as texts need it: its name, its numbers, its zone, its bot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    """Site data, read once from the settings and passed to whoever renders or decides.

    `values` fills the placeholders of cards: team_phone, emergency_number, out_of_hours, crisis_line.
    `timezone` is the IANA zone that new care teams and patients start with. `bot_username` makes deep links.
    """

    name: str
    timezone: str
    values: Mapping[str, str]
    bot_username: str

    def link(self, payload: str) -> str:
        """The address that opens the bot with a start payload."""
        return f"https://t.me/{self.bot_username}?start={payload}"
