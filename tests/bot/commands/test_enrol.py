"""`aftercare enrol`, for one patient and for a file of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.bot.commands.conftest import Terminal

TODAY = datetime.now(UTC).date()
DAY = (TODAY - timedelta(days=2)).isoformat()
ONE = (
    "enrol", "--name", "Ana Ruiz", "--phone", "+44 20 7188 0001", "--birth-year", "1961", "--procedure", "fusion",
    "--surgery-date", DAY, "--baseline", "leg_pain=7",
)  # fmt: skip
HEADING = "name,phone,birth_year,language,procedure,surgery_date,leg_pain\n"
ANA = f"Ana Ruiz,+44 20 7188 0001,1961,es,fusion,{DAY},7\n"
BEN = f"Ben Adler,+44 20 7188 0002,1950,en,microdiscectomy,{DAY},\n"


@pytest.fixture
def staffed(terminal: Terminal) -> Terminal:
    """A site with a team."""
    made = terminal.types("staff", "invite", "--name", "Okoro", "--role", "coordinator")
    assert made.exit_code == 0, made.output
    return terminal


def enrolled(terminal: Terminal) -> int:
    """How many patients there are."""
    return int(terminal.rows("SELECT count(*) FROM patients")[0][0])


def test_one_patient_gets_a_code_and_a_link(staffed: Terminal) -> None:
    done = staffed.types(*ONE)
    assert done.exit_code == 0, done.output
    code, link = done.stdout.strip().split(",")
    assert len(code) == 5
    assert link.startswith("https://t.me/aftercare_sandbox_bot?start=i")
    assert staffed.rows("SELECT state, procedure FROM enrolments") == [("invited", "fusion")]
    assert staffed.rows("SELECT question, author FROM answers") == [("leg_pain", "staff")]


def test_names_do_not_stand_in_the_database_in_clear(staffed: Terminal) -> None:
    staffed.types(*ONE)
    found = b"".join(path.read_bytes() for path in staffed.folder.glob("aftercare.db*"))
    assert b"Ana Ruiz" not in found
    assert b"7188 0001" not in found


def test_a_file_enrols_every_row_and_says_which_link_is_whose(staffed: Terminal) -> None:
    file = staffed.folder / "patients.csv"
    file.write_text(HEADING + ANA + BEN, encoding="utf-8")
    done = staffed.types("enrol", "--csv", str(file), "--qr", str(staffed.folder / "links"))
    assert done.exit_code == 0, done.output
    lines = [line.split(",") for line in done.stdout.split()]
    assert [line[0] for line in lines] == ["2", "3"]
    pictures = sorted(path.name for path in (staffed.folder / "links").iterdir())
    assert pictures == sorted(f"start-{line[1]}.png" for line in lines)
    assert enrolled(staffed) == 2


def test_one_bad_row_enrols_nobody_and_every_problem_is_named(staffed: Terminal) -> None:
    file = staffed.folder / "patients.csv"
    bad = f"Cleo,12,61,fr,knee,{DAY},11\n"
    file.write_text(HEADING + ANA + bad + BEN, encoding="utf-8")
    done = staffed.types("enrol", "--csv", str(file))
    assert done.exit_code == 2
    for field in ("phone", "birth_year", "language", "procedure", "leg_pain"):
        assert f"row 3, {field}:" in done.stderr
    assert "row 2" not in done.stderr
    assert enrolled(staffed) == 0
    assert staffed.rows("SELECT count(*) FROM invitations WHERE enrolment_id IS NOT NULL") == [(0,)]


def test_a_dry_run_changes_no_row(staffed: Terminal) -> None:
    file = staffed.folder / "patients.csv"
    file.write_text(HEADING + ANA + BEN, encoding="utf-8")
    tables = [name for (name,) in staffed.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    before = {table: staffed.rows(f"SELECT * FROM {table}") for table in tables}  # noqa: S608 - names from the schema
    done = staffed.types("enrol", "--csv", str(file), "--dry-run", "--qr", str(staffed.folder / "links"))
    assert done.exit_code == 0
    assert "2 can be enrolled. Nobody was" in done.stdout
    assert {table: staffed.rows(f"SELECT * FROM {table}") for table in tables} == before  # noqa: S608 - as above
    assert not (staffed.folder / "links").exists()


def test_a_dry_run_finds_a_team_that_is_not_there(staffed: Terminal) -> None:
    done = staffed.types(*ONE, "--team", "Knee team", "--dry-run")
    assert done.exit_code == 1
    assert "Teams: Spine team" in done.stderr


def test_a_spreadsheet_from_a_country_of_semicolons_is_read(staffed: Terminal) -> None:
    file = staffed.folder / "patients.csv"
    file.write_text((HEADING + ANA).replace(",", ";"), encoding="utf-8-sig")
    assert staffed.types("enrol", "--csv", str(file)).exit_code == 0
    assert enrolled(staffed) == 1


def test_the_same_file_twice_enrols_nobody_twice(staffed: Terminal) -> None:
    file = staffed.folder / "patients.csv"
    file.write_text(HEADING + ANA + BEN + ANA, encoding="utf-8")
    done = staffed.types("enrol", "--csv", str(file))
    assert done.exit_code == 2
    assert "row 4, name: this patient stands here twice" in done.stderr
    file.write_text(HEADING + ANA, encoding="utf-8")
    assert staffed.types("enrol", "--csv", str(file)).exit_code == 0
    again = staffed.types("enrol", "--csv", str(file))
    assert again.exit_code == 2
    assert "row 2, name: this patient is enrolled already, as" in again.stderr
    assert enrolled(staffed) == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe", "Save it as CSV in UTF-8"),
        (b"", "no rows"),
        (HEADING.encode(), "no rows"),
        (HEADING.encode() + b'"Ana', "near line 2"),
        (HEADING.encode() + ANA.encode().strip() + b",more,and more\n", "(more): there is no such field"),
        (b"shoe_size\n42\n", "shoe_size: there is no such field"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(staffed: Terminal, content: bytes, says: str) -> None:
    file = staffed.folder / "patients.csv"
    file.write_bytes(content)
    done = staffed.types("enrol", "--csv", str(file))
    assert done.exit_code == 2
    assert says in done.stderr
    assert enrolled(staffed) == 0


def test_a_file_that_is_not_there_or_far_too_large_says_so(staffed: Terminal) -> None:
    missing = staffed.types("enrol", "--csv", "nowhere.csv")
    assert missing.exit_code == 2
    large = staffed.folder / "large.csv"
    large.write_bytes(b"x" * 5_000_001)
    assert "larger than 5 MB" in staffed.types("enrol", "--csv", str(large)).stderr


def test_an_unusual_date_needs_a_word(staffed: Terminal) -> None:
    old = (TODAY - timedelta(days=30)).isoformat()
    words = [old if word == DAY else word for word in ONE]
    refused = staffed.types(*words)
    assert refused.exit_code == 2
    assert "30 days ago: confirm it" in refused.stderr
    assert staffed.types(*words, "--confirm-dates").exit_code == 0


def test_a_baseline_without_an_equals_sign_is_explained(staffed: Terminal) -> None:
    done = staffed.types("enrol", "--baseline", "leg_pain")
    assert done.exit_code == 2
    assert "question=answer" in done.stderr


def test_links_that_could_not_be_drawn_are_made_for_nobody(staffed: Terminal) -> None:
    (staffed.folder / "links").write_text("a file stands here")
    done = staffed.types(*ONE, "--qr", str(staffed.folder / "links"))
    assert done.exit_code == 1
    assert enrolled(staffed) == 0


def test_a_token_that_telegram_does_not_know_enrols_nobody_and_is_not_printed(staffed: Terminal) -> None:
    done = staffed.types(*ONE, TELEGRAM_BOT_TOKEN="123456789:wrong-wrong-wrong-wrong-wrong-wrong")
    assert done.exit_code == 1
    assert "does not know TELEGRAM_BOT_TOKEN" in done.stderr
    assert "wrong-wrong" not in done.output
    assert enrolled(staffed) == 0


def test_telegram_out_of_reach_enrols_nobody_and_prints_no_token(staffed: Terminal) -> None:
    done = staffed.types(*ONE, TELEGRAM_API_URL="http://127.0.0.1:9")
    assert done.exit_code == 1
    assert "cannot be reached" in done.stderr
    assert "AAH4q9" not in done.output


def test_what_the_bot_could_not_run_with_stops_it(staffed: Terminal) -> None:
    done = staffed.types(*ONE, TEAM_PHONE="")
    assert done.exit_code == 1
    assert "TEAM_PHONE is missing" in done.stderr
