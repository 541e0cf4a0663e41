"""Fills a company with the history of a year: `python bench/fill_history.py --messages 1000000`.

What is written looks as the product leaves it: contacts with a chat and a bot session each, some
chats much longer than others, answers that were delivered and read, some that failed, files,
reactions. Nothing waits: no worker finds anything to do, and old sessions are closed. The files
of the media are not on the disk. May be run again: it adds. Writes rows in the order of time and
around the ORM: a million messages take two minutes or three.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parent)]

from history import (  # noqa: E402
    FILE_COLUMNS,
    HEARD_COLUMNS,
    MESSAGE_COLUMNS,
    WINDOW,
    YEAR,
    Chat,
    History,
    Row,
)

BLOCK = 5_000  # rows of one transaction
QUICK = {
    "mysql": (
        ("SET unique_checks = 0", "SET foreign_key_checks = 0"),
        ("SET unique_checks = 1", "SET foreign_key_checks = 1"),
    ),
    "sqlite": (("PRAGMA synchronous = OFF",), ("PRAGMA synchronous = NORMAL",)),
}
_HEARD = {"problem": "", "original_text": "", "model": ""}
GROWING = (
    "conversations_message",
    "conversations_conversation",
    "conversations_conversation_roles",
    "conversations_contact",
    "chatbot_botsession",
    "media_pipeline_mediafile",
    "media_pipeline_transcription",
)


def fill(messages: int, contacts: int) -> None:
    """Call inside tenant_context of the company: that many new messages of new contacts."""
    from django.db import connections

    from tenants.context import require_alias

    writer = Writer(connections[require_alias()])
    history = _history(contacts, writer)
    with writer.quick():
        _write_people(history, writer)
        _write_messages(history, messages, writer)
        _write_what_is_left(history, writer)
    writer.analyze()


@dataclass
class Writer:
    connection: Any

    def insert(
        self, table: str, columns: str, rows: Iterable[Row], also: dict[str, Any] | None = None
    ) -> None:
        """`also`: columns that are the same in all rows."""
        names, also = columns.split(), also or {}
        marks = ", ".join(["%s"] * (len(names) + len(also)))
        end = tuple(also.values())
        statement = f"INSERT INTO {table} ({', '.join([*names, *also])}) VALUES ({marks})"
        self.execute(statement, (row + end for row in rows))

    def execute(self, statement: str, rows: Iterable[Row]) -> None:
        from tenants.context import atomic

        waiting = iter(rows)
        while block := list(islice(waiting, BLOCK)):
            with atomic(), self.connection.cursor() as cursor:
                cursor.executemany(statement, block)

    @contextmanager
    def quick(self) -> Iterator[None]:
        """Nothing is checked that is right as it was made."""
        quick, usual = QUICK[self.connection.vendor]
        self._run(quick)
        try:
            yield
        finally:
            self._run(usual)

    def analyze(self) -> None:
        """MariaDB learns of many new rows by and by; SQLite, in the product, never."""
        if self.connection.vendor != "sqlite":
            self._run([f"ANALYZE TABLE {', '.join(GROWING)}"])

    def _run(self, statements: Iterable[str]) -> None:
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def _history(contacts: int, writer: Writer) -> History:
    from conversations.models import Contact, Conversation, Message
    from media_pipeline.models import MediaFile
    from tenants.models import User

    contact, chat = _last(Contact) + 1, _last(Conversation) + 1
    return History(
        [Chat(chat + n, contact + n, f"5731{contact + n:08d}") for n in range(contacts)],
        agents=list(User.objects.values_list("pk", flat=True)),
        mark=f".{_last(Message):x}.{chat:x}",
        now=datetime.now(UTC).replace(tzinfo=None, microsecond=0),
        dashed_uuids=writer.connection.features.has_native_uuid_field,
        next_file=_last(MediaFile) + 1,
        chance=Random(chat),  # the same history every time, and another the second time
    )


def _last(model: Any) -> int:
    from django.db.models import Max

    return int(model.objects.aggregate(last=Max("pk"))["last"] or 0)


def _number() -> str:
    from tenants.context import current_tenant
    from tenants.models import WhatsAppNumber

    tenant = current_tenant()
    owned = WhatsAppNumber.objects.filter(tenant=tenant.pk).first() if tenant.pk else None
    return owned.phone_number_id if owned else tenant.config.phone_number_id or "100000000000001"


def _write_people(history: History, writer: Writer) -> None:
    began, chats, number = str(history.now - YEAR), history.chats, _number()
    columns = "id wa_id profile_name created_at"
    rows: Iterable[Row]
    rows = ((c.contact, c.phone, f"Cliente {c.contact}", began) for c in chats)
    empty = {"parent_user_id": "", "username": "", "alias": "", "fields": "{}", "notes": ""}
    writer.insert("conversations_contact", columns, rows, empty)
    rows = ((c.pk, c.contact, number, began, began) for c in chats)
    columns = "id contact_id phone_number_id last_message_at created_at"
    usual = {"handler": "bot", "attention": "", "unread_count": 0, "lease_owner": ""}
    usual |= {"state": "open"}
    writer.insert("conversations_conversation", columns, rows, usual)


def _write_messages(history: History, count: int, writer: Writer) -> None:
    for first in range(0, count, BLOCK):
        rows = [
            history.message(n, history.now - YEAR + (YEAR * n) // count)
            for n in range(first, min(first + BLOCK, count))
        ]
        writer.insert("media_pipeline_mediafile", FILE_COLUMNS, history.files)
        writer.insert("media_pipeline_transcription", HEARD_COLUMNS, history.heard, _HEARD)
        writer.insert("conversations_message", MESSAGE_COLUMNS, rows, {"option_id": ""})
        history.files.clear()
        history.heard.clear()


def _write_what_is_left(history: History, writer: Writer) -> None:
    """The chats as their last messages leave them, who sees them, and the sessions."""
    from tenants.models import Role

    spoke = [chat for chat in history.chats if chat.last_in]
    writer.execute(
        "UPDATE conversations_conversation SET last_message_at = %s, window_closes_at = %s,"
        " unread_count = %s, attention = %s, assigned_to_id = %s WHERE id = %s",
        (_left(chat, history.agents) for chat in spoke),
    )
    sessions = ((c.pk, "menu_principal", False, False, str(c.last_in)) for c in spoke)
    columns = "conversation_id step is_open fallback_sent contact_spoke_at"
    writer.insert("chatbot_botsession", columns, sessions)
    roles = list(Role.objects.exclude(keyword=Role.ADMIN).values_list("pk", flat=True))
    if roles:
        given = ((c.pk, roles[c.pk % len(roles)]) for c in spoke if c.pk % 3 == 0)
        writer.insert("conversations_conversation_roles", "conversation_id role_id", given)


def _left(chat: Chat, agents: list[int]) -> Row:
    assert chat.last_in is not None
    assigned = agents[chat.pk % len(agents)] if agents and chat.pk % 5 == 0 else None
    attention = "sin_regla" if chat.pk % 40 == 0 else ""
    unread = int(chat.pk % 25 == 0)
    return chat.last_at, str(chat.last_in + WINDOW), unread, attention, assigned, chat.pk


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--contacts", type=int, default=20_000)
    parser.add_argument("--tenant", default="", help="key of the company; omitted: of control")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "whapco.settings")
    import django

    django.setup()
    from tenants.context import tenant_context
    from tenants.management.companies import named_company

    began = time.perf_counter()
    with tenant_context(named_company(vars(options))):
        fill(options.messages, options.contacts)
    print(f"{options.messages} messages in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
