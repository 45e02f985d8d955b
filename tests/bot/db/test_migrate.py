"""The migrations build exactly what bot/db/models.py describes, and the database refuses bad states."""

from __future__ import annotations

import re
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from cryptography.fernet import Fernet
from sqlalchemy import Connection, Engine, insert, text
from sqlalchemy.exc import IntegrityError

from bot.db import migrate, models
from bot.db.engine import open_engine
from bot.db.models import Base

KEY = Fernet.generate_key().decode()
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "data" / "aftercare.db"
    migrate.upgrade(f"sqlite:///{path}", [KEY])
    return path


@pytest.fixture
def engine(migrated: Path, tmp_path: Path) -> Iterator[Engine]:
    path = tmp_path / "aftercare.db"
    shutil.copyfile(migrated, path)
    engine = open_engine(f"sqlite:///{path}", [KEY])
    yield engine
    engine.dispose()


def described(engine: Engine) -> dict[str, frozenset[str]]:
    """Name of each table and index -> the clauses it was made of, whatever their order."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'trigger' "
            "AND name <> 'alembic_version'"
        ).all()
    return {name: frozenset(clauses(" ".join(sql.split()))) for name, sql in rows}


def clauses(sql: str) -> list[str]:
    """The parts of a CREATE statement: what stands between commas outside all inner brackets."""
    parts, depth, start = [], 0, 0
    for place, sign in enumerate(sql):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 1:
            parts.append(sql[start:place].strip())
            start = place + 1
    return [re.sub(r"\s+", " ", part).strip(" ()") for part in [*parts, sql[start:]]]


def test_a_database_is_built_from_nothing_readable_by_its_owner_only(migrated: Path) -> None:
    engine = open_engine(f"sqlite:///{migrated}", [KEY])
    assert migrate.current(engine) == migrate.head()
    assert stat.S_IMODE(migrated.stat().st_mode) == 0o600
    engine.dispose()


def test_migrating_twice_changes_nothing(migrated: Path) -> None:
    before = migrated.read_bytes()
    assert migrate.upgrade(f"sqlite:///{migrated}", [KEY]) == migrate.head()
    assert migrated.read_bytes() == before


def test_alembic_finds_no_difference_between_models_and_migrations(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_checks_partial_indexes_and_strictness_are_those_of_the_models(engine: Engine, tmp_path: Path) -> None:
    wanted = open_engine(f"sqlite:///{tmp_path / 'models.db'}", [KEY])
    Base.metadata.create_all(wanted)
    assert described(engine) == described(wanted)
    wanted.dispose()


def test_every_table_is_strict(engine: Engine) -> None:
    with engine.connect() as connection:
        loose = connection.exec_driver_sql("SELECT name FROM pragma_table_list WHERE strict = 0").scalars().all()
    assert {name for name in loose if not name.startswith("sqlite_")} == {"alembic_version"}


def test_a_database_of_a_newer_version_is_refused_untouched(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '29991231'"))
    with pytest.raises(migrate.DatabaseTooNew):
        migrate.upgrade(f"sqlite:///{tmp_path / 'aftercare.db'}", [KEY])


def test_keys_of_the_dialect_are_needed_only_for_secrets(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.execute(insert(models.Inbox), inbox())
    other = open_engine(f"sqlite:///{tmp_path / 'aftercare.db'}", [Fernet.generate_key().decode()])
    with other.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM inbox")).scalar() == 1
    other.dispose()


LATER = NOW + timedelta(hours=1)


def chat(**changes: Any) -> dict[str, Any]:
    return {"id": 1, "telegram_id": 7, "kind": "private", "state": "ok", "state_since": NOW} | changes


def inbox(**changes: Any) -> dict[str, Any]:
    row = {"bot_id": 1, "update_id": 5, "digest": "d", "chat_key": 7, "raw": "{}", "received_at": NOW, "state": "new"}
    return row | changes


def outbox(**changes: Any) -> dict[str, Any]:
    row = {"lane": 2, "purpose": "card", "chat_id": 1, "dedupe_key": "k", "on_uncertain": "never", "state": "pending"}
    return row | {"not_before": NOW, "created_at": NOW} | changes


def team(**changes: Any) -> dict[str, Any]:
    return {"id": 1, "name": "Spine", "timezone": "UTC", "created_at": NOW} | changes


def staff(**changes: Any) -> dict[str, Any]:
    row = {"id": 1, "role": "clinician", "team_id": 1, "language": "en", "chat_id": 1, "state": "active"}
    return row | {"created_at": NOW} | changes


def patient(**changes: Any) -> dict[str, Any]:
    return {"id": 1, "code": "P-1", "language": "en", "timezone": "UTC", "created_at": NOW} | changes


def version(**changes: Any) -> dict[str, Any]:
    row = {"id": 1, "pathway": "lumbar_surgery", "number": 1, "fingerprint": "f", "content": "{}", "files": {}}
    return row | {"published_at": NOW} | changes


def enrolment(**changes: Any) -> dict[str, Any]:
    row = {"id": 1, "patient_id": 1, "team_id": 1, "pathway_version_id": 1, "procedure": "fusion"}
    return row | {"surgery_date": NOW.date(), "state": "active", "consent_at": NOW, "created_at": NOW} | changes


def checkin(**changes: Any) -> dict[str, Any]:
    row = {"id": 1, "enrolment_id": 1, "pathway_version_id": 1, "checkin": "day3", "kind": "scheduled", "day": 3}
    times = {"local_date": NOW.date(), "due_at": NOW, "closes_at": LATER}
    return row | times | {"state": "planned"} | changes


def escalation(**changes: Any) -> dict[str, Any]:
    row = {"id": 1, "enrolment_id": 1, "team_id": 1, "level": "urgent", "state": "open", "opened_at": NOW}
    clocks = {"raised_at": NOW, "ack_by": LATER, "contact_by": LATER, "resolve_by": LATER, "paging_since": NOW}
    return row | clocks | changes


def answer(**changes: Any) -> dict[str, Any]:
    row = {"id": 1, "checkin_id": 1, "question": "pain", "value": 3, "raw": "three", "readable": True}
    return row | {"at": NOW, "language": "en"} | changes


def invitation(**changes: Any) -> dict[str, Any]:
    return {"token_hash": "h", "enrolment_id": 1, "created_at": NOW, "expires_at": LATER} | changes


def expected(**changes: Any) -> dict[str, Any]:
    row = {"id": 1, "enrolment_id": 1, "rule": "leg_numbness_new", "note": "known", "until": LATER.date()}
    return row | {"at": NOW, "staff_id": 1} | changes


GROUND: tuple[tuple[Any, dict[str, Any]], ...] = (
    (models.Chat, chat()),
    (models.CareTeam, team()),
    (models.Staff, staff()),
    (models.Patient, patient()),
    (models.PathwayVersion, version()),
    (models.Enrolment, enrolment()),
    (models.CheckIn, checkin()),
    (models.Escalation, escalation()),
    (models.Answer, answer()),
    (models.ExpectedFinding, expected()),
    (models.ExpectedFinding, expected(id=2, note=None, withdraws_id=1)),
    (models.Inbox, inbox(id=1)),
    (models.Outbox, outbox(id=1)),
)

NEW = {"id": 2}
BAD = [
    ("a chat of no known kind", models.Chat, chat(id=2, telegram_id=8, kind="saloon")),
    ("a chat twice", models.Chat, chat(id=2)),
    ("active staff without a chat", models.Staff, staff(id=2, chat_id=None)),
    ("staff on an unknown rung", models.Staff, staff(id=2, chat_id=None, state="left", rung="boss")),
    ("two active staff in one chat", models.Staff, staff(id=2)),
    ("staff of no team", models.Staff, staff(id=2, chat_id=None, state="left", team_id=99)),
    ("two patients of one code", models.Patient, patient(id=2)),
    ("a pathway number twice", models.PathwayVersion, version(id=2)),
    ("a patient active without consent", models.Enrolment, enrolment(id=2, patient_id=1, consent_at=None)),
    ("two live enrolments of a patient", models.Enrolment, enrolment(id=2)),
    ("a pause without an end", models.Enrolment, enrolment(id=2, state="paused")),
    ("an invitation for nobody", models.Invitation, invitation(enrolment_id=None)),
    ("an invitation for two", models.Invitation, invitation(staff_id=1)),
    ("a check-in ended without a reason", models.CheckIn, checkin(id=2, checkin="w2", state="ended", ended_at=NOW)),
    ("a check-in with a reason that goes on", models.CheckIn, checkin(id=2, checkin="w2", end_reason="answered")),
    (
        "a check-in ended for no known reason",
        models.CheckIn,
        checkin(id=2, checkin="w2", state="ended", ended_at=NOW, end_reason="bored"),
    ),
    ("an open check-in never opened", models.CheckIn, checkin(id=2, checkin="w2", state="open")),
    ("one check-in planned twice", models.CheckIn, checkin(id=2, local_date=LATER.date(), kind="adhoc")),
    ("an answer to no check-in", models.Answer, answer(id=2, checkin_id=99)),
    ("an answer of no known author", models.Answer, answer(id=2, author="ghost")),
    ("a routine escalation", models.Escalation, escalation(id=2, level="routine")),
    ("two live escalations of an enrolment", models.Escalation, escalation(id=2)),
    (
        "an escalation closed without outcome",
        models.Escalation,
        escalation(id=2, state="closed", closed_at=NOW, closed_by=1),
    ),
    (
        "an escalation closed by nobody",
        models.Escalation,
        escalation(id=2, state="closed", closed_at=NOW, outcome="advice"),
    ),
    ("an escalation acknowledged by nobody", models.Escalation, escalation(id=2, state="acknowledged")),
    ("an update stored twice", models.Inbox, inbox(id=2)),
    ("an occasion written twice", models.Outbox, outbox(id=2)),
    ("a message in no lane", models.Outbox, outbox(id=2, dedupe_key="l", lane=5)),
    ("an expected finding without a note", models.ExpectedFinding, expected(id=3, note=None)),
    ("an expected finding taken back twice", models.ExpectedFinding, expected(id=3, note=None, withdraws_id=1)),
    ("a message to no chat", models.Outbox, outbox(id=2, dedupe_key="l", chat_id=99)),
]


def lay_ground(connection: Connection) -> None:
    for model, row in GROUND:
        connection.execute(insert(model), row)


@pytest.mark.parametrize(("model", "row"), [bad[1:] for bad in BAD], ids=[bad[0] for bad in BAD])
def test_the_database_refuses(engine: Engine, model: Any, row: dict[str, Any]) -> None:
    with engine.begin() as connection:
        lay_ground(connection)
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(insert(model), row)


def test_what_is_append_only_is_never_deleted(engine: Engine) -> None:
    with engine.begin() as connection:
        lay_ground(connection)
    with pytest.raises(IntegrityError, match="never deleted"), engine.begin() as connection:
        connection.execute(text("DELETE FROM answers"))


def test_what_is_append_only_is_never_changed(engine: Engine) -> None:
    with engine.begin() as connection:
        lay_ground(connection)
    with pytest.raises(IntegrityError, match="never changed"), engine.begin() as connection:
        connection.execute(text("UPDATE answers SET value = '0'"))


def test_an_encrypted_column_of_an_append_only_table_may_be_written_anew(engine: Engine) -> None:
    with engine.begin() as connection:
        lay_ground(connection)
        connection.execute(text("UPDATE answers SET raw = x'00'"))


@pytest.mark.parametrize("table", models.APPEND_ONLY)
def test_every_append_only_table_has_both_guards(engine: Engine, table: str) -> None:
    with engine.connect() as connection:
        names = connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"), {"table": table}
        )
        assert set(names.scalars()) == {f"tr_{table}_kept", f"tr_{table}_fixed"}


def test_the_guards_cover_every_column_that_is_not_encrypted(engine: Engine) -> None:
    from bot.db.types import Encrypted

    with engine.connect() as connection:
        for name in models.APPEND_ONLY:
            sql = connection.execute(
                text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": f"tr_{name}_fixed"}
            ).scalar_one()
            listed = set(re.search(r"UPDATE OF (.*?) ON", sql)[1].split(", "))  # type: ignore[index]  # it is there
            plain = {c.name for c in Base.metadata.tables[name].columns if not isinstance(c.type, Encrypted)}
            assert listed == plain
