"""What was asked again in a check-in, and the findings that a surgeon expects of a patient."""

import sqlalchemy as sa
from alembic import op

from bot.db import types

revision = "20261121"
down_revision: str | None = "20261120"
branch_labels: str | None = None
depends_on: str | None = None

BIG = types.BigInt
TEXT = sa.Text()
FIXED = "id, enrolment_id, rule, until, at, staff_id, withdraws_id"


def upgrade() -> None:
    """Add a column and a table; the table is only ever added to."""
    op.add_column("checkins", sa.Column("asked_again", types.Json(), nullable=True))
    op.create_table(
        "expected_findings",
        sa.Column("id", BIG),
        sa.Column("enrolment_id", BIG, nullable=False),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("note", types.Encrypted(), nullable=True),
        sa.Column("until", types.LocalDate(), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.Column("staff_id", BIG, nullable=False),
        sa.Column("withdraws_id", BIG, nullable=True),
        sa.CheckConstraint("(withdraws_id IS NULL) = (note IS NOT NULL)", name="noted_or_withdrawn"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("withdraws_id"),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"]),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        sa.ForeignKeyConstraint(["withdraws_id"], ["expected_findings.id"]),
        sqlite_strict=True,
    )
    op.create_index("ix_expected_findings_enrolment_id", "expected_findings", ["enrolment_id"])
    if op.get_bind().dialect.name == "postgresql":
        _keep_on_postgresql()
    else:
        _keep_on_sqlite()


def _keep_on_sqlite() -> None:
    op.execute(
        "CREATE TRIGGER tr_expected_findings_kept BEFORE DELETE ON expected_findings "
        "BEGIN SELECT RAISE(ABORT, 'expected_findings: rows are never deleted'); END"
    )
    op.execute(
        f"CREATE TRIGGER tr_expected_findings_fixed BEFORE UPDATE OF {FIXED} ON expected_findings "
        "BEGIN SELECT RAISE(ABORT, 'expected_findings: rows are never changed'); END"
    )


def _keep_on_postgresql() -> None:
    op.execute(
        "CREATE TRIGGER tr_expected_findings_kept BEFORE DELETE OR TRUNCATE ON expected_findings "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER tr_expected_findings_fixed BEFORE UPDATE OF {FIXED} ON expected_findings "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
