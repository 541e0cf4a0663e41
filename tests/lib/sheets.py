"""Workbooks for tests."""

import io
from collections.abc import Iterable, Sequence

from openpyxl import Workbook


def workbook(*sheets: tuple[str, Iterable[Sequence[object]]]) -> bytes:
    """An .xlsx with these sheets, each (name, rows)."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets:
        page = book.create_sheet(name)
        for row in rows:
            page.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def sheet(*rows: Sequence[object]) -> bytes:
    """A workbook of one sheet."""
    return workbook(("Hoja1", rows))
