"""Who a patient is and what they wrote stay with those who may know: not in groups, not in logs, not in the file."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from bot import log
from bot.sandbox.storylines.cast import Patient, admitted
from tests import database
from tests.stories.conftest import SURGERY, Ward

BORN = "1943"
# What admitted() gives every patient is here as well: "Sam" and 960999 are the next of kin.
WORDS = (
    "Xanthippe",
    "Quillfeather",
    "Sam Quill",
    "960888",
    "960999",
    "441632",
    "walrus",
    "Zanzibar",
    "marmalade",
    "ambulance trolley",
)


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged, down to the chatter of libraries."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    log.configure("DEBUG", json_lines=True, stream=stream)
    yield stream
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


async def a_bad_week(ward: Ward) -> Patient:
    """A patient who answers, writes, corrects, sends a picture, is rung, asks for the data, and blocks the bot."""
    pat = await admitted(
        ward.stage, "Xanthippe", "Quillfeather", surgery=SURGERY, birth_year=BORN, phone="+44 1632 960888"
    )
    await ward.until(3, "09:40")
    await pat.checks_in({"saddle_numbness": "new_or_worse"}, until="bladder")
    written = await pat.person.says("My walrus slippers feel numb, I am Xanthippe Quillfeather, born 1943")
    await pat.person.edits(written["id"], "In Zanzibar they feel numb, ring 01632 960888")
    await pat.person.sends_photo("the marmalade wound")
    await pat.person.says("/mydata")
    lind = ward.staff.lind
    for label in ("Acknowledge", "Details", "Reached patient", "Close", "Seen today"):
        await lind.taps(label, where=ward.team)
    await lind.says("Met on the ambulance trolley")
    for where in (None, ward.team):
        await lind.says("/open", where=where)
        await lind.says(f"/patient {pat.code}", where=where)
    await pat.person.blocks()
    return pat


def told(where: str) -> list[str]:
    """Which of the words stand there, and the year, where it stands alone."""
    found = [word for word in WORDS if word.casefold() in where.casefold()]
    return found + re.findall(rf"(?<![\w.:]){BORN}(?![\w.:])", where)


def raw_patients(session: Session) -> str:
    """The rows of the patients as they lie in the file."""
    return str(session.execute(text("SELECT * FROM patients")).all())


async def test_private_things_never_reach_a_group(ward: Ward) -> None:
    """Cards, their edits, worklists, stories, toasts: codes and findings only (hazard H25)."""
    pat = await a_bad_week(ward)
    calls = [call for call in ward.served.calls() if str(call.params.get("chat_id")) == str(ward.team.id)]
    assert {"sendMessage", "editMessageText"} <= {call.method for call in calls}
    shown = "\n".join(json.dumps(call.params, ensure_ascii=False) for call in calls)
    assert pat.code in shown
    assert told(shown) == []


async def test_private_things_never_reach_a_toast(ward: Ward) -> None:
    """The word that answers a tap is read over a shoulder."""
    await a_bad_week(ward)
    toasts = "\n".join(str(call.params) for call in ward.served.calls("answerCallbackQuery"))
    assert told(toasts) == []


async def test_private_things_and_the_bots_token_never_reach_the_log(logged: io.StringIO, ward: Ward) -> None:
    """At the level at which libraries tell the most, and with failures that make them talk."""
    await ward.sandbox.fails("http", method="sendMessage", times=1, code=502)
    await a_bad_week(ward)
    await ward.sandbox.act("updates/raw", update={"message": {"text": "Zanzibar", "chat": {"id": "Xanthippe"}}})
    written = logged.getvalue()
    assert "quarantined" in written
    assert told(written) == []
    assert ward.served.token not in written
    assert ward.served.token.split(":")[1] not in written


async def test_private_things_cannot_be_read_in_the_database_file(ward: Ward) -> None:
    """A copied disk tells nobody's name, number, words or year of birth; nor the bot's token, nor a link."""
    pat = await a_bad_week(ward)
    content = database.stored(ward.settings.database_url)
    assert pat.code.encode() in content
    leaks = [word for word in WORDS if word.encode() in content or word.encode("utf-16-le") in content]
    assert leaks == []
    assert BORN not in await ward.read(raw_patients)
    assert ward.served.token.encode() not in content


async def test_private_links_are_kept_only_as_a_hash(ward: Ward) -> None:
    """Whoever reads the file cannot open a link that is still good."""
    code, first = await ward.registers(
        {
            "name": "Ana Ruiz",
            "phone": "+44 1632 960001",
            "birth_year": "1961",
            "language": "en",
            "timezone": "Europe/London",
            "procedure": "fusion",
            "surgery_date": SURGERY.isoformat(),
        }
    )
    await ward.staff.okoro.says(f"/invite {code}")
    picture = await ward.staff.okoro.sees(f"The link for patient {code}")
    tokens = [*re.findall(r"start=i([\w-]+)", first), *re.findall(r"start=i([\w-]+)", picture["caption"])]
    assert len(set(tokens)) == 2
    content = database.stored(ward.settings.database_url)
    assert code.encode() in content
    assert [token for token in tokens if token.encode() in content] == []


async def test_private_chats_of_colleagues_stay_their_own(ward: Ward) -> None:
    """Details go to whoever asked, and to nobody else."""
    await a_bad_week(ward)
    assert told(await ward.staff.lind.chat.text())
    for colleague in (ward.staff.okoro, ward.staff.reyes, ward.staff.mora):
        assert told(await colleague.chat.text()) == []
