"""A private chat with the bot for tests: everything goes through dispatch, everything shown is rendered as sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cards import Action, Card, Toast
from bot.care import chats, showing, staffing
from bot.chat import dispatch
from bot.chat.incoming import Incoming, Kind, Media
from bot.db.models import Chat, Outbox, Staff, Surface
from tests.bot.ward import Ward


@dataclass(kw_only=True)
class Desk:
    """One chat in the ward, by its Telegram id. `user` is who types there: in a group, somebody else's id."""

    ward: Ward
    telegram_id: int
    kind: str = "private"
    user: int | None = None
    language: str = "en"
    address: str | None = None

    @property
    def session(self) -> Session:
        return self.ward.session

    @property
    def chat(self) -> Chat:
        return chats.of(self.session, self.telegram_id, self.kind, self.ward.now)

    @classmethod
    def of(cls, ward: Ward, staff: Staff) -> Desk:
        """The private chat of a member of staff."""
        return cls(ward=ward, telegram_id=ward.session.get_one(Chat, staff.chat_id).telegram_id)

    def says(self, text: str) -> Toast | None:
        return self._does(Kind.TEXT, text=text)

    def commands(self, name: str, text: str = "") -> Toast | None:
        return self._does(Kind.COMMAND, command=name, text=text)

    def sends(self, name: str, content: bytes | None, **more: Any) -> Toast | None:
        media = Media(kind="document", file_id="file", name=name)
        return self._does(Kind.MEDIA, media=media, upload=content, **more)

    def taps(self, label: str, card: Card | None = None) -> Toast | None:
        """Tap the button whose label begins so, on the newest card or on an older one that was kept."""
        shown = card or self.sees()
        found = [one for row in shown.rows for one in row if one.label.startswith(label)]
        assert found, f"no button {label!r} in {[one.label for row in shown.rows for one in row]}: {shown.text}"
        assert found[0].action is not None
        return self.presses(found[0].action.name, *found[0].action.args)

    def presses(self, name: str, *args: int) -> Toast | None:
        return self._does(Kind.TAP, action=Action(name, args))

    def does(self, kind: Kind, **what: Any) -> Toast | None:
        """Anything else that can happen in a chat."""
        return self._does(kind, **what)

    def sees(self) -> Card:
        """The newest message, as it would be sent now."""
        cards = self.cards()
        assert cards, "nothing was said here"
        return cards[-1]

    def cards(self) -> list[Card]:
        """Every message, oldest first, as it would be sent now."""
        rows = self.session.scalars(select(Outbox).where(Outbox.chat_id == self.chat.id).order_by(Outbox.id)).all()
        drawn = [
            showing.RENDERERS[row.purpose](self.session, row, self.ward.clinic, self.ward.now)
            for row in rows
            if row.state in ("pending", "sent")
        ]
        return [card for card in drawn if card is not None]

    def texts(self) -> str:
        """Everything said here, one after the other."""
        return "\n".join(card.text for card in self.cards())

    def delivered(self) -> None:
        """All that waits here was sent: each thing shown has its message."""
        for row in self.session.scalars(select(Outbox).where(Outbox.chat_id == self.chat.id)).all():
            if row.state == "pending" and row.surface is not None and row.fresh:
                for old in self.session.scalars(
                    select(Surface).where(Surface.kind == row.surface, Surface.ref == row.ref, Surface.current)
                ):
                    old.current = False
                self.session.flush()
                self.session.add(
                    Surface(
                        kind=row.surface,
                        ref=row.ref,
                        chat_id=row.chat_id,
                        telegram_message_id=row.id,
                        digest="",
                        current=True,
                        shown_at=self.ward.now,
                    )
                )
            row.state = "sent"
        self.session.commit()

    def _does(self, kind: Kind, **what: Any) -> Toast | None:
        incoming = Incoming(
            kind=kind,
            chat=self.telegram_id,
            chat_kind=self.kind,
            user=self.user or (self.telegram_id if self.kind == "private" else None),
            at=self.ward.now,
            inbox_id=next(self.ward.numbers),
            message_id=next(self.ward.numbers),
            language=self.language,
            address=self.address,
            **what,
        )
        toast = dispatch.handle(self.session, self.ward.clinic, incoming, self.ward.now)
        self.session.commit()
        return toast


def joins(ward: Ward, name: str, role: str, team: str = "Spine team", rung: str | None = None) -> Desk:
    """Somebody joins the staff by their link."""
    group = staffing.ensure_team(ward.session, team, "Europe/London", ward.now)
    _, payload = staffing.invite(ward.session, name=name, role=role, team=group, rung=rung, by=None, now=ward.now)
    desk = Desk(ward=ward, telegram_id=next(ward.numbers))
    desk.commands("start", payload)
    return desk
