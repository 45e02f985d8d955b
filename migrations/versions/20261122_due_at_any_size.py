"""Indexes for what is due in seldom columns: finding it costs the same, however many people are enrolled."""

import sqlalchemy as sa
from alembic import op

revision = "20261122"
down_revision: str | None = "20261121"
branch_labels: str | None = None
depends_on: str | None = None

SELDOM = (
    ("ix_checkins_unreadable", "checkins", "unreadable_since"),
    ("ix_enrolments_paused", "enrolments", "paused_until"),
)


def upgrade() -> None:
    """Add two indexes; the version before runs on with them."""
    for name, table, column in SELDOM:
        there = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, table, [column], sqlite_where=there, postgresql_where=there)
