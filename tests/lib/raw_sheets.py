"""Workbooks written by hand: what no library writes, and some program or enemy does."""

import io
import zipfile

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
TITLES = (
    '<row r="1"><c r="A1" t="str"><v>step</v></c><c r="B1" t="str"><v>input_text</v></c>'
    '<c r="C1" t="str"><v>respuesta</v></c></row>'
)


def parts(rows: str, *, after: str = "", texts: str = "", styles: str = "") -> dict[str, bytes]:
    """The files of a workbook of one sheet. `rows` and `after` are its XML; `texts` the items of
    sharedStrings, `styles` what stylesheet holds."""
    related = "".join(
        f'<Relationship Id="r{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(
            [
                ("worksheet", "worksheets/sheet1.xml"),
                ("sharedStrings", "sharedStrings.xml"),
                ("styles", "styles.xml"),
            ]
        )
    )
    found = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="m" '
        f'Type="{_OFFICE}/officeDocument" Target="/xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">{related}'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:x="{_OFFICE}"><sheets>'
        '<sheet name="Hoja1" sheetId="1" x:id="r0"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData>'
        f"{after}</worksheet>",
        "xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}">{texts}</sst>',
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">{styles}</styleSheet>',
    }
    return {name: text.encode() for name, text in found.items()}


def zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def raw_sheet(rows: str, *, after: str = "", texts: str = "", styles: str = "") -> bytes:
    """`rows` under the titles step, input_text and respuesta."""
    return zipped(parts(TITLES + rows, after=after, texts=texts, styles=styles))
