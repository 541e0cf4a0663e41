"""Save a plan: thousands of rows in a few statements. The caller holds the transaction."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.db import connections, models, router

from whapco.lib.bulk_rows import insert_rows
from whapco.lib.media_cells import MediaCell
from whapco.lib.upsert import Plan, Record

BATCH = 1_000

# (id of the row, position, media) -> an unsaved row of the media model
MakeMedia = Callable[[int, int, MediaCell], models.Model]


@dataclass(frozen=True)
class Target:
    """The table behind a sheet. `owner`: the field of `media_model` that points at `model`;
    `is_locked`: nobody else adds rows to `model` until the transaction ends."""

    model: type[models.Model]
    media_model: type[models.Model]
    owner: str
    make_media: MakeMedia
    is_locked: bool = False


def save_plan(plan: Plan, target: Target) -> None:
    """Insert what is new in the sheet's order (rules of one priority win by id), then update."""
    medias = list(_insert(plan, target))
    _update(plan, target)
    replaced = [(old.pk, new) for old, new in plan.changed if old.has_other_medias(new)]
    _delete_medias([pk for pk, _ in replaced], target)
    _insert_medias([*medias, *replaced], target)


def _update(plan: Plan, target: Target) -> None:
    """One statement for each set of columns and thousand rows: an insert that, every row being
    there, only updates those columns."""
    groups: dict[tuple[str, ...], list[models.Model]] = defaultdict(list)
    for stored, record in plan.changed:
        changed = stored.changed_fields(record)
        if changed:
            row = target.model(pk=stored.pk, **{**stored.values, **changed})
            groups[tuple(changed)].append(row)
    for fields, rows in groups.items():
        insert_rows(rows, update=fields)


def _insert(plan: Plan, target: Target) -> Iterator[tuple[int, Record]]:
    """Yields (id, record) of the new rows that have medias."""
    rows = [target.model(**record.values) for record in plan.new]
    if not any(record.medias for record in plan.new):
        insert_rows(rows)
        return
    for pk, record in zip(_insert_told(rows, target), plan.new, strict=True):
        if record.medias:
            yield pk, record


def _insert_told(rows: Sequence[models.Model], target: Target) -> list[int]:
    """The ids too, in order."""
    objects = target.model._default_manager
    if target.is_locked:
        newest = objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        insert_rows(rows)
        return list(objects.filter(pk__gt=newest).order_by("pk").values_list("pk", flat=True))
    if connections[router.db_for_write(target.model)].features.can_return_rows_from_bulk_insert:
        objects.bulk_create(rows, batch_size=BATCH)
    else:
        for row in rows:  # MySQL tells the id of one inserted row only
            row.save(force_insert=True)
    return [row.pk for row in rows]


def _delete_medias(owner_ids: Iterable[int], target: Target) -> None:
    rest = iter(owner_ids)
    while batch := list(islice(rest, BATCH)):
        target.media_model._default_manager.filter(**{f"{target.owner}__in": batch}).delete()


def _insert_medias(owned: Iterable[tuple[int, Record]], target: Target) -> None:
    insert_rows(
        [
            target.make_media(pk, position, media)
            for pk, record in owned
            for position, media in enumerate(record.medias or ())
        ]
    )
