"""`aftercare doctor`, against a real wire."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography.fernet import Fernet
from sqlalchemy.orm import Session

from bot.care import staffing, watchdog
from bot.commands import reach
from bot.db.models import Chat
from bot.sandbox import server
from tests.bot.commands.conftest import Terminal


def checks(terminal: Terminal, **env: str | None) -> dict[str, str]:
    """What is at fault: name and finding. Every fault says what to do, and the exit code follows."""
    done = terminal.types("doctor", "--json", **env)
    found = json.loads(done.stdout)
    assert set(found) == {"ok", "checks"}
    assert all(set(check) == {"name", "ok", "what", "remedy", "warns"} for check in found["checks"])
    assert all(check["remedy"] for check in found["checks"] if not check["ok"])
    faults = {check["name"]: check["what"] for check in found["checks"] if not check["ok"]}
    assert found["ok"] == (not faults)
    assert done.exit_code == (1 if faults else 0)
    assert "AAH4q9" not in done.output
    return faults


def in_group(telegram: server.Served, **rights: bool) -> int:
    """A group of the sandbox with the bot in it, as administrator; `rights` take some away."""
    with httpx.Client(base_url=f"{telegram.url}/sandbox", trust_env=False) as http:
        owner = http.post("/users", json={"first_name": "Mora"}).json()["id"]
        chat = http.post("/groups", json={"title": "Team", "members": [owner], "bot_admin": True}).json()["id"]
        if rights:
            assert http.post(f"/chats/{chat}/rights", json=rights).is_success
    return int(chat)


def staffed(terminal: Terminal, chat: int) -> None:
    """A team with a bound chat and everybody it needs; the bot has just run."""
    now = datetime.now(UTC)

    def unit(session: Session) -> None:
        team = staffing.ensure_team(session, "Spine team", "Europe/London", now)
        session.add(Chat(telegram_id=chat, kind="supergroup", state="ok", state_since=now))
        session.flush()
        team.chat_id = session.query(Chat).one().id
        for number, rung in enumerate(staffing.RUNGS, start=501):
            place = Chat(telegram_id=number, kind="private", state="ok", state_since=now)
            session.add(place)
            member, _ = staffing.invite(session, name=rung, role="admin", team=team, rung=rung, by=None, now=now)
            session.flush()
            staffing.join(session, member, place, now)
        watchdog.beat(session, "pages", 10, {}, now)

    database = terminal.database()
    database.write_now(unit)
    database.close()


def test_an_empty_folder_is_told_what_comes_first(empty: Terminal) -> None:
    assert set(checks(empty)) == {"keys"}
    assert not empty.file.exists(), "looking makes nothing"
    assert not (empty.folder / "aftercare.key").exists()


def test_settings_that_are_missing_or_unknown_are_listed(empty: Terminal) -> None:
    done = empty.types("doctor", TEAM_PHONE="", AFTERCARE_COLOUR="red")
    assert done.exit_code == 1
    assert "AFTERCARE_COLOUR is no setting" in done.stdout
    done = empty.types("doctor", TEAM_PHONE="", CRISIS_LINE="your number")
    assert "TEAM_PHONE is missing" in done.stdout
    assert "CRISIS_LINE was never filled in" in done.stdout
    assert "→" in done.stdout


def test_a_token_nobody_knows_is_a_fault(terminal: Terminal) -> None:
    found = checks(terminal, TELEGRAM_BOT_TOKEN="123456789:wrong-wrong-wrong-wrong-wrong-wrong")
    assert "Unauthorized" in found["token"]


def test_telegram_out_of_reach_is_a_fault(terminal: Terminal) -> None:
    assert "cannot be reached" in checks(terminal, TELEGRAM_API_URL="http://127.0.0.1:9")["token"]


def test_a_site_that_was_just_set_up_lacks_its_team(terminal: Terminal) -> None:
    assert set(checks(terminal)) == {"teams", "admins", "running"}


def test_a_site_that_lacks_nothing_is_well(terminal: Terminal, telegram: server.Served) -> None:
    staffed(terminal, in_group(telegram))
    assert checks(terminal) == {}
    done = terminal.types("doctor")
    assert done.exit_code == 0
    assert "All is well." in done.stdout


def test_a_chat_in_which_the_bot_may_not_post_is_a_fault(terminal: Terminal, telegram: server.Served) -> None:
    staffed(terminal, in_group(telegram, admin=False, can_post=False))
    assert "may not post" in checks(terminal)["chat of Spine team"]


def test_a_chat_that_is_not_there_is_a_fault(terminal: Terminal) -> None:
    staffed(terminal, -100999)
    assert "chat of Spine team" in checks(terminal)


def test_updates_that_go_elsewhere_are_a_fault(terminal: Terminal) -> None:
    found = checks(terminal, WEBHOOK_URL="https://bot.example.org/hook", WEBHOOK_SECRET="0123456789abcdef0123")
    assert "not what the settings say" in found["updates"]


def test_a_lost_key_and_an_open_key_file_are_faults(terminal: Terminal) -> None:
    key = terminal.folder / "aftercare.key"
    key.chmod(0o644)
    assert "chmod 600" in checks(terminal)["keys"]
    key.unlink()
    assert "no key file" in checks(terminal)["keys"]


def test_the_wrong_key_is_a_fault(terminal: Terminal) -> None:
    terminal.types("staff", "invite", "--name", "Lind", "--role", "admin")
    found = checks(terminal, AFTERCARE_KEY=Fernet.generate_key().decode(), AFTERCARE_KEY_FILE=None)
    assert "do not open" in found["stored names"]


def test_a_database_of_another_version_or_no_database_is_a_fault(terminal: Terminal) -> None:
    database = terminal.database()
    database.write_now(
        lambda s: s.connection().exec_driver_sql("UPDATE alembic_version SET version_num = 'earlier'").close()
    )
    database.close()
    assert "It is at earlier" in checks(terminal)["database"]
    terminal.file.write_bytes(b"this is no database" * 100)
    for path in terminal.folder.glob("aftercare.db-*"):
        path.unlink()
    assert "cannot be read" in checks(terminal)["database"]


@pytest.mark.parametrize(("seconds", "ok"), [(0, True), (60, True), (61, False), (-75, False)])
def test_a_clock_that_is_a_minute_off_is_a_fault(seconds: int, ok: bool) -> None:
    theirs = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    found = reach.clock(theirs, theirs + timedelta(seconds=seconds))
    assert found.ok == ok
    assert bool(found.remedy) != ok
    assert reach.clock(None, theirs).ok


@pytest.mark.parametrize(
    ("chat", "member", "may"),
    [
        ("supergroup", {"status": "administrator"}, True),
        ("group", {"status": "member"}, True),
        ("group", {"status": "left"}, False),
        ("group", {"status": "restricted", "can_send_messages": True}, True),
        ("group", {"status": "restricted", "can_send_messages": False}, False),
        ("channel", {"status": "administrator", "can_post_messages": True}, True),
        ("channel", {"status": "administrator"}, False),
        ("channel", {"status": "member"}, False),
    ],
)
def test_who_may_post_where(chat: str, member: dict[str, object], may: bool) -> None:
    assert reach.may_post({"type": chat}, member) == may


def test_the_time_in_an_answer_may_be_nonsense() -> None:
    assert reach.date_of("yesterday") is None
    assert reach.date_of(None) is None
    assert reach.date_of("Mon, 02 Mar 2026 09:00:00 GMT") == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_teams_without_a_chat_are_asked_about_nothing(terminal: Terminal) -> None:
    terminal.types("staff", "invite", "--name", "Lind", "--role", "admin")
    found = checks(terminal)
    assert "no chat" in found["team Spine team"]
    assert terminal.rows("SELECT chat_id FROM care_teams") == [(None,)]
