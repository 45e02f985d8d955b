"""The least that answers like the Bot API: any message is sent, after a fixed latency. Costs next to no processor time,
so that what is compared is the two senders and not the server they share.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re

from tests.benchmarks import processes

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_ME = {"id": 7_000_000_001, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}


class Answering(asyncio.Protocol):
    """One connection; keep-alive, no pipelining."""

    def __init__(self, latency_s: float, sent: list[int]) -> None:
        self._latency_s = latency_s
        self._sent = sent
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once a request is whole."""
        self._got += data
        head, between, body = self._got.partition(b"\r\n\r\n")
        if not between:
            return
        found = _LENGTH.search(head)
        if len(body) < (int(found[1]) if found else 0):
            return
        method = head.split(b" ", 2)[1].rpartition(b"/")[2].decode()
        self._got = b""
        result = self._result(method)
        latency = self._latency_s if method in ("sendMessage", "editMessageText") else 0.0
        asyncio.get_running_loop().call_later(latency, self._answer, result)

    def _result(self, method: str) -> object:
        if method == "getMe":
            return _ME
        if method == "sendMessage":
            self._sent[0] += 1
            chat = {"id": 1, "type": "private", "first_name": "A"}
            return {"message_id": self._sent[0], "date": 1_772_445_600, "chat": chat, "from": _ME, "text": "x"}
        return True

    def _answer(self, result: object) -> None:
        body = json.dumps({"ok": True, "result": result}).encode()
        if not self._transport.is_closing():
            self._transport.write(  # type: ignore[attr-defined]  # a TCP transport writes
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
            )


async def main() -> None:
    """Serve until told to stop."""
    given = argparse.ArgumentParser()
    given.add_argument("--latency-ms", type=float, default=50)
    asked = given.parse_args()
    sent = [0]
    loop = asyncio.get_running_loop()
    serving = await loop.create_server(lambda: Answering(asked.latency_ms / 1000, sent), "127.0.0.1", 0)
    host, port = serving.sockets[0].getsockname()[:2]
    processes.tell(url=f"http://{host}:{port}", token="7000000001:AAH4q9-sandbox-token-that-opens-nothing")
    await processes.until_stopped()
    serving.close()


if __name__ == "__main__":
    asyncio.run(main())
