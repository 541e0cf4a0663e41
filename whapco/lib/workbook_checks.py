"""What an uploaded workbook must be before anything parses it: small enough, open, a real .xlsx."""

import io
import zipfile

from django.utils.translation import gettext as _

MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED_BYTES = 200 * 1024 * 1024  # zipfile never reads past the size an entry declares
MAX_ENTRIES = 2_000
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # old .xls, and .xlsx with a password
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_PROLOG_BYTES = 4_096  # a document type can only stand before the first element


class SheetError(Exception):
    """A workbook that we do not read. The text says why, to the person who uploaded it."""


def check_workbook(content: bytes) -> None:
    """Raises SheetError unless `content` may be handed to the parser."""
    if not content:
        raise SheetError(_("El archivo está vacío."))
    if len(content) > MAX_BYTES:
        raise SheetError(_too_big())
    if content.startswith(_OLE_MAGIC):
        raise SheetError(_ole_reason(content))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_archive(archive)
    except SheetError:
        raise
    except Exception as error:  # zipfile raises zlib's, struct's and codecs' errors on damage
        raise SheetError(_not_excel()) from error


def _check_archive(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES or sum(e.file_size for e in entries) > MAX_UNPACKED_BYTES:
        raise SheetError(_too_big())
    if any(entry.flag_bits & 1 for entry in entries):
        raise SheetError(_with_password())
    names = {entry.filename for entry in entries}
    if "xl/workbook.bin" in names:
        raise SheetError(_("Es un archivo .xlsb. Guárdelo en Excel como «Libro de Excel (.xlsx)»."))
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise SheetError(_not_excel())
    for entry in entries:
        if entry.filename.endswith((".xml", ".rels")):
            _refuse_document_type(archive, entry)


def _refuse_document_type(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """No program writes one in a workbook; entities that grow without end need one."""
    with archive.open(entry) as stream:
        prolog = stream.read(_PROLOG_BYTES).replace(b"\0", b"")  # UTF-16 too
    if b"<!DOCTYPE" in prolog or b"<!ENTITY" in prolog:
        raise SheetError(_not_excel())


def _ole_reason(content: bytes) -> str:
    if _ENCRYPTED in content:
        return _with_password()
    return _("Es un archivo .xls antiguo. Guárdelo en Excel como «Libro de Excel (.xlsx)».")


def _with_password() -> str:
    return _("El archivo tiene contraseña: quítela en Excel y súbalo otra vez.")


def _not_excel() -> str:
    return _("El archivo no es un Excel (.xlsx o .xlsm).")


def _too_big() -> str:
    return _("El archivo es demasiado grande para importarlo.")
