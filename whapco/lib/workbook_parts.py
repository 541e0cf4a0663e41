"""What a workbook keeps beside its cells: its sheets, the texts they share, how numbers look.

Parts are named as ECMA-376 has them; prefixes and unknown parts do not matter.
"""

import posixpath
import re
import zipfile
from dataclasses import dataclass
from functools import cached_property

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format

from whapco.lib.workbook_xml import DamagedPart, attribute, read_tags, read_whole

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LIKE_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_PHONETIC = "rPh"  # how a Japanese text sounds, beside the text


@dataclass(frozen=True)
class Look:
    """How numbers of a format show. `zeros`: at least so many digits; `percent`: so many decimals,
    -1 for none such."""

    is_date: bool = False
    is_length: bool = False  # hours and minutes that may pass 24
    zeros: int = 0
    percent: int = -1


@dataclass(frozen=True)
class SheetPart:
    title: str
    is_hidden: bool
    path: str


class Parts:
    """Of one workbook. Each is read when it is first asked for."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        names = set(archive.namelist())
        self.home = _main_part(archive) if "_rels/.rels" in names else "xl/workbook.xml"
        self._related = _relations(archive, self.home) if self.home in names else {}

    @cached_property
    def tags(self) -> list[tuple[str, dict[str, str]]]:
        return read_tags(self.archive, self.home)

    @property
    def sheets(self) -> list[SheetPart]:
        """Those with cells, in the order of their tabs."""
        found = []
        for name, given in self.tags:
            kind, path = self._related.get(attribute(given, "id"), ("", ""))
            if name == "sheet" and kind == "worksheet":
                hidden = given.get("state", "visible") != "visible"
                found.append(SheetPart(given.get("name", ""), hidden, path))
        return found

    @cached_property
    def counts_from_1904(self) -> bool:
        """As Excel for Mac once did."""
        given = next((given for name, given in self.tags if name == "workbookPr"), {})
        return given.get("date1904", "0") in ("1", "true")

    @cached_property
    def texts(self) -> list[str]:
        path = self._only("sharedStrings")
        if not path:
            return []
        texts = _Texts()
        read_whole(self.archive, path, texts)
        return texts.found

    @cached_property
    def looks(self) -> list[Look]:
        """By the number of a cell's style."""
        path = self._only("styles")
        if not path or path not in self.archive.namelist():
            return []
        return _looks(read_tags(self.archive, path))

    def _only(self, kind: str) -> str:
        return next((path for found, path in self._related.values() if found == kind), "")


class _Texts:
    """Each `si` as one text, whatever runs of bold and colour it has."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.pieces: list[str] = []
        self.is_text = self.is_phonetic = False

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        if name == "t":
            self.is_text = not self.is_phonetic
        elif name == _PHONETIC:
            self.is_phonetic = True

    def end(self, name: str) -> None:
        if name == "t":
            self.is_text = False
        elif name == _PHONETIC:
            self.is_phonetic = False
        elif name == "si":
            self.found.append(unescape("".join(self.pieces)))
            self.pieces = []

    def text(self, piece: str) -> None:
        if self.is_text:
            self.pieces.append(piece)


def unescape(text: str) -> str:
    """`_x000D_` is how a workbook writes a character that XML lacks."""
    if "_x" not in text:
        return text
    found = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def escape(text: str) -> str:
    """So that a text that looks escaped comes back as it is."""
    return _LIKE_ESCAPED.sub("_x005F_", text)


def look_of(pattern: str) -> Look:
    """Of a number format as Excel writes it: `0000`, `dd/mm/yyyy`, `0.0%`."""
    if re.fullmatch(r"0{2,15}", pattern):
        return Look(zeros=len(pattern))
    if percent := re.fullmatch(r"0(?:\.(0+))?%", pattern):
        return Look(percent=len(percent[1] or ""))
    return Look(is_date=bool(is_date_format(pattern)), is_length=bool(is_timedelta_format(pattern)))


def _looks(tags: list[tuple[str, dict[str, str]]]) -> list[Look]:
    patterns = {str(number): pattern for number, pattern in BUILTIN_FORMATS.items()}
    numbers: list[str] = []
    group = ""
    for name, given in tags:
        if name == "numFmt":
            patterns[given.get("numFmtId", "")] = given.get("formatCode", "")
        elif name == "xf" and group == "cellXfs":
            numbers.append(given.get("numFmtId", "0"))
        elif name in ("cellXfs", "cellStyleXfs", "cellStyles", "dxfs"):
            group = name
    known = {number: look_of(patterns.get(number, "")) for number in set(numbers)}
    return [known[number] for number in numbers]


def _main_part(archive: zipfile.ZipFile) -> str:
    for name, given in read_tags(archive, "_rels/.rels"):
        if name == "Relationship" and given.get("Type", "").endswith("/officeDocument"):
            return posixpath.normpath(given.get("Target", "").lstrip("/"))
    raise DamagedPart("_rels/.rels")


def _relations(archive: zipfile.ZipFile, home: str) -> dict[str, tuple[str, str]]:
    """What `home` points at: id -> (kind, path in the archive)."""
    folder, name = posixpath.split(home)
    found = {}
    for tag, given in read_tags(archive, f"{folder}/_rels/{name}.rels"):
        if tag == "Relationship":
            target = given.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
            kind = given.get("Type", "").rpartition("/")[2]
            found[given.get("Id", "")] = (kind, posixpath.normpath(path))
    return found
