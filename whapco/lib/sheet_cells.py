"""The cells of one sheet as a person sees them in Excel, row by row.

`1` and not `1.0`, the value of a formula and not the formula, `007` where the format says so.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from whapco.lib.workbook_checks import SheetError
from whapco.lib.workbook_parts import Look, Parts, unescape
from whapco.lib.workbook_xml import feed

MAX_COLUMNS = 100
_BLANKS = re.compile("[\u00a0\u2007\u202f]")  # spaces that stay together: people paste them
_UNSEEN = re.compile("[\u200b\u2060\ufeff\ufffe\uffff]")
LOST_IN_CELLS = re.compile(f"{_BLANKS.pattern}|{_UNSEEN.pattern}")
_OUTSIDE = re.compile(  # formulas that call another program, or the network
    r"\|[^!]*!|\b(WEBSERVICE|RTD|DDE|CALL|REGISTER(\.ID)?|EXEC)\s*\(", re.IGNORECASE
)
_PLAIN = Look()
_COLLECTED = frozenset({"v", "f", "t"})

CellValue = str | int | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta | None


@dataclass
class Line:
    """A row of a sheet, by Excel's number. `bad` and `odd` say what of a cell cannot be read, or
    reads otherwise than it may look, by its place."""

    number: int
    is_hidden: bool = False
    texts: list[str] = field(default_factory=list)
    bad: dict[int, str] = field(default_factory=dict)
    odd: dict[int, str] = field(default_factory=dict)

    def text(self, place: int) -> str:
        return self.texts[place] if place < len(self.texts) else ""

    def put(self, place: int, text: str) -> None:
        if place >= len(self.texts):
            self.texts.extend([""] * (place + 1 - len(self.texts)))
        self.texts[place] = text

    def says_something(self, places: Iterable[int]) -> bool:
        return any(self.text(place) or place in self.bad for place in places)


@dataclass(frozen=True)
class Merge:
    """Cells that look like one: the first place and row, and the last row."""

    place: int
    first: int
    last: int


class SheetReader:
    """Gives the lines that say something; afterwards `merges` has the cells that span rows."""

    def __init__(self, parts: Parts, path: str) -> None:
        self.parts = parts
        self.path = path
        self.merges: list[Merge] = []
        self._done: list[Line] = []
        self._line = Line(0)
        self._place = -1
        self._given: dict[str, str] = {}
        self._found: dict[str, str] = {}  # v, f and t of the cell being read
        self._pieces: list[str] | None = None
        self._places: dict[str, int] = {}
        self._phonetic = False

    def lines(self) -> Iterator[Line]:
        for _piece in feed(self.parts.archive, self.path, self):
            done, self._done = self._done, []
            yield from done

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._given = attributes
            self._found = {}
            self._place = self._place_of(attributes.get("r", ""))
        elif name in _COLLECTED:
            self._pieces = [] if name != "t" or not self._phonetic else None
        elif name == "row":
            number = int(attributes.get("r", self._line.number + 1))
            self._line = Line(number, attributes.get("hidden") in ("1", "true"))
            self._place = -1
        elif name == "rPh":
            self._phonetic = True
        elif name == "mergeCell":
            self._merge(attributes.get("ref", ""))

    def text(self, piece: str) -> None:
        if self._pieces is not None:
            self._pieces.append(piece)

    def end(self, name: str) -> None:
        if name == "c":
            if self._found:
                self._take_cell()
        elif name in _COLLECTED:
            if self._pieces is not None:
                self._found[name] = self._found.get(name, "") + "".join(self._pieces)
                self._pieces = None
        elif name == "row":
            if self._line.texts or self._line.bad:
                self._done.append(self._line)
        elif name == "rPh":
            self._phonetic = False

    def _place_of(self, reference: str) -> int:
        """`C7` is the third, so 2; a cell without a reference follows the one before it."""
        letters = reference.rstrip("0123456789")
        place = self._places.get(letters)
        if place is not None:
            return place
        if not letters:
            return self._place + 1
        number = 0
        for letter in letters[:4]:
            number = number * 26 + ord(letter.upper()) - ord("A") + 1
        self._places[letters] = number - 1
        return number - 1

    def _take_cell(self) -> None:
        text = self._read_cell()
        if not text:
            return
        if self._place >= MAX_COLUMNS:
            raise SheetError(
                _("La hoja tiene más de %(max)d columnas con datos.") % {"max": MAX_COLUMNS}
            )
        self._line.put(self._place, text)

    def _read_cell(self) -> str:
        """Its text; what stops it, or should be told, goes to the line."""
        kind, value = self._given.get("t", "n"), self._found.get("v", "")
        if "f" in self._found and not self._accept_formula(kind, value):
            return ""
        if kind == "inlineStr":
            return clean_text(unescape(self._found.get("t", "")))
        if not value:
            return ""
        if kind == "e":
            self._refuse(_("la fórmula da el error %(error)s.") % {"error": value})
            return ""
        return self._shown(kind, value)

    def _accept_formula(self, kind: str, value: str) -> bool:
        """Whether what Excel kept beside a formula may be read."""
        if _OUTSIDE.search(self._found["f"]):
            self._refuse(_("tiene una fórmula que llama a otro programa: escribe el texto."))
            return False
        if not value and kind == "n":
            self._refuse(_("la fórmula no tiene resultado: abre el archivo en Excel y guárdalo."))
            return False
        return True

    def _shown(self, kind: str, value: str) -> str:
        if kind == "s":
            return clean_text(self.parts.texts[int(value)])
        if kind == "b":
            return cell_text(value == "1")
        if kind in ("str", "d"):
            return clean_text(unescape(value))
        return self._number(value)

    def _number(self, value: str) -> str:
        style = int(self._given.get("s", 0))
        looks = self.parts.looks
        look = looks[style] if style < len(looks) else _PLAIN
        if look.is_date:
            return self._date(float(value), look)
        if value.isdigit() and look.percent < 0:
            return value.zfill(look.zeros)
        number = float(value)
        if look.percent >= 0:
            return f"{number * 100:.{look.percent}f}%"
        return cell_text(number).zfill(look.zeros)

    def _date(self, value: float, look: Look) -> str:
        epoch = CALENDAR_MAC_1904 if self.parts.counts_from_1904 else CALENDAR_WINDOWS_1900
        try:
            text = cell_text(from_excel(value, epoch, timedelta=look.is_length))
        except (ValueError, OverflowError):
            text = cell_text(value)  # Excel itself shows #####
        self._line.odd[self._place] = text
        return text

    def _refuse(self, reason: str) -> None:
        if self._place < MAX_COLUMNS:
            self._line.bad[self._place] = reason

    def _merge(self, reference: str) -> None:
        found = re.fullmatch(r"([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})", reference)
        if found and found[2] != found[3]:
            merge = Merge(self._place_of(found[1] + found[2]), int(found[2]), int(found[3]))
            self.merges.append(merge)


def cell_text(value: CellValue) -> str:
    """What a person reads in a cell that holds `value`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "VERDADERO" if value else "FALSO"
    if isinstance(value, float):
        return _number_text(value)
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        value = value.date()
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return clean_text(str(value))


def clean_text(text: str) -> str:
    """Without what nobody sees and outer blanks; line ends as `\\n`."""
    if not text.isprintable():
        text = ILLEGAL_CHARACTERS_RE.sub("", _UNSEEN.sub("", _BLANKS.sub(" ", text)))
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.strip()


def _number_text(value: float) -> str:
    if value.is_integer():
        return str(int(value))
    return f"{value:.15g}"  # Excel keeps 15 digits: 0.1+0.2 is 0.3 there
