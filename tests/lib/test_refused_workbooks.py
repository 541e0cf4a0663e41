"""Hostile, broken and mistaken files: a sentence each, and little work."""

import base64
import io
import random
import struct
import time
import zipfile

import pytest

from tests.lib.raw_sheets import TITLES, parts, raw_sheet, zipped
from whapco.lib import workbook_xml
from whapco.lib.spreadsheets import Column, read_table
from whapco.lib.workbook_checks import SheetError

COLUMNS = (Column("step", required=True), Column("input_text", required=True))
ROW = '<row r="2"><c r="A2"><v>1</v></c><c r="B2"><v>1</v></c></row>'
SHEET = "xl/worksheets/sheet1.xml"


def refusal(content: bytes) -> str:
    with pytest.raises(SheetError) as refused:
        read_table(content, COLUMNS)
    return str(refused.value)


def with_part(name: str, content: bytes) -> bytes:
    return zipped({**parts(TITLES + ROW), name: content})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"step;input_text\nmenu;1\n", "CSV"),
        ("paso,respuesta\nmenú,sí".encode("latin-1"), "CSV"),
        (b"\xef\xbb\xbf<html><table><tr><td>step", "página web"),
        (b'<?xml version="1.0"?><?mso-application?><Workbook>', "página web"),
        (b"%PDF-1.7\x00", "no es un Excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), ".xls antiguo"),
        (zipped({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}), "Word"),
        (zipped({"mimetype": b"x", "content.xml": b"<x/>"}), "LibreOffice"),
        (zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.bin": b""}), ".xlsb"),
        (raw_sheet(ROW)[:-40], "incompleto"),
        (raw_sheet(ROW)[:400], "incompleto"),
    ],
)
def test_what_is_something_else_is_named(content: bytes, words: str) -> None:
    assert words in refusal(content)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/xl/otra.xml", "xl/../../x.xml", "xl\\hoja.xml", "C:/x.xml"]
)
def test_names_that_leave_the_file_are_refused(name: str) -> None:
    assert "no es un Excel" in refusal(with_part(name, b"<x/>"))


def test_two_parts_of_one_name_are_refused() -> None:
    stream = io.BytesIO(raw_sheet(ROW))
    with zipfile.ZipFile(stream, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(SHEET, b"<x/>")
    assert "no es un Excel" in refusal(stream.getvalue())


def test_links_to_other_files_and_programs_are_refused_with_the_way_out() -> None:
    dde = b'<externalLink><ddeLink ddeService="cmd" ddeTopic="/C calc"/></externalLink>'
    assert "Romper vínculo" in refusal(with_part("xl/externalLinks/externalLink1.xml", dde))


def test_a_bomb_is_refused_by_its_ratio_before_it_is_unpacked() -> None:
    bomb = with_part("xl/media/image1.bin", bytes(50_000_000))
    assert len(bomb) < 100_000
    started = time.perf_counter()
    assert "demasiado grande" in refusal(bomb)
    assert time.perf_counter() - started < 0.5


def test_a_size_that_lies_is_damage() -> None:
    content = bytearray(raw_sheet(ROW))
    central = content.rindex(b"PK\x01\x02", 0, content.rindex(SHEET.encode()))
    content[central + 24 : central + 28] = struct.pack("<I", 10)  # unpacked size
    assert "dañado" in refusal(bytes(content))


@pytest.mark.parametrize(
    "before", [b"", b"<!-- " + b"x" * 100_000 + b" -->", b"\n" * 70_000], ids=["first", "far", "on"]
)
@pytest.mark.parametrize("name", ["xl/workbook.xml", SHEET, "xl/sharedStrings.xml"])
def test_entities_that_grow_are_refused_wherever_they_are_declared(
    name: str, before: bytes
) -> None:
    laughs = b'<!DOCTYPE x [<!ENTITY a "ja"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    uses_texts = ROW.replace('<c r="A2">', '<c r="A2" t="s">')
    files = {**parts(TITLES + uses_texts), name: before + laughs}
    assert "no es un Excel" in refusal(zipped(files))


def test_entities_in_another_encoding_are_refused() -> None:
    laughs = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a "ja">]><x>&a;</x>'
    assert "no es un Excel" in refusal(with_part(SHEET, laughs.encode("utf-16")))


def test_a_tag_without_an_end_is_not_read_for_ever() -> None:
    noise = base64.b64encode(random.Random(7).randbytes(12_000_000))
    endless = b'<worksheet><sheetData a="' + noise
    started = time.perf_counter()
    assert "dañado" in refusal(with_part(SHEET, endless))
    assert time.perf_counter() - started < 2


def test_more_elements_than_any_sheet_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_xml, "MAX_TAGS", 1_000)
    rows = "".join(f'<row r="{number}"/>' for number in range(2, 1_200))
    assert "demasiado grande" in refusal(raw_sheet(rows))


def test_too_many_sheets_and_columns_are_refused() -> None:
    sheets = {f"xl/worksheets/sheet{number}.xml": b"<x/>" for number in range(2, 120)}
    assert "más de 100 hojas" in refusal(zipped({**parts(TITLES + ROW), **sheets}))
    far = '<row r="2"><c r="A2"><v>1</v></c><c r="XFD2"><v>1</v></c></row>'
    assert "más de 100 columnas" in refusal(raw_sheet(far))
    blank = '<row r="2"><c r="A2"><v>1</v></c><c r="B2"><v>1</v></c><c r="XFD2" s="1"/></row>'
    assert len(read_table(raw_sheet(blank), COLUMNS).rows) == 1


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="A2" t="s"><v>99</v></c>',
        '<c r="A2" t="s"><v>uno</v></c>',
        '<c r="A2"><v>uno</v></c>',
        '<c r="A2" s="x"><v>1</v></c>',
    ],
)
def test_cells_that_lie_are_damage(cell: str) -> None:
    assert "dañado" in refusal(raw_sheet(f'<row r="2">{cell}</row>'))
