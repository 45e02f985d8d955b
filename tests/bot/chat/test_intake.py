"""From the inbox to the handler: in order, once, in one transaction, and never stuck."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

from bot.cards import Action, Card, button
from bot.chat import tokens
from bot.chat.intake import Intake
from bot.db.models import EscalationFinding, Inbox, Incident, Message, Outbox
from tests.bot.chat.conftest import SECRET, Line


async def raw(line: Line, update: dict[str, Any]) -> None:
    await line.sandbox.post("updates/raw", update=update)


def states(line: Line) -> list[str]:
    return [row.state for row in line.rows(Inbox)]


async def test_an_update_is_handled_once_and_its_reply_sent(line: Line) -> None:
    ana = await line.person("Ana")
    await ana.says("echo")
    await line.take_in()
    assert await line.intake.process_due() == 0
    await line.deliver()
    assert await line.texts(ana.chat) == ["echo"]


async def test_updates_of_one_chat_are_handled_in_order(line: Line) -> None:
    ana, ben = await line.person("Ana"), await line.person("Ben")
    for n in range(3):
        await ana.says(f"a{n}")
        await ben.says(f"b{n}")
    await line.take_in()
    texts = [incoming.text for incoming in line.heard]
    assert [t for t in texts if t[0] == "a"] == ["a0", "a1", "a2"]
    assert [t for t in texts if t[0] == "b"] == ["b0", "b1", "b2"]


async def test_a_tap_is_answered_with_the_handlers_words(line: Line) -> None:
    ana = await line.person("Ana")
    line.say(ana.id, "?", card=Card(text="?", rows=((button("Yes", "p_yes", 3),),)))
    await line.deliver()
    message = await ana.last()
    tapped = await line.sandbox.post(f"users/{ana.id}/tap", chat_id=ana.id, message_id=message["id"], row=0, col=0)
    await line.take_in()
    answer = (await line.sandbox.get(f"queries/{tapped['callback_query_id']}"))["answer"]
    assert answer["text"] == "Noted"
    assert line.heard[-1].action == Action("p_yes", (3,))


async def test_a_tap_too_old_to_be_answered_still_counts(line: Line) -> None:
    ana = await line.person("Ana")
    line.say(ana.id, "?", card=Card(text="?", rows=((button("Yes", "p_yes", 3),),)))
    await line.deliver()
    message = await ana.last()
    await line.sandbox.post(f"users/{ana.id}/tap", chat_id=ana.id, message_id=message["id"], row=0, col=0)
    await line.poller.poll_once(0)
    old = {"code": 400, "description": "Bad Request: query is too old and response timeout expired"}
    await line.sandbox.fails("http", method="answerCallbackQuery", **old)
    await line.intake.process_due()
    assert states(line)[-1] == "done"
    assert line.heard[-1].action is not None


async def test_a_forged_tap_reaches_the_handler_without_meaning(line: Line) -> None:
    ana = await line.person("Ana")
    line.say(ana.id, "Hello")
    await line.deliver()
    forged = tokens.encode(Action("p_yes", (3,)), ana.id, b"not our secret")
    message = (await ana.last())["id"]
    await line.sandbox.post(f"users/{ana.id}/tap", chat_id=ana.id, message_id=message, data=forged, forge=True)
    await line.take_in()
    assert line.heard[-1].action is None


async def test_a_failing_update_rolls_back_is_tried_again_and_then_done(line: Line) -> None:
    ana = await line.person("Ana")
    line.breaks.append(RuntimeError())
    await ana.says("echo")
    await line.take_in()
    assert states(line)[-1] == "new"
    assert line.rows(Outbox) == []
    line.breaks.clear()
    assert await line.intake.process_due() == 0
    line.passes(seconds=2)
    assert await line.intake.process_due() == 1
    assert states(line)[-1] == "done"


async def test_an_update_that_fails_holds_back_its_own_chat_only(line: Line) -> None:
    ana, ben = await line.person("Ana"), await line.person("Ben")
    line.breaks.append(RuntimeError())
    await ana.says("first")
    await line.take_in()
    line.breaks.clear()
    await ana.says("second")
    await ben.says("other")
    await line.take_in()
    assert [incoming.text for incoming in line.heard][1:] == ["other"]
    line.passes(seconds=2)
    await line.intake.process_due()
    assert [incoming.text for incoming in line.heard][2:] == ["first", "second"]


async def until_quarantined(line: Line) -> None:
    for _ in range(6):
        await line.intake.process_due()
        line.passes(minutes=2)


async def test_a_patients_update_that_never_works_is_quarantined_and_a_person_rings(line: Line) -> None:
    ana = await line.patient("Ana", line.team())
    line.breaks.append(RuntimeError())
    await ana.says("I cannot feel my saddle area and cannot pee")
    await line.poller.poll_once(0)
    await until_quarantined(line)
    row = line.rows(Inbox)[-1]
    assert (row.state, row.attempts, row.error) == ("quarantined", 5, "RuntimeError")
    assert "cannot pee" in (row.raw or "")
    finding = line.row(EscalationFinding)
    assert (finding.rule, finding.level) == ("unprocessed_message", "emergency")
    assert "cannot pee" in (line.row(Message).body or "")


async def test_harmless_words_that_could_not_be_processed_are_urgent_all_the_same(line: Line) -> None:
    ana = await line.patient("Ana", line.team())
    line.breaks.append(RuntimeError())
    await ana.says("Thank you")
    await line.poller.poll_once(0)
    await until_quarantined(line)
    assert line.row(EscalationFinding).level == "urgent"


async def test_a_strangers_update_that_never_works_is_an_incident(line: Line) -> None:
    ana = await line.person("Ana")
    line.breaks.append(RuntimeError())
    await ana.says("Hello")
    await line.poller.poll_once(0)
    await until_quarantined(line)
    assert line.row(Incident).kind == "unprocessed_update"


async def test_a_poison_update_is_set_aside_at_once_and_the_next_goes_on(line: Line) -> None:
    ana = await line.patient("Ana", line.team())
    await raw(line, {"update_id": 5000, "message": {"chat": {"id": ana.id}, "text": "cannot pee"}})
    await line.sandbox.post("updates/restart", next_id=5001)
    await ana.says("echo")
    await line.take_in()
    assert states(line)[-2:] == ["quarantined", "done"]
    assert line.row(EscalationFinding).rule == "unprocessed_message"


async def test_malformed_updates_change_nothing_and_stop_nothing(line: Line) -> None:
    ana = await line.person("Ana")
    handled = len(line.rows(Inbox))
    for n, update in enumerate(({"message": 3}, {"message": {"chat": "x"}}, {"callback_query": {"id": []}}, {})):
        await raw(line, {"update_id": 6000 + n, **update})
    await line.sandbox.post("updates/restart", next_id=7000)
    await ana.says("echo")
    await line.take_in()
    assert states(line)[handled:] == ["quarantined"] * 4 + ["done"]
    assert line.rows(Outbox)[-1].purpose == "card"


async def test_the_same_update_delivered_twice_is_handled_once(line: Line) -> None:
    ana = await line.person("Ana")
    update = {
        "update_id": 8000,
        "message": {
            "message_id": 900,
            "date": 1772442000,
            "chat": {"id": ana.id, "type": "private", "first_name": "Ana"},
            "from": {"id": ana.id, "is_bot": False, "first_name": "Ana"},
            "text": "echo",
        },
    }
    for _ in range(2):
        await raw(line, update)
        await line.take_in()
    assert [incoming.text for incoming in line.heard] == ["echo"]


async def test_two_processes_never_handle_one_update_twice(line: Line) -> None:
    ana = await line.person("Ana")
    await ana.says("echo")
    await line.poller.poll_once(0)

    def handle(session: Any, clinic: Any, incoming: Any, now: Any) -> None:
        line.heard.append(incoming)

    other = Intake(line.db, line.clinic, line.clock, line.courier, handle, SECRET)
    first, second = await line.intake.process_due(), await other.process_due()
    assert (first, second, len(line.heard)) == (1, 0, 1)


async def test_a_file_of_staff_is_fetched_before_the_handler_runs(line: Line) -> None:
    root = await line.staff("Root", line.team(), role="admin")
    await root.sends("document", name="pathway.yaml", content_b64=base64.b64encode(b"id: x").decode())
    await line.take_in()
    assert line.heard[-1].upload == b"id: x"


async def test_a_file_of_a_patient_is_never_fetched(line: Line) -> None:
    ana = await line.patient("Ana", line.team())
    await ana.sends("document", name="scan.pdf", content_b64=base64.b64encode(b"pdf").decode())
    await line.take_in()
    assert line.heard[-1].upload is None
    assert line.served.calls("getFile") == []


async def test_a_file_that_cannot_be_fetched_still_reaches_the_handler(line: Line) -> None:
    root = await line.staff("Root", line.team(), role="admin")
    await line.sandbox.fails("http", method="getFile", code=400, description="Bad Request: file is too big")
    await root.sends("document", name="pathway.yaml", content_b64=base64.b64encode(b"id: x").decode())
    await line.take_in()
    assert line.heard[-1].upload is None
    assert line.heard[-1].media is not None


async def test_a_restart_between_storing_and_processing_loses_nothing(line: Line) -> None:
    ana = await line.person("Ana")
    await ana.says("echo")
    await line.poller.poll_once(0)
    line.passes(hours=30)
    await line.take_in()
    assert [incoming.text for incoming in line.heard] == ["echo"]
    assert line.rows(Inbox)[-1].processed_at == line.now
    assert line.rows(Inbox)[-1].received_at == line.now - timedelta(hours=30)
