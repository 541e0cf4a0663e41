"""What the database does for each statement: its plan, the rows it reads, its time."""

import re
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connections

# Tables that grow with the work of a company; all others grow with its people and rules.
GROWING = frozenset(
    {
        "axes_accessattempt",
        "chatbot_botsession",
        "conversations_accountevent",
        "conversations_contact",
        "conversations_contactchange",
        "conversations_conversation",
        "conversations_conversation_roles",
        "conversations_manualretry",
        "conversations_message",
        "conversations_pendingstatus",
        "django_session",
        "media_pipeline_mediafile",
        "media_pipeline_transcription",
        "tenants_undeliveredevent",
    }
)
_ASKS = "journeys/shop.py"
_PROJECT = Path(__file__).parents[2]
_PRODUCT = tuple(
    f"{_PROJECT}/{room}/" for room in ("chatbot", "conversations", "media_pipeline", "tenants")
)
_TABLE = re.compile(
    r"""(?:FROM|JOIN|UPDATE|,)\s+[`"]?(\w+)[`"]?(?:\s+(?:AS\s+)?[`"]?([A-Z]\w*\d)[`"]?)?"""
)
_MARKS = re.compile(r"\(%s(?:, %s)*\)|(?:WHEN %s THEN %s ?)+")
_COLUMNS = re.compile(r"SELECT [^()]{120,}? FROM")
_WORDS = re.compile(r"\s+")
_SCANNED = re.compile(r"SCAN (?:TABLE )?(\w+)(.*)")
_USED = re.compile(r"(?:INDEX|KEY) (\w+)")


@dataclass
class Seen:
    """One statement, whatever its values were: the worst that was seen of it."""

    sql: str
    path: str
    plan: str = ""
    unindexed: set[str] = field(default_factory=set)  # growing tables, read from end to end
    keys: set[str] = field(default_factory=set)
    rows: int = 0  # read, of all tables; 0 on SQLite, which does not tell
    milliseconds: float = 0.0
    times: int = 0

    @property
    def shown(self) -> str:
        rows, key = f"{self.rows} rows", ",".join(sorted(self.keys)) or "-"
        return f"[{self.path}] {rows}, key {key}, {self.milliseconds:.1f} ms: {self.sql}"


class Watch:
    """Explains every statement that control and acme get, just before it runs."""

    def __init__(self) -> None:
        self.seen: dict[str, Seen] = {}
        self.path = ""

    @contextmanager
    def watching(self) -> Iterator[None]:
        with ExitStack() as stack:
            for alias in ("default", "t_acme"):
                stack.enter_context(connections[alias].execute_wrapper(self._run))
            yield

    def _run(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        is_read = sql.lstrip("( ").startswith(("SELECT", "UPDATE", "DELETE"))
        if many or not is_read or _is_asked_by_the_test():
            return execute(sql, params, many, context)
        shape = _WORDS.sub(" ", _MARKS.sub("(…)", sql))
        seen = self.seen.setdefault(shape, Seen(shape, self.path))
        connection = context["connection"]
        _explain(connection, sql, params, seen)
        before = _rows_read(connection)
        began = time.perf_counter()
        result = execute(sql, params, many, context)
        seen.milliseconds = max(seen.milliseconds, 1000 * (time.perf_counter() - began))
        read = _rows_read(connection) - before
        if read > seen.rows:
            seen.rows, seen.path = read, self.path
        seen.times += 1
        return result


def _is_asked_by_the_test() -> bool:
    """What a journey wants to know of the rows is no path of the product's."""
    frame: Any = sys._getframe(2)
    while frame and not frame.f_code.co_filename.endswith(_ASKS):
        if frame.f_code.co_filename.startswith(_PRODUCT):
            return False
        frame = frame.f_back
    return frame is not None


def _explain(connection: Any, sql: str, params: Any, seen: Seen) -> None:
    with closing(connection.create_cursor()) as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
            _judge_sqlite([row[3] for row in cursor.fetchall()], sql, seen)
        else:
            cursor.execute(f"EXPLAIN {sql}", params)
            _judge_mariadb(cursor.fetchall(), sql, seen)


def _judge_sqlite(details: list[str], sql: str, seen: Seen) -> None:
    """Along an index, or the table's own order, to the first page is no scan: it ends at LIMIT."""
    names = _names(sql)
    is_page = "LIMIT" in sql and not any("TEMP B-TREE" in detail for detail in details)
    for detail in details:
        seen.keys |= set(_USED.findall(detail))
        scanned = _SCANNED.match(detail)
        table = names.get(scanned[1], scanned[1]) if scanned else ""
        in_order = scanned and ("USING" in scanned[2] or (is_page and " WHERE " not in sql))
        if scanned and table in GROWING and not ("LIMIT" in sql and in_order):
            _blame(seen, table, details)


def _judge_mariadb(plan: Any, sql: str, seen: Seen) -> None:
    names = _names(sql)
    for _id, _select, alias, kind, _possible, key, _len, _ref, _rows, _extra in plan:
        table = names.get(alias, alias)
        seen.keys |= {key} if key else set()
        if kind == "ALL" and table in GROWING:
            _blame(seen, table, [str(row) for row in plan])


def _blame(seen: Seen, table: str, plan: list[str]) -> None:
    seen.unindexed.add(table)
    seen.plan = "\n    ".join(plan)


def _names(sql: str) -> dict[str, str]:
    """Tables by alias."""
    return {alias: table for table, alias in _TABLE.findall(sql) if alias}


def _rows_read(connection: Any) -> int:
    if connection.vendor == "sqlite":
        return 0
    with closing(connection.create_cursor()) as cursor:
        cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read%'", None)
        return sum(int(count) for _name, count in cursor.fetchall())


def report(found: Iterable[Seen], most: int = 40) -> str:
    """The worst first: by what they read, then by their time."""
    worst = sorted(found, key=lambda seen: (seen.rows, seen.milliseconds), reverse=True)
    lines = ["   rows       ms  times  path; index; statement"]
    for seen in worst[:most]:
        keys, sql = ",".join(sorted(seen.keys)) or "-", _COLUMNS.sub("SELECT … FROM", seen.sql)
        numbers = f"{seen.rows:7} {seen.milliseconds:8.1f} {seen.times:6}"
        lines.append(f"{numbers}  [{seen.path}] {keys}\n{'':25}{sql[:400]}")
    return "\n".join(lines)


def empty_quickly() -> None:
    """A million rows: to delete them one by one takes longer than the test."""
    connection = connections["t_acme"]
    if connection.vendor == "sqlite":
        return
    with connection.cursor() as cursor, connection.constraint_checks_disabled():
        for table in GROWING:
            cursor.execute(f"TRUNCATE {table}")
