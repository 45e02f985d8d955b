"""Files sent and fetched, both ways."""

from __future__ import annotations

import base64

import httpx
import pytest
import telegram

from bot.sandbox import actors, enclosures, server
from tests.bot.sandbox.raw_calls import Raw


async def test_a_picture_from_the_bot_is_shown_on_the_page(
    bot: telegram.Bot, served: server.Served, ana: actors.Person
) -> None:
    sent = await bot.send_photo(ana.id, enclosures.PIXEL, caption="<b>Scan</b> me", parse_mode="HTML")
    assert (sent.photo[0].width, sent.caption_entities[0].type) == (1, "bold")
    shown = await ana.last()
    assert (shown["kind"], shown["html"]) == ("photo", "<b>Scan</b> me")
    async with httpx.AsyncClient(base_url=served.url, trust_env=False) as client:
        assert (await client.get(shown["file"]["url"])).content == enclosures.PIXEL
        assert (await client.get("/sandbox/files/none")).json() == {"error": "no such file"}
        assert (await client.get(f"/file/bot{served.token}/photos/none")).status_code == 404
        assert (await client.get("/file/botnone/photos/none")).status_code == 404


@pytest.mark.parametrize("kind", ["photo", "voice", "sticker", "document"])
async def test_what_a_person_sends_can_be_downloaded(bot: telegram.Bot, ana: actors.Person, kind: str) -> None:
    content = base64.b64encode(b"bytes of " + kind.encode()).decode()
    await ana.sends(kind, content_b64=content, caption=None if kind == "sticker" else "look")
    message = (await bot.get_updates())[-1].message
    assert message is not None
    attached = message.photo[-1] if kind == "photo" else message.voice or message.sticker or message.document
    assert attached is not None
    file_id = attached.file_id
    file = await bot.get_file(file_id)
    assert bytes(await file.download_as_bytearray()) == b"bytes of " + kind.encode()
    again = await bot.send_document(ana.id, file_id)
    assert again.message_id > message.message_id


async def test_files_telegram_cannot_take_are_refused(
    bot: telegram.Bot, raw: Raw, ana: actors.Person, served: server.Served
) -> None:
    with pytest.raises(telegram.error.BadRequest, match=r"(?i)IMAGE_PROCESS_FAILED"):
        await bot.send_photo(ana.id, b"no picture")
    with pytest.raises(telegram.error.BadRequest, match=r"ile must be non-empty"):
        await bot.send_document(ana.id, b"", filename="empty.txt")
    with pytest.raises(telegram.error.BadRequest, match="caption is too long"):
        await bot.send_document(ana.id, b"x", caption="x" * 1025)
    with pytest.raises(telegram.error.NetworkError, match="Request Entity Too Large"):
        await bot.send_photo(ana.id, enclosures.PIXEL + bytes(10 * 1024 * 1024))
    assert await raw.refused("sendDocument", chat_id=ana.id, document="no-id") == (
        400,
        "Bad Request: wrong remote file identifier specified: Wrong string length",
    )
    assert await raw.refused("sendDocument", chat_id=ana.id, document="https://a.org/b.pdf") == (
        400,
        "Bad Request: failed to get HTTP URL content",
    )
    assert await raw.refused("getFile", file_id="no-id") == (400, "Bad Request: invalid file_id")


async def test_a_contact_is_shared(bot: telegram.Bot, sandbox: actors.Sandbox) -> None:
    ben = await sandbox.person("Ben", phone="+447700900123")
    await ben.start()
    keyboard = telegram.ReplyKeyboardMarkup(
        [[telegram.KeyboardButton("Share my number", request_contact=True)]], one_time_keyboard=True
    )
    await bot.send_message(ben.id, "Your number?", reply_markup=keyboard)
    await ben.presses("Share my number")
    message = (await bot.get_updates())[-1].message
    assert message is not None
    assert message.contact is not None
    assert (message.contact.phone_number, message.contact.user_id) == ("+447700900123", ben.id)
    assert (await ben.chat.look()).chat["reply_keyboard"] is None
