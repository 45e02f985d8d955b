"""A very small bot that polls the sandbox over HTTP and answers in ways the page has to show."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx

Json = dict[str, Any]

LONG_LABEL = "A little clear or pink fluid, and the dressing stays mostly dry from morning to evening"
SCALE = [[str(n) for n in range(6)], [str(n) for n in range(6, 11)]]
HOSTILE = '<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>'
PICTURE = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02\xfe\xa75\x81\x84\x00\x00\x00\x00IEND\xaeB`\x82"
)


def _inline(*rows: list[str]) -> Json:
    return {"inline_keyboard": [[{"text": text, "callback_data": text[:30]} for text in row] for row in rows]}


def _reply(*rows: list[str]) -> Json:
    keyboard = [[{"text": text} for text in row] for row in rows]
    return {"keyboard": keyboard, "resize_keyboard": True, "input_field_placeholder": "Choose or type"}


class EchoBot:
    """Says back what it hears; some words make it do something else. See `_answer`."""

    def __init__(self, api: httpx.AsyncClient) -> None:
        self._api = api

    async def call(self, method: str, **params: Any) -> Any:
        """One Bot API call; its result, or None when it was refused."""
        answer: Json = (await self._api.post(method, json=params)).json()
        return answer.get("result")

    async def run(self) -> None:
        """Poll and answer until cancelled."""
        offset = 0
        while True:
            for update in await self.call("getUpdates", offset=offset, timeout=10) or []:
                offset = update["update_id"] + 1
                if "callback_query" in update:
                    await self._tapped(update["callback_query"])
                elif "message" in update:
                    await self._answer(update["message"])

    async def _tapped(self, query: Json) -> None:
        alert = query["data"] == "Pause"
        words = f"Noted: {query['data']}"
        await self.call("answerCallbackQuery", callback_query_id=query["id"], text=words, show_alert=alert)
        message = query["message"]
        where = {"chat_id": message["chat"]["id"], "message_id": message["message_id"]}
        text = f"{query['from']['first_name']} chose {query['data']}"
        await self.call("editMessageText", **where, text=text, reply_markup=_inline(["Yes", "No"], ["Pause"]))

    async def _answer(self, message: Json) -> None:
        chat, text = message["chat"]["id"], message.get("text", "")
        if text.startswith("/start"):
            markup = _inline(["Yes", "No"], [LONG_LABEL], *SCALE, ["Pause"])
            await self.call("sendMessage", chat_id=chat, text="Is the wound dry?", reply_markup=markup)
        elif text == "keyboard":
            markup = _reply(["Something has changed", "Help"], ["Status"])
            await self.call("sendMessage", chat_id=chat, text="Here it is.", reply_markup=markup)
        elif text == "picture":
            form = {"chat_id": str(chat), "caption": "Your code"}
            await self._api.post("sendPhoto", data=form, files={"photo": ("code.png", PICTURE, "image/png")})
        elif text == "bold":
            await self.call("sendMessage", chat_id=chat, text="<b>Call</b> us <i>today</i>", parse_mode="HTML")
        elif text == "typing":
            await self.call("sendChatAction", chat_id=chat, action="typing")
        elif text == "hostile":
            await self.call("sendMessage", chat_id=chat, text=HOSTILE, reply_markup=_inline([HOSTILE[:40]]))
        elif text == "pin":
            sent = await self.call("sendMessage", chat_id=chat, text="Keep this in sight.")
            await self.call("pinChatMessage", chat_id=chat, message_id=sent["message_id"])
        elif text == "vanish":
            sent = await self.call("sendMessage", chat_id=chat, text="Now you see me.")
            await self.call("deleteMessage", chat_id=chat, message_id=sent["message_id"])
            await self.call("sendMessage", chat_id=chat, text="Gone.")
        elif "photo" in message or "document" in message:
            await self.call("sendMessage", chat_id=chat, text="Thank you for the picture.")
        elif text:
            reply = {"message_id": message["message_id"]}
            await self.call("sendMessage", chat_id=chat, text=f"You said: {text}", reply_parameters=json.dumps(reply))


@contextlib.asynccontextmanager
async def running(api_url: str, token: str) -> AsyncIterator[EchoBot]:
    """The bot at work until the block ends."""
    async with httpx.AsyncClient(base_url=f"{api_url}{token}/", timeout=30, trust_env=False) as api:
        bot = EchoBot(api)
        work = asyncio.create_task(bot.run())
        try:
            yield bot
        finally:
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError, httpx.HTTPError):
                await work
