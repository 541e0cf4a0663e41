"""Excel workbooks as tables of text: what people upload is read here, and nowhere else.

Every refusal is a SheetError whose text can be shown. How a cell reads: sheet_cells.
"""

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from pathlib import Path

from django.utils.translation import gettext as _

from whapco.lib.sheet_cells import Line, SheetReader
from whapco.lib.sheet_files import write_table
from whapco.lib.sheet_merges import fill_merged
from whapco.lib.workbook_checks import MAX_BYTES, SheetError, check_workbook, too_big
from whapco.lib.workbook_parts import Parts

__all__ = ["BadCell", "Column", "Row", "Table", "normalize_title", "open_table", "read_table"]
__all__ += ["write_table"]

MAX_ROWS = 100_000


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
    """`number` is Excel's own, titles being row 1. `cells` holds the columns the sheet has; `bad`
    says of some why Excel's own file does not tell what they say."""

    number: int
    cells: dict[str, str]
    bad: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """The rows that say something, in order, and what a person should know about the reading."""

    sheet: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    def __bool__(self) -> bool:
        return True  # django-import-export takes a table without rows for none at all


@dataclass(frozen=True)
class _Sheet:
    """A sheet read as far as its titles: (row number of the titles, the texts), and the rest."""

    name: str
    reader: SheetReader
    first: Line
    rest: Iterator[Line]


def read_table(content: bytes, columns: Sequence[Column]) -> Table:
    """The first sheet whose titles are those of `columns`; else the first sheet, by position.

    Visible sheets go before hidden ones. Raises SheetError: not an Excel, with a password, too
    big, without a needed column.
    """
    check_workbook(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _choose(_open_sheets(Parts(archive)), columns)
    except SheetError:
        raise
    except Exception as error:  # zlib's, expat's, a number that is none: a damaged file
        raise SheetError(_("El archivo de Excel está dañado y no se puede leer.")) from error


def open_table(source: bytes | Path | Table, columns: Sequence[Column]) -> Table:
    """`source` read when it is a file or its bytes. Raises SheetError, also when unreadable."""
    if isinstance(source, Table):
        return source
    if isinstance(source, bytes):
        return read_table(source, columns)
    try:
        if source.stat().st_size > MAX_BYTES:
            raise SheetError(too_big())
        content = source.read_bytes()
    except OSError as error:
        raise SheetError(_("No se pudo leer el archivo «%(file)s».") % {"file": source}) from error
    return read_table(content, columns)


@lru_cache(1_000)  # the same few words stand in thousands of cells
def normalize_title(title: str) -> str:
    """Accents, case, spaces and signs aside: `Siguiente Paso` is `siguiente_paso`."""
    plain = unicodedata.normalize("NFD", title.casefold())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return re.sub(r"[\W_]+", "_", plain).strip("_")


def _open_sheets(parts: Parts) -> Iterator[_Sheet]:
    """Those that are not blank, hidden ones last."""
    for part in sorted(parts.sheets, key=lambda part: part.is_hidden):
        reader = SheetReader(parts, part.path)
        rest = reader.lines()
        first = next(rest, None)
        if first is not None:
            yield _Sheet(part.title, reader, first, rest)


def _choose(sheets: Iterator[_Sheet], columns: Sequence[Column]) -> Table:
    fallback: _Sheet | None = None
    for sheet in sheets:
        places = _match_titles(sheet.first.texts, columns)
        if not _missing(places, columns):
            others = [other.name for other in sheets if _has_titles(other, columns)]
            notes = (*_unread(sheet.first.texts, places), *_others(sheet.name, others))
            return _table(sheet, sheet.rest, places, notes)
        fallback = fallback or sheet
    if fallback is None:
        raise SheetError(_("El archivo está vacío: no tiene títulos ni filas."))
    return _by_position(fallback, columns)


def _has_titles(sheet: _Sheet, columns: Sequence[Column]) -> bool:
    return not _missing(_match_titles(sheet.first.texts, columns), columns)


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


def _by_position(sheet: _Sheet, columns: Sequence[Column]) -> Table:
    titles = sheet.first.texts
    expected = dict(enumerate(column.name for column in columns[: len(titles)]))
    known = _match_titles(titles, columns)
    missing = _missing(expected, columns) or (
        _missing(known, columns) if not known.items() <= expected.items() else []
    )
    if missing:
        columns_text = ", ".join(f"«{column}»" for column in missing)
        raise SheetError(
            _("A la hoja «%(sheet)s» le falta la columna %(columns)s en la fila de títulos.")
            % {"sheet": sheet.name, "columns": columns_text}
        )
    note = _("No se reconocieron los títulos: se leyó por posición, en el orden %(columns)s.") % {
        "columns": ", ".join(expected.values())
    }
    # row 1 is the titles even when it is blank
    lines = sheet.rest if sheet.first.number == 1 else chain([sheet.first], sheet.rest)
    return _table(sheet, lines, expected, (note,))


def _unread(titles: list[str], places: dict[int, str]) -> list[str]:
    return [
        _("La columna «%(title)s» no se conoce y no se importa.") % {"title": title}
        for place, title in enumerate(titles)
        if title and place not in places
    ]


def _others(name: str, others: list[str]) -> list[str]:
    if not others:
        return []
    return [
        _("Solo se lee la hoja «%(sheet)s». Otras con los mismos títulos no se leen: %(others)s.")
        % {"sheet": name, "others": ", ".join(f"«{other}»" for other in others)}
    ]


def _table(
    sheet: _Sheet, lines: Iterator[Line], places: dict[int, str], notes: tuple[str, ...]
) -> Table:
    found: list[Line] = []
    for line in lines:
        if not line.says_something(places):
            continue
        found.append(line)
        if len(found) > MAX_ROWS:
            raise SheetError(
                _("El archivo tiene más de %(max)d filas: divídelo en varios.") % {"max": MAX_ROWS}
            )
    filled = fill_merged(found, sheet.reader.merges)
    rows = tuple(_row(line, places) for line in found)
    return Table(
        sheet.name, tuple(places.values()), rows, (*notes, *_reading_notes(found, filled, places))
    )


def _row(line: Line, places: dict[int, str]) -> Row:
    texts, size = line.texts, len(line.texts)
    cells = {column: texts[place] if place < size else "" for place, column in places.items()}
    if not line.bad:
        return Row(line.number, cells)
    bad = {places[place]: reason for place, reason in line.bad.items() if place in places}
    return Row(line.number, cells, bad)


def _reading_notes(lines: list[Line], filled: int, places: dict[int, str]) -> Iterator[str]:
    """What Excel shows otherwise than it keeps."""
    if hidden := sum(line.is_hidden for line in lines):
        yield _("La hoja tiene %(count)d filas ocultas: también se importan.") % {"count": hidden}
    if filled:
        yield _("El valor de las celdas combinadas se repitió en %(count)d filas.") % {
            "count": filled
        }
    for line in lines:
        for place, text in line.odd.items():
            if place in places:
                yield _(
                    "Fila %(row)d, columna «%(column)s»: es una fecha y se lee «%(text)s». "
                    "Si querías otra cosa, da a la celda formato de texto y escríbela otra vez."
                ) % {"row": line.number, "column": places[place], "text": text}
