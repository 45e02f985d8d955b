"""Admins read and publish pathways and bind chats; everybody else is told who may."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.chat import admin
from bot.chat.incoming import Incoming, Kind, Media
from bot.db.models import CareTeam, Form, Incident, PathwayVersion
from schedules import catalog
from tests.bot.desk import Desk, joins
from tests.bot.ward import Ward

SHIPPED = catalog.shipped_files()
EDITED = SHIPPED["pathway.yaml"].replace("offset_days: 14", "offset_days: 10", 1).encode()
OTHER = SHIPPED["pathway.yaml"].replace("offset_days: 42", "offset_days: 43", 1).encode()


@pytest.fixture
def mora(ward: Ward) -> Desk:
    """Mora, admin."""
    return joins(ward, "Mora", "admin")


def number(ward: Ward) -> int:
    """Of the newest version."""
    return ward.session.scalars(select(PathwayVersion.number).order_by(PathwayVersion.number.desc())).first() or 0


def group(ward: Ward, who: Desk | None, address: str | None = None, kind: str = "supergroup") -> Desk:
    """A group in which `who` writes; nobody in a channel."""
    return Desk(ward=ward, telegram_id=-900, kind=kind, user=who.telegram_id if who else None, address=address)


def test_the_pathway_comes_as_files(mora: Desk) -> None:
    mora.commands("pathway")
    files = {card.file.name: card.file.content for card in mora.cards() if card.file}
    assert files == {name: text.encode() for name, text in SHIPPED.items()}
    assert "version 1" in mora.texts()


def test_an_edit_is_explained_then_published_for_all(ward: Ward, mora: Desk) -> None:
    mora.sends("pathway.yaml", EDITED)
    assert "offset days: 14 → 10" in mora.sees().text
    assert "No patient is in the programme now." in mora.sees().text
    assert number(ward) == 1
    toast = mora.taps("Publish for future check-ins of all")
    assert toast is not None
    assert toast.text == "Published."
    assert number(ward) == 2
    assert ward.session.scalars(select(Form)).all() == []
    mora.commands("schedule")
    assert "day 10" in mora.sees().text


def test_every_problem_is_named_and_nothing_can_be_published(ward: Ward, mora: Desk) -> None:
    mora.sends("pathway.yaml", EDITED.replace(b"offset_days: 10", b"offset_days: soon"))
    assert "1 problem" in mora.sees().text
    assert "line " in mora.sees().text
    card = mora.sees()
    assert [one.label for row in card.rows for one in row] == ["Discard"]
    form = ward.session.scalars(select(Form)).one()
    assert "Nothing was published" in str(mora.presses("a_publish", int(form.data["token"]), 0))
    assert "still has problems" in mora.sees().text
    assert number(ward) == 1
    mora.taps("Discard", card)
    assert ward.session.scalars(select(Form)).all() == []


def test_a_button_of_an_earlier_draft_publishes_nothing(ward: Ward, mora: Desk) -> None:
    """What is published is what the card with the button explained."""
    mora.sends("pathway.yaml", EDITED)
    old = mora.sees()
    mora.sends("pathway.yaml", OTHER)
    assert "no longer open" in str(mora.taps("Publish for new", old))
    assert "no longer open" in str(mora.taps("Discard", old))
    assert number(ward) == 1
    mora.taps("Publish for new")
    assert number(ward) == 2


def test_a_draft_does_not_take_back_what_another_admin_published(ward: Ward, mora: Desk) -> None:
    reyes = joins(ward, "Reyes", "admin")
    mora.sends("pathway.yaml", EDITED)
    reyes.sends("pathway.yaml", OTHER)
    reyes.taps("Publish for new")
    assert "Nothing was published" in str(mora.taps("Publish for future"))
    assert "Another version was published meanwhile" in mora.sees().text
    assert number(ward) == 2


def test_a_check_made_outside_the_transaction_is_used_while_it_holds(ward: Ward, mora: Desk) -> None:
    """The long part is done before; what changed meanwhile is looked at again."""
    incoming = Incoming(
        kind=Kind.MEDIA,
        chat=mora.telegram_id,
        chat_kind="private",
        user=mora.telegram_id,
        at=ward.now,
        media=Media(kind="document", file_id="f", name="pathway.yaml"),
        upload=EDITED,
    )
    checked = admin.checked(ward.session, incoming, ward.now)
    assert checked is not None
    reyes = joins(ward, "Reyes", "admin")
    reyes.sends("pathway.yaml", OTHER)
    reyes.taps("Publish for new")
    mora.sends("pathway.yaml", EDITED, checked=checked)
    assert "offset days: 43 → 42" in mora.sees().text, "the effect is told against what is published now"
    again = admin.checked(ward.session, incoming, ward.now)
    mora.sends("pathway.yaml", EDITED, checked=again)
    mora.taps("Discard")


def test_nothing_is_checked_for_anybody_but_an_admin(ward: Ward) -> None:
    okoro = joins(ward, "Okoro", "coordinator")
    incoming = Incoming(
        kind=Kind.MEDIA, chat=okoro.telegram_id, chat_kind="private", user=1, at=ward.now, upload=EDITED
    )
    assert admin.checked(ward.session, incoming, ward.now) is None


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("notes.txt", b"hello", "No file of the pathway has this name"),
        ("<b>" + "x" * 5000, b"hello", "No file of the pathway"),
        ("pathway.yaml", b"\xff\xfe", "not UTF-8"),
        ("pathway.yaml", None, "at most 1 MB"),
        ("pathway.yaml", b"[" * 20000, "problem"),
        ("pathway.yaml", b"", "problem"),
    ],
)
def test_any_other_file_is_refused_in_words_that_fit_a_message(
    ward: Ward, mora: Desk, name: str, content: bytes | None, says: str
) -> None:
    mora.sends(name, content)
    assert says in mora.sees().text
    assert len(mora.sees().text) < 4096
    assert number(ward) == 1


def test_only_admins_change_what_is_asked(ward: Ward, mora: Desk) -> None:
    okoro = joins(ward, "Okoro", "coordinator")
    okoro.commands("pathway")
    okoro.sends("pathway.yaml", EDITED)
    assert okoro.texts().count("Only admins can change") == 2
    mora.sends("pathway.yaml", EDITED)
    action = mora.sees().rows[0][0].action
    assert action is not None
    assert "no longer open" in str(okoro.presses("a_publish", *action.args))
    assert number(ward) == 1
    assert len(ward.audited("refused")) == 2


def test_the_pathway_is_not_spread_in_a_group(ward: Ward, mora: Desk) -> None:
    here = group(ward, mora)
    here.commands("pathway")
    assert "in our private chat" in here.sees().text


def test_bind_makes_the_group_the_teams_and_shows_what_is_open(ward: Ward, mora: Desk) -> None:
    team = ward.session.scalars(select(CareTeam)).one()
    case = ward.finds(ward.patient("Ana Ruiz", team, "K7Q2M"), ("ces_bladder", "emergency"))
    assert case is not None
    here = group(ward, mora)
    here.commands("bind")
    assert team.chat_id == here.chat.id
    assert "This chat is now the chat of Spine team" in here.texts()
    assert "K7Q2M" in here.texts()
    assert "Ana" not in here.texts()
    assert "The chat of Spine team is set" in mora.texts()
    assert len(ward.audited("chat bound")) == 1


def test_binding_again_ends_the_incident_of_a_lost_chat(ward: Ward, mora: Desk) -> None:
    here = group(ward, mora)
    here.commands("bind")
    here.does(Kind.MEMBER, membership="kicked")
    assert ward.session.scalars(select(Incident.cleared_at)).one() is None
    here.commands("bind")
    assert here.chat.state == "ok"
    assert ward.session.scalars(select(Incident.cleared_at)).one() is not None


def test_a_public_chat_is_refused(ward: Ward, mora: Desk) -> None:
    """Anybody could read it (hazard H25)."""
    here = group(ward, mora, address="northside_spine")
    here.commands("bind")
    assert "public address" in here.sees().text
    assert ward.session.scalars(select(CareTeam.chat_id)).one() is None


@pytest.mark.parametrize("role", ["coordinator", "clinician"])
def test_only_an_admin_binds(ward: Ward, role: str) -> None:
    here = group(ward, joins(ward, "Okoro", role))
    here.commands("bind")
    assert "Only an admin can bind a chat" in here.sees().text
    assert ward.session.scalars(select(CareTeam.chat_id)).one() is None


def test_a_stranger_in_the_group_binds_nothing(ward: Ward, mora: Desk) -> None:
    here = Desk(ward=ward, telegram_id=-900, kind="supergroup", user=4242)
    here.commands("bind")
    here.commands("bind", "abcdef")
    assert ward.session.scalars(select(CareTeam.chat_id)).one() is None
    assert "That code is not valid" in here.sees().text


def test_a_channel_is_bound_by_a_code_that_works_once(ward: Ward, mora: Desk) -> None:
    """Telegram does not say who posts in a channel."""
    mora.commands("bind")
    code = mora.sees().text.rpartition("/bind ")[2].partition("<")[0]
    channel = group(ward, None, kind="channel")
    channel.commands("bind", code)
    team = ward.session.scalars(select(CareTeam)).one()
    assert team.chat_id == channel.chat.id
    other = Desk(ward=ward, telegram_id=-901, kind="channel")
    other.commands("bind", code)
    assert "not valid" in other.sees().text
    assert team.chat_id == channel.chat.id


def test_a_code_is_good_for_an_hour_and_not_for_a_public_channel(ward: Ward, mora: Desk) -> None:
    mora.commands("bind")
    code = mora.sees().text.rpartition("/bind ")[2].partition("<")[0]
    public = group(ward, None, kind="channel", address="northside")
    public.commands("bind", code)
    assert "public address" in public.sees().text
    mora.commands("bind")
    late = mora.sees().text.rpartition("/bind ")[2].partition("<")[0]
    ward.passes(minutes=61)
    public.address = None
    public.commands("bind", late)
    assert "not valid" in public.sees().text
    assert ward.session.scalars(select(CareTeam.chat_id)).one() is None


def test_an_unknown_team_is_named_with_the_known_ones(ward: Ward, mora: Desk) -> None:
    here = group(ward, mora)
    here.commands("bind", "Knee team")
    assert "no care team named" in here.sees().text
    assert "Spine team" in here.sees().text


def test_a_chat_belongs_to_one_team(ward: Ward, mora: Desk) -> None:
    joins(ward, "Berg", "coordinator", team="Hip team")
    here = group(ward, mora)
    here.commands("bind")
    here.commands("bind", "Hip team")
    assert "belongs to the team Spine team" in here.sees().text


def test_binding_a_private_chat_gives_a_code_instead(ward: Ward, mora: Desk) -> None:
    mora.commands("bind")
    assert "For a group: send /bind in it" in mora.sees().text
    assert ward.session.scalars(select(CareTeam.chat_id)).one() is None
