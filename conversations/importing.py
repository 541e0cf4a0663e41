"""Quick replies from a sheet: all or nothing. The command and the admin pages both come here."""

from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from conversations import button_undo
from conversations.button_sheet import (
    BUTTON_COLUMNS,
    BUTTON_FIELDS,
    CATEGORY,
    MESSAGE,
    NAME,
    button_key,
    name_of,
)
from conversations.models import QuickReply, QuickReplyMedia
from media_pipeline.models import MediaFile
from tenants.context import atomic
from whapco.lib.media_cells import (
    MEDIA_URL,
    MediaCell,
    cell_address,
    check_addresses,
    split_addresses,
)
from whapco.lib.sheet_writes import Target, save_plan
from whapco.lib.spreadsheets import BadCell, Row, Table, open_table
from whapco.lib.upsert import (
    CellError,
    Files,
    ImportResult,
    Plan,
    Reading,
    Record,
    Stored,
    StoredRows,
    as_cells,
    make_plan,
    parse_row,
    read_records,
    show_row,
    sum_up,
)


@dataclass(frozen=True)
class ButtonsImport(ImportResult):
    """`before` is what button_undo.undo takes to put everything back; None in a preview."""

    before: "button_undo.Noticed | None" = None


_KEY_DEFAULTS = {NAME.field: "", CATEGORY.field: ""}


def import_buttons(source: bytes | Path | Table, *, dry_run: bool = False) -> ButtonsImport:
    """Upsert by (nombre, categoria). With errors, or with `dry_run`, nothing is saved.

    Raises SheetError when the workbook itself is refused.
    """
    table = open_table(source, BUTTON_COLUMNS)
    files = uploaded_files(table)
    reading = read_records(table, partial(_read_button, files=files))
    if dry_run or reading.errors:
        return _sum_up(reading, make_plan(reading.records, stored_buttons()))
    with atomic():
        plan = make_plan(reading.records, stored_buttons())
        make_media = partial(_make_media, files=files)
        with button_undo.noticing([stored.pk for stored, _record in plan.changed]) as before:
            save_plan(plan, Target(QuickReply, QuickReplyMedia, "quick_reply", make_media))
    return replace(_sum_up(reading, plan), before=before)


def _sum_up(reading: Reading, plan: Plan) -> ButtonsImport:
    return ButtonsImport(**vars(sum_up(reading, plan, BUTTON_FIELDS)))


def uploaded_files(table: Table) -> dict[str, int]:
    """The uploaded files that the sheet names by path, with their ids."""
    paths = {
        address
        for row in table.rows
        for address in split_addresses(row.cells.get(MEDIA_URL, ""))
        if not MediaCell(address).is_link
    }
    if not paths:
        return {}
    found: dict[str, int] = {}
    rest = iter(paths)
    while batch := list(islice(rest, 500)):
        found.update(MediaFile.objects.filter(path__in=batch).values_list("path", "pk"))
    return found


def stored_buttons() -> StoredRows:
    """The quick replies of the company as the sheet would hold them, by key."""
    stored: dict[Hashable, list[Stored]] = defaultdict(list)
    for button in _read_stored(QuickReply.objects.all()):
        key = button_key(str(button.values[NAME.field]), str(button.values[CATEGORY.field]))
        stored[key].append(button)
    return stored


def button_lines(buttons: QuerySet[QuickReply]) -> list[list[str]]:
    """`buttons` as rows under BUTTON_COLUMNS: what an import reads back as the same."""
    return [show_row(button, BUTTON_FIELDS, BUTTON_COLUMNS) for button in _read_stored(buttons)]


def _read_stored(buttons: QuerySet[QuickReply]) -> Iterator[Stored]:
    medias: dict[int, tuple[MediaCell, ...]] = defaultdict(tuple)
    rows = QuickReplyMedia.objects.order_by("position", "pk")
    for owner, url, path in rows.values_list("quick_reply_id", "url", "file__path"):
        medias[owner] += (MediaCell(cell_address(url, path or "")),)
    names = [one.field for one in BUTTON_FIELDS]
    for values in buttons.order_by("pk").values("pk", *names):
        pk = values.pop("pk")
        yield Stored(pk, as_cells(values), medias.get(pk, ()))


def _read_button(row: Row, *, files: Files) -> tuple[Record | None, list[CellError]]:
    values, errors = parse_row(row, BUTTON_FIELDS)
    addresses = split_addresses(row.cells.get(MEDIA_URL, ""))
    try:
        check_addresses(addresses, files)
    except BadCell as error:
        errors.append(CellError(row.number, MEDIA_URL, str(error)))
    values = {**_KEY_DEFAULTS, **values}
    message = str(values.get(MESSAGE.field, ""))
    if not message and not addresses and MESSAGE.field in values:
        errors.append(CellError(row.number, MESSAGE.column.name, _("falta el mensaje.")))
    if errors:
        return None, errors
    name = str(values[NAME.field]) or name_of(message) or addresses[0]
    values[NAME.field] = name
    medias = tuple(map(MediaCell, addresses)) if MEDIA_URL in row.cells else None
    key = button_key(name, str(values[CATEGORY.field]))
    return Record(row.number, key, name, values, medias), []


def _make_media(owner: int, position: int, media: MediaCell, *, files: Files) -> QuickReplyMedia:
    file_id = files.get(media.address)
    return QuickReplyMedia(
        quick_reply_id=owner,
        position=position,
        file_id=file_id,
        url="" if file_id else media.address,
    )
