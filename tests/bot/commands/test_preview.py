"""`aftercare pathway preview`, run as a person runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.cards import patient, plaintext
from bot.care.patients import Words
from bot.commands import course, preview
from schedules import catalog
from schedules.pathway import SITE_FIELDS

app = typer.Typer()
app.command()(preview.preview)
PATHWAY = catalog.shipped()
WHEN = ("--surgery-date", "2026-03-10", "--zone", "Europe/Madrid")
NO_SITE = {name.upper(): "" for name in SITE_FIELDS}


@pytest.fixture(autouse=True)
def _no_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, [*words], env=NO_SITE)


def flat(text: str) -> str:
    return " ".join(text.split())


def test_the_course_says_when_everything_comes() -> None:
    said = run(*WHEN, "--procedure", "TLIF", "--language", "en").stdout
    assert "Fusion, operated on Tuesday 10 March 2026. Times of Europe/Madrid." in said
    assert "sent        Tuesday, 24 March, 09:30" in said
    assert "reminder 1  Friday, 13 March, 15:30" in said
    assert "closes      Saturday, 28 March, 09:30; 96 hours to answer, 44 of them quiet" in said
    assert "go forward 1 h on Sunday, 29 March, before this check-in: it comes at 09:30 all the same" in said
    assert "re-check    48 hours after early window relapse fires" in said


def test_a_change_of_the_clocks_while_a_check_in_is_open_moves_its_closing_on_the_clock() -> None:
    said = run("--surgery-date", "2026-03-12", "--zone", "Europe/Madrid", "--language", "en").stdout
    assert "closes      Monday, 30 March, 10:30" in said
    assert "while it is open" in said


def test_a_patient_who_joins_late_sees_what_becomes_of_the_days_that_passed() -> None:
    said = run(*WHEN, "--joined", "2026-03-26", "--language", "en").stdout
    assert "not sent    Its day has passed: a person asks the questions by phone." in said
    assert "opening, Friday, 13 March, 09:30" not in said
    assert "it is sent late, when the patient joins" in said
    assert "This check-in comes late. We are sorry." in said


@pytest.mark.parametrize("language", PATHWAY.languages)
def test_every_question_stands_there_as_production_renders_it(language: str) -> None:
    said = flat(run(*WHEN, "--language", language).stdout)
    words = Words(pathway=PATHWAY, language=language, clinic=course.placeholders(), timezone="Europe/Madrid")
    for question in PATHWAY.questions:
        view = patient.Asking(
            checkin=0,
            index=0,
            question=question,
            text=words.fill(question.text.in_(language)),
            language=language,
            position=2,
            total=2,
            below=words.card("card_not_monitored") if question.type == "text" else None,
            back=True,
        )
        shown = plaintext.lines(patient.asking(view, words.label))[2:]
        buttons = flat(" ".join(shown)).removesuffix(f"[ {words.label('back')} ] [ {words.label('pause')} ]")
        assert buttons in said, question.id


def test_all_languages_come_unless_one_is_wanted() -> None:
    assert {"Día 3 · Español · day 3", "Day 3 · English · day 3"} <= set(run(*WHEN).stdout.splitlines())
    assert "Español" not in run(*WHEN, "--language", "en").stdout


def test_a_follow_up_says_what_opens_it() -> None:
    said = flat(run(*WHEN, "--language", "en").stdout)
    assert "-- fever temp, only if “Fever, or feeling hot and shivery” is ticked at general symptoms" in said


def test_a_follow_up_that_no_answer_can_open_is_named_and_not_shown(tmp_path: Path) -> None:
    for name, text in catalog.shipped_files().items():
        (tmp_path / name).write_text(text.replace("{days: {gte: 10}}]}", "{days: {gte: 70}}]}"), encoding="utf-8")
    said = flat(run(str(tmp_path), *WHEN, "--language", "en").stdout)
    assert "Never asked on this day or after this operation: opioid control." in said


def test_the_end_of_a_calm_check_in_and_of_a_silent_one_are_shown() -> None:
    said = flat(run(*WHEN, "--language", "en").stdout)
    assert "-- end, when all answers are calm (routine) Thank you. We have your answers for today." in said
    assert "-- end, when it closes without answers We have not had all your answers." in said


def test_numbers_come_from_the_settings_of_the_site() -> None:
    site = {**NO_SITE, "TEAM_PHONE": "the ward", "CLINIC_NAME": "Northside"}
    said = CliRunner().invoke(app, [*WHEN, "--language", "en"], env=site).stdout
    assert "Ring the ward if you would rather talk." in flat(said)
    assert "[emergency number]" in said


def test_a_folder_gets_one_text_for_each_check_in_and_language_and_the_picture(tmp_path: Path) -> None:
    assert run(*WHEN, "--out", str(tmp_path / "new")).exit_code == 0
    names = {file.name for file in (tmp_path / "new").iterdir()}
    checkins = [spec.id for spec in PATHWAY.schedule.checkins]
    assert names == {"course.txt", "course.png"} | {f"{c}.{lang}.txt" for c in checkins for lang in PATHWAY.languages}


def test_a_picture_can_be_drawn_alone(tmp_path: Path) -> None:
    assert run(*WHEN, "--picture", str(tmp_path / "course.svg")).exit_code == 0
    assert (tmp_path / "course.svg").read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--surgery-date", "10.3.2026", "--zone", "UTC"), "--surgery-date: '10.3.2026' is no day"),
        (("--surgery-date", "2026-02-30", "--zone", "UTC"), "is no day"),
        (("--surgery-date", "2026-03-10", "--zone", "Madrid"), "--zone: no time zone is called 'Madrid'"),
        ((*WHEN, "--procedure", "tonsils"), "There is no operation tonsils: use microdiscectomy"),
        ((*WHEN, "--language", "fr"), "There is no language fr: use en, es or all."),
        ((*WHEN, "--joined", "soon"), "--joined: 'soon' is no day"),
        ((*WHEN, "--picture", "course.gif"), "course.gif is no picture"),
    ],
)
def test_bad_input_is_named_and_ends_with_code_2(words: tuple[str, ...], why: str) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert why in flat(done.stderr)


def test_a_pathway_that_is_not_there_ends_with_code_1() -> None:
    done = run("nowhere", *WHEN)
    assert done.exit_code == 1
    assert "No such pathway." in done.stderr


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run(*WHEN, "--out", str(tmp_path / "file"))
    assert done.exit_code == 1
    assert "cannot be written" in done.stderr
