"""Meta's side of the line for browser tests: signed webhooks to the running server."""

import itertools
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests

from tests.meta import FakeMeta
from whapco.simulator.webhooks import signed

NUMBER, TOKEN, SECRET = "111", "T1", "secreto-acme"  # as tests.meta knows them
_people = itertools.count(573_001_000_000)


@dataclass(frozen=True)
class Client:
    """A client of the company on their phone."""

    url: str
    wa_id: str
    name: str

    def says(self, *texts: str, seconds_ago: float = 0, **extra: Any) -> str:
        """One webhook with these texts. Returns the last wamid."""
        messages = [
            {
                "from": self.wa_id,
                "id": f"wamid.{uuid4().hex}",
                "timestamp": str(int(time.time() - seconds_ago)),
                "type": "text",
                "text": {"body": text},
            }
            | extra
            for text in texts
        ]
        contact = {"profile": {"name": self.name}, "wa_id": self.wa_id}
        post(self.url, {"contacts": [contact], "messages": messages})
        return str(messages[-1]["id"])


@dataclass(frozen=True)
class Line:
    """The running server, the fake Meta it sends to, and the people who write to it."""

    url: str
    meta: FakeMeta
    env: dict[str, str] = field(default_factory=dict)

    def run(self, code: str) -> None:
        """Python in the company's database, beside the server: what no webhook could bring."""
        setup = "import django; django.setup()\nfrom tenants import registry\n"
        setup += "from tenants.context import tenant_context\n"
        setup += "with tenant_context(registry.by_key('acme')):\n"
        body = "".join(f"    {line}\n" for line in code.strip().splitlines())
        env = self.env | {"DJANGO_SETTINGS_MODULE": "whapco.settings"}
        root = Path(__file__).resolve().parents[2]
        subprocess.run([sys.executable, "-c", setup + body], cwd=root, env=env, check=True)

    def client(self, name: str) -> Client:
        return Client(self.url, str(next(_people)), name)

    def deliver_receipts(self) -> None:
        """Meta says what became of the messages that it accepted."""
        self.meta.deliver_statuses(lambda body, headers: send(self.url, body, headers))

    def received_by(self, client: Client, count: int) -> list[str]:
        """What reached the client's phone, once `count` messages have, or 5 s have passed."""
        deadline = time.monotonic() + 5
        while len(self.sent_to(client)) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.sent_to(client)

    def sent_to(self, client: Client) -> list[str]:
        bodies = [body for body in self.meta.calls if body.get("to") == client.wa_id]
        return [body["text"]["body"] for body in bodies]


def post(url: str, value: dict[str, Any], field: str = "messages") -> None:
    metadata = {"display_phone_number": "15550000111", "phone_number_id": NUMBER}
    value = {"messaging_product": "whatsapp", "metadata": metadata} | value
    change = {"field": field, "value": value}
    body = {
        "object": "whatsapp_business_account",
        "entry": [{"id": f"9{NUMBER}", "changes": [change]}],
    }
    send(url, *signed(body, SECRET))


def send(url: str, body: bytes, headers: dict[str, str]) -> None:
    requests.post(f"{url}/webhook", data=body, headers=headers, timeout=10).raise_for_status()
