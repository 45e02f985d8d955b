"""The rehearsal room in a real browser, with the real sandbox and a bot that polls it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bot.sandbox import actors, server
from tests.browser import echo_bot
from tests.browser.room import Room, enter

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ANA = "Ana Silva"
BEN = "Benjamin Okafor"
TEAM = "Spine team"


async def test_start_opens_the_chat_and_shows_the_bots_question(desk: Room) -> None:
    await desk.starts(ANA)
    await expect(desk.messages(ANA)).to_have_count(2)
    await expect(desk.messages(ANA).last).to_contain_text("Is the wound dry?")
    await expect(desk.chat(ANA).get_by_role("button", name="Start", exact=True)).to_be_hidden()


async def test_text_is_sent_shown_as_ones_own_and_answered_with_a_quote(desk: Room) -> None:
    await desk.starts(ANA)
    await desk.says(ANA, "It hurts less")
    await expect(desk.chat(ANA).locator(".message.mine").last).to_contain_text("It hurts less")
    await expect(desk.messages(ANA).last).to_contain_text("You said: It hurts less")
    await expect(desk.messages(ANA).last.locator(".quote")).to_have_accessible_name(
        "In reply to Ana Silva: It hurts less"
    )


async def test_a_tap_shows_the_bots_toast_and_the_message_changes_in_place(desk: Room) -> None:
    await desk.starts(ANA)
    await desk.chat(ANA).get_by_role("button", name="Yes", exact=True).click()
    await expect(desk.chat(ANA).get_by_role("status")).to_have_text("Noted: Yes")
    await expect(desk.messages(ANA)).to_have_count(2)
    await expect(desk.messages(ANA).last).to_contain_text("Ana chose Yes")
    await expect(desk.messages(ANA).last.locator(".meta")).to_contain_text("edited")


async def test_an_alert_waits_for_ok_and_gives_the_focus_back(desk: Room) -> None:
    await desk.starts(ANA)
    await desk.chat(ANA).get_by_role("button", name="Pause").click()
    alert = desk.chat(ANA).get_by_role("alertdialog")
    await expect(alert).to_contain_text("Noted: Pause")
    await expect(alert.get_by_role("button", name="OK")).to_be_focused()
    await desk.page.keyboard.press("Escape")
    await expect(alert).to_have_count(0)


async def test_a_reply_keyboard_stays_below_and_its_buttons_send_their_words(desk: Room) -> None:
    await desk.starts(ANA)
    await desk.says(ANA, "keyboard")
    keys = desk.chat(ANA).get_by_role("group", name="Reply keyboard")
    await keys.get_by_role("button", name="Something has changed").click()
    await expect(desk.messages(ANA).last).to_contain_text("You said: Something has changed")
    await expect(desk.chat(ANA).get_by_label("Message", exact=True)).to_have_attribute("placeholder", "Choose or type")
    await desk.chat(ANA).get_by_role("button", name="Hide the reply keyboard").click()
    await expect(keys).to_be_hidden()


async def test_a_picture_of_the_bot_is_shown_and_opens_large(desk: Room) -> None:
    await desk.starts(ANA)
    await desk.says(ANA, "picture")
    await desk.chat(ANA).get_by_role("button", name="Look at: Your code").click()
    await expect(desk.page.get_by_role("dialog").get_by_role("img", name="Your code")).to_be_visible()


async def test_a_patient_can_send_a_photo_from_a_file(desk: Room, tmp_path: Path) -> None:
    wound = tmp_path / "wound.png"
    wound.write_bytes(echo_bot.PICTURE)
    await desk.starts(ANA)
    await desk.chat(ANA).get_by_role("button", name="Attach").click()
    async with desk.page.expect_file_chooser() as chooser:
        await desk.chat(ANA).get_by_role("button", name="Photo").click()
    await (await chooser.value).set_files(wound)
    await expect(desk.chat(ANA).locator(".message.mine img")).to_have_js_property("complete", True)
    await expect(desk.messages(ANA).last).to_contain_text("Thank you for the picture.")


async def test_formatting_is_shown_and_not_its_marks(desk: Room) -> None:
    await desk.starts(ANA)
    await desk.says(ANA, "bold")
    await expect(desk.messages(ANA).last.locator("strong")).to_have_text("Call")
    await expect(desk.messages(ANA).last.locator("em")).to_have_text("today")


async def test_a_deleted_message_vanishes(desk: Room) -> None:
    await desk.starts(ANA)
    await desk.says(ANA, "vanish")
    await expect(desk.messages(ANA).last).to_contain_text("Gone.")
    await expect(desk.chat(ANA).get_by_text("Now you see me.")).to_have_count(0)


async def test_a_pinned_message_stays_in_sight(desk: Room) -> None:
    await desk.starts(ANA)
    await desk.says(ANA, "pin")
    await expect(desk.chat(ANA).get_by_role("button", name="Pinned message")).to_contain_text("Keep this in sight.")


async def test_ones_own_message_can_be_edited(desk: Room) -> None:
    await desk.starts(ANA)
    await desk.says(ANA, "Temperature 37")
    own = desk.chat(ANA).locator(".message.mine").last
    await expect(desk.messages(ANA).last).to_contain_text("You said: Temperature 37")
    await own.locator(".text").click()
    await own.get_by_role("button", name="Edit").click()
    await desk.says(ANA, "Temperature 38")
    await expect(own).to_contain_text("Temperature 38")
    await expect(own.locator(".meta")).to_contain_text("edited")


async def test_a_blocked_bot_is_said_so_and_can_be_unblocked(desk: Room) -> None:
    await desk.starts(ANA)
    await desk.chat(ANA).get_by_role("button", name="More about this chat").click()
    await desk.chat(ANA).get_by_role("button", name="Block the bot").click()
    await expect(desk.chat(ANA)).to_contain_text("Ana has blocked the bot.")
    await expect(desk.chat(ANA).get_by_label("Message", exact=True)).to_be_hidden()
    await desk.chat(ANA).get_by_role("button", name="Unblock", exact=True).click()
    await expect(desk.chat(ANA).get_by_label("Message", exact=True)).to_be_visible()


async def test_the_clock_moves_by_hours_days_and_to_an_instant(desk: Room) -> None:
    clock = desk.page.get_by_role("group", name="Clock")
    await expect(clock).to_contain_text("Mon 23 Nov 2026")
    await clock.get_by_role("button", name="+1 day").click()
    await expect(clock).to_contain_text("Tue 24 Nov 2026")
    await clock.get_by_role("button", name="+1 h").click()
    await expect(clock).to_contain_text("10:00 UTC")
    await clock.get_by_role("button", name="Set the clock").click()
    await desk.page.get_by_label("Date and time (UTC)").fill("2026-12-24T18:30")
    await desk.page.get_by_label("Show message times in").select_option("Europe/Madrid")
    await desk.page.get_by_role("button", name="Set the clock", exact=True).click()
    await expect(clock).to_contain_text("Thu 24 Dec 2026")
    await expect(clock).to_contain_text("19:30 Madrid")


async def test_a_clock_with_nothing_ahead_says_so(chromium: Browser, served: server.Served) -> None:
    entered = await enter(chromium, served.url)
    await entered.page.get_by_role("button", name="To the next event").click()
    await expect(entered.page.locator("#toasts")).to_contain_text("nothing is planned")
    assert all("409" in problem for problem in entered.problems)


async def test_members_of_a_group_tap_in_their_own_name(desk: Room) -> None:
    await desk.says(TEAM, "/start")
    await desk.chat(TEAM).get_by_label("Acting as").select_option("Tom Okoro · Coordinator")
    await desk.chat(TEAM).get_by_role("button", name="No", exact=True).click()
    await expect(desk.messages(TEAM).last).to_contain_text("Tom chose No")


async def test_a_tap_works_with_the_keyboard_alone_and_keeps_its_place(desk: Room) -> None:
    await desk.starts(ANA)
    yes = desk.chat(ANA).get_by_role("button", name="Yes", exact=True)
    await expect(yes).to_be_visible()
    await desk.chat(ANA).get_by_role("log").focus()
    await desk.page.keyboard.press("Tab")
    await expect(yes).to_be_focused()
    await desk.page.keyboard.press("Enter")
    await expect(desk.messages(ANA).last).to_contain_text("Ana chose Yes")
    await expect(desk.chat(ANA).get_by_role("button", name="Yes", exact=True)).to_be_focused()


async def test_hostile_text_stays_text(desk: Room) -> None:
    await desk.starts(ANA)
    await desk.says(ANA, echo_bot.HOSTILE)
    await expect(desk.messages(ANA).last).to_contain_text(f"You said: {echo_bot.HOSTILE}")
    await desk.says(ANA, "hostile")
    await expect(desk.messages(ANA).last.locator(".text")).to_have_text(echo_bot.HOSTILE)
    assert await desk.page.evaluate("window.harmed") is None
    assert await desk.chat(ANA).locator(".message img, .message script").count() == 0


async def test_html_beyond_the_allowed_tags_is_taken_apart(chromium: Browser, served: server.Served) -> None:
    entered = await enter(chromium, served.url)
    rebuilt = await entered.page.evaluate(
        """async () => {
          const { fromHtml } = await import("/richtext.js");
          const box = document.createElement("div");
          box.append(fromHtml(
            '<b onclick="harmed=1">a</b><img src=x onerror="harmed=1"><a href="javascript:harmed=1">b</a>' +
            '<a href="https://example.org" style="x">c</a><script>harmed=1</script><svg onload="harmed=1"></svg>'));
          return box.innerHTML;
        }"""
    )
    link = '<a href="https://example.org" target="_blank" rel="noopener noreferrer">c</a>'
    assert rebuilt == f"<strong>a</strong>b{link}"
    assert await entered.page.evaluate("window.harmed") is None
    assert all("Content Security Policy" in problem for problem in entered.problems)


async def test_new_messages_do_not_pull_a_reader_down_who_went_up(desk: Room, sandbox: actors.Sandbox) -> None:
    await desk.starts(ANA)
    for line in range(12):
        await desk.says(ANA, f"line {line}")
    await expect(desk.messages(ANA)).to_have_count(26)
    log = desk.chat(ANA).get_by_role("log")
    await log.hover()
    await desk.page.mouse.wheel(0, -2000)
    await expect(log).to_have_js_property("scrollTop", 0)
    ana = next(user for user in (await sandbox.state())["users"] if user["first_name"] == "Ana")
    await sandbox.post(f"users/{ana['id']}/text", chat_id=ana["id"], text="one more")
    pill = desk.chat(ANA).get_by_role("button", name=re.compile(r"\d new"))
    await expect(pill).to_be_visible()
    await expect(log).to_have_js_property("scrollTop", 0)
    await pill.click()
    await expect(pill).to_be_hidden()
    await expect(desk.chat(ANA).get_by_text("You said: one more")).to_be_in_viewport()


async def test_the_drawer_lists_calls_and_plans_and_clears_faults(desk: Room) -> None:
    await desk.starts(ANA)
    await desk.page.get_by_role("button", name="Calls").click()
    drawer = desk.page.get_by_role("complementary")
    await expect(drawer.get_by_role("listitem").first).to_contain_text("sendMessage")
    await expect(drawer.get_by_role("listitem").first).to_contain_text("Ana")
    await drawer.get_by_role("button", name="429 storm").click()
    await expect(drawer).to_contain_text("429 on sendMessage, 20 left")
    await desk.says(ANA, "hello")
    await expect(drawer.locator(".call.failed").first).to_contain_text("error 429")
    await drawer.get_by_role("button", name="Clear all faults").click()
    await expect(drawer).not_to_contain_text("left")


async def test_people_and_groups_can_be_added(desk: Room) -> None:
    await desk.page.get_by_role("button", name="Add", exact=True).click()
    dialog = desk.page.get_by_role("dialog")
    await dialog.get_by_label("First name").fill("Carmen")
    await dialog.get_by_label("Language").select_option("Spanish")
    await dialog.get_by_role("button", name="Add", exact=True).click()
    await expect(desk.chat("Carmen")).to_contain_text("Patient · Spanish")
    await desk.page.get_by_role("button", name="Add", exact=True).click()
    await dialog.get_by_text("Group", exact=True).click()
    await dialog.get_by_label("Title").fill("Night team")
    await dialog.get_by_role("button", name="Add", exact=True).click()
    await expect(desk.chat("Night team")).to_be_visible()


async def test_a_link_into_the_bot_opens_on_a_chosen_phone(desk: Room) -> None:
    await desk.starts(ANA)
    await desk.says(ANA, f"https://t.me/{server.BOT.username}?start=abc-123")
    await desk.messages(ANA).last.get_by_role("link").click()
    dialog = desk.page.get_by_role("dialog", name="Open a link")
    await dialog.get_by_label("On the phone of").select_option("Benjamin Okafor (patient)")
    await dialog.get_by_role("button", name="Open the link").click()
    await expect(desk.messages(BEN).first).to_contain_text("/start abc-123")


async def test_a_lost_sandbox_is_said_so(chromium: Browser, served: server.Served, sandbox: actors.Sandbox) -> None:
    entered = await enter(chromium, served.url)
    await expect(entered.chat(ANA)).to_be_visible()
    await entered.page.context.set_offline(True)
    await sandbox.advance(hours=1)
    await expect(entered.page.get_by_role("alert")).to_contain_text("Disconnected.")
    await entered.page.context.set_offline(False)
    await expect(entered.page.get_by_role("alert")).to_be_hidden()


async def test_a_phone_width_shows_one_chat_at_a_time_and_never_scrolls_sideways(phone: Room) -> None:
    await phone.starts(ANA)
    await expect(phone.messages(ANA)).to_have_count(2)
    assert not await phone.scrolls_sideways()
    await expect(phone.chat(TEAM)).to_be_hidden()
    await phone.page.get_by_role("navigation", name="Chats").get_by_role("button", name=TEAM).click()
    await expect(phone.chat(TEAM)).to_be_visible()
    await expect(phone.chat(ANA)).to_be_hidden()
    assert not await phone.scrolls_sideways()


@pytest.mark.parametrize("width", [360, 390, 430, 820, 1024, 1440])
async def test_no_width_scrolls_the_page_sideways(phone: Room, width: int) -> None:
    await phone.page.set_viewport_size({"width": width, "height": 844})
    await phone.starts(ANA)
    await expect(phone.messages(ANA)).to_have_count(2)
    assert not await phone.scrolls_sideways()


async def test_everything_to_touch_is_at_least_44_pixels(phone: Room) -> None:
    await phone.starts(ANA)
    await phone.says(ANA, "keyboard")
    await expect(phone.messages(ANA)).to_have_count(4)
    small = await phone.page.evaluate(
        """() => [...document.querySelectorAll("button, select, textarea, input")]
          .filter((node) => node.checkVisibility() && !node.matches(".visually-hidden"))
          .map((node) => [node.textContent || node.ariaLabel, node.getBoundingClientRect()])
          .filter(([, box]) => box.height < 44 || box.width < 44)
          .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"""
    )
    assert small == []


async def test_a_chat_out_of_sight_gets_a_mark_when_something_arrives(phone: Room, sandbox: actors.Sandbox) -> None:
    await expect(phone.chat(ANA)).to_be_visible()
    ben = next(user for user in (await sandbox.state())["users"] if user["first_name"] == "Benjamin")
    await sandbox.post(f"users/{ben['id']}/start")
    tab = phone.page.get_by_role("navigation", name="Chats").get_by_role("button", name=BEN)
    await expect(tab).to_have_accessible_name("Benjamin Okafor 1 not read")
    await tab.click()
    await expect(tab).to_have_accessible_name("Benjamin Okafor")
