"""One Bot API call from its name and arguments to its result or refusal."""

from __future__ import annotations

from typing import Any

from bot.sandbox import (
    calls,
    chats,
    editing,
    faults,
    files,
    limits,
    parameters,
    polling,
    profile,
    refusals,
    schema,
    sending,
    webhook,
    world,
)

Json = dict[str, Any]

PLAIN: dict[str, sending.Method] = {
    **sending.METHODS,
    **editing.METHODS,
    **chats.METHODS,
    **profile.METHODS,
    **files.METHODS,
}
CONNECTION = ("getUpdates", "setWebhook", "deleteWebhook", "getWebhookInfo")
NAMES = {name.lower(): name for name in (*PLAIN, *CONNECTION)}


class Dispatch:
    """The methods of one bot, with its limits, its log and the check against the Bot API's description."""

    def __init__(
        self,
        here: world.World,
        *,
        limited: bool,
        backoff: webhook.Backoff,
        description: schema.Description | None,
        strict: bool,
    ) -> None:
        self.world = here
        self.limits = limits.Limits(on=limited)
        self.faults = faults.Faults()
        self.log = calls.Log()
        self.webhook = webhook.Webhook(here, backoff)
        self.polling = polling.Polling(here, self.webhook)
        self.violations: list[schema.Violation] = []
        self._description = description
        self._strict = strict
        here.updates.listener = self._update_made
        here.updates.inspector = self._check_update

    def _update_made(self) -> None:
        self.polling.wake()
        self.webhook.deliver()

    async def close(self) -> None:
        """End long polls and webhook deliveries."""
        self.polling.close()
        await self.webhook.close()

    async def call(self, name: str, given: parameters.Parameters) -> Any:
        """The result of a call. Raises Refusal."""
        self._check_call(name, given)
        method = NAMES.get(name.lower())
        if method is None:
            raise refusals.method_not_found()
        result = await self._run(method, given)
        self._check_result(method, result)
        return result

    async def _run(self, method: str, given: parameters.Parameters) -> Any:
        match method:
            case "getUpdates":
                return await self.polling.get_updates(given)
            case "setWebhook":
                self.polling.end(webhook.POLL_TERMINATED)
                return await self.webhook.set(given)
            case "deleteWebhook":
                return await self.webhook.delete(given)
            case "getWebhookInfo":
                return self.webhook.info()
        chat, now = self.world.chats.get(given.integer("chat_id")), self.world.clock.now()
        self.limits.check(method, chat, now)
        result = PLAIN[method](self.world, given)
        self.limits.count(method, chat, now)
        return result

    def _check_call(self, name: str, given: parameters.Parameters) -> None:
        if self._description is None:
            return
        canonical = NAMES.get(name.lower(), name)
        found = self._description.call(canonical, given.values, tuple(given.files))
        self.violations += found
        if found and self._strict:
            raise refusals.bad_request(f"not by the Bot API: {found[0]}")

    def _check_update(self, update: Json) -> None:
        if self._description is not None:
            self.violations += self._description.object("Update", update)

    def _check_result(self, method: str, result: Any) -> None:
        # Updates are checked when they are made: what a test puts in by hand may be wrong on purpose.
        if self._description is None or method == "getUpdates":
            return
        found = self._description.result(method, result)
        self.violations += found
        if found and self._strict:
            raise refusals.Refusal(500, f"Internal Server Error: not by the Bot API: {found[0]}")
