"""The Bot API by hand."""

from __future__ import annotations

from typing import Any

import httpx


class Raw:
    """Calls by hand, for what no client library would send."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def ok(self, method: str, **params: object) -> Any:
        """The result of a call that must succeed."""
        answer = (await self.client.post(f"/{method}", json=params)).json()
        assert answer["ok"], answer
        return answer["result"]

    async def refused(self, method: str, **params: object) -> tuple[int, str]:
        """Status and description of a call that must be refused."""
        answer = await self.client.post(f"/{method}", json=params)
        body = answer.json()
        assert not body["ok"], body
        assert body["error_code"] == answer.status_code
        return answer.status_code, body["description"]
