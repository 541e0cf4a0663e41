"""Excel workbooks as tables of text: what people upload is read here, and nowhere else.

Every refusal is a SheetError whose text can be shown. Cells come out as a person sees them:
`1` and not `1.0`, the value of a formula and not the formula.
"""

import datetime as dt
import io
import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from django.utils.translation import gettext as _
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils.escape import unescape
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from whapco.lib.workbook_checks import MAX_BYTES, SheetError, check_workbook

MAX_ROWS = 100_000
MAX_COLUMNS = 100
MAX_BLANK_ROWS = 20_000  # a lone cell at the foot of a sheet must not cost a million rows

CellValue = str | int | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta | None


class BadCell(Exception):
    """A cell that cannot be read. The text says why, in the language of who uploaded it."""


@dataclass(frozen=True)
class Column:
    """A column we read: the title we write, and the others people give it."""

    name: str
    titles: tuple[str, ...] = ()
    required: bool = False

    def is_called(self, title: str) -> bool:
        return title in {normalize_title(name) for name in (self.name, *self.titles)}


@dataclass(frozen=True)
class Row:
    """`number` is Excel's own, titles being row 1. `cells` holds the columns the sheet has."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """The rows that say something, in order, and what a person should know about the reading."""

    sheet: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.rows)


def read_table(content: bytes, columns: Sequence[Column]) -> Table:
    """The first sheet whose titles are those of `columns`; else the first sheet, by position.

    Raises SheetError: not an Excel, with a password, too big, without a needed column.
    """
    check_workbook(content)
    with warnings.catch_warnings():
        # openpyxl warns of styles and extensions that it drops: nothing that we read.
        warnings.simplefilter("ignore")
        try:
            sheets = [(sheet.title, _lines(sheet)) for sheet in _open(content)]
            return _choose(sheets, columns)
        except SheetError:
            raise
        except Exception as error:  # openpyxl raises anything at all on a damaged file
            raise SheetError(_("El archivo de Excel está dañado y no se puede leer.")) from error


def open_table(source: bytes | Path | Table, columns: Sequence[Column]) -> Table:
    """`source` read when it is a file or its bytes. Raises SheetError, also when unreadable."""
    if isinstance(source, Table):
        return source
    if isinstance(source, bytes):
        return read_table(source, columns)
    try:
        if source.stat().st_size > MAX_BYTES:
            raise SheetError(_("El archivo es demasiado grande para importarlo."))
        content = source.read_bytes()
    except OSError as error:
        raise SheetError(_("No se pudo leer el archivo «%(file)s».") % {"file": source}) from error
    return read_table(content, columns)


def write_table(titles: Sequence[str], rows: Iterable[Sequence[str]], *, sheet: str) -> bytes:
    """An .xlsx whose cells are all text: `=1+1` stays a text, `007` keeps its zeros."""
    workbook = Workbook(write_only=True)
    page = workbook.create_sheet(sheet)
    page.freeze_panes = "A2"
    for values in (titles, *rows):
        page.append([_text_cell(page, value) for value in values])
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def normalize_title(title: str) -> str:
    """Accents, case, spaces and signs aside: `Siguiente Paso` is `siguiente_paso`."""
    plain = unicodedata.normalize("NFD", title.casefold())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return re.sub(r"[\W_]+", "_", plain).strip("_")


def cell_text(value: CellValue) -> str:
    """What a person reads in the cell; outer blanks dropped, line ends as `\\n`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number_text(value)
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        value = value.date()
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    text: str = ILLEGAL_CHARACTERS_RE.sub("", unescape(str(value)))
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _number_text(value: float) -> str:
    if value.is_integer():
        return str(int(value))
    return f"{value:.15g}"  # Excel keeps 15 digits: 0.1+0.2 is 0.3 there


def _open(content: bytes) -> Iterator[ReadOnlyWorksheet]:
    workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    for sheet in workbook.worksheets:
        if isinstance(sheet, ReadOnlyWorksheet):
            yield sheet


def _lines(sheet: ReadOnlyWorksheet) -> Iterator[tuple[int, list[str]]]:
    """(row number, texts) of each row that is not blank, right-hand blanks cut."""
    sheet.reset_dimensions()  # some programs write a wrong size: read what is there
    blank = 0
    for number, values in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True), 1):
        texts = [cell_text(value) for value in values]
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            yield number, texts
            blank = 0
            continue
        blank += 1
        if blank > MAX_BLANK_ROWS:
            return


def _choose(
    sheets: list[tuple[str, Iterator[tuple[int, list[str]]]]], columns: Sequence[Column]
) -> Table:
    first: tuple[str, list[str], Iterator[tuple[int, list[str]]]] | None = None
    for name, found in sheets:
        lines = found
        number, titles = next(lines, (0, []))
        if not titles:
            continue
        places = _match_titles(titles, columns)
        if not _missing(places, columns):
            return _table(name, lines, places, _unread(titles, places))
        if number > 1:  # row 1 is the titles even when it is blank
            lines = chain([(number, titles)], lines)
        first = first or (name, titles, lines)
    if first is None:
        raise SheetError(_("El archivo está vacío: no tiene títulos ni filas."))
    return _by_position(*first, columns)


def _match_titles(titles: list[str], columns: Sequence[Column]) -> dict[int, str]:
    """Place in the row -> column name. The first of two equal titles counts."""
    places: dict[int, str] = {}
    for place, title in enumerate(titles):
        wanted = normalize_title(title)
        for column in columns:
            if column.name not in places.values() and column.is_called(wanted):
                places[place] = column.name
                break
    return places


def _missing(places: dict[int, str], columns: Sequence[Column]) -> list[str]:
    present = set(places.values())
    return [column.name for column in columns if column.required and column.name not in present]


def _by_position(
    name: str, titles: list[str], lines: Iterator[tuple[int, list[str]]], columns: Sequence[Column]
) -> Table:
    expected = dict(enumerate(column.name for column in columns[: len(titles)]))
    known = _match_titles(titles, columns)
    missing = _missing(expected, columns) or (
        _missing(known, columns) if not known.items() <= expected.items() else []
    )
    if missing:
        columns_text = ", ".join(f"«{column}»" for column in missing)
        raise SheetError(
            _("A la hoja «%(sheet)s» le falta la columna %(columns)s en la fila de títulos.")
            % {"sheet": name, "columns": columns_text}
        )
    note = _("No se reconocieron los títulos: se leyó por posición, en el orden %(columns)s.") % {
        "columns": ", ".join(expected.values())
    }
    return _table(name, lines, expected, (note,))


def _unread(titles: list[str], places: dict[int, str]) -> tuple[str, ...]:
    return tuple(
        _("La columna «%(title)s» no se conoce y no se importa.") % {"title": title}
        for place, title in enumerate(titles)
        if title and place not in places
    )


def _table(
    name: str,
    lines: Iterator[tuple[int, list[str]]],
    places: dict[int, str],
    notes: tuple[str, ...],
) -> Table:
    rows: list[Row] = []
    for number, texts in lines:
        cells = {
            column: texts[place] if place < len(texts) else "" for place, column in places.items()
        }
        if not any(cells.values()):
            continue
        rows.append(Row(number, cells))
        if len(rows) > MAX_ROWS:
            raise SheetError(
                _("El archivo tiene más de %(max)d filas: divídalo en varios.") % {"max": MAX_ROWS}
            )
    return Table(name, tuple(places.values()), tuple(rows), notes)


def _text_cell(page: object, value: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(page, value=ILLEGAL_CHARACTERS_RE.sub("", value))
    cell.data_type = "s"  # else openpyxl takes `=…` for a formula and `#N/A` for an error
    return cell
