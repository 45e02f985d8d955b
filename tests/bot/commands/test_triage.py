"""`aftercare triage`: JSON in, JSON out; bad input is refused by name, never by a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.commands import triage
from schedules import catalog

CASE: dict[str, Any] = {
    "id": "ana-017",
    "procedure": "laminectomy",
    "surgery_date": "2026-01-05",
    "checkin": "day3",
    "answered_on": "2026-01-08",
    "status": "partial",
    "answers": {"saddle_numbness": "new_or_worse", "bladder": "kinda"},
}


def run(content: object, *options: str) -> Any:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return CliRunner().invoke(app, ["triage", *options], input=raw)


def test_one_case_gives_one_result() -> None:
    done = run(CASE)
    assert done.exit_code == 0
    result = json.loads(done.stdout)
    assert list(result) == ["id", "level", "within_days", "findings", "unanswered", "unreadable"]
    assert (result["id"], result["level"], result["within_days"]) == ("ana-017", "emergency", None)
    assert result["findings"][0] == {
        "rule": "ces_saddle_new",
        "level": "emergency",
        "because": {"saddle_numbness": "new_or_worse"},
    }
    assert result["unreadable"] == ["bladder"]
    assert "bowel" in result["unanswered"]


def test_a_list_gives_a_list_in_the_same_order() -> None:
    done = run([CASE, {**CASE, "id": 7, "status": "missed", "answers": {}}])
    assert [(entry["id"], entry["level"]) for entry in json.loads(done.stdout)] == [
        ("ana-017", "emergency"),
        (7, "review"),
    ]
    assert json.loads(run([]).stdout) == []


def test_free_text_and_the_re_screen_are_triaged() -> None:
    said = {**CASE, "answers": {"free_text": "numb between my legs", "rescreen": ["chest"]}}
    rules = {finding["rule"] for finding in json.loads(run(said).stdout)["findings"]}
    assert {"free_text_emergency", "rescreen_chest"} <= rules


def test_a_file_may_be_named(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(CASE), encoding="utf-8-sig")
    assert CliRunner().invoke(app, ["triage", str(file)]).exit_code == 0
    assert CliRunner().invoke(app, ["triage", str(tmp_path / "none.json")]).exit_code == 2
    assert CliRunner().invoke(app, ["triage", str(tmp_path)]).exit_code == 2


def test_a_bad_case_among_good_ones_is_named() -> None:
    done = run([CASE, {**CASE, "id": "ben-003", "checkin": "week9", "answers": {"blader": "leaking"}}])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "case 2 ('ben-003'): checkin: 'week9' is none of day3" in done.stderr
    assert "case 2 ('ben-003'): answers.blader: there is no such question" in done.stderr


def test_many_faults_are_cut_short() -> None:
    done = run([{}] * 30)
    assert "… and" in done.stderr
    assert len(done.stderr.splitlines()) < 30


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "the input is empty"),
        (b"{", "this is no JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"3", "a case is an object"),
        (b"null", "a case is an object"),
        (b'{"id": NaN}', "NaN is no JSON number"),
        (b'{"id": 1, "id": 2}', "'id' stands twice"),
        (b"[" * 200_000, "nested too deep"),
        (b'{"id": ' + b"9" * 5000 + b"}", "too long"),
    ],
)
def test_what_is_no_json_is_refused(raw: bytes, why: str) -> None:
    done = run(raw)
    assert done.exit_code == 2
    assert why in done.stderr
    assert isinstance(done.exception, SystemExit)


def test_an_input_without_end_is_refused(tmp_path: Path) -> None:
    huge = tmp_path / "huge.json"
    with huge.open("wb") as file:
        file.truncate(triage.LARGEST + 1)
    done = CliRunner().invoke(app, ["triage", str(huge)])
    assert done.exit_code == 2
    assert "send the cases in parts" in done.stderr


def test_another_pathway_may_be_named_by_its_folder(tmp_path: Path) -> None:
    assert run(CASE, "--pathway", "lumbar_surgery").exit_code == 0
    nowhere = run(CASE, "--pathway", "knee")
    assert nowhere.exit_code == 2
    assert "No such pathway" in nowhere.stderr


def test_a_pathway_can_be_written_out_checked_and_used(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    export = CliRunner().invoke(app, ["pathway", "export", str(folder)])
    assert export.exit_code == 0
    assert {path.name for path in folder.iterdir()} == set(catalog.shipped_files())
    assert CliRunner().invoke(app, ["pathway", "export", str(folder)]).exit_code == 1
    assert CliRunner().invoke(app, ["pathway", "export", str(folder), "--force"]).exit_code == 0
    assert run(CASE, "--pathway", str(folder)).exit_code == 0
    check = CliRunner().invoke(app, ["pathway", "check", str(folder)])
    assert check.exit_code == 0
    assert "90 rules" in check.stdout


def test_every_problem_of_a_bad_pathway_is_listed(tmp_path: Path) -> None:
    CliRunner().invoke(app, ["pathway", "export", str(tmp_path)])
    main = tmp_path / "pathway.yaml"
    text = main.read_text(encoding="utf-8").replace("in: [new_or_worse]", "in: [new_or_wurse]", 1)
    main.write_text(text, encoding="utf-8")
    line = next(number for number, found in enumerate(text.splitlines(), 1) if "new_or_wurse" in found)
    check = CliRunner().invoke(app, ["pathway", "check", str(tmp_path)])
    assert check.exit_code == 1
    assert f"pathway.yaml:{line}: rules[ces_saddle_new].when" in check.stdout
    used = run(CASE, "--pathway", str(tmp_path))
    assert used.exit_code == 2
    assert "cannot be used" in used.stderr


def test_an_example_that_fails_is_a_problem_of_the_pathway(tmp_path: Path) -> None:
    CliRunner().invoke(app, ["pathway", "export", str(tmp_path)])
    main = tmp_path / "pathway.yaml"
    main.write_text(main.read_text(encoding="utf-8").replace("gte: 38.0", "gte: 39.0"), encoding="utf-8")
    check = CliRunner().invoke(app, ["pathway", "check", str(tmp_path)])
    assert check.exit_code == 1
    assert "[fever_38]" in check.stdout


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x", encoding="utf-8")
    assert CliRunner().invoke(app, ["pathway", "export", str(blocked / "sub")]).exit_code == 1
    assert CliRunner().invoke(app, ["pathway", "export", str(tmp_path / "x"), "--pathway", "knee"]).exit_code == 1
