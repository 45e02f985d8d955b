"""`aftercare pathway simulate`: a check-in walked in the terminal, with answers piped in."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.commands import simulate
from schedules import catalog
from schedules.pathway import SITE_FIELDS

app = typer.Typer()
app.command()(simulate.simulate)
NO_SITE = {name.upper(): "" for name in SITE_FIELDS} | {"COLUMNS": "100"}
CALM_DAY3 = ("1", "1", "1", "1", "1", "0", "0", "1", "1", "1")


@pytest.fixture(autouse=True)
def _no_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def walk(*typed: str, options: tuple[str, ...] = ("--checkin", "day3")) -> Result:
    done = CliRunner().invoke(app, [*options], input="".join(f"{line}\n" for line in typed), env=NO_SITE)
    assert done.exit_code == 0, done.output
    return done


def flat(done: Result) -> str:
    return " ".join(done.stdout.replace("│", " ").split())


def test_a_calm_check_in_ends_routine_with_its_card() -> None:
    said = flat(walk(*CALM_DAY3))
    assert "completed, 10 answers" in said
    assert "level: review" not in said
    assert "Thank you. We have your answers for today." in said


def test_level_finding_and_action_card_come_with_the_answer() -> None:
    said = flat(walk("4"))
    before, _, after = said.partition("level: emergency")
    assert "shown at once" not in before
    assert "+ emergency ces_saddle_new:" in after
    assert "shown at once: card_emergency" in after
    assert "When you can, please go on with the other questions. Get help first." in after


def test_an_action_card_is_shown_once() -> None:
    assert flat(walk("4", "8", "7")).count("shown at once: card_emergency") == 1


def test_a_follow_up_comes_when_an_answer_opens_it() -> None:
    opened = flat(walk("1", "1", "1", "1", "4"))
    assert "Do you shake with cold" in opened
    assert "Do you shake with cold" not in flat(walk("1", "1", "1", "1", "1"))


def test_words_are_taken_as_well_as_numbers() -> None:
    said = flat(walk("nope", "fine", "constipated", "strong", "fell, headache"))
    assert "5 answers" in said


def test_back_asks_the_question_before_and_takes_another_answer() -> None:
    said = flat(walk("4", "back", "1"))
    assert "- ces_saddle_new no longer fires" in said
    assert "level: routine, emergency at its highest" in said


def test_quit_ends_with_what_was_answered() -> None:
    said = flat(walk("1", "1", "quit", "1"))
    assert "left unfinished, 2 answers" in said
    assert "no answer: bowel" in said


def test_the_end_of_the_input_is_a_check_in_left_unfinished() -> None:
    assert "left unfinished, 0 answers" in flat(walk())


def test_what_cannot_be_read_is_asked_again_with_the_hint() -> None:
    said = flat(walk("well", "9", "1"))
    assert said.count("We could not read that. Please tap a button, or type its number.") == 2
    assert "unreadable:" not in said


def test_a_red_flag_that_was_never_read_is_unreadable_in_the_end() -> None:
    said = flat(walk("1", "sort of", "quit"))
    assert "failsafe_unreadable_redflag" in said
    assert "unreadable: bladder" in said


def test_the_net_hears_what_is_typed() -> None:
    said = flat(walk("I can't pee at all since this morning"))
    assert "the net finds ces_bladder (emergency)" in said
    assert "shown at once: card_emergency" in said
    assert "We could not read that." in said


def test_harmless_words_still_go_to_the_re_screen_and_a_person() -> None:
    said = flat(walk("hello there nurse, how was your weekend"))
    assert "the net finds nothing (routine)" in said
    assert "the patient is also asked the re-screen, and a person reads the words" in said


def test_a_command_of_the_chat_is_named() -> None:
    assert "in the chat this is the command stop" in flat(walk("STOP"))


def test_in_a_crisis_nothing_more_is_asked() -> None:
    said = flat(walk(*CALM_DAY3[:9], "4", options=("--checkin", "week2")))
    assert "shown at once: card_crisis" in said
    assert "We will not ask you more questions today." in said
    assert "Anything else?" not in said


def test_an_optional_question_can_be_skipped() -> None:
    said = flat(walk(*CALM_DAY3, "skip", "1", options=("--checkin", "week6")))
    assert "completed, 11 answers" in said


def test_the_patient_is_asked_in_their_language() -> None:
    said = flat(walk("no", "atras", options=("--checkin", "day3", "--language", "es")))
    assert "¿Qué tal orina?" in said
    assert said.count("1 de 10") == 2


@pytest.mark.parametrize(("day", "asked"), [("9", False), ("10", True)])
def test_the_day_decides_what_is_asked(day: str, asked: bool) -> None:
    strong_medicine = ("1", "1", "1", "1", "1", "0", "0", "5", "1")
    said = flat(walk(*strong_medicine, options=("--checkin", "adhoc", "--day", day)))
    assert ("How are you doing with the strong medicine?" in said) == asked


def test_the_operation_counts() -> None:
    fall = ("1", "1", "1", "1", "6")
    assert "fall_with_implant" in flat(walk(*fall, options=("--checkin", "day3", "--procedure", "PLIF")))
    assert "fall_with_implant" not in flat(walk(*fall, options=("--checkin", "day3", "--procedure", "laminectomy")))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--checkin", "week9"), "There is no check-in week9: use day3, week2, week6, month3, adhoc."),
        (("--procedure", "tonsils"), "There is no operation tonsils"),
        (("--language", "fr"), "There is no language fr: use en, es."),
        (("--json",), "--json goes with --script FILE."),
        (("--day", "123456789"), "Invalid value for '--day'"),
    ],
)
def test_bad_input_is_named_and_ends_with_code_2(options: tuple[str, ...], why: str) -> None:
    done = CliRunner().invoke(app, [*options], env=NO_SITE)
    assert done.exit_code == 2
    assert why in done.stderr


def test_every_check_in_can_be_walked_to_its_end() -> None:
    for spec in catalog.shipped().schedule.checkins:
        said = flat(walk(*["1"] * 20, options=("--checkin", spec.id)))
        assert "completed" in said
