"""Forms in the database: one a chat, each with a token of its own."""

from __future__ import annotations

from sqlalchemy import select

from bot.care import forms, rescheduling
from bot.db.models import Chat, Form, Outbox
from tests.bot.desk import Desk
from tests.bot.ward import Ward


def begun(ward: Ward, chat: Chat, kind: str = "enrol") -> Form:
    """A form at its first step."""
    return forms.begin(ward.session, chat, kind, "name", {"team": "Spine team"}, ward.now)


def test_a_new_form_drops_the_one_before(ward: Ward) -> None:
    chat = ward.chat()
    begun(ward, chat)
    second = begun(ward, chat, rescheduling.KIND)
    assert ward.session.scalars(select(Form)).all() == [second]
    dropped = ward.session.scalars(select(Outbox.state).where(Outbox.surface == "enrol_form")).all()
    assert dropped == ["dropped"]


def test_a_token_opens_only_its_own_form(ward: Ward) -> None:
    chat = ward.chat()
    old = forms.token(begun(ward, chat))
    new = begun(ward, chat)
    assert forms.named(ward.session, chat.id, "enrol", old) is None
    assert forms.named(ward.session, chat.id, "enrol", None) is None
    assert forms.named(ward.session, ward.chat().id, "enrol", forms.token(new)) is None
    assert forms.named(ward.session, chat.id, "reschedule", forms.token(new)) is None
    assert forms.named(ward.session, chat.id, "enrol", forms.token(new)) is new
    assert forms.open_in(ward.session, None, "enrol") is None


def test_each_typed_answer_shows_the_next_question_below_it_even_at_the_same_instant(ward: Ward) -> None:
    chat = ward.chat()
    form = begun(ward, chat)
    for _ in range(2):
        forms.advance(ward.session, form, "name", ward.now, typed=True, problem="Write the name in letters.")
    forms.advance(ward.session, form, "phone", ward.now, typed=False)
    rows = ward.session.scalars(select(Outbox.fresh).where(Outbox.surface == "enrol_form").order_by(Outbox.id)).all()
    assert rows == [True, True, True], "a tap needs no row of its own while one waits"


def test_a_dropped_form_gives_way_to_a_word_without_names(ward: Ward) -> None:
    desk = Desk(ward=ward, telegram_id=700)
    begun(ward, desk.chat)
    desk.delivered()
    forms.drop(ward.session, desk.chat, ward.now)
    assert desk.sees() == forms.CLOSED


def test_a_form_is_not_shown_in_another_chat(ward: Ward) -> None:
    """A row that outlives its form must not show the next one under the same number."""
    mine, other = ward.chat(), ward.chat()
    form = begun(ward, mine)
    row = Outbox(chat_id=other.id, ref=form.id)
    assert forms.of(ward.session, row, "enrol") is None
    row = Outbox(chat_id=mine.id, ref=form.id)
    assert forms.of(ward.session, row, "reschedule") is None
    assert forms.of(ward.session, row, "enrol") is form
