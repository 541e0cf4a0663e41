"""Tables as .xlsx files, whose every cell is text and stays text when a person edits it."""

import io
import re
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from whapco.lib.workbook_parts import escape

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_UNWRITABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")


def write_table(titles: Sequence[str], rows: Iterable[Sequence[str]], *, sheet: str) -> bytes:
    """An .xlsx that reads back as it was: `=1+1` is a text, `007` keeps its zeros."""
    workbook = Workbook(write_only=True)
    page = workbook.create_sheet(sheet)
    page.freeze_panes = "A2"
    for values in (titles, *rows):
        page.append([text_cell(page, value) for value in values])
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def text_cell(page: object, value: str) -> WriteOnlyCell:
    """What looks like a formula gets the mark that Excel gives to what was typed after an
    apostrophe: it is not computed, nor when somebody edits the cell."""
    text = escape(_UNWRITABLE.sub("", ILLEGAL_CHARACTERS_RE.sub("", value)))
    cell = WriteOnlyCell(page)
    cell._value, cell.data_type = text, "s"  # its setter takes `=…` for a formula, and cuts
    cell.number_format = "@"
    if text.startswith(_FORMULA_STARTS):
        cell.quotePrefix = True
    return cell
