"""A copy arrived that the bot does not know of, since it was cut off half-way: where the patient looks, it goes on."""

from __future__ import annotations

from bot.cards import Card, button
from bot.db.models import Surface
from tests.bot.chat.conftest import Line


def question(text: str) -> Card:
    return Card(text=text, rows=((button("Yes", "p_yes", 1),),))


async def asked_further_down(line: Line) -> tuple[int, int]:
    """Ana has the question twice; the bot knows only the upper copy. Her id, and the lower message's."""
    ana = await line.patient("Ana", line.team())
    line.show(ana.id, 1, question("How is the pain?"))
    await line.deliver()
    await line.sandbox.fails("garble_after", method="sendMessage")
    line.show(ana.id, 1, question("How is the pain?"), fresh=True, key="gap")
    await line.deliver()
    return ana.id, (await ana.last())["id"]


async def test_a_tap_on_the_lower_copy_makes_it_the_one_that_goes_on(line: Line) -> None:
    ana, lower = await asked_further_down(line)
    await line.sandbox.post(f"users/{ana}/tap", chat_id=ana, message_id=lower, row=0, col=0)
    await line.take_in()
    line.show(ana, 1, question("How are your legs?"))
    await line.deliver()
    shown = (await line.sandbox.get(f"chats/{ana}"))["chat"]["messages"]
    texts = [item["text"] for item in shown if item["from_bot"]]
    assert texts == ["This is now further down ↓", "How are your legs?"]


async def test_there_is_one_current_copy_whatever_was_tapped(line: Line) -> None:
    ana, lower = await asked_further_down(line)
    for _ in range(2):
        await line.sandbox.post(f"users/{ana}/tap", chat_id=ana, message_id=lower, row=0, col=0)
        await line.take_in()
    assert [surface.telegram_message_id for surface in line.rows(Surface) if surface.current] == [lower]
