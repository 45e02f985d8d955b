"""What the database says of the site's health."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, text

from bot.cards import Card
from bot.care import checkup, outbox, staffing, watchdog
from bot.db.models import Inbox, Outbox, PathwayVersion
from tests import database
from tests.bot.ward import Ward


def faults(ward: Ward) -> dict[str, str]:
    """Name and finding of every check that is not as it should be; each has a remedy."""
    found = checkup.all_of(ward.session, ward.now)
    assert all(check.remedy for check in found if not check.ok)
    return {check.name: check.what for check in found if not check.ok}


def staffed(ward: Ward) -> None:
    """A team with everything it needs."""
    team = ward.team("Spine team")
    for name, rung in (("Lind", "on_call"), ("Reyes", "second_on_call"), ("Mora", "manager")):
        ward.staff(name, team, role="admin" if rung == "manager" else "clinician", rung=rung)
    watchdog.beat(ward.session, "pages", 10, {}, ward.now)
    ward.session.commit()


def test_a_site_that_lacks_nothing_has_no_fault(ward: Ward) -> None:
    staffed(ward)
    assert faults(ward) == {}


def test_an_empty_site_names_all_that_is_missing(ward: Ward) -> None:
    assert set(faults(ward)) == {"teams", "admins", "running"}


def test_a_team_without_a_chat_or_with_a_lost_one_is_a_fault(ward: Ward) -> None:
    staffed(ward)
    ward.team("Hip team", bound=False)
    assert "no chat" in faults(ward)["team Hip team"]
    team = staffing.team(ward.session, "Spine team")
    ward.group_of(team).state = "no_rights"
    assert "no_rights" in faults(ward)["team Spine team"]


def test_an_empty_rung_and_a_closed_chat_are_faults(ward: Ward) -> None:
    staffed(ward)
    member = staffing.coordinators(ward.session, staffing.team(ward.session, "Spine team").id)[0]
    chat = member.chat_id
    assert chat is not None
    ward.session.execute(text("UPDATE chats SET state = 'blocked' WHERE id = :id"), {"id": chat})
    ward.session.expire_all()
    found = faults(ward)
    assert "can be reached" in found["ladder of Spine team: on_call"]
    assert "blocked" in found[f"staff {member.id}"]
    member.rung = None
    assert "Nobody is on it" in faults(ward)["ladder of Spine team: on_call"]


def test_staff_who_never_pressed_start_are_named(ward: Ward) -> None:
    staffed(ward)
    team = staffing.team(ward.session, "Spine team")
    member, _ = staffing.invite(
        ward.session, name="Berg", role="clinician", team=team, rung=None, by=None, now=ward.now
    )
    assert str(member.id) in faults(ward)["staff"]


def test_a_bot_that_stopped_or_fails_is_a_fault(ward: Ward) -> None:
    staffed(ward)
    watchdog.beat(ward.session, "reminders", 30, {}, ward.now, failed="KeyError")
    assert "KeyError" in faults(ward)["running: reminders"]
    ward.passes(minutes=5)
    assert "Stopped" in faults(ward)["running: pages"]


def test_open_incidents_are_listed_with_their_remedy(ward: Ward) -> None:
    staffed(ward)
    watchdog.incident(ward.session, "not_authorized", "bot", "Set the token.", ward.now)
    assert "not authorized" in faults(ward)["incident: bot"]


@pytest.mark.parametrize("state", ["new", "quarantined"])
def test_what_is_stuck_on_the_way_in_is_a_fault(ward: Ward, state: str) -> None:
    staffed(ward)
    at = ward.now - timedelta(minutes=6)
    ward.session.add(Inbox(bot_id=1, update_id=1, digest="d", chat_key=1, raw="{}", received_at=at, state=state))
    assert "1" in faults(ward)["inbox"]


def test_what_is_stuck_or_dead_on_the_way_out_is_a_fault(ward: Ward) -> None:
    staffed(ward)
    chat = ward.chat()
    outbox.say_card(ward.session, chat.id, Card(text="hello"), key="a", now=ward.now - timedelta(minutes=6))
    assert "1 wait" in faults(ward)["outbox"]
    ward.session.query(Outbox).filter(Outbox.chat_id == chat.id).one().state = "dead"
    assert "1 could not be delivered" in faults(ward)["outbox"]


def test_a_pathway_that_is_missing_or_unsound_is_a_fault(ward: Ward) -> None:
    staffed(ward)
    published = ward.session.query(PathwayVersion).one()
    files = dict(published.files)
    # Published versions cannot change; damage from outside is played by taking their guards away.
    database.take_guards_away(ward.session, "pathway_versions")
    for broken, says in (
        ({**files, "pathway.yaml": "id: ["}, "not sound"),
        ({**files, "pathway.yaml": files["pathway.yaml"].replace("offset_days: 14", "offset_days: 15", 1)}, "differs"),
    ):
        published.files = broken
        ward.session.flush()
        assert says in faults(ward)["pathway"]
    ward.session.execute(delete(PathwayVersion))
    assert "No pathway" in faults(ward)["pathway"]
