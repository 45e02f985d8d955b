"""Publishing a pathway: a new version, for new patients or for the future check-ins of all."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot.care import chats, drafts, enrolment, invitations, pathways, patients, publishing
from bot.care.clinic import Clinic
from bot.db import migrate
from bot.db.engine import Database
from bot.db.models import Chat, CheckIn, Enrolment, Form, Invitation, PathwayVersion
from schedules import catalog
from schedules.problems import PathwayError
from tests.bot.care.test_enrolment import enrolled
from tests.bot.phone import phone
from tests.bot.ward import Ward
from tests.conftest import KEY

WEEK2_ON_DAY_10 = ("offset_days: 14", "offset_days: 10")


def edited(old: str, new: str) -> dict[str, str]:
    """The shipped files with one change."""
    files = catalog.shipped_files()
    assert old in files["pathway.yaml"]
    return {**files, "pathway.yaml": files["pathway.yaml"].replace(old, new, 1)}


def sent(session: Session, chat: Chat, name: str, text: str, now: datetime) -> Form:
    """An admin's file, checked and kept."""
    draft = drafts.check(session, chat, name, text.encode(), now).draft
    assert draft is not None
    return drafts.keep(session, chat, draft, now)


def active(session: Session, now: datetime, clinic: Clinic) -> Enrolment:
    """Ana, in the programme."""
    case, payload = enrolled(session, now)
    chat = chats.of(session, 501, "private", now)
    invitation = invitations.open_link(session, payload, chat, now)
    assert isinstance(invitation, Invitation)
    enrolment.activate(session, invitation, chat, clinic, now)
    return case


def planned(session: Session) -> dict[str, int]:
    """Day of each check-in that was not sent."""
    return {row.checkin: row.day for row in session.scalars(select(CheckIn).where(CheckIn.state == "planned"))}


async def test_the_shipped_pathway_is_version_one_and_stays_it(db: Database, now: datetime) -> None:
    """Starting again publishes nothing."""
    await db.write(publishing.ensure_first, now)
    assert await db.read(lambda session: session.scalars(select(PathwayVersion.number)).all()) == [1]


async def test_publishing_for_all_moves_unsent_check_ins(db: Database, now: datetime, clinic: Clinic) -> None:
    """The effect is counted first, then happens."""

    def unit(session: Session) -> tuple[str, dict[str, int], int]:
        active(session, now, clinic)
        files = edited(*WEEK2_ON_DAY_10)
        pathway = catalog.load_files(files)
        said = str(publishing.effect(session, pathway, now))
        publishing.publish(session, pathway, files, "all", by=None, note=None, now=now, clinic=clinic)
        return said, planned(session), session.scalars(select(Enrolment)).one().pathway_version_id

    said, days, version = await db.write(unit)
    assert said == "1 patient: 1 check-in to be moved."
    assert days["week2"] == 10
    assert version == 2


def test_a_check_in_under_way_is_finished_with_the_version_it_began_with(ward: Ward) -> None:
    """Published for all in the middle of a check-in: its rules stay, the next check-in has the new ones."""
    ana = phone(ward, ward.team("Spine"))
    ana.goes_to(3)
    ana.taps("Start")
    files = edited("level: emergency", "level: review")
    weaker = catalog.load_files(files)
    publishing.publish(ward.session, weaker, files, "all", by=None, note=None, now=ward.now, clinic=ward.clinic)
    ana.taps("Yes, it is new or worse")
    assert {row.pathway_version_id for row in ana.assessments()} == {ana.checkin().pathway_version_id}
    assert ana.checkin().pathway_version_id != ana.enrolment.pathway_version_id
    assert ana.assessments()[-1].level == "emergency"
    ana.goes_to(14)
    assert ana.checkin().pathway_version_id == ana.enrolment.pathway_version_id


async def test_publishing_for_new_patients_leaves_the_others_alone(db: Database, now: datetime, clinic: Clinic) -> None:
    """Ana keeps the version she was enrolled with."""

    def unit(session: Session) -> tuple[dict[str, int], int]:
        case = active(session, now, clinic)
        files = edited(*WEEK2_ON_DAY_10)
        publishing.publish(session, catalog.load_files(files), files, "new", by=None, note=None, now=now, clinic=clinic)
        return planned(session), case.pathway_version_id

    days, version = await db.write(unit)
    assert (days["week2"], version) == (14, 1)


async def test_the_effect_writes_nothing(db: Database, now: datetime, clinic: Clinic) -> None:
    """Looking is not doing."""

    def unit(session: Session) -> dict[str, int]:
        active(session, now, clinic)
        publishing.effect(session, catalog.load_files(edited(*WEEK2_ON_DAY_10)), now)
        return planned(session)

    assert (await db.write(unit))["week2"] == 14


async def test_the_same_content_is_not_published_twice(db: Database, now: datetime, clinic: Clinic) -> None:
    """A comment or a blank line makes no version."""
    files = catalog.shipped_files()
    files["pathway.yaml"] += "\n# reviewed\n"
    with pytest.raises(publishing.NothingNew):
        await db.write(
            publishing.publish, catalog.load_files(files), files, "all", by=None, note=None, now=now, clinic=clinic
        )


async def test_a_published_version_cannot_be_changed(db: Database) -> None:
    """The database itself refuses."""

    def unit(session: Session) -> None:
        session.get_one(PathwayVersion, 1).note = "tampered"

    with pytest.raises(DBAPIError, match="pathway_versions"):
        await db.write(unit)


async def test_going_back_publishes_the_old_content_as_a_new_version(
    db: Database, now: datetime, clinic: Clinic
) -> None:
    """Nothing is ever taken away."""

    def unit(session: Session) -> list[tuple[int, bool]]:
        active(session, now, clinic)
        for files in (edited(*WEEK2_ON_DAY_10), catalog.shipped_files()):
            pathway = catalog.load_files(files)
            publishing.publish(session, pathway, files, "all", by=None, note=None, now=now, clinic=clinic)
        assert planned(session)["week2"] == 14
        first = session.get_one(PathwayVersion, 1).fingerprint
        versions = session.scalars(select(PathwayVersion).order_by(PathwayVersion.number))
        return [(version.number, version.fingerprint == first) for version in versions]

    assert await db.write(unit) == [(1, True), (2, False), (3, True)]


async def test_a_faulty_file_is_refused_with_every_problem(db: Database, now: datetime) -> None:
    """Line, field, remedy; nothing that could be published."""

    def unit(session: Session) -> drafts.Checked:
        chat = chats.of(session, 900, "private", now)
        text = edited("offset_days: 14", "offset_days: soon")["pathway.yaml"].replace(
            "level: emergency", "level: huge", 1
        )
        return drafts.check(session, chat, "pathway.yaml", text.encode(), now)

    checked = await db.write(unit)
    assert len(checked.problems) >= 2
    assert all("pathway.yaml" in str(problem) for problem in checked.problems)
    assert checked.draft is not None
    assert checked.draft.content is None


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("notes.txt", b"hello", "No file of the pathway"),
        ("pathway.yaml", b"\xff\xfe\x00", "UTF-8"),
        ("pathway.yaml", catalog.shipped_files()["pathway.yaml"].encode(), "changes nothing"),
    ],
)
async def test_a_file_that_cannot_be_an_edit_says_why(
    db: Database, now: datetime, name: str, content: bytes, says: str
) -> None:
    """Wrong name, wrong encoding, no change."""

    def unit(session: Session) -> drafts.Checked:
        return drafts.check(session, chats.of(session, 900, "private", now), name, content, now)

    (problem,) = (await db.write(unit)).problems
    assert says in str(problem)


async def test_two_files_can_change_together(db: Database, now: datetime) -> None:
    """The second edit builds on the first one's draft."""

    def unit(session: Session) -> tuple[int, int]:
        chat = chats.of(session, 900, "private", now)
        first = edited(*WEEK2_ON_DAY_10)
        sent(session, chat, "pathway.yaml", first["pathway.yaml"], now)
        form = sent(session, chat, "es.yaml", first["es.yaml"].replace("Gracias", "Muchas gracias", 1), now)
        pathway, _ = drafts.read(session, form)
        return pathway.checkin("week2").offset_days or 0, pathways.current(session).number

    assert await db.write(unit) == (10, 1)


async def test_a_change_that_needs_two_files_may_begin_unsound(db: Database, now: datetime) -> None:
    """A new English text is no pathway before its translation comes; then both are."""

    def unit(session: Session) -> tuple[str, str, str]:
        chat = chats.of(session, 900, "private", now)
        files = edited('  back: "Back"\n', '  back: "Back"\n  greeting: "Good morning"\n')
        first = sent(session, chat, "pathway.yaml", files["pathway.yaml"], now)
        before = first.step
        spanish = files["es.yaml"].replace("  back: ", '  greeting: "Buenos días"\n  back: ', 1)
        second = sent(session, chat, "es.yaml", spanish, now)
        return before, second.step, drafts.read(session, second)[0].texts["greeting"].in_("es")

    assert await db.write(unit) == ("mend", "decide", "Buenos días")


async def test_an_edit_whose_examples_fail_is_not_sound(db: Database, now: datetime) -> None:
    """A rule weakened by a slip is caught by the examples (hazard H23)."""

    def unit(session: Session) -> drafts.Checked:
        text = edited("level: emergency", "level: review")["pathway.yaml"]
        return drafts.check(session, chats.of(session, 900, "private", now), "pathway.yaml", text.encode(), now)

    checked = await db.write(unit)
    assert checked.problems
    assert checked.draft is not None
    assert checked.draft.content is None


async def test_a_draft_is_overtaken_by_somebody_elses_version(db: Database, now: datetime, clinic: Clinic) -> None:
    """Publishing it would take the other change back unseen."""

    def unit(session: Session) -> None:
        chat = chats.of(session, 900, "private", now)
        form = sent(session, chat, "pathway.yaml", edited(*WEEK2_ON_DAY_10)["pathway.yaml"], now)
        other = edited("offset_days: 42", "offset_days: 43")
        publishing.publish(session, catalog.load_files(other), other, "new", by=None, note=None, now=now, clinic=clinic)
        drafts.read(session, form)

    with pytest.raises(publishing.Overtaken):
        await db.write(unit)


async def test_a_check_made_before_another_version_no_longer_applies(
    db: Database, now: datetime, clinic: Clinic
) -> None:
    """What was computed for version 1 says nothing about version 2."""

    def unit(session: Session) -> tuple[bool, bool]:
        chat = chats.of(session, 900, "private", now)
        files = edited(*WEEK2_ON_DAY_10)
        draft = drafts.check(session, chat, "pathway.yaml", files["pathway.yaml"].encode(), now).draft
        assert draft is not None
        before = drafts.still_applies(session, chat, draft)
        other = edited("offset_days: 42", "offset_days: 43")
        publishing.publish(session, catalog.load_files(other), other, "new", by=None, note=None, now=now, clinic=clinic)
        return before, drafts.still_applies(session, chat, draft)

    assert await db.write(unit) == (True, False)


async def test_patients_are_not_moved_to_a_pathway_in_another_language(
    db: Database, now: datetime, clinic: Clinic
) -> None:
    """Somebody who reads Spanish must not get English questions (hazard H17)."""

    def unit(session: Session) -> None:
        patients.of(session, active(session, now, clinic)).language = "es"
        session.flush()
        english = catalog.shipped().model_copy(update={"languages": ("en",)})
        publishing.publish(session, english, {}, "all", by=None, note=None, now=now, clinic=clinic)

    with pytest.raises(publishing.LanguageMissing, match="es: 1 patient"):
        await db.write(unit)


def test_a_folder_of_the_sites_own_is_proven_before_the_first_start(now: datetime, tmp_path: Path) -> None:
    """An unsafe rule stops the start, with the case that shows it."""
    for name, text in edited("{q: anything_else, in: [call_me]}", "{q: activity, in: [some]}").items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    url = f"sqlite:///{tmp_path / 'new.db'}"
    migrate.upgrade(url, [KEY])
    database = Database(url, [KEY])
    try:
        with pytest.raises(PathwayError, match="A worse answer lowers the level"):
            database.write_now(publishing.ensure_first, now, str(tmp_path))
        assert database.read_now(lambda session: session.scalars(select(PathwayVersion)).all()) == []
    finally:
        database.close()
