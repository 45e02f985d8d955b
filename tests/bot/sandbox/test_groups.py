"""Groups, supergroups, forums and channels: rights, membership, migration."""

from __future__ import annotations

import pytest
import telegram

from bot.sandbox import actors, client
from tests.bot.sandbox.raw_calls import Raw

BUTTON = {"inline_keyboard": [[{"text": "Acknowledge", "callback_data": "a1:ack"}]]}


async def test_a_group_becomes_a_supergroup_and_the_bot_is_told_everywhere(
    bot: telegram.Bot, sandbox: actors.Sandbox, lind: actors.Person
) -> None:
    team = await sandbox.group("Team", lind, kind="group")
    old = team.id
    await team.migrates()
    with pytest.raises(telegram.error.ChatMigrated) as moved:
        await bot.send_message(old, "card")
    assert moved.value.new_chat_id == team.id
    messages = [u.message for u in await bot.get_updates() if u.message]
    assert [m.migrate_to_chat_id for m in messages if m.migrate_to_chat_id] == [team.id]
    assert [m.migrate_from_chat_id for m in messages if m.migrate_from_chat_id] == [old]
    assert (await bot.send_message(team.id, "card")).chat.type == "supergroup"


@pytest.mark.parametrize("kind", ["group", "supergroup", "channel"])
async def test_a_removed_bot_is_told_and_can_come_back(
    raw: Raw, sandbox: actors.Sandbox, lind: actors.Person, kind: str
) -> None:
    team = await sandbox.group("Team", lind, kind=kind, bot_admin=True)
    await team.kicks_the_bot()
    assert await raw.refused("sendMessage", chat_id=team.id, text="card") == (
        403,
        f"Forbidden: bot was kicked from the {kind} chat",
    )
    await team.adds_the_bot(admin=True)
    assert await raw.ok("sendMessage", chat_id=team.id, text="card")
    changes = [u["my_chat_member"] for u in await raw.ok("getUpdates") if "my_chat_member" in u]
    assert [c["new_chat_member"]["status"] for c in changes] == ["administrator", "kicked", "administrator"]
    assert await raw.ok("leaveChat", chat_id=team.id) is True
    assert await raw.refused("sendMessage", chat_id=team.id, text="card") == (
        403,
        f"Forbidden: bot is not a member of the {kind} chat",
    )


async def test_a_deleted_group_is_gone(raw: Raw, sandbox: actors.Sandbox, lind: actors.Person) -> None:
    small = await sandbox.group("Small", lind, kind="group")
    large = await sandbox.group("Large", lind)
    await small.is_deleted()
    await large.is_deleted()
    assert await raw.refused("sendMessage", chat_id=small.id, text="x") == (
        403,
        "Forbidden: the group chat was deleted",
    )
    assert await raw.refused("sendMessage", chat_id=large.id, text="x") == (
        400,
        "Bad Request: chat not found",
    )


async def test_without_rights_nothing_is_posted(raw: Raw, sandbox: actors.Sandbox, lind: actors.Person) -> None:
    team = await sandbox.group("Team", lind)
    await team.lets_the_bot_post(False)
    assert await raw.refused("sendMessage", chat_id=team.id, text="x") == (
        400,
        "Bad Request: not enough rights to send text messages to the chat",
    )
    me = (await raw.ok("getMe"))["id"]
    assert (await raw.ok("getChatMember", chat_id=team.id, user_id=me))["status"] == "restricted"
    channel = await sandbox.group("Channel", lind, kind="channel")
    assert await raw.refused("sendMessage", chat_id=channel.id, text="x") == (
        400,
        "Bad Request: need administrator rights in the channel chat",
    )


async def test_a_channel_has_posts_and_buttons(bot: telegram.Bot, sandbox: actors.Sandbox, lind: actors.Person) -> None:
    channel = await sandbox.group("Alerts", lind, kind="channel", bot_admin=True)
    await lind.says("/bind", where=channel)
    keyboard = telegram.InlineKeyboardMarkup.de_json(BUTTON, bot)
    card = await bot.send_message(channel.id, "URGENT", reply_markup=keyboard)
    assert card.from_user is None
    assert card.sender_chat is not None
    sandbox.patience_s = 0.05
    await lind.taps("Acknowledge", where=channel)
    _, post, tap = await bot.get_updates()
    assert post.channel_post is not None
    assert (post.channel_post.text, post.effective_user) == ("/bind", None)
    assert tap.callback_query is not None
    assert tap.callback_query.message is not None
    assert (tap.callback_query.from_user.id, tap.callback_query.message.chat.type) == (lind.id, "channel")


async def test_in_a_group_the_bot_overhears_only_what_is_meant_for_it(
    raw: Raw, sandbox: actors.Sandbox, lind: actors.Person
) -> None:
    team = await sandbox.group("Team", lind)
    card = await raw.ok("sendMessage", chat_id=team.id, text="card")
    await lind.says("lunch?", where=team)
    await lind.says("/open@other_bot", where=team)
    await lind.says("/open", where=team)
    await lind.says("on my way", where=team, reply_to=card["message_id"])
    await lind.says("@Aftercare_sandbox_bot who?", where=team)
    heard = [u["message"].get("text") for u in await raw.ok("getUpdates") if "message" in u]
    assert heard == [None, "/open", "on my way", "@Aftercare_sandbox_bot who?"]
    await sandbox.post(f"chats/{team.id}/rights", admin=True)
    await lind.says("lunch!", where=team)
    assert (await raw.ok("getUpdates"))[-1]["message"]["text"] == "lunch!"


async def test_topics_close_and_unknown_ones_are_refused(
    bot: telegram.Bot, sandbox: actors.Sandbox, lind: actors.Person
) -> None:
    forum = await sandbox.group("Forum", lind, bot_admin=True, forum=True)
    topic = await bot.create_forum_topic(forum.id, "Urgent")
    sent = await bot.send_message(forum.id, "card", message_thread_id=topic.message_thread_id)
    assert sent.is_topic_message
    await sandbox.post(f"chats/{forum.id}/topic", closed=True)
    with pytest.raises(telegram.error.BadRequest, match=r"(?i)TOPIC_CLOSED"):
        await bot.send_message(forum.id, "card", message_thread_id=topic.message_thread_id)
    await sandbox.post(f"chats/{forum.id}/topic", closed=False)
    await bot.close_forum_topic(forum.id, topic.message_thread_id)
    with pytest.raises(telegram.error.BadRequest, match=r"[Mm]essage thread not found"):
        await bot.send_message(forum.id, "card", message_thread_id=1)
    plain = await sandbox.group("Plain", lind)
    assert (await bot.send_message(plain.id, "card", message_thread_id=77)).message_thread_id is None


async def test_members_are_counted_named_and_looked_up(
    bot: telegram.Bot, sandbox: actors.Sandbox, lind: actors.Person, ana: actors.Person
) -> None:
    okoro = await sandbox.person("Okoro", role="clinician", username="okoro")
    team = await sandbox.group("Team", lind, okoro, bot_admin=True)
    assert await bot.get_chat_member_count(team.id) == 3
    admins = await bot.get_chat_administrators(team.id)
    assert [(a.user.id, a.status) for a in admins] == [(lind.id, "creator"), (bot.id, "administrator")]
    assert (await bot.get_chat_member(team.id, okoro.id)).status == "member"
    assert (await bot.get_chat_member(team.id, ana.id)).status == "left"
    with pytest.raises(telegram.error.BadRequest, match=r"[Mm]ember not found"):
        await bot.get_chat_member(team.id, 999_999)
    await sandbox.post(f"chats/{team.id}/member", user_id=okoro.id, present=False)
    left = (await bot.get_updates())[-1].message
    assert left is not None
    assert left.left_chat_member is not None
    with pytest.raises(client.Refused, match="Okoro is not in the chat Team"):
        await okoro.says("hello", where=team)
    assert (await bot.get_chat(ana.id)).first_name == "Ana"
