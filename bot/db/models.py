"""The whole schema on a page. Constraints make bad states impossible; `migrations/` builds exactly this.

Instants are UTC (`*_at`, `*_by` deadlines), `local_date` and `surgery_date` are days in the patient's zone.
Rows of the tables named in APPEND_ONLY are never changed or deleted: triggers of the migration refuse it
(encrypted columns may be rewritten, for key rotation).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, MetaData, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bot.db.types import BigInt, Encrypted, EncryptedJson, Flag, Json, LocalDate, UtcDateTime

Id = Annotated[int, mapped_column(BigInt, primary_key=True)]
Str = Annotated[str, mapped_column(Text)]
MaybeStr = Annotated[str | None, mapped_column(Text)]
Int = Annotated[int, mapped_column(BigInt)]
Secret = Annotated[str | None, mapped_column(Encrypted)]
Instant = Annotated[datetime, mapped_column(UtcDateTime)]
When = Annotated[datetime | None, mapped_column(UtcDateTime)]
Bool = Annotated[bool, mapped_column(Flag)]
Data = Annotated[Any, mapped_column(Json)]

LEVELS = ("routine", "review", "urgent", "emergency")
END_REASONS = (
    "answered", "partly_answered", "no_answer", "unreachable", "paused",
    "superseded", "withdrawn", "cancelled", "phone_task",
)  # fmt: skip
OUTCOMES = ("sent_to_emergency", "seen_today", "appointment", "advice", "no_problem_found", "could_not_reach")
APPEND_ONLY = ("pathway_versions", "answers", "assessments", "escalation_events", "audit", "expected_findings")


def fk(column: str, **kw: Any) -> Any:
    """A foreign key column."""
    return mapped_column(BigInt, ForeignKey(column), **kw)


def index_where(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """A partial index; the state in `where` is a literal, so that planners use it. A flag is written `flag = 1`."""
    there = text(where.replace(" = 1", ""))  # PostgreSQL has truth values
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=there)


def unique_where(name: str, *columns: str, where: str) -> Index:
    """At most one such row among those that `where` names."""
    return index_where(name, *columns, where=where, unique=True)


def one_of(column: str, *values: str) -> CheckConstraint:
    """`column` holds one of `values`."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


STRICT = {"sqlite_strict": True}


class PathwayVersion(Base):
    __tablename__ = "pathway_versions"
    __table_args__ = (UniqueConstraint("pathway", "number"), STRICT)
    id: Mapped[Id]
    pathway: Mapped[Str]
    number: Mapped[Int]
    fingerprint: Mapped[Str]
    content: Mapped[str] = mapped_column(Text, deferred=True)  # canonical JSON of the pathway
    files: Mapped[Any] = mapped_column(Json, deferred=True)  # file name -> YAML text, as the admin wrote it
    published_at: Mapped[Instant]
    published_by: Mapped[int | None] = fk("staff.id")
    note: Mapped[MaybeStr]


class Chat(Base):
    """Telegram's chat ids live here and nowhere else: a migrated group changes one row."""

    __tablename__ = "chats"
    __table_args__ = (
        one_of("kind", "private", "group", "supergroup", "channel"),
        one_of("state", "ok", "unstarted", "blocked", "deactivated", "gone", "no_rights"),
        STRICT,
    )
    id: Mapped[Id]
    telegram_id: Mapped[int] = mapped_column(BigInt, unique=True)
    kind: Mapped[Str]
    state: Mapped[Str]
    state_since: Mapped[Instant]
    last_heard_at: Mapped[When]


class CareTeam(Base):
    __tablename__ = "care_teams"
    __table_args__ = (STRICT,)
    id: Mapped[Id]
    name: Mapped[str] = mapped_column(Text, unique=True)
    timezone: Mapped[Str]
    chat_id: Mapped[int | None] = fk("chats.id")
    created_at: Mapped[Instant]


class Staff(Base):
    __tablename__ = "staff"
    __table_args__ = (
        one_of("role", "coordinator", "clinician", "admin"),
        one_of("state", "invited", "active", "left"),
        CheckConstraint("rung IS NULL OR rung IN ('on_call','second_on_call','manager')", name="rung_known"),
        CheckConstraint("state <> 'active' OR chat_id IS NOT NULL", name="active_has_chat"),
        unique_where("uq_staff_chat_here", "chat_id", where="state = 'active'"),
        STRICT,
    )
    id: Mapped[Id]
    name: Mapped[Secret]
    role: Mapped[Str]
    team_id: Mapped[int] = fk("care_teams.id")
    rung: Mapped[MaybeStr]
    language: Mapped[Str]
    chat_id: Mapped[int | None] = fk("chats.id")
    state: Mapped[Str]
    created_at: Mapped[Instant]
    joined_at: Mapped[When]


class Patient(Base):
    __tablename__ = "patients"
    __table_args__ = (UniqueConstraint("code"), UniqueConstraint("chat_id"), STRICT)
    id: Mapped[Id]
    code: Mapped[Str]  # what staff say aloud and groups may see
    name: Mapped[Secret]
    phone: Mapped[Secret]
    birth_year: Mapped[Secret]
    kin_name: Mapped[Secret]
    kin_phone: Mapped[Secret]
    language: Mapped[Str]
    timezone: Mapped[Str]
    chat_id: Mapped[int | None] = fk("chats.id")
    created_at: Mapped[Instant]


class Enrolment(Base):
    __tablename__ = "enrolments"
    __table_args__ = (
        one_of("state", "invited", "active", "paused", "withdrawn", "ended", "void"),
        CheckConstraint("state NOT IN ('active','paused') OR consent_at IS NOT NULL", name="active_consented"),
        CheckConstraint("state <> 'paused' OR paused_until IS NOT NULL", name="pause_ends"),
        unique_where("uq_enrolments_live", "patient_id", where="state IN ('invited','active','paused')"),
        index_where("ix_enrolments_paused", "paused_until", where="paused_until IS NOT NULL"),
        STRICT,
    )
    id: Mapped[Id]
    patient_id: Mapped[int] = fk("patients.id")
    team_id: Mapped[int] = fk("care_teams.id")
    pathway_version_id: Mapped[int] = fk("pathway_versions.id")
    procedure: Mapped[Str]
    surgery_date: Mapped[date] = mapped_column(LocalDate)
    state: Mapped[Str]
    consent_version: Mapped[MaybeStr]
    consent_language: Mapped[MaybeStr]
    consent_at: Mapped[When]
    paused_until: Mapped[When]
    created_at: Mapped[Instant]
    created_by: Mapped[int | None] = fk("staff.id")
    ended_at: Mapped[When]
    ended_by: Mapped[MaybeStr]  # "patient" or "staff:<id>" or "programme"


class Invitation(Base):
    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint("(enrolment_id IS NULL) <> (staff_id IS NULL)", name="for_one"),
        unique_where("uq_invitations_open_enrolment", "enrolment_id", where="used_at IS NULL AND voided_at IS NULL"),
        unique_where("uq_invitations_open_staff", "staff_id", where="used_at IS NULL AND voided_at IS NULL"),
        STRICT,
    )
    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(Text, unique=True)  # sha256 of a 256-bit token
    enrolment_id: Mapped[int | None] = fk("enrolments.id")
    staff_id: Mapped[int | None] = fk("staff.id")
    created_at: Mapped[Instant]
    created_by: Mapped[int | None] = fk("staff.id")
    expires_at: Mapped[Instant]
    opened_by: Mapped[int | None] = fk("chats.id")  # the chat now answering the identity questions
    tries: Mapped[int] = mapped_column(BigInt, default=0)
    confirmed_at: Mapped[When]  # the birth year was right
    used_at: Mapped[When]
    voided_at: Mapped[When]
    void_reason: Mapped[MaybeStr]


class CheckIn(Base):
    __tablename__ = "checkins"
    __table_args__ = (
        one_of("kind", "scheduled", "adhoc", "baseline"),
        one_of("state", "planned", "open", "ended"),
        one_of("stage", "intro", "asking", "action", "summary", "paused"),
        CheckConstraint("(state = 'ended') = (end_reason IS NOT NULL)", name="ends_with_a_reason"),
        CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ends_at_a_time"),
        CheckConstraint(
            "end_reason IS NULL OR end_reason IN (" + ", ".join(f"'{r}'" for r in END_REASONS) + ")",
            name="reason_known",
        ),
        CheckConstraint("state <> 'open' OR opened_at IS NOT NULL", name="open_was_opened"),
        UniqueConstraint("enrolment_id", "checkin", "local_date", "kind"),
        unique_where("uq_checkins_live", "enrolment_id", "checkin", where="state <> 'ended'"),
        index_where("ix_checkins_due", "due_at", where="state = 'planned'"),
        index_where("ix_checkins_closing", "closes_at", where="state = 'open'"),
        index_where("ix_checkins_unreadable", "unreadable_since", where="unreadable_since IS NOT NULL"),
        STRICT,
    )
    id: Mapped[Id]
    enrolment_id: Mapped[int] = fk("enrolments.id", index=True)
    pathway_version_id: Mapped[int] = fk("pathway_versions.id")  # fixed when the check-in opens
    checkin: Mapped[Str]  # day3, week2, … , adhoc, baseline; adhoc ids carry a number: adhoc, adhoc-2, …
    kind: Mapped[Str]
    day: Mapped[Int]  # planned days since surgery
    local_date: Mapped[date] = mapped_column(LocalDate)
    due_at: Mapped[Instant]
    closes_at: Mapped[Instant]
    state: Mapped[Str]
    stage: Mapped[str] = mapped_column(Text, default="intro")
    question: Mapped[MaybeStr]  # the question on the screen
    picks: Mapped[Data] = mapped_column(Json, nullable=True)  # ticks of a multi-choice question not yet done
    opened_at: Mapped[When]
    sent_late: Mapped[bool] = mapped_column(Flag, default=False)
    moved_by_hand: Mapped[bool] = mapped_column(Flag, default=False)  # a new plan leaves it where it is
    answered_late: Mapped[bool] = mapped_column(Flag, default=False)
    finished_at: Mapped[When]
    asked_again: Mapped[Data] = mapped_column(Json, nullable=True)  # question -> the answer that was doubted
    unreadable_since: Mapped[When]  # a red-flag answer nobody could read waits for a tap since then
    level: Mapped[MaybeStr]  # highest level so far
    ended_at: Mapped[When]
    end_reason: Mapped[MaybeStr]
    ended_by: Mapped[MaybeStr]


class Reminder(Base):
    __tablename__ = "reminders"
    __table_args__ = (
        one_of("state", "planned", "sent", "cancelled"),
        UniqueConstraint("checkin_id", "number"),
        index_where("ix_reminders_due", "due_at", where="state = 'planned'"),
        STRICT,
    )
    id: Mapped[Id]
    checkin_id: Mapped[int] = fk("checkins.id")
    number: Mapped[Int]
    due_at: Mapped[Instant]
    state: Mapped[Str]


class Answer(Base):
    """One answer as it was given. A correction is a new row that names the one it corrects."""

    __tablename__ = "answers"
    __table_args__ = (one_of("author", "patient", "staff", "carer"), STRICT)
    id: Mapped[Id]
    checkin_id: Mapped[int] = fk("checkins.id", index=True)
    question: Mapped[Str]
    value: Mapped[Data] = mapped_column(Json, nullable=True)  # option id, list of ids, number; null when unreadable
    raw: Mapped[Secret]  # what was typed, when it was typed
    readable: Mapped[Bool]
    at: Mapped[Instant]
    late: Mapped[bool] = mapped_column(Flag, default=False)
    corrects_id: Mapped[int | None] = fk("answers.id")
    author: Mapped[str] = mapped_column(Text, default="patient")
    staff_id: Mapped[int | None] = fk("staff.id")
    language: Mapped[Str]


class Message(Base):
    """Something a patient sent outside the questions. A human reads every one."""

    __tablename__ = "messages"
    __table_args__ = (
        one_of("level", *LEVELS),
        one_of("rescreen", "none", "asked", "answered", "expired"),
        index_where("ix_messages_unread", "read_by", where="read_at IS NULL"),
        index_where("ix_messages_rescreen", "rescreen_due_at", where="rescreen = 'asked'"),
        STRICT,
    )
    id: Mapped[Id]
    enrolment_id: Mapped[int] = fk("enrolments.id", index=True)
    checkin_id: Mapped[int | None] = fk("checkins.id")
    kind: Mapped[Str]  # text, photo, voice, video, sticker, document, location, contact, other
    body: Mapped[Secret]
    file_id: Mapped[MaybeStr]
    telegram_message_id: Mapped[Int]
    edit_of: Mapped[int | None] = fk("messages.id")
    received_at: Mapped[Instant]
    level: Mapped[Str]
    categories: Mapped[Data]
    rescreen: Mapped[str] = mapped_column(Text, default="none")
    rescreen_picks: Mapped[Data] = mapped_column(Json, nullable=True)
    rescreen_due_at: Mapped[When]  # next thing to do about an untapped re-screen
    rescreen_reminded: Mapped[bool] = mapped_column(Flag, default=False)
    read_by: Mapped[Instant]  # deadline for the human read
    overdue_told: Mapped[bool] = mapped_column(Flag, default=False)
    read_at: Mapped[When]
    reader_id: Mapped[int | None] = fk("staff.id")


class Assessment(Base):
    __tablename__ = "assessments"
    __table_args__ = (one_of("level", *LEVELS), STRICT)
    id: Mapped[Id]
    enrolment_id: Mapped[int] = fk("enrolments.id", index=True)
    checkin_id: Mapped[int | None] = fk("checkins.id", index=True)
    message_id: Mapped[int | None] = fk("messages.id")
    pathway_version_id: Mapped[int] = fk("pathway_versions.id")
    level: Mapped[Str]
    findings: Mapped[Data]
    unanswered: Mapped[Data]
    unreadable: Mapped[Data]
    at: Mapped[Instant]


class Escalation(Base):
    """An open demand on a clinician, with three clocks: acknowledged, patient contacted, resolved."""

    __tablename__ = "escalations"
    __table_args__ = (
        one_of("level", *LEVELS[1:]),
        one_of("state", "open", "acknowledged", "contacted", "closed"),
        CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", name="closed_with_outcome"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL AND closed_by IS NOT NULL)", name="closed_by_one"),
        CheckConstraint(
            "outcome IS NULL OR outcome IN (" + ", ".join(f"'{o}'" for o in OUTCOMES) + ")",
            name="outcome_known",
        ),
        CheckConstraint("state <> 'acknowledged' OR acknowledged_by IS NOT NULL", name="acknowledged_by_one"),
        CheckConstraint("state <> 'contacted' OR contacted_by IS NOT NULL", name="contacted_by_one"),
        unique_where("uq_escalations_live", "enrolment_id", where="state <> 'closed'"),
        index_where("ix_escalations_paging", "next_page_at", where="state <> 'closed'"),
        STRICT,
    )
    id: Mapped[Id]
    enrolment_id: Mapped[int] = fk("enrolments.id")
    team_id: Mapped[int] = fk("care_teams.id")
    level: Mapped[Str]
    state: Mapped[Str]
    opened_at: Mapped[Instant]
    raised_at: Mapped[Instant]  # last opened or raised: the clocks run from here
    ack_by: Mapped[Instant]
    contact_by: Mapped[Instant]
    resolve_by: Mapped[Instant]
    paging_since: Mapped[Instant]
    pages: Mapped[int] = mapped_column(BigInt, default=0)  # steps of the ladder taken since paging_since
    next_page_at: Mapped[When]
    acknowledged_at: Mapped[When]
    acknowledged_by: Mapped[int | None] = fk("staff.id")
    contacted_at: Mapped[When]
    contacted_by: Mapped[int | None] = fk("staff.id")
    closed_at: Mapped[When]
    closed_by: Mapped[int | None] = fk("staff.id")
    outcome: Mapped[MaybeStr]
    note: Mapped[Secret]


class EscalationFinding(Base):
    """A finding that belongs to an escalation; the same rule at the same level joins it once."""

    __tablename__ = "escalation_findings"
    __table_args__ = (one_of("level", *LEVELS), UniqueConstraint("escalation_id", "rule", "level"), STRICT)
    id: Mapped[Id]
    escalation_id: Mapped[int] = fk("escalations.id", index=True)
    rule: Mapped[Str]
    level: Mapped[Str]
    said: Mapped[Str]  # the clinician's line
    because: Mapped[Data]
    within_days: Mapped[int | None] = mapped_column(BigInt)
    checkin_id: Mapped[int | None] = fk("checkins.id")
    message_id: Mapped[int | None] = fk("messages.id")
    at: Mapped[Instant]


class ExpectedFinding(Base):
    """A finding that a clinician expects of one patient until a day, both ends included. Shown, and nothing else.

    A row with `withdraws_id` takes the row of that id back.
    """

    __tablename__ = "expected_findings"
    __table_args__ = (
        CheckConstraint("(withdraws_id IS NULL) = (note IS NOT NULL)", name="noted_or_withdrawn"),
        UniqueConstraint("withdraws_id"),
        STRICT,
    )
    id: Mapped[Id]
    enrolment_id: Mapped[int] = fk("enrolments.id", index=True)
    rule: Mapped[Str]
    note: Mapped[Secret]
    until: Mapped[date] = mapped_column(LocalDate)
    at: Mapped[Instant]
    staff_id: Mapped[int] = fk("staff.id")
    withdraws_id: Mapped[int | None] = fk("expected_findings.id")


class EscalationEvent(Base):
    __tablename__ = "escalation_events"
    __table_args__ = (STRICT,)
    id: Mapped[Id]
    escalation_id: Mapped[int] = fk("escalations.id", index=True)
    at: Mapped[Instant]
    kind: Mapped[Str]  # opened, raised, finding, page, acknowledged, ack_voided, contacted, closed, overdue, …
    staff_id: Mapped[int | None] = fk("staff.id")
    details: Mapped[Data]


class Inbox(Base):
    """Raw updates, stored before they are confirmed to Telegram."""

    __tablename__ = "inbox"
    __table_args__ = (
        one_of("state", "new", "done", "quarantined"),
        UniqueConstraint("bot_id", "update_id", "digest"),
        index_where("ix_inbox_new", "chat_key", "id", where="state = 'new'"),
        STRICT,
    )
    id: Mapped[Id]
    bot_id: Mapped[Int]
    update_id: Mapped[Int]
    digest: Mapped[Str]
    chat_key: Mapped[Int]  # updates of one key are processed in order
    raw: Mapped[Secret]
    received_at: Mapped[Instant]
    state: Mapped[Str]
    attempts: Mapped[int] = mapped_column(BigInt, default=0)
    not_before: Mapped[When]
    processed_at: Mapped[When]
    error: Mapped[MaybeStr]  # the exception's type, never its text


class Outbox(Base):
    """Messages to send, as rows, written with the state change they speak of."""

    __tablename__ = "outbox"
    __table_args__ = (
        one_of("state", "pending", "sending", "sent", "uncertain", "dropped", "expired", "dead"),
        one_of("on_uncertain", "resend", "evidence", "never"),
        CheckConstraint("lane BETWEEN 0 AND 4", name="lane_known"),
        index_where("ix_outbox_pending", "lane", "not_before", where="state = 'pending'"),
        index_where("ix_outbox_moving", "lease_until", where="state IN ('sending','uncertain')"),
        Index("ix_outbox_surface", "surface", "ref"),
        Index("ix_outbox_chat", "chat_id", "state", "lane"),
        STRICT,
    )
    id: Mapped[Id]
    lane: Mapped[Int]  # 0 emergency, 1 clinician, 2 conversation, 3 check-in, 4 digest
    purpose: Mapped[Str]  # names the renderer
    chat_id: Mapped[int] = fk("chats.id")
    surface: Mapped[MaybeStr]  # "make this message show the current state": kind of thing shown …
    ref: Mapped[int | None] = mapped_column(BigInt)  # … and its id
    fresh: Mapped[bool] = mapped_column(Flag, default=False)  # a new message, though one shows it already
    payload: Mapped[Any] = mapped_column(EncryptedJson, nullable=True)
    dedupe_key: Mapped[str] = mapped_column(Text, unique=True)
    on_uncertain: Mapped[Str]
    state: Mapped[Str]
    not_before: Mapped[Instant]
    expires_at: Mapped[When]
    attempts: Mapped[int] = mapped_column(BigInt, default=0)
    lease_until: Mapped[When]
    owner: Mapped[MaybeStr]
    telegram_message_id: Mapped[int | None] = mapped_column(BigInt)
    repeats_id: Mapped[int | None] = fk("outbox.id")
    error: Mapped[MaybeStr]
    created_at: Mapped[Instant]
    sent_at: Mapped[When]


class Surface(Base):
    """Which Telegram message shows what now."""

    __tablename__ = "surfaces"
    __table_args__ = (
        unique_where("uq_surfaces_current", "kind", "ref", "chat_id", where="current = 1"),
        Index("ix_surfaces_message", "chat_id", "telegram_message_id"),
        STRICT,
    )
    id: Mapped[Id]
    kind: Mapped[Str]
    ref: Mapped[Int]
    chat_id: Mapped[int] = fk("chats.id")
    telegram_message_id: Mapped[Int]
    digest: Mapped[Str]  # of the card last shown, so that an unchanged one costs no call
    current: Mapped[Bool]
    shown_at: Mapped[Instant]


class Form(Base):
    """A guided form half filled in: it lives here, so a restart loses nothing."""

    __tablename__ = "forms"
    __table_args__ = (STRICT,)
    id: Mapped[Id]
    chat_id: Mapped[int] = fk("chats.id", unique=True)  # one form at a time in a chat
    kind: Mapped[Str]
    step: Mapped[Str]
    data: Mapped[Any] = mapped_column(EncryptedJson)
    updated_at: Mapped[Instant]


class Audit(Base):
    __tablename__ = "audit"
    __table_args__ = (STRICT,)
    id: Mapped[Id]
    at: Mapped[Instant]
    actor: Mapped[Str]  # "staff:7", "patient:3", "system", "command"
    action: Mapped[Str]
    subject: Mapped[Str]  # "patient:3", "escalation:12", "pathway:2" …
    details: Mapped[Data]  # ids and codes only


class Heartbeat(Base):
    __tablename__ = "heartbeats"
    __table_args__ = (STRICT,)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[Instant]
    every_s: Mapped[Int]
    counts: Mapped[Data]
    failed: Mapped[MaybeStr]


class Gap(Base):
    """A stretch in which nobody listened to Telegram; taps made in it may be lost."""

    __tablename__ = "gaps"
    __table_args__ = (STRICT,)
    id: Mapped[Id]
    began_at: Mapped[Instant]
    ended_at: Mapped[Instant]
    asked_again: Mapped[Int]  # how many open check-ins were asked again


class Incident(Base):
    """Something an admin must mend. One open row per kind and subject."""

    __tablename__ = "incidents"
    __table_args__ = (
        unique_where("uq_incidents_open", "kind", "subject", where="cleared_at IS NULL"),
        STRICT,
    )
    id: Mapped[Id]
    kind: Mapped[Str]
    subject: Mapped[Str]
    remedy: Mapped[Str]  # what to do next, for staff
    opened_at: Mapped[Instant]
    seen_at: Mapped[Instant]
    times: Mapped[Int]
    cleared_at: Mapped[When]
