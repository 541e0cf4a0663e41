"""What people really have in their sheets, as they see it in Excel."""

from tests.lib.raw_sheets import TITLES, parts, raw_sheet, zipped
from tests.lib.sheets import workbook
from whapco.lib.spreadsheets import Column, Table, read_table

COLUMNS = (
    Column("step", ("paso",), required=True),
    Column("input_text", ("trigger",), required=True),
    Column("respuesta", ("reply",)),
)
STYLES = (
    '<numFmts><numFmt numFmtId="164" formatCode="000"/><numFmt numFmtId="165" '
    'formatCode="dd/mm/yyyy"/></numFmts><cellStyleXfs><xf numFmtId="9"/></cellStyleXfs>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="9"/>'
    '<xf numFmtId="10"/><xf numFmtId="20"/></cellXfs>'
)


def read(rows: str, **more: str) -> Table:
    return read_table(raw_sheet(rows, **more), COLUMNS)


def reply(cell: str, **more: str) -> str:
    """How a cell reads in the third column."""
    table = read(f'<row r="2"><c r="A2" t="str"><v>m</v></c>{cell}</row>', **more)
    return table.rows[0].cells["respuesta"]


def styled(style: int, value: str) -> str:
    return reply(f'<c r="C2" s="{style}"><v>{value}</v></c>', styles=STYLES)


def row(number: int, *texts: str, attributes: str = "") -> str:
    cells = "".join(
        f'<c r="{letter}{number}" t="str"><v>{text}</v></c>'
        for letter, text in zip("ABC", texts, strict=False)
        if text
    )
    return f'<row r="{number}" {attributes}>{cells}</row>'


def test_numbers_read_as_their_format_shows_them() -> None:
    assert [styled(0, "1"), styled(0, "1.0"), styled(0, "1.5")] == ["1", "1", "1.5"]
    assert [styled(1, "7"), styled(3, "0.5"), styled(4, "0.125")] == ["007", "50%", "12.50%"]
    assert styled(0, "1.2345678901234567E19").startswith("12345678901234567")


def test_dates_read_as_dates_and_the_preview_says_so() -> None:
    table = read(
        '<row r="2"><c r="A2" t="str"><v>m</v></c><c r="B2" s="2"><v>45690</v></c></row>',
        styles=STYLES,
    )
    assert table.rows[0].cells["input_text"] == "2025-02-02"
    assert "Fila 2, columna «input_text»: es una fecha y se lee «2025-02-02»" in table.notes[0]
    assert styled(5, "0.35416666666666669") == "08:30:00"
    assert styled(2, "99999999") == "99999999"


def test_booleans_read_as_excel_shows_them_in_spanish() -> None:
    assert reply('<c r="C2" t="b"><v>1</v></c>') == "VERDADERO"


def test_texts_lose_their_colours_and_invisible_characters() -> None:
    texts = (
        "<si><r><rPr><b/></rPr><t>Hola </t></r><r><t>Ana 👍🏽</t></r>"
        "<rPh><t>ANA</t></rPh></si><si><t>_x0041_ _x005F_x0041_ a\u00a0b\u200b\r\nc</t></si>"
    )
    assert reply('<c r="C2" t="s"><v>0</v></c>', texts=texts) == "Hola Ana 👍🏽"
    assert reply('<c r="C2" t="s"><v>1</v></c>', texts=texts) == "A _x0041_ a b\nc"
    family = "👨\u200d👩\u200d👧"
    assert reply(f'<c r="C2" t="inlineStr"><is><t>{family}</t></is></c>') == family


def test_a_formula_gives_its_result() -> None:
    assert reply('<c r="C2" t="str"><f>A1&amp;"x"</f><v>mx</v></c>') == "mx"
    assert reply('<c r="C2"><f>1+1</f><v>2</v></c>') == "2"
    assert reply('<c r="C2" t="str"><f>""</f><v></v></c>') == ""


def test_a_formula_that_gives_none_is_named_by_its_cell() -> None:
    cells = {
        "<f>1+1</f>": ("n", "no tiene resultado"),
        "<f>1+1</f><v/>": ("n", "no tiene resultado"),
        "<f>1/0</f><v>#DIV/0!</v>": ("e", "#DIV/0!"),
        "<f>cmd|'/C calc'!A0</f><v>1</v>": ("str", "otro programa"),
        '<f>WEBSERVICE("http://a")</f><v>1</v>': ("str", "otro programa"),
    }
    for inside, (kind, words) in cells.items():
        table = read(row(2, "m", "1").replace("</row>", f'<c r="C2" t="{kind}">{inside}</c></row>'))
        assert words in table.rows[0].bad["respuesta"], inside
        assert table.rows[0].cells["respuesta"] == ""


def test_cells_merged_down_belong_to_every_row() -> None:
    rows = row(2, "menu", "1", "Uno") + row(3, "", "2", "Dos") + row(4) + row(5, "", "3", "Tres")
    merges = (
        '<mergeCells><mergeCell ref="A2:A4"/><mergeCell ref="B2:C2"/>'
        '<mergeCell ref="A2:A5"/><mergeCell ref="C9:C1048576"/></mergeCells>'
    )
    table = read(rows, after=merges)
    assert [found.cells["step"] for found in table.rows] == ["menu", "menu", ""]
    assert "combinadas se repitió en 1 filas" in table.notes[0]


def test_hidden_rows_are_read_and_told() -> None:
    table = read(row(2, "m", "1", attributes='hidden="1"') + row(3, "m", "2"))
    assert len(table.rows) == 2
    assert "1 filas ocultas" in table.notes[0]


def test_rows_and_cells_without_numbers_follow_each_other() -> None:
    table = read("<row><c><v>7</v></c><c><v>8</v></c></row>")
    assert [(found.number, found.cells["input_text"]) for found in table.rows] == [(2, "8")]


def test_a_million_empty_formatted_rows_are_nothing() -> None:
    blank = "".join(
        f'<row r="{number}" s="1" customFormat="1"><c r="A{number}" s="1"/></row>'
        for number in range(2, 100_000)
    )
    content = raw_sheet(blank + row(1_048_576, "fin", "1"), styles=STYLES)
    assert [found.number for found in read_table(content, COLUMNS).rows] == [1_048_576]


def test_prefixes_of_other_programs_do_not_matter() -> None:
    files = parts(TITLES + row(2, "m", "1"))
    sheet = files["xl/worksheets/sheet1.xml"].decode()
    for name in ("worksheet", "sheetData", "row", "c", "v"):
        sheet = sheet.replace(f"<{name}", f"<x:{name}").replace(f"</{name}", f"</x:{name}")
    sheet = sheet.replace("<x:cols", "<cols").replace("xmlns=", "xmlns:x=")
    table = read_table(zipped({**files, "xl/worksheets/sheet1.xml": sheet.encode()}), COLUMNS)
    assert table.rows[0].cells["step"] == "m"


def test_a_macro_workbook_reads_the_same() -> None:
    files = parts(TITLES + row(2, "m", "1"))
    table = read_table(zipped({**files, "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"}), COLUMNS)
    assert len(table.rows) == 1


def test_other_sheets_with_the_same_titles_are_told() -> None:
    titles = ["step", "input_text"]
    content = workbook(("Menú", [titles, ["m", "1"]]), ("Pagos", [titles, ["p", "1"]]), ("X", []))
    table = read_table(content, COLUMNS)
    assert (table.sheet, len(table.rows)) == ("Menú", 1)
    assert "no se leen: «Pagos»" in table.notes[0]
