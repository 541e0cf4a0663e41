"""The table in which messages are found: FULLTEXT on MySQL and MariaDB, FTS5 on SQLite.

Nothing is written here when a message comes or goes: a job, and each search before it looks, bring
the table up to date from the messages themselves. All of it can be made anew: backups leave it
out. An id that was given early and committed late is found by looking at the last ones again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import DatabaseError, connections

from conversations.bubbles import text_of_edit
from conversations.models import Message
from conversations.search_words import file_and_place_names, indexed
from tenants.context import atomic, require_alias
from tenants.statements import execute, select

TABLE = "conversations_search"
BATCH = 500  # messages that a search adds before it looks
AT_ONCE = 20_000  # that the job adds in one run
LATE = 1_000  # ids that may still be missing below the newest
HANGING = ("edit", "revoke")
_UNSAID = ("reaction", "event", "request_welcome", "system", *HANGING)
_MAKE = {
    "mysql": (
        f"CREATE TABLE IF NOT EXISTS {TABLE} (message_id BIGINT NOT NULL PRIMARY KEY,"
        f" words MEDIUMTEXT NOT NULL, FULLTEXT KEY search_words (words))"
        " ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    ),
    "sqlite": (
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {TABLE} USING fts5(words, prefix='2 3',"
        " tokenize=\"unicode61 tokenchars '_'\")"
    ),
}


def key_column() -> str:
    return "rowid" if _is_sqlite() else "message_id"


def _is_sqlite() -> bool:
    return connections[require_alias()].vendor == "sqlite"


def make(alias: str = "") -> None:
    """The table, where there is none, such as after a backup came back."""
    connection = connections[alias or require_alias()]
    with connection.cursor() as cursor:
        cursor.execute(_MAKE[connection.vendor])


def catch_up(most: int = BATCH) -> int:
    """Add up to that many messages that are missing. Returns how many were."""
    try:
        return _add(_missing(most))
    except DatabaseError:
        if TABLE in connections[require_alias()].introspection.table_names():
            raise
        make()
        return _add(_missing(most))


def keep_up() -> bool:
    """The job. Whether there may be more to do soon."""
    added = 0
    while added < AT_ONCE:
        batch = catch_up(BATCH * 4)
        added += batch
        if batch < BATCH:
            break
    return added > 0


def reindex(message_ids: Iterable[int]) -> None:
    """The words of these messages changed: a transcript came, somebody edited or deleted."""
    ids = list(message_ids)
    if ids:
        with atomic():
            execute(f"DELETE FROM {TABLE} WHERE {key_column()} IN %s", ids)  # noqa: S608
            _insert(ids)


def rebuild() -> int:
    """All of it anew. Returns how many messages can be found."""
    execute(f"DROP TABLE IF EXISTS {TABLE}")
    make()
    total = 0
    while added := catch_up(BATCH * 4):
        total += added
    return total


def mend() -> None:
    """Once a day: the words of messages that are no more go, and what was missed comes."""
    last = _last()
    for first in range(0, last + 1, AT_ONCE):
        span = (first, first + AT_ONCE)
        key = key_column()
        known = select(f"SELECT {key} FROM {TABLE} WHERE {key} >= %s AND {key} < %s", *span)  # noqa: S608
        there = Message.objects.filter(pk__gte=span[0], pk__lt=span[1]).values_list("pk", flat=True)
        found, wanted = {pk for (pk,) in known}, set(there)
        if gone := found - wanted:
            execute(f"DELETE FROM {TABLE} WHERE {key} IN %s", gone)  # noqa: S608
        _add(wanted - found)


def _last() -> int:
    key = key_column()
    found = select(f"SELECT {key} FROM {TABLE} ORDER BY {key} DESC LIMIT 1")  # noqa: S608
    return int(found[0][0]) if found else 0


def _missing(most: int) -> list[int]:
    sql = (
        f"SELECT m.id FROM conversations_message m WHERE m.id > %s AND NOT EXISTS"  # noqa: S608
        f" (SELECT 1 FROM {TABLE} s WHERE s.{key_column()} = m.id) ORDER BY m.id LIMIT %s"
    )
    return [pk for (pk,) in select(sql, max(0, _last() - LATE), most)]


def _add(ids: Collection[int]) -> int:
    if not ids:
        return 0
    with atomic():
        changed = _insert(ids)
    reindex(changed)
    return len(ids)


def _insert(ids: Collection[int]) -> list[int]:
    """Store the words of these. Returns the messages that edits and deletions among them change."""
    columns = ("pk", "conversation", "kind", "body", "payload", "wamid", "context_wamid")
    rows = list(Message.objects.filter(pk__in=ids).values(*columns, "media__original_name"))
    later = _hanging(rows)
    words = [(row["pk"], _words(row, later[row["wamid"]])) for row in rows]
    with connections[require_alias()].cursor() as cursor:
        ignore = "OR IGNORE" if _is_sqlite() else "IGNORE"
        known = _known([pk for pk, _ in words]) if _is_sqlite() else set()
        cursor.executemany(
            f"INSERT {ignore} INTO {TABLE} ({key_column()}, words) VALUES (%s, %s)",  # noqa: S608
            [(pk, text) for pk, text in words if pk not in known],
        )
    return _originals(rows)


def _known(ids: list[int]) -> set[int]:
    return {pk for (pk,) in select(f"SELECT rowid FROM {TABLE} WHERE rowid IN %s", ids)}  # noqa: S608


def _words(row: dict[str, Any], later: Sequence[dict[str, Any]]) -> str:
    if row["kind"] in _UNSAID or any(one["kind"] == "revoke" for one in later):
        return ""
    names = file_and_place_names(row["kind"], row["payload"])
    edits = [text_of_edit(one["payload"]) for one in later]
    return indexed(row["body"], row["media__original_name"] or "", *names, *edits)


def _hanging(rows: list[dict[str, Any]]) -> dict[str | None, list[dict[str, Any]]]:
    """Edits and deletions of these messages, by the message's wamid."""
    wamids = [row["wamid"] for row in rows if row["wamid"]]
    found: dict[str | None, list[dict[str, Any]]] = defaultdict(list)
    hanging = Message.objects.filter(context_wamid__in=wamids, kind__in=HANGING)
    for one in hanging.order_by("pk").values("kind", "payload", "context_wamid"):
        found[one["context_wamid"]].append(dict(one))
    return found


def _originals(rows: list[dict[str, Any]]) -> list[int]:
    wamids = [row["context_wamid"] for row in rows if row["kind"] in HANGING]
    ids = Message.objects.filter(wamid__in=wamids).values_list("pk", flat=True)
    return list(ids) if wamids else []
