"""A workbook to fill in: titles with notes, lists to choose from, and examples on another sheet.

An import takes the first sheet with titles, the empty one; the examples start with a sentence
instead of titles, so they are never imported by accident.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

_ROWS = 2_000  # that the lists to choose from reach
_TITLE = PatternFill("solid", fgColor="FF0B7A5A")
_CHOICES = "listas"


@dataclass(frozen=True)
class Guide:
    """How to fill in a column. `choices` are offered, not imposed; `width` in characters."""

    note: str
    width: int = 20
    choices: Sequence[str] = ()


@dataclass(frozen=True)
class Template:
    """`examples` hold the cells of some columns, by title."""

    sheet: str
    titles: Sequence[str]
    guides: Mapping[str, Guide]
    examples: Sequence[Mapping[str, str]] = field(default_factory=tuple)


def write_template(template: Template) -> bytes:
    workbook = Workbook()
    for old in workbook.worksheets:
        workbook.remove(old)
    page = workbook.create_sheet(template.sheet)
    _write_titles(page, template, row=1)
    for place in range(1, len(template.titles) + 1):
        for row in range(2, 202):  # as text: 007 and 1-2 stay what was typed
            page.cell(row, place).number_format = "@"
    _write_examples(workbook.create_sheet(_("ejemplos")), template)
    _write_guide(workbook.create_sheet(_("ayuda")), template)
    _offer_choices(page, workbook.create_sheet(_CHOICES), template)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def _write_titles(page: Worksheet, template: Template, *, row: int) -> None:
    for place, title in enumerate(template.titles, 1):
        guide = template.guides[title]
        cell = page.cell(row, place, title)
        cell.font, cell.fill = Font(bold=True, color="FFFFFFFF"), _TITLE
        cell.comment = Comment(guide.note, "whapco", width=320, height=140)
        page.column_dimensions[get_column_letter(place)].width = guide.width
    page.freeze_panes = f"A{row + 1}"


def _write_examples(page: Worksheet, template: Template) -> None:
    page.append(
        [
            _("Ejemplos: esta hoja no se importa. Copia lo que te sirva a la hoja «%s».")
            % template.sheet
        ]
    )
    page.cell(1, 1).font = Font(italic=True)
    _write_titles(page, template, row=2)
    for number, example in enumerate(template.examples, 3):
        for place, title in enumerate(template.titles, 1):
            cell = page.cell(number, place)
            cell.number_format = "@"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.value = example.get(title) or None


def _write_guide(page: Worksheet, template: Template) -> None:
    page.append([_("Columna"), _("Qué se escribe")])
    for cell in page[1]:
        cell.font = Font(bold=True)
    for title in template.titles:
        page.append([title, template.guides[title].note])
        page.cell(page.max_row, 2).alignment = Alignment(wrap_text=True, vertical="top")
    page.column_dimensions["A"].width, page.column_dimensions["B"].width = 20, 100


def _offer_choices(page: Worksheet, lists: Worksheet, template: Template) -> None:
    """On a hidden sheet: a list written in the rule itself may have 255 characters at most."""
    lists.sheet_state = "hidden"
    lists.cell(1, 1, _("Lo que se ofrece para elegir."))  # and no titles
    for place, title in enumerate(template.titles, 1):
        choices = template.guides[title].choices
        if not choices:
            continue
        letter = get_column_letter(place)
        for row, choice in enumerate(choices, 2):
            lists.cell(row, place, choice).data_type = "s"
        found = f"{quote_sheetname(_CHOICES)}!${letter}$2:${letter}${len(choices) + 1}"
        offer = DataValidation("list", formula1=found, allow_blank=True, errorStyle="warning")
        offer.error = _("No está en la lista: ¿seguro?")
        page.add_data_validation(offer)
        offer.add(f"{letter}2:{letter}{_ROWS}")
