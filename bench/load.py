"""Posts signed webhooks over keep-alive connections and times the acknowledgements."""

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any

import http1

SECRET = "secreto-de-banco"
NUMBER = "100000000000001"


@dataclass
class Acks:
    """Seconds from the first byte sent to the whole answer, and how many were not 200."""

    seconds: list[float]
    refused: int
    started_at: float

    def percentile_ms(self, share: float) -> float:
        ordered = sorted(self.seconds) or [0.0]
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
    return _envelope(value)


def receipt(status: str, wamid: str, recipient: str, number: str = NUMBER) -> bytes:
    """One of the three webhooks by which Meta tells what became of a message of ours."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "5716000000", "phone_number_id": number},
        "contacts": [{"wa_id": recipient, "user_id": f"CO.{recipient}"}],
        "statuses": [
            {
                "id": wamid,
                "status": status,
                "timestamp": str(int(time.time())),
                "recipient_id": recipient,
                "recipient_user_id": f"CO.{recipient}",
                "pricing": {
                    "billable": False,
                    "pricing_model": "PMP",
                    "type": "free_customer_service",
                    "category": "service",
                },
            }
        ],
    }
    return _envelope(value)


def _envelope(value: dict[str, Any]) -> bytes:
    change = {"field": "messages", "value": value}
    body = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}
    return json.dumps(body, separators=(",", ":")).encode()


def signature(body: bytes) -> str:
    return hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def request(body: bytes) -> bytes:
    return http1.post("/webhook", body, f"X-Hub-Signature-256: sha256={signature(body)}\r\n")


async def flood(
    ports: list[int], requests: list[bytes], connections: int, per_second: float = 0
) -> Acks:
    """All, in order, over so many connections, which take turns among the ports; at a steady pace
    when one is given. Bounded: what was not answered after a minute and 20 ms per request more,
    or on a line that hung up, counts as refused."""
    lines = [await http1.Line.open(ports[n % len(ports)]) for n in range(connections)]
    queue = iter(enumerate(requests))
    acks = Acks([], 0, time.time())
    accepted: list[bool] = []

    async def client(line: http1.Line) -> None:
        for number, request in queue:
            if per_second:
                await asyncio.sleep(max(0.0, acks.started_at + number / per_second - time.time()))
            began = time.perf_counter()
            status, _ = await line.ask(request)
            acks.seconds.append(time.perf_counter() - began)
            accepted.append(status == 200)

    clients = [asyncio.create_task(client(line)) for line in lines]
    pace = max(0.02, 1 / per_second if per_second else 0)
    done, late = await asyncio.wait(clients, timeout=60 + pace * len(requests))
    for task in late:
        task.cancel()
    await asyncio.gather(*done, *late, return_exceptions=True)
    for line in lines:
        line.transport.close()
    acks.refused = len(requests) - sum(accepted)
    return acks
