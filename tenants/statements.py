"""SQL for the paths that every message takes. Everything else uses the ORM.

Django compiles a queryset anew each time it runs: 200 to 500 us of CPU a statement, where running
it takes 20 to 90. A message meets twenty statements, so those are written out, in words that
SQLite, MySQL and MariaDB share. `%s` bound to a list, set or tuple becomes `(%s, %s, …)`.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import connections
from django.db.models import Model

from tenants.context import require_alias

Row = tuple[Any, ...]
AnyModel = TypeVar("AnyModel", bound=Model)


def select(sql: str, *values: Any, alias: str = "") -> list[Row]:
    """Rows as the driver gives them: see `moment` for times."""
    with connections[alias or require_alias()].cursor() as cursor:
        cursor.execute(*_bound(sql, *values, alias=alias))
        rows: list[Row] = cursor.fetchall()
    return rows


def load(
    model: type[AnyModel], where: str, *values: Any, only: str = "", alias: str = ""
) -> list[AnyModel]:
    """Instances of the rows that match, or of some attributes of theirs, separated by spaces:
    the rest is loaded when asked for, as in `QuerySet.only`. `alias`: not the current company's."""
    alias = alias or require_alias()
    names, columns, converters = _reading(model, only)
    sql = f"SELECT {columns} FROM {model._meta.db_table} WHERE {where}"  # noqa: S608
    found = []
    for row in select(sql, *values, alias=alias):
        fields = list(row)
        for place, convert in converters:
            if fields[place] is not None:
                fields[place] = convert(fields[place])
        found.append(model.from_db(alias, names, fields))
    return found


def execute(sql: str, *values: Any) -> int:
    """How many rows matched, also those that already were as they should be."""
    with _cursor() as cursor:
        cursor.execute(*_bound(sql, *values))
        return int(cursor.rowcount)


def update(model: type[Model], columns: Mapping[str, Any], pks: Iterable[int]) -> int:
    """Give all these rows the same values."""
    assignments = ", ".join(f"{column} = %s" for column in columns)
    meta = model._meta
    assert meta.pk is not None  # noqa: S101  (every model has one; tells mypy)
    sql = f"UPDATE {meta.db_table} SET {assignments} WHERE {meta.pk.column} IN %s"  # noqa: S608
    return execute(sql, *columns.values(), list(pks))


def insert(model: type[Model], rows: Sequence[Model]) -> None:
    """Store new rows in one round trip. They do not learn their ids; no defaults are made up
    beyond those of the instances."""
    if not rows:
        return
    said = {column: [getattr(row, name) for row in rows] for name, column in _written(model)}
    said = {column: values for column, values in said.items() if values.count(None) < len(rows)}
    marks = ", ".join(["%s"] * len(said))
    sql = f"INSERT INTO {model._meta.db_table} ({', '.join(said)}) VALUES ({marks})"  # noqa: S608
    with _cursor() as cursor:
        adapt = _adapter(cursor.db)
        columns = [map(adapt, values) for values in said.values()]
        cursor.executemany(sql, list(zip(*columns, strict=True)))


def _bound(sql: str, *values: Any, alias: str = "") -> tuple[str, list[Any]]:
    """The statement and its values as the engine wants them."""
    adapt = _adapter(connections[alias or require_alias()])
    marks: list[str] = []
    flat: list[Any] = []
    for value in values:
        if isinstance(value, list | tuple | set | frozenset):
            marks.append(f"({', '.join(['%s'] * len(value))})" if value else "(NULL)")
            flat += map(adapt, value)
        else:
            marks.append("%s")
            flat.append(adapt(value))
    return sql % tuple(marks), flat


def moment(value: Any) -> datetime | None:
    """A time of a row from `select`: SQLite gives text, MySQL no time zone."""
    if value is None:
        return None
    read = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return read.replace(tzinfo=UTC)


def for_update() -> str:
    """What makes a SELECT lock its rows; on SQLite the whole file is locked already."""
    return " FOR UPDATE" if connections[require_alias()].features.has_select_for_update else ""


def is_sqlite() -> bool:
    """For the few words that the engines do not share."""
    return connections[require_alias()].vendor == "sqlite"


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "DateTimeField": moment,
    "JSONField": json.loads,
    "UUIDField": lambda value: UUID(str(value)),
    "BooleanField": bool,
}


def _cursor() -> Any:
    return connections[require_alias()].cursor()


@cache
def _reading(
    model: type[Model], only: str
) -> tuple[list[str], str, list[tuple[int, Callable[[Any], Any]]]]:
    """Attribute names, columns, and how to read those that the driver does not give as they are.
    The table before a column is what lets one be called `key`."""
    wanted = only.split()
    fields = [f for f in model._meta.concrete_fields if not wanted or f.attname in wanted]
    found = [(place, _converter(field)) for place, field in enumerate(fields)]
    columns = ", ".join(f"{model._meta.db_table}.{field.column}" for field in fields)
    return [f.attname for f in fields], columns, [(place, by) for place, by in found if by]


def _converter(field: Any) -> Callable[[Any], Any] | None:
    of_type = _CONVERTERS.get(field.get_internal_type())
    own = getattr(field, "from_db_value", None)
    return of_type or (own and (lambda value: own(value, None, None)))


@cache
def _written(model: type[Model]) -> list[tuple[str, str]]:
    """Attribute and column of all that a new row says; its key only where the model gives it."""
    fields = [field for field in model._meta.concrete_fields if not field.auto_created]
    return [(field.attname, str(field.column)) for field in fields]


_PLAIN = frozenset({str, int, bool})  # what every driver takes as it is


def _adapter(connection: Any) -> Any:
    time_of = connection.ops.adapt_datetimefield_value
    native_uuid = connection.features.has_native_uuid_field

    def adapt(value: Any) -> Any:
        if value is None or type(value) in _PLAIN:
            return value
        if isinstance(value, datetime):
            return time_of(value)
        if isinstance(value, dict | list):
            return json.dumps(value)
        if isinstance(value, UUID):
            return str(value) if native_uuid else value.hex
        return value

    return adapt
