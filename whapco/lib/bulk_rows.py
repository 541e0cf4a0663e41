"""Thousands of rows in one call of the driver: a quarter of what Django's bulk_create takes, which
builds an expression for every value. Their ids are not told."""

from collections.abc import Collection, Sequence

from django.db import connections, models, router


def insert_rows(
    rows: Sequence[models.Model], *, update: Collection[str] = (), batch: int = 1_000
) -> None:
    """Insert unsaved `rows` of one model; with `update`, rows that are there by their id get only
    those fields. The caller holds the transaction."""
    if not rows:
        return
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    fields = [one for one in model._meta.concrete_fields if update or not one.primary_key]
    columns = ", ".join(quote(str(one.column)) for one in fields)
    marks = ", ".join(["%s"] * len(fields))
    names = [quote(str(one.column)) for one in fields if one.name in set(update)]
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})"  # noqa: S608
    if names:
        statement += _conflict_words(connection.vendor, names)
    with connection.cursor() as cursor:
        for start in range(0, len(rows), batch):
            cursor.executemany(
                statement,
                [
                    [
                        one.get_db_prep_save(one.pre_save(row, add=True), connection)
                        for one in fields
                    ]
                    for row in rows[start : start + batch]
                ],
            )


def _conflict_words(vendor: str, names: list[str]) -> str:
    if vendor == "mysql":
        return " ON DUPLICATE KEY UPDATE " + ", ".join(f"{one} = VALUES({one})" for one in names)
    return " ON CONFLICT(id) DO UPDATE SET " + ", ".join(f"{one} = excluded.{one}" for one in names)
