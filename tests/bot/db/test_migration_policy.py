"""The version before goes on while a migration runs, and after it: a migration expands, or says that it contracts.

Expanding is adding what the version before neither reads nor must write. Whatever takes away or narrows belongs into a
migration of its own with `phase = "contract"` and `after`, the version from which on nothing needs what it takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, event, inspect

from bot.db import migrate
from tests.conftest import KEY

_OF_A_TABLE = r'(?:ON|TABLE)\s+(?:ONLY\s+)?"?(\w+)"?'
BREAKING = (
    (re.compile(r"\bDROP\s+(?!INDEX\b|TRIGGER\b|DEFAULT\b|NOT\s+NULL\b)"), "takes away what the version before uses"),
    (re.compile(r"\bRENAME\b"), "renames what the version before uses"),
    (re.compile(r"\bSET\s+NOT\s+NULL\b"), "demands what the version before may leave out"),
    (re.compile(r"\bALTER\s+(?:COLUMN\s+)?\w+\s+(?:SET\s+DATA\s+)?TYPE\b"), "changes a type, and locks the table"),
    (
        re.compile(r"\bADD\s+COLUMN\b(?!.*\bDEFAULT\b).*\bNOT\s+NULL\b"),
        "adds a column that the version before leaves out",
    ),
    (re.compile(r"^(?:DELETE|TRUNCATE)\b"), "deletes rows"),
)
NARROWING = (
    (re.compile(r"\bADD\s+(?:CONSTRAINT|CHECK|UNIQUE|FOREIGN|PRIMARY)\b"), "refuses what the version before may write"),
    (re.compile(r"^CREATE\s+UNIQUE\s+INDEX\b"), "refuses what the version before may write"),
    (re.compile(r"^CREATE\s+(?:OR\s+REPLACE\s+)?TRIGGER\b"), "refuses what the version before may write"),
)


def breaks(statement: str, tables_before: set[str]) -> str | None:
    """Why this statement is not for a migration that expands; None when it is."""
    said = " ".join(statement.upper().split())
    for pattern, why in BREAKING:
        if pattern.search(said):
            return why
    table = re.search(_OF_A_TABLE, " ".join(statement.split()), re.IGNORECASE)
    if table and table[1] in tables_before:
        return next((why for pattern, why in NARROWING if pattern.search(said)), None)
    return None


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE forms",
        "ALTER TABLE checkins DROP COLUMN picks",
        "ALTER TABLE checkins DROP CONSTRAINT ck_checkins_state_known",
        "ALTER TABLE checkins RENAME COLUMN picks TO ticked",
        "ALTER TABLE _alembic_tmp_checkins RENAME TO checkins",
        "ALTER TABLE checkins ALTER COLUMN picks SET NOT NULL",
        "ALTER TABLE checkins ALTER COLUMN day TYPE TEXT",
        "ALTER TABLE checkins ADD COLUMN room TEXT NOT NULL",
        "ALTER TABLE checkins ADD CONSTRAINT c CHECK (day > 0)",
        "CREATE UNIQUE INDEX uq ON checkins (day)",
        "CREATE TRIGGER t BEFORE DELETE ON checkins BEGIN SELECT 1; END",
        "DELETE FROM forms",
    ],
)
def test_what_would_break_the_version_before_is_found(statement: str) -> None:
    assert breaks(statement, {"checkins", "forms"})


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE checkins ADD COLUMN room TEXT",
        "ALTER TABLE checkins ADD COLUMN tries BIGINT DEFAULT 0 NOT NULL",
        "ALTER TABLE checkins ALTER COLUMN picks DROP NOT NULL",
        "CREATE TABLE rota (id BIGSERIAL NOT NULL, UNIQUE (id))",
        "CREATE INDEX ix ON checkins (day)",
        "CREATE UNIQUE INDEX uq ON rota (day)",
        "CREATE TRIGGER t BEFORE DELETE ON rota BEGIN SELECT 1; END",
        "UPDATE checkins SET room = 'a' WHERE room IS NULL",
        "UPDATE alembic_version SET version_num='20261122'",
    ],
)
def test_what_only_adds_is_let_through(statement: str) -> None:
    assert not breaks(statement, {"checkins", "forms"})


def said_by(url: str, scripts: list[Script]) -> dict[str, list[str]]:
    """Migrates step by step; for each revision why its statements break the version before."""
    found: dict[str, list[str]] = {}
    migrate.make_private(url)
    engine = migrate.migrating_engine(url, [KEY])
    for script in scripts:
        statements: list[str] = []

        def note(_c: Connection, _cursor: object, statement: str, *_: object, into: list[str] = statements) -> None:
            into.append(statement)

        before = set(inspect(engine).get_table_names())
        event.listen(engine, "before_cursor_execute", note)
        with engine.begin() as connection:
            migrate.build(connection, script.revision)
        event.remove(engine, "before_cursor_execute", note)
        assert any("alembic_version" in statement for statement in statements), "nothing was heard of the migration"
        reasons = ((statement, breaks(statement, before)) for statement in statements)
        found[script.revision] = [f"{why}: {statement[:80]}" for statement, why in reasons if why]
    engine.dispose()
    return found


def every_migration() -> list[Script]:
    """From the first to the newest."""
    return [*ScriptDirectory.from_config(migrate.config()).walk_revisions()][::-1]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_every_migration_after_the_first_expands_or_says_that_it_contracts(
    vacant: Callable[[str], str], kind: str
) -> None:
    first, *others = every_migration()
    assert others, "there is nothing to look at"
    found = said_by(vacant(kind), [first, *others])
    expanding = [script for script in others if getattr(script.module, "phase", "expand") == "expand"]
    assert not {script.revision: found[script.revision] for script in expanding if found[script.revision]}


def test_a_migration_that_contracts_names_the_version_that_no_longer_needs_what_it_takes() -> None:
    for script in every_migration():
        phase = getattr(script.module, "phase", "expand")
        assert phase in ("expand", "contract"), script.revision
        if phase == "contract":
            assert re.fullmatch(r"\d+\.\d+(\.\d+)?", script.module.after), script.revision
