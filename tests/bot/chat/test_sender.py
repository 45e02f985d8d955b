"""What goes out over the wire, and what follows from each of Telegram's answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.cards import Card, File, button
from bot.care import delivery, escalations, uncertain
from bot.care.outbox import Lane
from bot.db.models import Chat, Enrolment, Escalation, EscalationFinding, Incident, Outbox, Surface
from schedules.levels import Level
from tests.bot.chat.conftest import Line, renderers

BLOCKED = (403, "Forbidden: bot was blocked by the user")
KICKED = (403, "Forbidden: bot was kicked from the supergroup chat")


def tap_me(text: str) -> Card:
    return Card(text=text, rows=((button("Yes", "p_yes", 1),),))


async def test_a_message_is_sent_once_and_settled(line: Line) -> None:
    ana = await line.person("Ana")
    line.say(ana.id, "Good morning")
    assert await line.deliver() == 1
    assert await line.deliver() == 0
    assert await line.texts(ana.chat) == ["Good morning"]
    assert line.row(Outbox).state == "sent"


async def test_a_surface_is_edited_in_place(line: Line) -> None:
    ana = await line.person("Ana")
    line.show(ana.id, 1, tap_me("One"))
    await line.deliver()
    line.show(ana.id, 1, tap_me("Two"))
    await line.deliver()
    assert await line.texts(ana.chat) == ["Two"]


async def test_a_surface_that_shows_the_same_costs_no_call(line: Line) -> None:
    ana = await line.person("Ana")
    line.show(ana.id, 1, tap_me("One"))
    await line.deliver()
    before = len(line.served.calls())
    line.show(ana.id, 1, tap_me("One"))
    await line.deliver()
    assert len(line.served.calls()) == before
    assert {row.state for row in line.rows(Outbox)} == {"sent"}


async def test_a_surface_that_no_longer_applies_is_dropped(line: Line) -> None:
    ana = await line.person("Ana")
    line.show(ana.id, 1, tap_me("One"))
    line.board.clear()
    await line.deliver()
    assert line.row(Outbox).state == "dropped"
    assert await line.texts(ana.chat) == []


async def test_a_fresh_copy_retires_the_old_one(line: Line) -> None:
    ana = await line.person("Ana")
    line.show(ana.id, 1, tap_me("One"))
    await line.deliver()
    line.show(ana.id, 1, tap_me("Two"), fresh=True, key="reminder")
    await line.deliver()
    assert await line.texts(ana.chat) == ["This is now further down ↓", "Two"]
    assert [surface.current for surface in line.rows(Surface)] == [False, True]


async def test_a_deleted_message_is_sent_anew(line: Line) -> None:
    ana = await line.person("Ana")
    line.show(ana.id, 1, tap_me("One"))
    await line.deliver()
    await ana.deletes((await ana.last())["id"])
    line.show(ana.id, 1, tap_me("Two"))
    await line.deliver()
    assert await line.texts(ana.chat) == ["Two"]


async def test_an_edit_that_changes_nothing_for_telegram_counts_as_shown(line: Line) -> None:
    ana = await line.person("Ana")
    line.show(ana.id, 1, tap_me("One"))
    await line.deliver()
    line.show(ana.id, 1, Card(text="<b></b>One", rows=tap_me("").rows))
    await line.deliver()
    assert {row.state for row in line.rows(Outbox)} == {"sent"}
    assert line.rows(Incident) == []


async def test_a_message_past_its_time_expires_unsent(line: Line) -> None:
    ana = await line.person("Ana")
    line.say(ana.id, "Now or never", expires_after=timedelta(minutes=5))
    line.passes(minutes=5)
    await line.deliver()
    assert line.row(Outbox).state == "expired"
    assert await line.texts(ana.chat) == []


async def test_a_patient_who_blocked_the_bot_becomes_a_phone_task(line: Line) -> None:
    ana = await line.patient("Ana", line.team())
    await ana.blocks()
    line.say(ana.id, "First")
    line.say(ana.id, "Second")
    await line.deliver()
    assert line.row(Chat, telegram_id=ana.id).state == "blocked"
    assert {row.state for row in line.rows(Outbox, chat_id=line.chat_of(ana.id))} == {"dead", "expired"}
    assert line.row(EscalationFinding).rule == "bot_blocked"


async def test_what_is_written_to_a_blocked_chat_later_costs_no_call(line: Line) -> None:
    ana = await line.patient("Ana", line.team())
    await ana.blocks()
    line.say(ana.id, "First")
    await line.deliver()
    before = len(line.served.calls("sendMessage"))
    line.say(ana.id, "Later")
    await line.deliver()
    assert len(line.served.calls("sendMessage")) == before


REFUSALS: list[tuple[int, str, str, str | None]] = [
    (403, "Forbidden: bot was blocked by the user", "blocked", "bot_blocked"),
    (403, "Forbidden: user is deactivated", "deactivated", "bot_blocked"),
    (403, "Forbidden: bot can't initiate conversation with a user", "unstarted", "bot_blocked"),
    (403, "Forbidden: the bot can't send messages to the bot", "unstarted", "bot_blocked"),
    (400, "Bad Request: chat not found", "gone", "bot_blocked"),
    (400, "Bad Request: PEER_ID_INVALID", "gone", "bot_blocked"),
]


@pytest.mark.parametrize(("code", "description", "state", "finding"), REFUSALS, ids=[r[1] for r in REFUSALS])
async def test_a_patient_who_cannot_be_reached(
    line: Line, code: int, description: str, state: str, finding: str
) -> None:
    ana = await line.patient("Ana", line.team())
    await line.sandbox.fails("http", method="sendMessage", code=code, description=description)
    line.say(ana.id, "Good morning")
    await line.deliver()
    assert line.row(Chat, telegram_id=ana.id).state == state
    assert line.row(EscalationFinding).rule == finding
    assert line.row(Outbox, chat_id=line.chat_of(ana.id)).state == "dead"


LOST_GROUPS = [
    (403, "Forbidden: bot was kicked from the group chat", "gone"),
    (403, "Forbidden: bot was kicked from the supergroup chat", "gone"),
    (403, "Forbidden: bot was kicked from the channel chat", "gone"),
    (403, "Forbidden: bot is not a member of the supergroup chat", "gone"),
    (403, "Forbidden: the group chat was deleted", "gone"),
    (400, "Bad Request: chat not found", "gone"),
    (400, "Bad Request: have no write access to the chat", "no_rights"),
    (400, "Bad Request: need administrator rights in the channel chat", "no_rights"),
    (400, "Bad Request: not enough rights to send text messages to the chat", "no_rights"),
    (400, "Bad Request: CHAT_WRITE_FORBIDDEN", "no_rights"),
    (400, "Bad Request: have no rights to send a message", "no_rights"),
    (400, "Bad Request: TOPIC_CLOSED", "no_rights"),
    (400, "Bad Request: message thread not found", "no_rights"),
]


@pytest.mark.parametrize(("code", "description", "state"), LOST_GROUPS, ids=[r[1] for r in LOST_GROUPS])
async def test_a_team_chat_that_is_lost_sends_its_alerts_to_the_on_call_people(
    line: Line, code: int, description: str, state: str
) -> None:
    group = await line.sandbox.group("Team", await line.sandbox.person("Owner"))
    team = line.team(group)
    okoro = await line.staff("Okoro", team, rung="on_call")
    root = await line.staff("Root", team, role="admin")
    await line.sandbox.fails("http", method="sendMessage", code=code, description=description, chat_id=group.id)
    line.say(group.id, "Look at the worklist", kind="supergroup", lane=Lane.CLINICIAN)
    await line.deliver()
    assert line.row(Chat, telegram_id=group.id).state == state
    assert await line.texts(okoro.chat) == ["Look at the worklist"]
    assert any("chat unreachable" in text for text in await line.texts(root.chat))


async def test_an_open_case_of_a_lost_team_chat_is_shown_to_the_on_call_people(line: Line) -> None:
    group = await line.sandbox.group("Team", await line.sandbox.person("Owner"))
    team = line.team(group)
    okoro = await line.staff("Okoro", team, rung="on_call")
    await line.patient("Ana", team)
    await group.kicks_the_bot()
    await line.poller.poll_once(0)  # the news of it waits in the inbox: the refusal alone must do
    line.write(
        lambda s: escalations.operational(
            s, s.get_one(Enrolment, 1), "unprocessed_message", line.now, line.clinic, level=Level.URGENT
        )
    )
    await line.deliver()
    assert line.row(Chat, telegram_id=group.id).state == "gone"
    await okoro.sees("Ana-017")


async def test_a_chat_that_can_be_reached_again_is_open_and_the_incident_over(line: Line) -> None:
    group = await line.sandbox.group("Team", await line.sandbox.person("Owner"))
    line.team(group)
    await line.sandbox.fails("http", method="sendMessage", code=KICKED[0], description=KICKED[1])
    line.say(group.id, "One", kind="supergroup", lane=Lane.CLINICIAN)
    await line.deliver()
    line.say(group.id, "Two", kind="supergroup", lane=Lane.CLINICIAN)
    await line.deliver()
    assert line.row(Chat, telegram_id=group.id).state == "ok"
    assert line.row(Incident, kind="chat_unreachable").cleared_at is not None


async def test_a_group_that_became_a_supergroup_is_followed(line: Line) -> None:
    group = await line.sandbox.group("Team", await line.sandbox.person("Owner"), kind="group")
    line.team(group, "group")
    old = group.id
    await group.migrates()
    line.say(old, "Hello", kind="group", lane=Lane.CLINICIAN)
    await line.deliver()
    assert line.row(Chat, telegram_id=group.id).kind == "supergroup"
    assert await line.texts(group) == ["Hello"]


async def test_a_429_holds_the_chat_as_long_as_telegram_says(line: Line) -> None:
    ana = await line.person("Ana")
    flood = {"code": 429, "description": "Too Many Requests: retry after 7", "parameters": {"retry_after": 7}}
    await line.sandbox.fails("http", method="sendMessage", **flood)
    line.say(ana.id, "One")
    began = line.now
    step = await line.sender.deliver_due()
    assert step.next_at is not None
    assert timedelta(seconds=7) < step.next_at - began < timedelta(seconds=9)
    line.say(ana.id, "Two")
    await line.deliver()
    assert await line.texts(ana.chat) == ["One", "Two"]
    assert line.now - began > timedelta(seconds=7)


NOT_AUTHORIZED = [(401, "Unauthorized"), (404, "Not Found")]


@pytest.mark.parametrize(("code", "description"), NOT_AUTHORIZED)
async def test_a_token_telegram_does_not_know_loses_nothing(line: Line, code: int, description: str) -> None:
    ana = await line.person("Ana")
    await line.sandbox.fails("http", method="sendMessage", code=code, description=description)
    line.say(ana.id, "One")
    await line.sender.deliver_due()
    assert line.row(Incident).kind == "not_authorized"
    assert line.row(Outbox).state == "pending"
    await line.deliver()
    assert await line.texts(ana.chat) == ["One"]
    assert line.row(Incident).cleared_at is not None


CONTENT = [
    "Bad Request: message is too long",
    "Bad Request: text is too long",
    "Bad Request: message text is empty",
    "Bad Request: can't parse entities: unsupported start tag",
    "Bad Request: BUTTON_DATA_INVALID",
    "Bad Request: reply markup is too long",
    "Bad Request: SOMETHING_NEW",
]


@pytest.mark.parametrize("description", CONTENT)
async def test_a_refused_message_goes_once_more_as_plain_words(line: Line, description: str) -> None:
    ana = await line.person("Ana")
    await line.sandbox.fails("http", method="sendMessage", code=400, description=description)
    line.say(ana.id, "", card=tap_me("<b>Good</b> morning &amp; welcome"))
    await line.deliver()
    assert await line.texts(ana.chat) == ["Good morning & welcome"]
    assert line.row(Incident).kind == "message_refused"


async def test_a_message_refused_twice_is_dead_and_the_patient_a_phone_task(line: Line) -> None:
    ana = await line.patient("Ana", line.team())
    wrong = {"code": 400, "description": "Bad Request: SOMETHING_NEW"}
    await line.sandbox.fails("http", method="sendMessage", times=2, **wrong)
    line.say(ana.id, "Good morning")
    await line.deliver()
    assert line.row(Outbox, chat_id=line.chat_of(ana.id)).state == "dead"
    assert line.row(EscalationFinding).rule == "delivery_failed"
    assert {incident.kind for incident in line.rows(Incident)} >= {"message_refused", "undelivered"}


async def test_a_card_that_is_too_long_goes_as_plain_words_in_pieces(line: Line) -> None:
    ana = await line.person("Ana")
    line.say(ana.id, "long", card=Card(text="<b>a</b>" + "b" * 4096))
    await line.deliver()
    assert [len(text) for text in await line.texts(ana.chat)] == [4096, 1]


async def test_a_file_that_telegram_refuses_is_dead_at_once(line: Line) -> None:
    ana = await line.person("Ana")
    await line.sandbox.fails("http", method="sendDocument", code=413, description="Request Entity Too Large")
    line.say(ana.id, "file", card=Card(text="Your answers", file=File(name="answers.txt", content=b"none")))
    await line.deliver()
    assert line.row(Outbox).state == "dead"


async def test_documents_and_pictures_arrive_as_such(line: Line) -> None:
    ana = await line.person("Ana")
    line.say(ana.id, "file", card=Card(text="Your answers", file=File(name="answers.txt", content=b"none")))
    await line.deliver()
    assert (await ana.last())["kind"] == "document"


async def test_without_a_connection_a_message_waits_and_goes_later(line: Line) -> None:
    ana = await line.person("Ana")
    line.say(ana.id, "One")
    line.say(ana.id, "Two")
    await line.courier.close()
    unplugged = line.restarted_sender()
    unplugged._courier = type(line.courier)(line.served.token, "http://127.0.0.1:9", b"s", timeout_s=0.4)
    await unplugged.deliver_due()
    assert [row.state for row in line.rows(Outbox)] == ["pending", "pending"]


AMBIGUOUS: list[dict[str, Any]] = [
    {"kind": "reset_after"},
    {"kind": "hang_after", "seconds": 1},
    {"kind": "garble_after"},
    {"kind": "http", "code": 502, "description": "Bad Gateway"},
    {"kind": "http", "code": 500, "description": "Internal Server Error: restart"},
    {"kind": "http", "code": 504, "description": "Gateway Timeout"},
]
NAMES = [f"{fault['kind']} {fault.get('code', '')}" for fault in AMBIGUOUS]


@pytest.mark.parametrize("fault", AMBIGUOUS, ids=NAMES)
async def test_an_alert_that_may_have_arrived_is_repeated_at_once_and_says_so(
    line: Line, fault: dict[str, Any]
) -> None:
    ana = await line.person("Ana")
    await line.sandbox.fails(fault["kind"], method="sendMessage", **{k: v for k, v in fault.items() if k != "kind"})
    line.say(ana.id, "Ring the patient", lane=Lane.EMERGENCY, on_uncertain="resend")
    await line.deliver(patience_s=1)
    texts = await line.texts(ana.chat)
    assert texts[-1].startswith("🔁 Repeat")
    assert [row.state for row in line.rows(Outbox)] == ["uncertain", "sent"]


@pytest.mark.parametrize("fault", AMBIGUOUS, ids=NAMES)
async def test_a_digest_that_may_have_arrived_is_never_repeated(line: Line, fault: dict[str, Any]) -> None:
    ana = await line.person("Ana")
    await line.sandbox.fails(fault["kind"], method="sendMessage", **{k: v for k, v in fault.items() if k != "kind"})
    line.say(ana.id, "This week", lane=Lane.DIGEST, on_uncertain="never")
    await line.deliver()
    line.passes(minutes=5)
    line.write(lambda s: uncertain.sweep(s, line.now, line.clinic))
    await line.deliver()
    assert line.row(Outbox).state == "uncertain"


async def test_a_check_in_that_may_have_arrived_waits_for_a_sign_of_life_and_is_then_repeated_once(line: Line) -> None:
    ana = await line.patient("Ana", line.team())
    await line.sandbox.fails("http", method="sendMessage", times=2, code=502, description="Bad Gateway")
    line.show(ana.id, 1, tap_me("How is the pain?"), lane=Lane.CHECKIN)
    await line.deliver()
    line.passes(seconds=89)
    line.write(lambda s: uncertain.sweep(s, line.now, line.clinic))
    assert len(line.rows(Outbox)) == 1
    line.passes(seconds=2)
    line.write(lambda s: uncertain.sweep(s, line.now, line.clinic))
    await line.deliver()
    line.passes(minutes=5)
    line.write(lambda s: uncertain.sweep(s, line.now, line.clinic))
    await line.deliver()
    assert [row.state for row in line.rows(Outbox)] == ["uncertain", "uncertain"]


async def test_a_tap_on_a_copy_nobody_knew_of_settles_it_and_adopts_its_message(line: Line) -> None:
    ana = await line.patient("Ana", line.team())
    await line.sandbox.fails("garble_after", method="sendMessage")
    line.show(ana.id, 1, tap_me("How is the pain?"), lane=Lane.CHECKIN)
    await line.deliver()
    assert line.row(Outbox).state == "uncertain"
    await line.sandbox.post(f"users/{ana.id}/tap", chat_id=ana.id, message_id=(await ana.last())["id"], row=0, col=0)
    await line.take_in()
    assert line.row(Outbox).state == "sent"
    line.show(ana.id, 1, tap_me("Thank you"))
    await line.deliver()
    assert await line.texts(ana.chat) == ["Thank you"]


async def test_an_ambiguous_edit_is_simply_made_again(line: Line) -> None:
    ana = await line.person("Ana")
    line.show(ana.id, 1, tap_me("One"))
    await line.deliver()
    await line.sandbox.fails("garble_after", method="editMessageText")
    line.show(ana.id, 1, tap_me("Two"))
    await line.deliver()
    assert await line.texts(ana.chat) == ["Two"]
    assert {row.state for row in line.rows(Outbox)} == {"sent"}


async def test_what_was_being_sent_when_the_process_died_is_uncertain_at_the_next_start(line: Line) -> None:
    ana = await line.person("Ana")
    line.say(ana.id, "Ring the patient", lane=Lane.EMERGENCY, on_uncertain="resend")
    row = line.row(Outbox)
    line.write(lambda s: delivery.claim(s, row.id, "dead", renderers(line.board), line.clinic, line.now))
    await line.restarted_sender().deliver_due()
    assert [each.state for each in line.rows(Outbox)] == ["uncertain", "sent"]


async def test_a_message_that_cannot_be_rendered_holds_up_nobody(line: Line) -> None:
    ana, ben = await line.person("Ana"), await line.person("Ben")
    line.write(
        lambda s: s.add(
            Outbox(
                lane=2,
                purpose="unknown",
                chat_id=1,
                dedupe_key="k",
                on_uncertain="never",
                state="pending",
                not_before=line.now,
                created_at=line.now,
            )
        )
    )
    line.say(ben.id, "Hello")
    await line.deliver(patience_s=120)
    assert await line.texts(ben.chat) == ["Hello"]
    assert line.row(Outbox, purpose="unknown").state == "dead"
    assert line.rows(Incident, kind="undelivered")
    assert await line.texts(ana.chat) == []


async def test_messages_of_one_chat_go_in_order_even_when_the_first_must_be_tried_again(line: Line) -> None:
    ana = await line.person("Ana")
    await line.sandbox.fails("http", method="sendMessage", code=421, description="Misdirected Request")
    for text in ("One", "Two", "Three"):
        line.say(ana.id, text)
    await line.deliver()
    assert await line.texts(ana.chat) == ["One", "Two", "Three"]


async def test_a_withdrawn_enrolment_gets_no_finding_when_its_chat_is_closed(line: Line) -> None:
    ana = await line.patient("Ana", line.team())
    line.write(lambda s: setattr(s.get_one(Enrolment, 1), "state", "withdrawn"))
    await ana.blocks()
    line.say(ana.id, "Goodbye")
    await line.deliver()
    assert line.rows(Escalation) == []
