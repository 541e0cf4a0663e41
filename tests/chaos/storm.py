"""Everything that goes wrong at once, out of one seed: it fixes what each thread draws, not when
the machine runs it, so that the same seed makes a similar storm and never quite the same.

The host's clock cannot be moved. What stands for it: messages whose timestamps jump back and
forth, and leases, doubts and retries whose time comes early, as if the machine had slept.
"""

import contextlib
import os
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.crash.line import Json, Line, message
from tests.meta import FakeMeta
from tests.servers import Server, on_mariadb

# How often each: what Meta does with a send. "500" and "lost" are not accepted, "drop" is.
FAULTS: dict[int | str, int] = {131056: 3, 131016: 3, "drop": 4, "500": 2, "lost": 2, 130429: 1}
WAITING = """
    SELECT DISTINCT k.wa_id FROM conversations_message m
    JOIN conversations_conversation c ON c.id = m.conversation_id
    JOIN conversations_contact k ON k.id = c.contact_id
    WHERE m.status IN ('queued', 'sending')
"""
RESENDING = f"{WAITING} AND m.resent_at IS NOT NULL"
PAUSED = """
    SELECT error_code FROM conversations_numberstate
    WHERE error_code = 190 AND paused_at IS NOT NULL AND resume_at IS NULL
"""
RESUME = """
from conversations import numbers
from tenants import registry
from tenants.context import tenant_context
with tenant_context(registry.control_scope()):
    numbers.resume("111")
"""


class Storm:
    """Troubles for a line, counted in `done`. `over` ends them."""

    def __init__(self, line: Line, contacts: list[str], seed: int, kill_every: float) -> None:
        self.line, self.contacts, self.kill_every = line, contacts, kill_every
        self.seed = seed
        self.done: Counter[str] = Counter()
        self.over = threading.Event()
        self.posted: dict[str, list[str]] = {contact: [] for contact in contacts}
        self._open_receipts = 0
        self._counting = threading.Lock()

    def chance(self, name: str) -> random.Random:
        """Each thread has its own, so that none takes another's numbers."""
        return random.Random(f"{self.seed} {name}")

    # Contacts and Meta's posts ---------------------------------------------------------------

    def talk(self, mine: list[str]) -> None:
        """Each writes until the storm is over; Meta posts some of it late, and some again."""
        chance = self.chance(mine[0])
        orders = {contact: _nearly_in_order(self.line.texts, chance) for contact in mine}
        for place in range(self.line.texts):
            for contact in mine:
                if self.over.is_set():
                    return
                self._say(contact, orders[contact][place], chance)
                time.sleep(chance.uniform(0.02, 0.1))

    def _say(self, contact: str, number: int, chance: random.Random) -> None:
        body = _said(contact, f"m{number}", chance)
        if chance.random() < 0.1:  # at the same time: one of them comes first
            threading.Thread(target=self.line.post_once, args=(body,), daemon=True).start()
            self.done["message posted again"] += 1
        self.line.post(body)
        self.posted[contact].append(f"m{number}")
        if chance.random() < 0.1:  # one of long ago
            self.line.post(_said(contact, chance.choice(self.posted[contact]), chance))
            self.done["message posted again"] += 1

    def report(self, name: str) -> None:
        """Posts Meta's receipts, some twice, some late, until the storm is over and none waits."""
        chance, webhooks = self.chance(name), self.line.meta.webhooks
        while True:
            with self._counting:
                taken = webhooks.popleft() if webhooks else None
                self._open_receipts += taken is not None
            if taken is None:
                if self.over.is_set() and not self._open_receipts and not webhooks:
                    return
                time.sleep(0.02)
                continue
            later = chance.random() < 0.3 and len(webhooks) > 3
            if later:
                webhooks.append(taken)
            for _ in range(0 if later else 1 + (chance.random() < 0.1)):
                self.line.post(taken.body)
                self.done["receipts"] += 1
            with self._counting:
                self._open_receipts -= 1

    # Troubles ---------------------------------------------------------------------------------

    def kill(self) -> None:
        """Not while something is sent for the second time: it has no third."""
        chance = self.chance("kill")
        while not self.over.wait(chance.uniform(0.5, 1.5) * self.kill_every):
            while self.line.server.rows(RESENDING) and not self.over.wait(0.1):
                pass
            self.line.server.kill()
            self.line.meta.graph.script.clear()  # its victim may be in doubt by now
            self.done["kill"] += 1
            self.jump(leases=True)
            if self.done["kill"] % 2 == 0:
                self.sleep()
            time.sleep(chance.uniform(0, 0.5))
            self.line.server.start()

    def fail(self) -> None:
        """Meta's errors, each for the next send to somebody who waits for nothing: what is in
        doubt twice is given up and shown, as it should be, and would look lost here."""
        chance, faults = self.chance("fail"), list(FAULTS)
        switches, script = self.line.meta.graph.switches, self.line.meta.graph.script
        while not self.over.wait(chance.uniform(0.1, 0.5)):
            what = chance.choices(faults, list(FAULTS.values()))[0]
            switches.early_statuses = chance.random() < 0.1
            busy = {contact for (contact,) in self.line.server.rows(WAITING)}
            busy |= {planned.to for planned in list(script._planned)}
            free = [contact for contact in self.contacts if contact not in busy]
            if free:
                self.line.meta.fail_next(what, to=chance.choice(free))
                self.done[f"Meta: {what}"] += 1

    def refuse_the_token(self) -> None:
        """Once, in the middle; a person lets the number go on."""
        if not self.over.wait(self.kill_every * 1.2):
            self.line.meta.fail_next(190)
            self.done["Meta: 190"] += 1
        while not self.over.wait(0.5):
            self.resume()

    def resume(self) -> None:
        if self.line.server.rows(PAUSED):
            self.line.server.run(RESUME)
            self.jump(waits=True)

    def slow_disk(self) -> None:
        chance = self.chance("disk")
        while not self.over.wait(chance.uniform(1, 3)):
            with contextlib.suppress(sqlite3.OperationalError), locked(self.line.server):
                self.done["lock of the database"] += 1
                time.sleep(chance.choice((0.2, 0.5, 1.0, 3.0)))

    def sleep(self) -> None:
        """The machine was away for a minute: what was in doubt is sent again."""
        self.jump(waits=True, doubts_after=0)
        self.done["sleep of a minute"] += 1

    def jump(
        self, *, leases: bool = False, waits: bool = False, doubts_after: float | None = None
    ) -> None:
        """The time comes for what waits. Leases only while no process lives; doubts that have
        lasted for so many seconds: calls of a living process may still come back."""
        past = _from_now(-1)
        if leases:
            table, column, what = "conversation", "lease_until", "lease_until IS NOT NULL"
            self._set(table, column, past, what)
        if waits:
            what = "status = 'queued' AND next_attempt_at IS NOT NULL"
            self._set("message", "next_attempt_at", past, what)
        if doubts_after is not None:
            what = f"status = 'sending' AND next_attempt_at < '{_from_now(60 - doubts_after)}'"
            self._set("message", "next_attempt_at", past, what)

    def _set(self, table: str, column: str, value: str, what: str) -> None:
        change(
            self.line.server,
            f"UPDATE conversations_{table} SET {column} = '{value}' WHERE {what}",
        )


def _nearly_in_order(count: int, chance: random.Random) -> list[int]:
    """1, 2, 3 …, where now and then one overtakes another."""
    return sorted(range(1, count + 1), key=lambda number: number + chance.random() * 1.3)


def _said(contact: str, text: str, chance: random.Random) -> Json:
    """With a time that jumps, hours back and minutes ahead."""
    body = message(text, contact, f"wamid.{contact}.{text[1:]}")
    said = body["entry"][0]["changes"][0]["value"]["messages"][0]
    said["timestamp"] = str(int(time.time()) + chance.randint(-6 * 3600, 600))
    return body


def _from_now(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S.%f")


@contextmanager
def connected(server: Server) -> Iterator[Any]:
    """A connection of somebody else's."""
    if on_mariadb():
        import MySQLdb

        made: Any = MySQLdb.connect(
            host=os.environ["DB_HOST"],
            port=int(os.environ.get("DB_PORT") or 3306),
            user=os.environ.get("DB_USER") or "root",
            password=os.environ.get("DB_PASSWORD", ""),
            database=server.database,
            autocommit=True,
        )
    else:
        made = sqlite3.connect(server.database, timeout=20, isolation_level=None)
    with contextlib.closing(made):
        yield made


def change(server: Server, statement: str) -> None:
    with connected(server) as connection:
        connection.cursor().execute(statement)


@contextmanager
def locked(server: Server) -> Iterator[None]:
    """Nobody else can write, as with a backup or a disk that hangs."""
    tables = "LOCK TABLES conversations_message WRITE, conversations_conversation WRITE"
    begin, end = (tables, "UNLOCK TABLES") if on_mariadb() else ("BEGIN IMMEDIATE", "ROLLBACK")
    with connected(server) as connection:
        connection.cursor().execute(begin)
        yield
        connection.cursor().execute(end)


def calls(storm: Storm, talkers: int) -> list[Callable[[], None]]:
    """What runs at the same time, each in a thread of its own."""
    who = [storm.contacts[n::talkers] for n in range(talkers)]
    talks = [lambda mine=mine: storm.talk(mine) for mine in who]
    reports = [lambda n=n: storm.report(f"report {n}") for n in range(3)]
    return [*talks, *reports, storm.kill, storm.fail, storm.refuse_the_token, storm.slow_disk]


def calm(meta: FakeMeta) -> None:
    meta.graph.script.clear()
    meta.graph.switches.early_statuses = False
