"""The methods about the bot itself: who it is, what it offers, how it introduces itself."""

from __future__ import annotations

import re
from typing import Any

from bot.sandbox import access, objects, parameters, refusals, sending, world

Json = dict[str, Any]

COMMAND = re.compile(r"[a-z0-9_]{1,32}")
MAX_COMMANDS = 100
MAX_COMMAND_DESCRIPTION = 256
MENU_BUTTONS = frozenset({"commands", "web_app", "default"})


def get_me(here: world.World, call: parameters.Parameters) -> Json:
    """getMe."""
    abilities = {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }
    return {**objects.bot(here), **abilities}


def _audience(here: world.World, call: parameters.Parameters) -> tuple[str, str, int, int]:
    scope = call.structure("scope", "BotCommandScope") or {"type": "default"}
    if not isinstance(scope, dict) or "type" not in scope:
        raise refusals.bad_request("can't parse BotCommandScope: expected an Object with a type")
    chat_id = int(scope.get("chat_id") or 0)
    if chat_id and chat_id not in here.chats:
        raise refusals.bad_request("chat not found")
    return call.text("language_code"), str(scope["type"]), chat_id, int(scope.get("user_id") or 0)


def set_my_commands(here: world.World, call: parameters.Parameters) -> bool:
    """setMyCommands, per scope and language."""
    given = call.structure("commands", "commands")
    if not isinstance(given, list) or any(not isinstance(c, dict) for c in given):
        raise refusals.bad_request("can't parse commands JSON object")
    if len(given) > MAX_COMMANDS:
        raise refusals.bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in given:
        if not COMMAND.fullmatch(str(command.get("command", "")).removeprefix("/")):
            raise refusals.bad_request("BOT_COMMAND_INVALID")
        if not 0 < len(str(command.get("description", ""))) <= MAX_COMMAND_DESCRIPTION:
            raise refusals.bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    here.profile.setdefault("commands", {})[_audience(here, call)] = given
    here.changed()
    return True


def get_my_commands(here: world.World, call: parameters.Parameters) -> list[Json]:
    """getMyCommands."""
    found: list[Json] = here.profile.get("commands", {}).get(_audience(here, call), [])
    return found


def delete_my_commands(here: world.World, call: parameters.Parameters) -> bool:
    """deleteMyCommands."""
    here.profile.get("commands", {}).pop(_audience(here, call), None)
    here.changed()
    return True


def _setter(name: str, limit: int) -> sending.Method:
    def remember(here: world.World, call: parameters.Parameters) -> bool:
        text = call.text(name)
        if len(text) > limit:
            raise refusals.bad_request(f"{name} is too long")
        here.profile.setdefault(name, {})[call.text("language_code")] = text
        here.changed()
        return True

    return remember


def _getter(name: str) -> sending.Method:
    def recall(here: world.World, call: parameters.Parameters) -> Json:
        return {name: here.profile.get(name, {}).get(call.text("language_code"), "")}

    return recall


def set_chat_menu_button(here: world.World, call: parameters.Parameters) -> bool:
    """setChatMenuButton, for one private chat or for all."""
    button = call.structure("menu_button", "menu button") or {"type": "default"}
    if not isinstance(button, dict) or button.get("type") not in MENU_BUTTONS:
        raise refusals.bad_request("can't parse menu button: Invalid menu button type specified")
    if call.text("chat_id"):
        access.target(here, call).menu_button = button
    else:
        here.profile["menu_button"] = button
    return True


def get_chat_menu_button(here: world.World, call: parameters.Parameters) -> Json:
    """getChatMenuButton."""
    own = access.target(here, call).menu_button if call.text("chat_id") else None
    button: Json = own or here.profile.get("menu_button", {"type": "commands"})
    return button


METHODS: dict[str, sending.Method] = {
    "getMe": get_me,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyName": _setter("name", 64),
    "getMyName": _getter("name"),
    "setMyDescription": _setter("description", 512),
    "getMyDescription": _getter("description"),
    "setMyShortDescription": _setter("short_description", 120),
    "getMyShortDescription": _getter("short_description"),
    "setChatMenuButton": set_chat_menu_button,
    "getChatMenuButton": get_chat_menu_button,
}
