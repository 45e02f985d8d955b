"""What happens to groups and channels, and the updates the bot gets for it."""

from __future__ import annotations

from typing import Any

from bot.sandbox import acts, objects, people, refusals, world

Json = dict[str, Any]


def found(here: world.World, act: acts.NewGroup) -> world.Chat:
    """A new group, supergroup or channel. The first member owns it and brings the bot in."""
    for member in act.members:
        here.user(member)
    if act.with_bot and not act.members:
        raise refusals.Impossible("members: someone must be in the chat to bring the bot in")
    chat = world.Chat(
        id=here.new_chat_id(act.type),
        type=act.type,
        title=act.title,
        members=list(dict.fromkeys(act.members)),
        admins=list(act.members[:1]),
        forum=act.forum and act.type == "supergroup",
    )
    here.chats[chat.id] = chat
    if act.with_bot:
        admit(here, chat, admin=act.bot_admin)
    here.changed()
    return chat


def admit(here: world.World, chat: world.Chat, *, admin: bool) -> None:
    """The owner adds the bot to the chat."""
    _standing(chat)
    if not chat.members:
        raise refusals.Impossible(f"{chat.title} has nobody to add the bot")
    _become(here, chat, "administrator" if admin else "member")
    if chat.type != "channel":
        joined = {"new_chat_members": [objects.bot(here)]}
        people.deliver(here, chat, here.post(chat, _owner(chat), kind="service", media=joined))


def _owner(chat: world.Chat) -> int:
    return (chat.admins or chat.members)[0]


def _standing(chat: world.Chat) -> None:
    if chat.user_id is not None:
        raise refusals.Impossible("this is a private chat: block or unblock the bot instead")
    if chat.dissolved or chat.migrated_to is not None:
        raise refusals.Impossible(f"{chat.title} is no more")


def _become(here: world.World, chat: world.Chat, status: str) -> None:
    """Change the bot's status and tell it."""
    old = objects.status_of(here, chat, here.bot.id)
    chat.bot = status
    new = objects.status_of(here, chat, here.bot.id)
    _tell(here, chat, old, new)


def _tell(here: world.World, chat: world.Chat, old: str, new: str) -> None:
    if old != new:
        change = objects.member_changed(here, chat, by=_owner(chat), old=old, new=new)
        here.updates.add("my_chat_member", change, lane=str(chat.id))
    here.changed()


def kick(here: world.World, chat: world.Chat) -> None:
    """Remove the bot."""
    _standing(chat)
    if chat.bot not in ("member", "administrator"):
        raise refusals.Impossible(f"the bot is not in {chat.title}")
    _become(here, chat, "kicked")


def set_rights(here: world.World, chat: world.Chat, act: acts.Rights) -> None:
    """Promote, demote, silence the bot or let it post."""
    _standing(chat)
    old = objects.status_of(here, chat, here.bot.id)
    if act.can_post is not None:
        chat.can_post = act.can_post
    if act.admin is not None and chat.bot in ("member", "administrator"):
        chat.bot = "administrator" if act.admin else "member"
    _tell(here, chat, old, objects.status_of(here, chat, here.bot.id))


def migrate(here: world.World, chat: world.Chat) -> world.Chat:
    """Upgrade a basic group: a new chat with a new id, and a service message in each."""
    _standing(chat)
    if chat.type != "group":
        raise refusals.Impossible(f"{chat.title} is a {chat.type}; only a basic group becomes a supergroup")
    heir = world.Chat(
        id=here.new_chat_id("supergroup"),
        type="supergroup",
        title=chat.title,
        members=list(chat.members),
        admins=list(chat.admins),
        bot=chat.bot,
        can_post=chat.can_post,
    )
    here.chats[heir.id] = heir
    owner = _owner(chat)
    leaving = here.post(chat, owner, kind="service", media={"migrate_to_chat_id": heir.id})
    people.deliver(here, chat, leaving)
    arriving = here.post(heir, owner, kind="service", media={"migrate_from_chat_id": chat.id})
    people.deliver(here, heir, arriving)
    chat.migrated_to = heir.id
    here.changed()
    return heir


def dissolve(here: world.World, chat: world.Chat) -> None:
    """Delete the chat for everyone; the bot is not told."""
    _standing(chat)
    chat.dissolved = True
    here.changed()


def set_topic(here: world.World, chat: world.Chat, act: acts.TopicState) -> None:
    """Close or reopen a forum topic."""
    _standing(chat)
    number = act.thread_id or max(chat.topics, default=0)
    topic = chat.topics.get(number)
    if topic is None:
        raise refusals.Impossible(f"{chat.title} has no such topic")
    topic.closed = act.closed
    change = "forum_topic_closed" if act.closed else "forum_topic_reopened"
    item = here.post(chat, _owner(chat), kind="service", media={change: {}}, thread_id=topic.id)
    people.deliver(here, chat, item)


def set_member(here: world.World, chat: world.Chat, act: acts.Member) -> None:
    """A person joins or leaves."""
    _standing(chat)
    person = here.user(act.user_id)
    if (person.id in chat.members) == act.present:
        return
    if act.present:
        chat.members.append(person.id)
        media: Json = {"new_chat_members": [objects.user(person)]}
    else:
        media = {"left_chat_member": objects.user(person)}
    if chat.type != "channel":
        people.deliver(here, chat, here.post(chat, person.id, kind="service", media=media))
    if not act.present:
        chat.members.remove(person.id)
        chat.admins = [admin for admin in chat.admins if admin != person.id]
    here.changed()
