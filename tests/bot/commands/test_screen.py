"""`aftercare screen`, run as a person or a script runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot.commands import screen as command

app = typer.Typer()
app.command()(command.screen)
RUNNER = CliRunner()

NUMB = '{"id": "a", "text": "numb round my bum", "lang": "en"}'
CALM = '{"id": 2, "text": "todo bien, gracias"}'


def test_json_lines_go_in_and_come_out_in_order() -> None:
    done = RUNNER.invoke(app, [], input=f"{NUMB}\n\n{CALM}\n")
    assert done.exit_code == 0
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"id": "a", "level": "emergency", "categories": ["ces_saddle"], "matched": ["numb … bum"]},
        {"id": 2, "level": "routine", "categories": [], "matched": []},
    ]


def test_a_file_is_read_too_with_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    file = tmp_path / "messages.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + f"{NUMB}\r\n{CALM}\r\n".encode())
    done = RUNNER.invoke(app, [str(file)])
    assert len(done.stdout.splitlines()) == 2


@pytest.mark.parametrize("lang", ['"es"', '"xx"', "null"])
def test_the_language_is_only_a_hint(lang: str) -> None:
    done = RUNNER.invoke(app, ["-"], input=f'{{"id": "a", "text": "numb round my bum", "lang": {lang}}}')
    assert json.loads(done.stdout)["level"] == "emergency"


def test_a_line_separator_inside_a_text_is_part_of_it() -> None:
    done = RUNNER.invoke(app, [], input='{"id": "a", "text": "numb\u2028bum"}\n')
    assert done.exit_code == 0


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("{", "no JSON"),
        ("[]", "no JSON object"),
        ('{"text": "x"}', '"id"'),
        ('{"id": true, "text": "x"}', '"id"'),
        ('{"id": "a"}', '"text"'),
        ('{"id": "a", "text": 5}', '"text"'),
        ('{"id": "a", "text": "x", "lang": 5}', '"lang"'),
        ("[" * 100_000, "nested too deep"),
        ('{"id": ' + "9" * 5000 + "}", "too long"),
    ],
)
def test_a_bad_line_is_named_with_the_reason_and_nothing_is_screened(bad: str, why: str) -> None:
    done = RUNNER.invoke(app, [], input=f"{NUMB}\n{bad}\n")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith("line 2: ")
    assert why in done.stderr
    assert "Traceback" not in done.stderr


def test_text_in_another_encoding_is_named() -> None:
    done = RUNNER.invoke(app, [], input='{"id": "a", "text": "sí"}'.encode("latin-1"))
    assert done.exit_code == 2
    assert "UTF-8" in done.stderr


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    done = RUNNER.invoke(app, [str(tmp_path / "none.jsonl")])
    assert done.exit_code == 2
    assert "cannot be read" in done.stderr


def test_no_input_gives_no_output() -> None:
    done = RUNNER.invoke(app, [], input="")
    assert (done.exit_code, done.stdout) == (0, "")
