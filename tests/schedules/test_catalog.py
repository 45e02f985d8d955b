"""Reading and writing pathways: every planted fault is named with its file, line, field and remedy."""

# ruff: noqa: E501 - a table of faults reads best with one fault on a line

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schedules import catalog
from schedules.catalog import PathwayError
from schedules.documents import read
from schedules.pathway import Level, Pathway
from schedules.problems import Problem
from tests.schedules.small import FILES

MAIN, ES, WORDS = "pathway.yaml", "es.yaml", "freetext.en.yaml"


def problems(files: dict[str, str]) -> tuple[Problem, ...]:
    with pytest.raises(PathwayError) as caught:
        catalog.load_files(files)
    return caught.value.problems


def broken(file: str, old: str, new: str) -> dict[str, str]:
    assert old in FILES[file], old
    return {**FILES, file: FILES[file].replace(old, new, 1)}


def test_the_small_pathway_is_sound() -> None:
    small = catalog.load_files(FILES)
    assert small.question("bladder").option("leaking").text.in_("es") == "Se me escapa"
    assert small.question("bladder").option("leaking").synonyms == {"es": ("escapes",)}


# The file, what stands there, what is put in its place, and the file, field and words of the problem.
FAULTS: list[tuple[str, str, str, str, str, str]] = [
    (MAIN, "red_flag: true", "red_flg: true", MAIN, "questions[bladder].red_flg", "not known"),
    (MAIN, "    rationale: \"Because.\"\n    sources: [S1]\n    tell_clinician: \"Pain", "    sources: [S1]\n    tell_clinician: \"Pain", MAIN, "rules[pain]", "rationale is missing"),
    (MAIN, "in: [leaking]}, {q", "in: [leeking]}, {q", MAIN, "rules[leaks].when", "no option leeking"),
    (MAIN, "{q: leg_pain, gte: 5}", "{q: leg_pane, gte: 5}", MAIN, "rules[pain].when", "no question leg_pane"),
    (MAIN, "{q: leg_pain, gte: 5}", "{q: leg_pain, gte: 11}", MAIN, "rules[pain].when", "out of the range"),
    (MAIN, "{q: leg_pain, gte: 5}", "{q: bladder, gte: 5}", MAIN, "rules[pain].when", "does not fit bladder"),
    (MAIN, "{q: leg_pain, gte: 5}", "{q: symptoms, in: [fever]}", MAIN, "rules[pain].when", "does not fit symptoms"),
    (MAIN, "{q: leg_pain, gte: 5}", "{q: bladder, has_any: [leaking]}", MAIN, "rules[pain].when", "does not fit bladder"),
    (MAIN, "{q: leg_pain, gte: 5}", "{not: {q: bladder, in: [normal]}}", MAIN, "rules[pain].when.all[0]", "telling key"),
    (MAIN, "{q: leg_pain, gte: 5}", "{unanswered: nobody}", MAIN, "rules[pain].when", "no question nobody"),
    (MAIN, "{q: leg_pain, gte: 5}", "{checkin: [week9]}", MAIN, "rules[pain].when", "no check-in week9"),
    (MAIN, "{q: leg_pain, gte: 5}", "{count: {gte: 2, of: [{unreadable: bladder}]}}", MAIN, "rules[pain].when", "never hold"),
    (MAIN, "{q: leg_pain, gte: 5}", "{free_text_level: routine}", MAIN, "rules[pain].when", "never reports routine"),
    (MAIN, "{q: leg_pain, gte: 5}", "{delta: {q: bladder, vs: best, gte: 1}}", MAIN, "rules[pain].when", "does not fit"),
    (MAIN, "{q: leg_pain, gte: 5}", "{baseline_value: {q: fever_temp, gte: 38}}", MAIN, "rules[pain].when", "not recorded before"),
    (MAIN, "{q: leg_pain, gte: 5}", "{delta: {q: fever_temp, vs: baseline, gte: 1}}", MAIN, "rules[pain].when", "not recorded before"),
    (MAIN, "{procedure: [fusion]}", "{procedure: [fusio]}", MAIN, "rules[pain].when", "no procedure fusio"),
    (MAIN, "tell_patient: card_review", "tell_patient: card_revue", MAIN, "rules[pain].tell_patient", "no card card_revue"),
    (MAIN, "sources: [S1]", "sources: [S9]", MAIN, "rules[leaks].sources", "no source S9"),
    (MAIN, "sources: [S1]", "sources: []", MAIN, "rules[leaks].sources", "without a source"),
    (MAIN, "level: emergency\n    when", "level: routine\n    when", MAIN, "rules[leaks].level", "cannot make a case routine"),
    (MAIN, "level: emergency\n    when", "level: dire\n    when", MAIN, "rules[leaks].level", "Input should be"),
    (MAIN, "within_days: 1", "within_days: 99", MAIN, "rules[pain].within_days", "out of range"),
    (MAIN, "within_days: 1", "within_days: 2", MAIN, "texts", "days_2 is missing"),
    (MAIN, "within_days: 1", "within_days: soon", MAIN, "rules[pain].within_days", "whole number"),
    (MAIN, "within_days: 1", "within_days: 1\n    recheck_after_h: 0", MAIN, "rules[pain].recheck_after_h", "lies ahead"),
    (MAIN, "Bladder: {bladder}.", "Bladder: {blader}.", MAIN, "rules[leaks].tell_clinician", "cannot be filled"),
    (MAIN, "Bladder: {bladder}.", "Bladder: {bladder.", MAIN, "rules[leaks].tell_clinician", "stands alone"),
    (MAIN, "  - id: pain\n", "  - id: leaks\n", MAIN, "rules[leaks].id", "twice"),
    (MAIN, "  - id: pain\n", "  - id: rescreen_chest\n", MAIN, "rescreen.options[chest].id", "name of this answer"),
    (MAIN, "{id: normal, rank: 0", "{id: 'no', rank: 0", MAIN, "questions[bladder].options[no].id", "true, false or nothing"),
    (MAIN, "{id: normal, rank: 0", "{id: no, rank: 0", MAIN, "questions[bladder].options[no].id", "true, false or nothing"),
    (MAIN, "{id: normal, rank: 0", "{id: true, rank: 0", MAIN, "questions[bladder].options[0].id", "must be a text"),
    (MAIN, "{id: normal, rank: 0", "{id: Normal!, rank: 0", MAIN, "questions[bladder].options[Normal!].id", "no id"),
    (MAIN, "{id: normal, rank: 0", "{id: normal, rank: 3", MAIN, "questions[bladder].options", "ranks do not rise"),
    (MAIN, "{id: normal, rank: 0", "{id: normal, rank: 0.5", MAIN, "questions[bladder].options[normal].rank", "whole number"),
    (MAIN, "synonyms: [fine]", "synonyms: [fine, leaking]", MAIN, "questions[bladder].options", "also means"),
    (MAIN, "text: \"Leaking\"", "text: 7", MAIN, "questions[bladder].options[leaking].text", "not a text"),
    (MAIN, "text: \"Leaking\"", f"text: \"{'x' * 101}\"", MAIN, "questions[bladder].options[leaking].text", "101 characters"),
    (MAIN, "exclusive: [none]", "exclusive: [nothing]", MAIN, "questions[symptoms].exclusive", "no option nothing"),
    (MAIN, "ask_if: {q: symptoms", "ask_if: {q: later", MAIN, "questions[fever_temp].ask_if", "not asked before"),
    (MAIN, "ask_if: {q: symptoms, has_any: [fever]}", "ask_if: {unanswered: symptoms}", MAIN, "questions[fever_temp].ask_if", "cannot depend"),
    (MAIN, "checkins: [day3], text", "checkins: [day9], text", MAIN, "questions[words].checkins", "no check-in day9"),
    (MAIN, "checkins: [day3], text", "checkins: [], text", MAIN, "questions[words].checkins", "No check-in asks"),
    (MAIN, "type: scale, min: 0, max: 10", "type: scale, min: 10, max: 0", MAIN, "questions[leg_pain]", "wrong way round"),
    (MAIN, "type: text, checkins", "type: text, max: 3, checkins", MAIN, "questions[words]", "no min or max"),
    (MAIN, "type: text, checkins", "type: poem, checkins", MAIN, "questions[words].type", "Input should be"),
    (MAIN, "type: text, checkins", "type: choice, checkins", MAIN, "questions[words]", "without options"),
    (MAIN, "type: multi", "type: scale", MAIN, "questions[symptoms].options", "has no options"),
    (MAIN, "type: multi", "type: choice\n    unit: celsius", MAIN, "questions[symptoms].unit", "Only a number"),
    (MAIN, "type: number", "type: scale", MAIN, "questions[fever_temp].special", "Only a number"),
    (MAIN, "red_flag: true", "red_flag: true\n    optional: true", MAIN, "questions[bladder].optional", "cannot be optional"),
    (MAIN, "baseline_fields: [bladder, leg_pain]", "baseline_fields: [bladder, leg_pain, hair]", MAIN, "baseline_fields", "no question hair"),
    (MAIN, "text: \"Chest pain\", tell_clinician: \"Chest.\"", "text: \"Chest pain\"", MAIN, "rescreen.options[chest]", "without texts"),
    (MAIN, "tell_clinician: \"Chest.\", tell_patient: card_emergency", "tell_clinician: \"Chest.\", tell_patient: card_x", MAIN, "rescreen.options[chest].tell_patient", "no card card_x"),
    (MAIN, "human_read_h: 2", "human_read_h: 2\n  exclusive: [nil]", MAIN, "rescreen.exclusive", "no option nil"),
    (MAIN, "card: card_crisis", "card: card_x", MAIN, "freetext.categories[crisis].card", "no card card_x"),
    (MAIN, "{id: crisis, level: emergency", "{id: crisis, level: routine", MAIN, "freetext.categories[crisis]", "says nothing"),
    (MAIN, "freetext:\n", "freetext:\n  near_within: 0\n", MAIN, "freetext.near_within", "cannot exist"),
    (MAIN, "send_time: \"09:30\"", "send_time: \"25:30\"", MAIN, "schedule.send_time", "no time of day"),
    (MAIN, "send_time: \"09:30\"", "send_time: \"07:30\"", MAIN, "schedule.send_time", "quiet hours"),
    (MAIN, "[\"21:00\", \"08:00\"]", "[\"08:00\", \"10:00\"]", MAIN, "schedule.send_time", "quiet hours"),
    (MAIN, "[\"21:00\", \"08:00\"]", "[\"08:00\", \"08:00\"]", MAIN, "schedule.quiet_hours", "never end"),
    (MAIN, "recheck_checkin: adhoc", "recheck_checkin: day3", MAIN, "schedule.recheck_checkin", "no check-in without a day"),
    (MAIN, "programme_end_day: 10", "programme_end_day: 2", MAIN, "schedule.programme_end_day", "ends before day3"),
    (MAIN, "reminders_h: [6, 24]", "reminders_h: [6, 99]", MAIN, "schedule.checkins[day3].reminders_h", "not in order"),
    (MAIN, "closes_after_h: 12", "closes_after_h: 0", MAIN, "schedule.checkins[adhoc].closes_after_h", "before it opens"),
    (MAIN, "{send_within_h: 24", "{send_within_h: -1", MAIN, "schedule.checkins[day3].late", "negative"),
    (MAIN, "then: phone_task", "then: merge", MAIN, "schedule.checkins[day3].late", "nothing to merge into"),
    (MAIN, "offset_days: 3", "offset_days: -3", MAIN, "schedule.checkins[day3].offset_days", "do not rise"),
    (MAIN, "offset_days: 3, ", "", MAIN, "schedule.checkins", "No check-in has a day"),
    (MAIN, "- {id: other, title: \"Other\", implant: true}", "- {id: others, title: \"Other\", implant: true}", MAIN, "procedures", "other is missing"),
    (MAIN, "title: \"Other\", implant", "title: \"Other\", aliases: [PLIF], implant", MAIN, "procedures[other].aliases", "also belongs to fusion"),
    (MAIN, "  routine: {alert: none}\n", "", MAIN, "levels", "routine is missing"),
    (MAIN, "routine: {alert: none}", "routine: {alert: none, ack_within_min: 3}", MAIN, "levels.routine", "do not fit"),
    (MAIN, "ack_hours: working_hours", "ack_hours: sometimes", MAIN, "levels.review.ack_hours", "no hours"),
    (MAIN, "cutoff: \"16:00\"", "cutoff: \"4 pm\"", MAIN, "levels.urgent.cutoff", "no time of day"),
    (MAIN, "    ladder: [{after_min: 0, tell: [team]}]\n", "", MAIN, "levels.urgent", "pages nobody"),
    (MAIN, "[{after_min: 0, tell: [team]}, {after_min: 5", "[{after_min: 9, tell: [team]}, {after_min: 5", MAIN, "levels.emergency.ladder", "not in order"),
    (MAIN, "{after_min: 5, tell: [on_call]}", "{after_min: 5, tell: []}", MAIN, "levels.emergency.ladder", "tells nobody"),
    (MAIN, "    repeat_every_min: 15\n", "", MAIN, "levels.emergency.ladder", "has an end"),
    (MAIN, "languages: [en, es]", "languages: [en, es, es]", MAIN, "languages", "twice"),
    (MAIN, "languages: [en, es]", "languages: [es]", MAIN, "languages", "English"),
    (MAIN, "languages: [en, es]", "languages: [en]", ES, "", "No language"),
    (MAIN, "languages: [en, es]", "languages: [en, es, fr]", "fr.yaml", "", "missing"),
    (MAIN, "version: \"1\"\ntitle", "title", MAIN, "", "version is missing"),
    (MAIN, "  card_crisis: \"card_crisis en\"\n", "", MAIN, "cards", "card_crisis is missing"),
    (MAIN, "\"card_crisis en\"", "\"Ring {team_fone}\"", MAIN, "cards.card_crisis", "cannot be filled"),
    (MAIN, "\"card_crisis en\"", "\"  \"", MAIN, "cards.card_crisis", "empty"),
    (MAIN, "\"card_crisis en\"", f"\"{'x' * 1200}\"", MAIN, "cards.card_crisis", "1200 characters"),
    (MAIN, "\"Do you agree?\"", f"\"{'x' * 4100}\"", MAIN, "consent.text", "4100 characters"),
    (MAIN, "questions:\n", "questions: 3\nquestion:\n", MAIN, "questions", "must be a list"),
    (MAIN, "id: small", "id: small\nid: small", MAIN, "id", "twice"),
    (MAIN, "title: \"Small\"", "title: \"Small", MAIN, "", "not YAML"),
    (MAIN, "title: \"Small\"", "title: [Small]", MAIN, "title", "not a text"),
    (MAIN, "rationale: \"Because.\"", "rationale: &why \"Because.\"\n    note: *why", MAIN, "rules[leaks].note", "alias"),
    (MAIN, "min: 0, max: 10", "min: .nan, max: 10", MAIN, "questions[leg_pain].min", "no number"),
    (MAIN, "selfcare:\n", "selfcare:\n  ? [a, b]\n  : c\n", MAIN, "selfcare", "not a plain word"),
    (ES, "checkins: {day3: \"Día 3\", ", "checkins: {", ES, "checkins", "checkins.day3 is missing"),
    (ES, "normal: \"Normal\", ", "", ES, "questions.bladder.options", "normal is missing"),
    (ES, "normal: \"Normal\"", "normal: 3", ES, "questions.bladder.options.normal", "not a text"),
    (ES, "leg_pain: {text", "leg_pane: {text", ES, "questions.leg_pane", "Nothing in pathway.yaml"),
    (ES, "Llame al {emergency_number}", "Llame al 112", ES, "questions.words.text", "placeholders differ"),
    (ES, "synonyms: [escapes]", "synonyms: [normal]", ES, "questions.bladder.options.leaking.synonyms", "also means"),
    (ES, "title: \"Pequeño\"", "- a list", ES, "", "not YAML"),
    (WORDS, "alone: [END]", "alone: [ENDS]", WORDS, "patterns.crisis", "no word list ENDS"),
    (WORDS, "crisis: {alone: [END]}", "crisis: {}", WORDS, "patterns.crisis", "empty"),
    (WORDS, "crisis: {alone", "calm: {alone", WORDS, "patterns", "crisis has no pattern"),
    (WORDS, "crisis: {alone", "calm: {alone", WORDS, "patterns.calm", "no category calm"),
    (WORDS, "[end it all]", "[]", WORDS, "lexicon.END", "empty"),
    (WORDS, "[end it all]", "[3]", WORDS, "lexicon.END[0]", "must be a text"),
    (WORDS, "lexicon:", "lexicn:", WORDS, "lexicn", "not known"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "where", "field", "what"), FAULTS)
def test_a_planted_fault_is_named(file: str, old: str, new: str, where: str, field: str, what: str) -> None:
    found = problems(broken(file, old, new))
    named = [problem for problem in found if problem.file == where and what in problem.what]
    assert named, [str(problem) for problem in found]
    assert any(problem.field.startswith(field) for problem in named), [problem.field for problem in named]
    assert all(problem.line >= 1 and problem.remedy for problem in found)


def test_the_line_of_a_fault_is_right() -> None:
    files = broken(MAIN, "tell_patient: card_review", "tell_patient: card_revue")
    line = next(n for n, text in enumerate(files[MAIN].splitlines(), 1) if "card_revue" in text)
    assert [problem.line for problem in problems(files) if "card_revue" in problem.what] == [line]


def test_every_fault_is_listed_not_only_the_first() -> None:
    files = broken(MAIN, "sources: [S1]", "sources: [S9]")
    files[ES] = files[ES].replace('walking: "Camine un poco."', "")
    assert {problem.file for problem in problems(files)} == {MAIN, ES}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "[]",
        "- a\n- b",
        "{" * 5000,
        "{" * 150,
        "[" * 3000 + "]" * 3000,
        "\t\tid: x",
        "id: \x00",
        "x" * 500_001,
        "a: " + "{a: " * 60 + "1" + "}" * 60,
        "!!python/object:os.system x",
        "id: 0x" + "f" * 5000,
    ],
)
def test_nonsense_is_a_problem_and_never_a_crash(text: str) -> None:
    assert problems({**FILES, MAIN: text})
    assert problems({**FILES, ES: text})
    assert problems({**FILES, WORDS: text})


def test_nothing_at_all_is_a_problem() -> None:
    assert "missing" in problems({})[0].what


@pytest.mark.parametrize(
    "section",
    ["levels", "schedule", "procedures", "questions", "rules", "cards", "texts", "consent", "rescreen", "freetext"],
)
@pytest.mark.parametrize("value", ["3", "text", "[1, [2]]", "{a: {b: c}}", "null", "true"])
def test_a_section_of_the_wrong_shape_is_a_problem(section: str, value: str) -> None:
    lines = FILES[MAIN].splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith(f"{section}:"))
    end = next((i for i in range(start + 1, len(lines)) if not lines[i].startswith(" ")), len(lines))
    text = "\n".join([*lines[:start], f"{section}: {value}", *lines[end:]])
    assert problems({**FILES, MAIN: text})


def test_a_pathway_written_out_reads_back_as_itself() -> None:
    for pathway in (catalog.load_files(FILES), catalog.shipped()):
        again = catalog.load_files(catalog.dump(pathway))
        assert again == pathway
        assert again.fingerprint == pathway.fingerprint


def test_canonical_json_reads_back_as_itself() -> None:
    pathway = catalog.shipped()
    again = Pathway.from_json(pathway.canonical_json())
    assert again == pathway
    assert again.fingerprint == pathway.fingerprint
    assert json.loads(pathway.canonical_json())["id"] == "lumbar_surgery"


def test_comments_and_the_order_of_keys_do_not_change_the_fingerprint() -> None:
    moved = (
        FILES[MAIN]
        .replace('version: "1"\n', "")
        .replace("languages: [en, es]", 'languages: [en, es]\nversion: "1" # x')
    )
    assert catalog.load_files({**FILES, MAIN: moved}).fingerprint == catalog.load_files(FILES).fingerprint


def test_a_change_of_one_word_changes_the_fingerprint() -> None:
    changed = catalog.load_files(broken(MAIN, "Walk a little.", "Walk a bit."))
    assert changed.fingerprint != catalog.load_files(FILES).fingerprint


def test_a_copy_with_other_values_has_its_own_fingerprint() -> None:
    pathway = catalog.load_files(FILES)
    before = pathway.fingerprint
    assert pathway.model_copy(update={"version": "2"}).fingerprint != before


def test_a_folder_is_read(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert catalog.load(tmp_path) == catalog.load_files(FILES)


def test_a_folder_that_is_not_there_or_not_text_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(PathwayError, match="No such folder"):
        catalog.load(tmp_path / "nowhere")
    (tmp_path / MAIN).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PathwayError, match="cannot be read"):
        catalog.load(tmp_path)


def test_a_pathway_nobody_shipped_is_a_problem() -> None:
    for name in ("knee", "../secrets", ""):
        with pytest.raises(PathwayError, match="Known pathways: lumbar_surgery"):
            catalog.shipped_files(name)


def test_names_are_looked_up() -> None:
    pathway = catalog.load_files(FILES)
    assert pathway.checkin("day3").offset_days == 3
    assert pathway.rule("leaks").level is Level.EMERGENCY
    assert pathway.procedure_of("PLIF").id == "fusion"
    assert pathway.procedure_of("knee").id == "other"
    assert pathway.title.in_("fr") == "Small"
    with pytest.raises(KeyError):
        pathway.question("bladder").option("nothing")


def test_levels_are_ordered_by_urgency_not_by_letters() -> None:
    assert sorted(Level) == [Level.ROUTINE, Level.REVIEW, Level.URGENT, Level.EMERGENCY]
    assert Level.EMERGENCY > Level.URGENT >= Level.URGENT > Level.REVIEW
    assert Level.ROUTINE <= Level.REVIEW < Level.URGENT
    with pytest.raises(TypeError):
        assert Level.ROUTINE < 3


def test_a_document_names_places_it_does_not_have() -> None:
    document = read("x.yaml", "a: [{id: one}]")
    assert document.name(("a", 5, "b")) == "a[5].b"
    assert document.line(("z", 1)) == 1
    assert document.nearest(("a", 0, "q", "id")) == ("a", 0, "id")
