"""The first schema: people, pathways, check-ins, answers, escalations, messages in and out.

The tables of KEPT are append-only: triggers refuse a DELETE, and an UPDATE of any column that is not encrypted
(encrypted ones are rewritten when the key rotates).
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from bot.db import types

revision = "20261120"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

BIG = types.BigInt
TEXT = sa.Text()
INSTANT = types.UtcDateTime()
DATE = types.LocalDate()
FLAG = types.Flag()
JSON = types.Json()
SECRET = types.Encrypted()
SECRET_JSON = types.EncryptedJson()

KEPT: dict[str, tuple[str, ...]] = {
    "pathway_versions": (
        "id",
        "pathway",
        "number",
        "fingerprint",
        "content",
        "files",
        "published_at",
        "published_by",
        "note",
    ),
    "answers": (
        "id",
        "checkin_id",
        "question",
        "value",
        "readable",
        "at",
        "late",
        "corrects_id",
        "author",
        "staff_id",
        "language",
    ),
    "assessments": (
        "id",
        "enrolment_id",
        "checkin_id",
        "message_id",
        "pathway_version_id",
        "level",
        "findings",
        "unanswered",
        "unreadable",
        "at",
    ),
    "escalation_events": ("id", "escalation_id", "at", "kind", "staff_id", "details"),
    "audit": ("id", "at", "actor", "action", "subject", "details"),
}


def create_index(name: str, table: str, columns: Sequence[str], where: str, *, unique: bool = False) -> None:
    """A partial index on either database; PostgreSQL has truth values where SQLite has 1 and 0."""
    there = sa.text(where.replace(" = 1", ""))
    op.create_index(name, table, list(columns), unique=unique, sqlite_where=sa.text(where), postgresql_where=there)


def upgrade() -> None:
    """Build everything, then lock what is only ever added to."""
    _tables()
    if op.get_bind().dialect.name == "postgresql":
        _keep_on_postgresql()
    else:
        _keep_on_sqlite()


def _keep_on_sqlite() -> None:
    for table, columns in KEPT.items():
        op.execute(
            f"CREATE TRIGGER tr_{table}_kept BEFORE DELETE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table}: rows are never deleted'); END"
        )
        op.execute(
            f"CREATE TRIGGER tr_{table}_fixed BEFORE UPDATE OF {', '.join(columns)} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table}: rows are never changed'); END"
        )


def _keep_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '%: rows are never changed or deleted', TG_TABLE_NAME; END $$"
    )
    for table, columns in KEPT.items():
        op.execute(
            f"CREATE TRIGGER tr_{table}_kept BEFORE DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER tr_{table}_fixed BEFORE UPDATE OF {', '.join(columns)} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def _tables() -> None:
    op.create_table(
        "chats",
        sa.Column("id", BIG),
        sa.Column("telegram_id", BIG, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("state_since", INSTANT, nullable=False),
        sa.Column("last_heard_at", INSTANT, nullable=True),
        sa.CheckConstraint("kind IN ('private', 'group', 'supergroup', 'channel')", name="kind_known"),
        sa.CheckConstraint(
            "state IN ('ok', 'unstarted', 'blocked', 'deactivated', 'gone', 'no_rights')", name="state_known"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("telegram_id"),
        sqlite_strict=True,
    )
    op.create_table(
        "inbox",
        sa.Column("id", BIG),
        sa.Column("bot_id", BIG, nullable=False),
        sa.Column("update_id", BIG, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("chat_key", BIG, nullable=False),
        sa.Column("raw", SECRET, nullable=True),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempts", BIG, nullable=False),
        sa.Column("not_before", INSTANT, nullable=True),
        sa.Column("processed_at", INSTANT, nullable=True),
        sa.Column("error", TEXT, nullable=True),
        sa.CheckConstraint("state IN ('new', 'done', 'quarantined')", name="state_known"),
        sa.UniqueConstraint("bot_id", "update_id", "digest"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    create_index("ix_inbox_new", "inbox", ["chat_key", "id"], "state = 'new'")
    op.create_table(
        "audit",
        sa.Column("id", BIG),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_table(
        "heartbeats",
        sa.Column("name", TEXT),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("every_s", BIG, nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("failed", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("name"),
        sqlite_strict=True,
    )
    op.create_table(
        "gaps",
        sa.Column("id", BIG),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=False),
        sa.Column("asked_again", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_table(
        "incidents",
        sa.Column("id", BIG),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("remedy", TEXT, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("times", BIG, nullable=False),
        sa.Column("cleared_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    create_index("uq_incidents_open", "incidents", ["kind", "subject"], "cleared_at IS NULL", unique=True)
    op.create_table(
        "care_teams",
        sa.Column("id", BIG),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("timezone", TEXT, nullable=False),
        sa.Column("chat_id", BIG, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"]),
        sqlite_strict=True,
    )
    op.create_table(
        "patients",
        sa.Column("id", BIG),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("name", SECRET, nullable=True),
        sa.Column("phone", SECRET, nullable=True),
        sa.Column("birth_year", SECRET, nullable=True),
        sa.Column("kin_name", SECRET, nullable=True),
        sa.Column("kin_phone", SECRET, nullable=True),
        sa.Column("language", TEXT, nullable=False),
        sa.Column("timezone", TEXT, nullable=False),
        sa.Column("chat_id", BIG, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.UniqueConstraint("code"),
        sa.UniqueConstraint("chat_id"),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"]),
        sqlite_strict=True,
    )
    op.create_table(
        "outbox",
        sa.Column("id", BIG),
        sa.Column("lane", BIG, nullable=False),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("chat_id", BIG, nullable=False),
        sa.Column("surface", TEXT, nullable=True),
        sa.Column("ref", BIG, nullable=True),
        sa.Column("fresh", FLAG, nullable=False),
        sa.Column("payload", SECRET_JSON, nullable=True),
        sa.Column("dedupe_key", TEXT, nullable=False),
        sa.Column("on_uncertain", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("not_before", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("attempts", BIG, nullable=False),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("owner", TEXT, nullable=True),
        sa.Column("telegram_message_id", BIG, nullable=True),
        sa.Column("repeats_id", BIG, nullable=True),
        sa.Column("error", TEXT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'uncertain', 'dropped', 'expired', 'dead')", name="state_known"
        ),
        sa.CheckConstraint("on_uncertain IN ('resend', 'evidence', 'never')", name="on_uncertain_known"),
        sa.CheckConstraint("lane BETWEEN 0 AND 4", name="lane_known"),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"]),
        sa.UniqueConstraint("dedupe_key"),
        sa.ForeignKeyConstraint(["repeats_id"], ["outbox.id"]),
        sqlite_strict=True,
    )
    op.create_index("ix_outbox_chat", "outbox", ["chat_id", "state", "lane"])
    create_index("ix_outbox_moving", "outbox", ["lease_until"], "state IN ('sending','uncertain')")
    create_index("ix_outbox_pending", "outbox", ["lane", "not_before"], "state = 'pending'")
    op.create_index("ix_outbox_surface", "outbox", ["surface", "ref"])
    op.create_table(
        "surfaces",
        sa.Column("id", BIG),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("ref", BIG, nullable=False),
        sa.Column("chat_id", BIG, nullable=False),
        sa.Column("telegram_message_id", BIG, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("current", FLAG, nullable=False),
        sa.Column("shown_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"]),
        sqlite_strict=True,
    )
    op.create_index("ix_surfaces_message", "surfaces", ["chat_id", "telegram_message_id"])
    create_index("uq_surfaces_current", "surfaces", ["kind", "ref", "chat_id"], "current = 1", unique=True)
    op.create_table(
        "forms",
        sa.Column("id", BIG),
        sa.Column("chat_id", BIG, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("step", TEXT, nullable=False),
        sa.Column("data", SECRET_JSON, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("chat_id"),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"]),
        sqlite_strict=True,
    )
    op.create_table(
        "staff",
        sa.Column("id", BIG),
        sa.Column("name", SECRET, nullable=True),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("team_id", BIG, nullable=False),
        sa.Column("rung", TEXT, nullable=True),
        sa.Column("language", TEXT, nullable=False),
        sa.Column("chat_id", BIG, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("joined_at", INSTANT, nullable=True),
        sa.CheckConstraint("role IN ('coordinator', 'clinician', 'admin')", name="role_known"),
        sa.CheckConstraint("state IN ('invited', 'active', 'left')", name="state_known"),
        sa.CheckConstraint("rung IS NULL OR rung IN ('on_call','second_on_call','manager')", name="rung_known"),
        sa.CheckConstraint("state <> 'active' OR chat_id IS NOT NULL", name="active_has_chat"),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["team_id"], ["care_teams.id"]),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"]),
        sqlite_strict=True,
    )
    create_index("uq_staff_chat_here", "staff", ["chat_id"], "state = 'active'", unique=True)
    op.create_table(
        "pathway_versions",
        sa.Column("id", BIG),
        sa.Column("pathway", TEXT, nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("content", TEXT, nullable=False),
        sa.Column("files", JSON, nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("published_by", BIG, nullable=True),
        sa.Column("note", TEXT, nullable=True),
        sa.UniqueConstraint("pathway", "number"),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["published_by"], ["staff.id"]),
        sqlite_strict=True,
    )
    op.create_table(
        "enrolments",
        sa.Column("id", BIG),
        sa.Column("patient_id", BIG, nullable=False),
        sa.Column("team_id", BIG, nullable=False),
        sa.Column("pathway_version_id", BIG, nullable=False),
        sa.Column("procedure", TEXT, nullable=False),
        sa.Column("surgery_date", DATE, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("consent_version", TEXT, nullable=True),
        sa.Column("consent_language", TEXT, nullable=True),
        sa.Column("consent_at", INSTANT, nullable=True),
        sa.Column("paused_until", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", BIG, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("ended_by", TEXT, nullable=True),
        sa.CheckConstraint(
            "state IN ('invited', 'active', 'paused', 'withdrawn', 'ended', 'void')", name="state_known"
        ),
        sa.CheckConstraint("state NOT IN ('active','paused') OR consent_at IS NOT NULL", name="active_consented"),
        sa.CheckConstraint("state <> 'paused' OR paused_until IS NOT NULL", name="pause_ends"),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"]),
        sa.ForeignKeyConstraint(["team_id"], ["care_teams.id"]),
        sa.ForeignKeyConstraint(["pathway_version_id"], ["pathway_versions.id"]),
        sa.ForeignKeyConstraint(["created_by"], ["staff.id"]),
        sqlite_strict=True,
    )
    create_index(
        "uq_enrolments_live", "enrolments", ["patient_id"], "state IN ('invited','active','paused')", unique=True
    )
    op.create_table(
        "invitations",
        sa.Column("id", BIG),
        sa.Column("token_hash", TEXT, nullable=False),
        sa.Column("enrolment_id", BIG, nullable=True),
        sa.Column("staff_id", BIG, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", BIG, nullable=True),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("opened_by", BIG, nullable=True),
        sa.Column("tries", BIG, nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=True),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.Column("voided_at", INSTANT, nullable=True),
        sa.Column("void_reason", TEXT, nullable=True),
        sa.CheckConstraint("(enrolment_id IS NULL) <> (staff_id IS NULL)", name="for_one"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"]),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        sa.ForeignKeyConstraint(["created_by"], ["staff.id"]),
        sa.ForeignKeyConstraint(["opened_by"], ["chats.id"]),
        sqlite_strict=True,
    )
    create_index(
        "uq_invitations_open_enrolment",
        "invitations",
        ["enrolment_id"],
        "used_at IS NULL AND voided_at IS NULL",
        unique=True,
    )
    create_index(
        "uq_invitations_open_staff", "invitations", ["staff_id"], "used_at IS NULL AND voided_at IS NULL", unique=True
    )
    op.create_table(
        "checkins",
        sa.Column("id", BIG),
        sa.Column("enrolment_id", BIG, nullable=False),
        sa.Column("pathway_version_id", BIG, nullable=False),
        sa.Column("checkin", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("day", BIG, nullable=False),
        sa.Column("local_date", DATE, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("closes_at", INSTANT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("stage", TEXT, nullable=False),
        sa.Column("question", TEXT, nullable=True),
        sa.Column("picks", JSON, nullable=True),
        sa.Column("opened_at", INSTANT, nullable=True),
        sa.Column("sent_late", FLAG, nullable=False),
        sa.Column("moved_by_hand", FLAG, nullable=False),
        sa.Column("answered_late", FLAG, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("unreadable_since", INSTANT, nullable=True),
        sa.Column("level", TEXT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("end_reason", TEXT, nullable=True),
        sa.Column("ended_by", TEXT, nullable=True),
        sa.CheckConstraint("kind IN ('scheduled', 'adhoc', 'baseline')", name="kind_known"),
        sa.CheckConstraint("state IN ('planned', 'open', 'ended')", name="state_known"),
        sa.CheckConstraint("stage IN ('intro', 'asking', 'action', 'summary', 'paused')", name="stage_known"),
        sa.CheckConstraint("(state = 'ended') = (end_reason IS NOT NULL)", name="ends_with_a_reason"),
        sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ends_at_a_time"),
        sa.CheckConstraint(
            "end_reason IS NULL OR end_reason IN ('answered', 'partly_answered', 'no_answer', 'unreachable',"
            " 'paused', 'superseded', 'withdrawn', 'cancelled', 'phone_task')",
            name="reason_known",
        ),
        sa.CheckConstraint("state <> 'open' OR opened_at IS NOT NULL", name="open_was_opened"),
        sa.UniqueConstraint("enrolment_id", "checkin", "local_date", "kind"),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"]),
        sa.ForeignKeyConstraint(["pathway_version_id"], ["pathway_versions.id"]),
        sqlite_strict=True,
    )
    create_index("ix_checkins_closing", "checkins", ["closes_at"], "state = 'open'")
    create_index("ix_checkins_due", "checkins", ["due_at"], "state = 'planned'")
    op.create_index("ix_checkins_enrolment_id", "checkins", ["enrolment_id"])
    create_index("uq_checkins_live", "checkins", ["enrolment_id", "checkin"], "state <> 'ended'", unique=True)
    op.create_table(
        "escalations",
        sa.Column("id", BIG),
        sa.Column("enrolment_id", BIG, nullable=False),
        sa.Column("team_id", BIG, nullable=False),
        sa.Column("level", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("raised_at", INSTANT, nullable=False),
        sa.Column("ack_by", INSTANT, nullable=False),
        sa.Column("contact_by", INSTANT, nullable=False),
        sa.Column("resolve_by", INSTANT, nullable=False),
        sa.Column("paging_since", INSTANT, nullable=False),
        sa.Column("pages", BIG, nullable=False),
        sa.Column("next_page_at", INSTANT, nullable=True),
        sa.Column("acknowledged_at", INSTANT, nullable=True),
        sa.Column("acknowledged_by", BIG, nullable=True),
        sa.Column("contacted_at", INSTANT, nullable=True),
        sa.Column("contacted_by", BIG, nullable=True),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("closed_by", BIG, nullable=True),
        sa.Column("outcome", TEXT, nullable=True),
        sa.Column("note", SECRET, nullable=True),
        sa.CheckConstraint("level IN ('review', 'urgent', 'emergency')", name="level_known"),
        sa.CheckConstraint("state IN ('open', 'acknowledged', 'contacted', 'closed')", name="state_known"),
        sa.CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", name="closed_with_outcome"),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL AND closed_by IS NOT NULL)", name="closed_by_one"
        ),
        sa.CheckConstraint(
            "outcome IS NULL OR outcome IN ('sent_to_emergency', 'seen_today', 'appointment', 'advice', "
            "'no_problem_found', 'could_not_reach')",
            name="outcome_known",
        ),
        sa.CheckConstraint("state <> 'acknowledged' OR acknowledged_by IS NOT NULL", name="acknowledged_by_one"),
        sa.CheckConstraint("state <> 'contacted' OR contacted_by IS NOT NULL", name="contacted_by_one"),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"]),
        sa.ForeignKeyConstraint(["team_id"], ["care_teams.id"]),
        sa.ForeignKeyConstraint(["acknowledged_by"], ["staff.id"]),
        sa.ForeignKeyConstraint(["contacted_by"], ["staff.id"]),
        sa.ForeignKeyConstraint(["closed_by"], ["staff.id"]),
        sqlite_strict=True,
    )
    create_index("ix_escalations_paging", "escalations", ["next_page_at"], "state <> 'closed'")
    create_index("uq_escalations_live", "escalations", ["enrolment_id"], "state <> 'closed'", unique=True)
    op.create_table(
        "reminders",
        sa.Column("id", BIG),
        sa.Column("checkin_id", BIG, nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.CheckConstraint("state IN ('planned', 'sent', 'cancelled')", name="state_known"),
        sa.UniqueConstraint("checkin_id", "number"),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["checkin_id"], ["checkins.id"]),
        sqlite_strict=True,
    )
    create_index("ix_reminders_due", "reminders", ["due_at"], "state = 'planned'")
    op.create_table(
        "answers",
        sa.Column("id", BIG),
        sa.Column("checkin_id", BIG, nullable=False),
        sa.Column("question", TEXT, nullable=False),
        sa.Column("value", JSON, nullable=True),
        sa.Column("raw", SECRET, nullable=True),
        sa.Column("readable", FLAG, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("late", FLAG, nullable=False),
        sa.Column("corrects_id", BIG, nullable=True),
        sa.Column("author", TEXT, nullable=False),
        sa.Column("staff_id", BIG, nullable=True),
        sa.Column("language", TEXT, nullable=False),
        sa.CheckConstraint("author IN ('patient', 'staff', 'carer')", name="author_known"),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["checkin_id"], ["checkins.id"]),
        sa.ForeignKeyConstraint(["corrects_id"], ["answers.id"]),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        sqlite_strict=True,
    )
    op.create_index("ix_answers_checkin_id", "answers", ["checkin_id"])
    op.create_table(
        "messages",
        sa.Column("id", BIG),
        sa.Column("enrolment_id", BIG, nullable=False),
        sa.Column("checkin_id", BIG, nullable=True),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("body", SECRET, nullable=True),
        sa.Column("file_id", TEXT, nullable=True),
        sa.Column("telegram_message_id", BIG, nullable=False),
        sa.Column("edit_of", BIG, nullable=True),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("level", TEXT, nullable=False),
        sa.Column("categories", JSON, nullable=False),
        sa.Column("rescreen", TEXT, nullable=False),
        sa.Column("rescreen_picks", JSON, nullable=True),
        sa.Column("rescreen_due_at", INSTANT, nullable=True),
        sa.Column("rescreen_reminded", FLAG, nullable=False),
        sa.Column("read_by", INSTANT, nullable=False),
        sa.Column("overdue_told", FLAG, nullable=False),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.Column("reader_id", BIG, nullable=True),
        sa.CheckConstraint("level IN ('routine', 'review', 'urgent', 'emergency')", name="level_known"),
        sa.CheckConstraint("rescreen IN ('none', 'asked', 'answered', 'expired')", name="rescreen_known"),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"]),
        sa.ForeignKeyConstraint(["checkin_id"], ["checkins.id"]),
        sa.ForeignKeyConstraint(["edit_of"], ["messages.id"]),
        sa.ForeignKeyConstraint(["reader_id"], ["staff.id"]),
        sqlite_strict=True,
    )
    op.create_index("ix_messages_enrolment_id", "messages", ["enrolment_id"])
    create_index("ix_messages_rescreen", "messages", ["rescreen_due_at"], "rescreen = 'asked'")
    create_index("ix_messages_unread", "messages", ["read_by"], "read_at IS NULL")
    op.create_table(
        "escalation_events",
        sa.Column("id", BIG),
        sa.Column("escalation_id", BIG, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("staff_id", BIG, nullable=True),
        sa.Column("details", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["escalation_id"], ["escalations.id"]),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        sqlite_strict=True,
    )
    op.create_index("ix_escalation_events_escalation_id", "escalation_events", ["escalation_id"])
    op.create_table(
        "assessments",
        sa.Column("id", BIG),
        sa.Column("enrolment_id", BIG, nullable=False),
        sa.Column("checkin_id", BIG, nullable=True),
        sa.Column("message_id", BIG, nullable=True),
        sa.Column("pathway_version_id", BIG, nullable=False),
        sa.Column("level", TEXT, nullable=False),
        sa.Column("findings", JSON, nullable=False),
        sa.Column("unanswered", JSON, nullable=False),
        sa.Column("unreadable", JSON, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint("level IN ('routine', 'review', 'urgent', 'emergency')", name="level_known"),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolments.id"]),
        sa.ForeignKeyConstraint(["checkin_id"], ["checkins.id"]),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"]),
        sa.ForeignKeyConstraint(["pathway_version_id"], ["pathway_versions.id"]),
        sqlite_strict=True,
    )
    op.create_index("ix_assessments_checkin_id", "assessments", ["checkin_id"])
    op.create_index("ix_assessments_enrolment_id", "assessments", ["enrolment_id"])
    op.create_table(
        "escalation_findings",
        sa.Column("id", BIG),
        sa.Column("escalation_id", BIG, nullable=False),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("level", TEXT, nullable=False),
        sa.Column("said", TEXT, nullable=False),
        sa.Column("because", JSON, nullable=False),
        sa.Column("within_days", BIG, nullable=True),
        sa.Column("checkin_id", BIG, nullable=True),
        sa.Column("message_id", BIG, nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint("level IN ('routine', 'review', 'urgent', 'emergency')", name="level_known"),
        sa.UniqueConstraint("escalation_id", "rule", "level"),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["escalation_id"], ["escalations.id"]),
        sa.ForeignKeyConstraint(["checkin_id"], ["checkins.id"]),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"]),
        sqlite_strict=True,
    )
    op.create_index("ix_escalation_findings_escalation_id", "escalation_findings", ["escalation_id"])
