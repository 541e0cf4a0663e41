"""Workbooks for tests."""

import io
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet


def workbook(*sheets: tuple[str, Iterable[Sequence[object]]]) -> bytes:
    """An .xlsx with these sheets, each (name, rows)."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets:
        page = book.create_sheet(name)
        for row in rows:
            page.append([_as_typed(page, value) for value in row])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _as_typed(page: Worksheet, value: object) -> object:
    """Texts as texts: openpyxl takes `=…` for a formula, of which Excel would keep a result."""
    if not isinstance(value, str) or not value.startswith("="):
        return value
    cell = Cell(page, value="")
    cell.value, cell.data_type = value, "s"
    return cell


def sheet(*rows: Sequence[object]) -> bytes:
    """A workbook of one sheet."""
    return workbook(("Hoja1", rows))
