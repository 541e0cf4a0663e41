"""Posts signed webhooks over keep-alive connections and times the acknowledgements."""

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass

SECRET = "secreto-de-banco"
NUMBER = "100000000000001"


@dataclass
class Acks:
    """Seconds from the first byte sent to the whole answer, and how many were not 200."""

    seconds: list[float]
    refused: int
    started_at: float

    def percentile_ms(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def number_of(company: int) -> str:
    return f"2{company:014d}"


def webhook(text: str, sender: str, wamid: str, number: str = NUMBER) -> bytes:
    message = {
        "from": sender,
        "from_user_id": f"CO.{sender}",
        "id": wamid,
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": text},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "5716000000", "phone_number_id": number},
        "contacts": [{"profile": {"name": "Banco"}, "wa_id": sender, "user_id": f"CO.{sender}"}],
        "messages": [message],
    }
    change = {"field": "messages", "value": value}
    body = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}
    return json.dumps(body, separators=(",", ":")).encode()


def signature(body: bytes) -> str:
    return hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def request(body: bytes) -> bytes:
    head = (
        "POST /webhook HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"X-Hub-Signature-256: sha256={signature(body)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def flood(
    port: int, bodies: list[bytes], connections: int, per_second: float | None = None
) -> Acks:
    """All bodies, in order, over so many connections; at a steady pace when one is given."""
    queue = iter(enumerate(bodies))
    acks = Acks([], 0, time.time())

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number, body in queue:
            if per_second:
                await asyncio.sleep(max(0.0, acks.started_at + number / per_second - time.time()))
            began = time.perf_counter()
            writer.write(request(body))
            status = await _answer(reader)
            acks.seconds.append(time.perf_counter() - began)
            acks.refused += status != 200
        writer.close()

    await asyncio.gather(*(client() for _ in range(connections)))
    return acks


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
    await reader.readexactly(int(fields.get("content-length", 0)))
    return int(lines[0].split()[1])
