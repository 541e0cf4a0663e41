"""The least of HTTP/1.1 that two ends of one machine need: keep-alive, Content-Length, one request
at a time on a connection. What measures must cost less than what it measures."""

import asyncio
import re
from collections.abc import Coroutine
from typing import Any

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def take(buffer: bytes) -> tuple[bytes, bytes, bytes] | None:
    """The first whole message: head, body, and what follows it."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    found = _LENGTH.search(buffer, 0, end)
    begin = end + 4
    stop = begin + (int(found.group(1)) if found else 0)
    if len(buffer) < stop:
        return None
    return buffer[:end], buffer[begin:stop], buffer[stop:]


def post(path: str, body: bytes, headers: str = "") -> bytes:
    """A whole POST; each of `headers` ends in CRLF."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"{headers}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Line(asyncio.Protocol):
    """One keep-alive connection to a server of this machine."""

    def __init__(self) -> None:
        self._buffer = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self.transport: Any = None

    @classmethod
    async def open(cls, port: int) -> "Line":
        _, line = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return line

    def ask(self, request: bytes) -> "asyncio.Future[tuple[int, bytes]]":
        """Status and body. Raises ConnectionError when the other end hangs up, or has done so."""
        if self.transport.is_closing():
            raise ConnectionError("hung up")
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self._answer

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        found = take(self._buffer)
        if found and self._answer and not self._answer.done():
            head, body, self._buffer = found
            self._answer.set_result((int(head[9:12]), body))

    def connection_lost(self, _error: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(ConnectionError("hung up"))


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """As asyncio.run, on uvloop where there is one."""
    try:
        import uvloop
    except ImportError:  # Windows
        return asyncio.run(work)
    return uvloop.run(work)
