"""A Graph API that accepts everything after GRAPH_DELAY_MS: `graph.py PORT APP_PORT...`.

POST /reset forgets, POST /reset?receipts does too and from then on follows each reply with Meta's
three webhooks: sent, delivered, read, in this order, each after the one before was acknowledged.
GET /stats tells how many sends and receipts arrived, and the time of the last of either.
"""

import asyncio
import itertools
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

import http1
import load

DELAY = float(os.environ.get("GRAPH_DELAY_MS", "0")) / 1000
RECEIPT_LINES = 16


@dataclass
class Stats:
    """`last`: seconds since 1970."""

    count: int = 0
    receipts: int = 0
    receipts_refused: int = 0
    last: float = 0.0


class Graph:
    def __init__(self) -> None:
        self.stats = Stats()
        self.sends_receipts = False
        self.accepted: asyncio.Queue[tuple[str, str, str]] = asyncio.Queue()
        self._numbers = itertools.count()

    def tell(self, target: str) -> bytes:
        path, _, query = target.partition("?")
        if path == "/reset":
            self.stats, self.sends_receipts = Stats(), query == "receipts"
        return json.dumps(asdict(self.stats)).encode()

    def accept(self, path: str, message: dict[str, Any]) -> bytes:
        to = message.get("to") or message.get("recipient", "")
        wamid = f"wamid.bench.{os.getpid()}.{next(self._numbers)}.{time.time_ns()}"
        if self.sends_receipts:
            self.accepted.put_nowait((path.split("/")[2], wamid, to))
        content = {
            "messaging_product": "whatsapp",
            "contacts": [{"input": to, "wa_id": to}],
            "messages": [{"id": wamid}],
        }
        return json.dumps(content).encode()

    def note_send(self) -> None:
        self.stats.count += 1
        self.stats.last = time.time()

    async def send_receipts(self, port: int) -> None:
        line = None
        while True:
            number, wamid, to = await self.accepted.get()
            await asyncio.sleep(DELAY)  # Meta's receipts come after its answer
            for status in ("sent", "delivered", "read"):
                request = load.request(load.receipt(status, wamid, to, number))
                line, answered = await _insist(port, line, request)
                self.stats.receipts += 1
                self.stats.receipts_refused += answered != 200
                self.stats.last = time.time()


async def _insist(port: int, line: http1.Line | None, request: bytes) -> tuple[http1.Line, int]:
    """A server may close a line that was idle; as Meta, we post again on a new one."""
    while True:
        try:
            line = line or await http1.Line.open(port)
            status, _ = await line.ask(request)
            return line, status
        except OSError:
            line = None


class Peer(asyncio.Protocol):
    """One connection of a program that sends."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._buffer = b""
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while found := http1.take(self._buffer):
            head, body, self._buffer = found
            method, target, _ = head.decode("latin-1").split(" ", 2)
            self._serve(method, target, body)

    def _serve(self, method: str, target: str, body: bytes) -> None:
        if target.startswith(("/stats", "/reset")):
            self._write(self._graph.tell(target))
        elif method != "POST":  # what is asked of a number; nothing is known of it
            self._write(b'{"data": []}')
        else:
            raw = self._graph.accept(target, json.loads(body))
            if DELAY:
                asyncio.get_running_loop().call_later(DELAY, self._accepted, raw)
            else:
                self._accepted(raw)

    def _accepted(self, raw: bytes) -> None:
        self._graph.note_send()
        self._write(raw)

    def _write(self, raw: bytes) -> None:
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(raw)}\r\n\r\n"
        )
        self._transport.write(head.encode() + raw)


async def main(port: int, app_ports: list[int]) -> None:
    graph = Graph()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Peer(graph), "127.0.0.1", port)
    async with server:
        await asyncio.gather(
            *(graph.send_receipts(app_ports[n % len(app_ports)]) for n in range(RECEIPT_LINES))
        )


if __name__ == "__main__":
    http1.run(main(int(sys.argv[1]), [int(port) for port in sys.argv[2:]]))
