"""Meta's side of a server that dies: posts again what was not acknowledged, keeps what arrived."""

import itertools
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import urllib3

from tests.meta import FakeMeta
from tests.servers import NUMBER, SECRET, Server
from whapco.simulator.webhooks import signed

Json = dict[str, Any]
POST_SECONDS = 20  # Meta gives up on a webhook after some such time, and sends it again
UNFINISHED = """
    SELECT status, COUNT(*) FROM conversations_message
    WHERE status IN ('received', 'queued', 'sending') GROUP BY status
"""
INBOUND = """
    SELECT k.wa_id, m.body, m.status FROM conversations_message m
    JOIN conversations_conversation c ON c.id = m.conversation_id
    JOIN conversations_contact k ON k.id = c.contact_id
    WHERE m.direction = 'in' ORDER BY m.id
"""
OUTBOUND = """
    SELECT send_key, status, resent_at FROM conversations_message WHERE direction = 'out'
"""
PREPARE = """
from chatbot import publishing
from chatbot.models import Rule
from tenants import registry
from tenants.context import tenant_context
from tenants.services import prepare_installation
prepare_installation()
with tenant_context(registry.control_scope()):
    Rule.objects.bulk_create(
        Rule(step="menu_principal", trigger=f"m{n}", reply=f"r{n}") for n in range(1, %d + 1)
    )
    publishing.publish()
"""


class Line:
    """A server whose bot answers "r7" to "m7", up to `texts`; and the Meta it talks to."""

    def __init__(self, meta: FakeMeta, server: Server, texts: int) -> None:
        self.meta, self.server, self.texts = meta, server, texts
        self.acknowledged = 0  # messages
        self._counting = threading.Lock()
        self._pool = urllib3.PoolManager(maxsize=128, retries=False, timeout=POST_SECONDS)
        server.run(PREPARE % texts)

    def says(self, contact: str, number: int) -> None:
        """The contact says "m<number>"; Meta posts it until it is acknowledged."""
        self.post(message(f"m{number}", contact, f"wamid.{contact}.{number}"))
        with self._counting:
            self.acknowledged += 1

    def talk(self, contacts: list[str]) -> None:
        """Each says m1, m2 …, the next when the one before was acknowledged."""
        for number in range(1, self.texts + 1):
            for contact in contacts:
                self.says(contact, number)

    def post(self, body: Json) -> None:
        deadline = time.monotonic() + 120
        while self.post_once(body) != 200:
            assert time.monotonic() < deadline, f"never taken\n{self.server.log_tail()}"
            time.sleep(random.uniform(0.1, 0.4))

    def post_once(self, body: Json) -> int:
        """The status of the answer; 0 without one."""
        raw, headers = signed(body, SECRET)
        url = f"{self.address()}/webhook"
        try:
            return self._pool.request("POST", url, body=raw, headers=headers).status
        except urllib3.exceptions.HTTPError:
            return 0

    def address(self) -> str:
        """Of the server that Meta posts to now."""
        return self.server.url

    def wait_until_quiet(self, seconds: float) -> float:
        """Until nothing waits in the database; how long that took."""
        began = time.monotonic()
        while left := self.server.rows(UNFINISHED):
            waited = time.monotonic() - began
            assert waited < seconds, f"still {left} after {waited:.0f} s\n{self.server.log_tail()}"
            time.sleep(0.3)
        return time.monotonic() - began

    def accepted(self) -> list[Json]:
        """The bodies that Meta accepted, in order; one that was sent twice is there twice."""
        return list(self.meta.calls)

    def heard(self) -> dict[str, list[str]]:
        """The texts that reached each contact, in order; a text repeated at once is one."""
        texts: dict[str, list[str]] = defaultdict(list)
        for body in self.accepted():
            texts[body["to"]].append(body["text"]["body"])
        return {to: [text for text, _ in itertools.groupby(all_)] for to, all_ in texts.items()}

    def stored(self) -> dict[str, list[str]]:
        """The texts of each contact in the order of their rows, all of them answered."""
        texts: dict[str, list[str]] = defaultdict(list)
        for contact, body, status in self.server.rows(INBOUND):
            assert status == "answered"
            texts[contact].append(body)
        return dict(texts)

    def sends(self) -> dict[str, tuple[str, Any]]:
        """Status and `resent_at` of what we sent, by send key."""
        return {_hex(key): (status, at) for key, status, at in self.server.rows(OUTBOUND)}

    @contextmanager
    def receipts(self, threads: int = 3) -> Iterator[None]:
        """Meta posts a `sent` for what it accepts inside the block, until it is acknowledged."""
        self.meta.graph.switches.statuses = True
        over = threading.Event()
        workers = [threading.Thread(target=self._report, args=(over,)) for _ in range(threads)]
        for worker in workers:
            worker.start()
        try:
            yield
        finally:
            over.set()
            for worker in workers:
                worker.join()
            self.meta.graph.switches.statuses = False

    def _report(self, over: threading.Event) -> None:
        while not over.is_set():
            try:
                body = self.meta.webhooks.popleft().body
            except IndexError:
                time.sleep(0.02)
                continue
            if body["entry"][0]["changes"][0]["value"]["statuses"][0]["status"] == "sent":
                self.post(body)


def message(text: str, by: str, wamid: str) -> Json:
    said = {
        "from": by,
        "id": wamid,
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": text},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550000111", "phone_number_id": NUMBER},
        "contacts": [{"profile": {"name": by}, "wa_id": by}],
        "messages": [said],
    }
    change = {"field": "messages", "value": value}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": f"9{NUMBER}", "changes": [change]}],
    }


def repeated(bodies: Iterable[Json]) -> dict[str, int]:
    """How often each send is among the bodies, by send key, where that is more than once."""
    counts = Counter(_hex(body["biz_opaque_callback_data"]) for body in bodies)
    return {key: count for key, count in counts.items() if count > 1}


def people(count: int) -> list[str]:
    return [f"57300{number:07d}" for number in range(count)]


def at_once(calls: Iterable[Callable[[], object]]) -> None:
    """Run them in threads that start together; the first failure is the caller's."""
    listed, problems = list(calls), list[BaseException]()
    gate = threading.Barrier(len(listed))

    def run(call: Callable[[], object]) -> None:
        try:
            gate.wait()
            call()
        except BaseException as problem:  # a thread's failure is the test's
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(call,)) for call in listed]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


def _hex(send_key: object) -> str:
    return str(send_key).replace("-", "")
