"""Rows of a sheet against rows of a table: what is new, what changes cell by cell, what is equal.

Pure. A record's key says which stored row it is; stored rows that the sheet lacks stay.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from whapco.lib.media_cells import MEDIA_KIND, MEDIA_URL, MediaCell, join_addresses, join_kinds
from whapco.lib.sheet_cells import clean_text
from whapco.lib.spreadsheets import BadCell, Column, Row, Table


@dataclass(frozen=True)
class SheetField:
    """A column of the sheet and the field behind it. `parse` raises BadCell."""

    column: Column
    field: str
    parse: Callable[[str], object]
    show: Callable[[object], str]


@dataclass(frozen=True)
class CellError:
    row: int
    column: str
    reason: str

    def __str__(self) -> str:
        return _("Fila %(row)d, columna «%(column)s»: %(reason)s") % {
            "row": self.row,
            "column": self.column,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Record:
    """A good row. `values` has the fields whose columns the sheet has; `medias` None: no column."""

    row: int
    key: Hashable
    label: str
    values: Mapping[str, object]
    medias: tuple[MediaCell, ...] | None = None


@dataclass(frozen=True)
class Stored:
    pk: int
    values: Mapping[str, object]
    medias: tuple[MediaCell, ...] = ()

    def equals(self, record: Record) -> bool:
        return not self.changed_fields(record) and not self.has_other_medias(record)

    def changed_fields(self, record: Record) -> dict[str, object]:
        return {name: value for name, value in record.values.items() if value != self.values[name]}

    def has_other_medias(self, record: Record) -> bool:
        return record.medias is not None and record.medias != self.medias


StoredRows = Mapping[Hashable, Sequence[Stored]]
Files = Mapping[str, int]  # path of an uploaded file -> its id


@dataclass(frozen=True)
class Reading:
    """A sheet read to the end: its good rows, every bad cell, what to tell."""

    records: tuple[Record, ...]
    errors: tuple[CellError, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What a save would do. `changed` pairs each record with the row it replaces."""

    new: tuple[Record, ...]
    changed: tuple[tuple[Stored, Record], ...]
    same: int


@dataclass(frozen=True)
class CellChange:
    column: str
    before: str
    after: str


@dataclass(frozen=True)
class RowChange:
    """A row that an import makes (no cells) or changes."""

    row: int
    label: str
    cells: tuple[CellChange, ...] = ()


@dataclass(frozen=True)
class ImportResult:
    """What an import did or would do. With errors nothing was saved."""

    new: tuple[RowChange, ...] = ()
    changed: tuple[RowChange, ...] = ()
    same: int = 0
    errors: tuple[CellError, ...] = ()
    warnings: tuple[str, ...] = ()
    open_chats: Mapping[str, int] = field(default_factory=dict)  # step -> chats standing on it

    @property
    def open_chats_count(self) -> int:
        return sum(self.open_chats.values())

    @property
    def changes_nothing(self) -> bool:
        return not self.new and not self.changed


def parse_row(row: Row, fields: Iterable[SheetField]) -> tuple[dict[str, object], list[CellError]]:
    """The values of the columns that the sheet has, and every cell that cannot be read."""
    values: dict[str, object] = {}
    errors = [CellError(row.number, column, reason) for column, reason in row.bad.items()]
    for one in fields:
        if one.column.name not in row.cells or one.column.name in row.bad:
            continue
        try:
            values[one.field] = one.parse(row.cells[one.column.name])
        except BadCell as error:
            errors.append(CellError(row.number, one.column.name, str(error)))
    return values, errors


def read_records(
    table: Table, read: Callable[[Row], tuple[Record | None, list[CellError]]]
) -> Reading:
    """All rows through `read`, which gives a record or says what is wrong."""
    records: list[Record] = []
    errors: list[CellError] = []
    for row in table.rows:
        record, wrong = read(row)
        errors += wrong
        if record is not None:
            records.append(record)
    kept, notes = _keep_last(records)
    return Reading(tuple(kept), tuple(errors), (*table.notes, *notes))


def _keep_last(records: Iterable[Record]) -> tuple[list[Record], list[str]]:
    """Of equal keys the last record, in its own place, and a note for each one it replaces."""
    last: dict[Hashable, Record] = {}
    notes: list[str] = []
    for record in records:
        earlier = last.pop(record.key, None)
        if earlier is not None:
            notes.append(
                _("Las filas %(first)d y %(last)d son la misma («%(label)s»): vale la %(last)d.")
                % {"first": earlier.row, "last": record.row, "label": record.label}
            )
        last[record.key] = record
    return list(last.values()), notes


def make_plan(records: Iterable[Record], stored: StoredRows) -> Plan:
    """Older installations hold several rows of one key: a record equal to any of them changes
    nothing, another one replaces the first, which is the one in force."""
    new: list[Record] = []
    changed: list[tuple[Stored, Record]] = []
    same = 0
    for record in records:
        rows = stored.get(record.key, ())
        if not rows:
            new.append(record)
        elif any(row.equals(record) for row in rows):
            same += 1
        else:
            changed.append((rows[0], record))
    return Plan(tuple(new), tuple(changed), same)


def show_row(stored: Stored, fields: Iterable[SheetField], columns: Iterable[Column]) -> list[str]:
    """A stored row as the cells of a sheet with `columns`."""
    cells = {one.column.name: one.show(stored.values[one.field]) for one in fields}
    cells[MEDIA_URL] = join_addresses(stored.medias)
    cells[MEDIA_KIND] = join_kinds(stored.medias)
    return [cells[column.name] for column in columns]


def as_cells(values: Mapping[str, object]) -> dict[str, object]:
    """Stored values as a sheet gives them back: a form may have saved other line ends. The JSON of
    the options stays as it is, be it a bare text."""
    return {
        name: clean_text(value) if isinstance(value, str) and name != "options" else value
        for name, value in values.items()
    }


def sum_up(reading: Reading, plan: Plan, fields: Sequence[SheetField]) -> ImportResult:
    """What to show of a plan."""
    return ImportResult(
        new=tuple(RowChange(record.row, record.label) for record in plan.new),
        changed=tuple(_show_changes(stored, record, fields) for stored, record in plan.changed),
        same=plan.same,
        errors=reading.errors,
        warnings=reading.notes,
    )


def _show_changes(stored: Stored, record: Record, fields: Iterable[SheetField]) -> RowChange:
    """The cells that differ, as the sheet would show them."""
    changed = stored.changed_fields(record)
    cells = [
        CellChange(
            one.column.name, one.show(stored.values[one.field]), one.show(changed[one.field])
        )
        for one in fields
        if one.field in changed
    ]
    if record.medias is not None:
        cells += _media_changes(stored.medias, record.medias)
    return RowChange(record.row, record.label, tuple(cells))


def _media_changes(
    before: tuple[MediaCell, ...], after: tuple[MediaCell, ...]
) -> Iterator[CellChange]:
    for column, join in ((MEDIA_URL, join_addresses), (MEDIA_KIND, join_kinds)):
        if join(before) != join(after):
            yield CellChange(column, join(before), join(after))
