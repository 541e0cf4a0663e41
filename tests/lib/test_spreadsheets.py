"""Reading workbooks: what people type comes out, what is broken or hostile gets a sentence."""

import contextlib
import datetime as dt
import io
import random
import zipfile

import pytest
from openpyxl import Workbook

from tests.lib.sheets import sheet, workbook
from whapco.lib import spreadsheets, workbook_checks
from whapco.lib.sheet_cells import CellValue, cell_text
from whapco.lib.spreadsheets import Column, normalize_title, read_table, write_table
from whapco.lib.workbook_checks import SheetError

COLUMNS = (
    Column("step", ("paso",), required=True),
    Column("input_text", ("trigger", "texto_del_cliente"), required=True),
    Column("respuesta", ("reply",)),
    Column("prioridad", ("priority",)),
)


def cells(content: bytes) -> list[dict[str, str]]:
    return [row.cells for row in read_table(content, COLUMNS).rows]


def refusal(content: bytes) -> str:
    with pytest.raises(SheetError) as refused:
        read_table(content, COLUMNS)
    return str(refused.value)


def without(content: bytes, name: str, replacement: bytes | None = None) -> bytes:
    """The archive with one entry dropped, or with other bytes in it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for entry in old.namelist():
            if entry != name:
                new.writestr(entry, old.read(entry))
        if replacement is not None:
            new.writestr(name, replacement)
    return stream.getvalue()


def test_titles_are_found_whatever_their_case_accents_and_order() -> None:
    content = sheet(["Respuésta", " TEXTO del cliente ", "Paso"], ["Hola", "1", "menu"])
    assert cells(content) == [{"respuesta": "Hola", "input_text": "1", "step": "menu"}]


def test_english_titles_are_read_too() -> None:
    content = sheet(["reply", "trigger", "step", "Priority"], ["Hi", "*", "m", 5])
    assert cells(content) == [{"respuesta": "Hi", "input_text": "*", "step": "m", "prioridad": "5"}]


def test_numbers_come_out_as_a_person_sees_them() -> None:
    content = sheet(
        ["step", "input_text", "respuesta"], ["m", 1.0, 1.5], ["m", 12345678901, 0.1 + 0.2]
    )
    assert [(row["input_text"], row["respuesta"]) for row in cells(content)] == [
        ("1", "1.5"),
        ("12345678901", "0.3"),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "VERDADERO"),
        (0, "0"),
        (1e21, "1000000000000000000000"),
        (dt.datetime(2025, 3, 1), "2025-03-01"),
        (dt.datetime(2025, 3, 1, 8, 30), "2025-03-01T08:30:00"),
        (dt.time(8, 30), "08:30:00"),
        ("  a\r\nb\rc ", "a\nb\nc"),
        ("\xa0a\xa0b\ufeff", "a b"),
    ],
)
def test_a_cell_as_text(value: CellValue, text: str) -> None:
    assert cell_text(value) == text


def test_blank_rows_and_columns_do_not_count_and_row_numbers_are_excels() -> None:
    content = sheet(
        ["step", "input_text", "respuesta", None, None],
        ["m", "1", None, None, ""],
        [None, None, None],
        ["m", "2", "Dos", None, "  "],
    )
    table = read_table(content, COLUMNS)
    assert [(row.number, row.cells["respuesta"]) for row in table.rows] == [(2, ""), (4, "Dos")]
    assert table.notes == ()


def test_the_sheet_is_chosen_by_its_titles() -> None:
    content = workbook(
        ("Notas", [["Apuntes", "de la tienda"]]),
        ("Reglas", [["step", "input_text"], ["m", "1"]]),
    )
    table = read_table(content, COLUMNS)
    assert (table.sheet, len(table.rows)) == ("Reglas", 1)


def test_unreadable_titles_are_read_by_position_and_the_table_says_so() -> None:
    table = read_table(sheet(["A", "B", "C"], ["m", "1", "Uno"]), COLUMNS)
    assert table.rows[0].cells == {"step": "m", "input_text": "1", "respuesta": "Uno"}
    assert "por posición" in table.notes[0]


def test_readable_titles_out_of_place_without_a_needed_one_are_refused() -> None:
    assert "«input_text»" in refusal(sheet(["respuesta", "step"], ["Hola", "m"]))


def test_an_unknown_column_is_told() -> None:
    table = read_table(sheet(["step", "input_text", "color"], ["m", "1", "azul"]), COLUMNS)
    assert "«color»" in table.notes[0]
    assert "color" not in table.rows[0].cells


def test_what_we_write_reads_back_the_same() -> None:
    rows = [["=1+1", "007", "línea 1\nlínea 2", "#N/A"], ["1", "@imagen", "👍", "-5"]]
    content = write_table([column.name for column in COLUMNS], rows, sheet="reglas")
    assert [list(row.values()) for row in cells(content)] == rows


def test_control_characters_do_not_stop_a_download() -> None:
    content = write_table(["step", "input_text"], [["m", "a\x0bb"]], sheet="reglas")
    assert cells(content)[0]["input_text"] == "ab"


def test_normalized_titles() -> None:
    assert normalize_title("  Siguiénte-Step ") == "siguiente_step"


def test_empty_files_and_empty_sheets_are_refused() -> None:
    assert "vacío" in refusal(b"")
    assert "vacío" in refusal(sheet())


@pytest.mark.parametrize("content", [b"step,input_text\nm,1\n", b"PK\x03\x04basura", b"\x89PNG"])
def test_what_is_no_excel_is_refused(content: bytes) -> None:
    assert "no es un Excel" in refusal(content)


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("hola.txt", "hola")
    assert "no es un Excel" in refusal(stream.getvalue())


def test_old_and_encrypted_workbooks_are_told_apart() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    assert ".xls antiguo" in refusal(ole)
    assert "contraseña" in refusal(ole + "EncryptedPackage".encode("utf-16-le"))


def test_a_zip_bomb_is_refused_before_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_checks, "MAX_UNPACKED_BYTES", 3_000_000)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("xl/workbook.xml", b"0" * 4_000_000)
    assert len(stream.getvalue()) < 20_000
    assert "demasiado grande" in refusal(stream.getvalue())


def test_entities_that_grow_are_refused() -> None:
    evil = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    content = sheet(["step", "input_text"], ["m", "1"])
    assert "no es un Excel" in refusal(without(content, "xl/workbook.xml", evil))


def test_a_damaged_workbook_gets_a_sentence() -> None:
    content = sheet(["step", "input_text"], ["m", "1"])
    assert "dañado" in refusal(without(content, "xl/workbook.xml", b"<no"))
    assert "dañado" in refusal(without(content, "xl/workbook.xml"))


def test_random_damage_never_raises_anything_else() -> None:
    content = bytearray(sheet(["step", "input_text"], ["m", "1"], ["m", "2"]))
    chance = random.Random(7)
    for _ in range(200):
        broken = bytearray(content)
        for _ in range(8):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        with contextlib.suppress(SheetError):
            read_table(bytes(broken), COLUMNS)


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "MAX_ROWS", 3)
    content = sheet(["step", "input_text"], *(["m", number] for number in range(4)))
    assert "más de 3 filas" in refusal(content)


def test_a_wrong_size_in_the_file_hides_nothing() -> None:
    content = sheet(["step", "input_text"], ["m", "1"])
    xml = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    lied = xml.replace(b'<dimension ref="A1:B2" />', b'<dimension ref="A1" />')
    assert lied != xml
    assert len(cells(without(content, "xl/worksheets/sheet1.xml", lied))) == 1


def test_a_lone_cell_far_below_is_read() -> None:
    book = Workbook()
    page = book.worksheets[0]
    page.append(["step", "input_text"])
    page.append(["m", "1"])
    page.cell(row=1_048_576, column=1, value="fin")
    stream = io.BytesIO()
    book.save(stream)
    table = read_table(stream.getvalue(), COLUMNS)
    assert [row.number for row in table.rows] == [2, 1_048_576]
