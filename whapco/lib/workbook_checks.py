"""What an uploaded workbook must be before anything parses it: small enough, open, a real .xlsx.

Nothing of it is ever unpacked to disk.
"""

import io
import re
import zipfile

from django.utils.translation import gettext as _

MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED_BYTES = 200 * 1024 * 1024  # zipfile never reads past the size an entry declares
MAX_RATIO = 250  # a sheet of a million empty, formatted rows takes 20 to 60
_SMALL = 2 * 1024 * 1024  # unpacked bytes that no ratio makes dangerous
MAX_ENTRIES = 2_000
MAX_SHEETS = 100
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # old .xls, and .xlsx with a password
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_WEB_PAGE = re.compile(rb"\s*<(!doctype html|html|table|\?xml|meta|style)", re.IGNORECASE)


class SheetError(Exception):
    """A workbook that we do not read. The text says why, to the person who uploaded it."""


def check_workbook(content: bytes) -> None:
    """Raises SheetError unless `content` may be handed to the reader."""
    if not content:
        raise SheetError(_("El archivo está vacío."))
    if len(content) > MAX_BYTES:
        raise SheetError(too_big())
    if content.startswith(_OLE_MAGIC):
        raise SheetError(_ole_reason(content))
    if not content.startswith(b"PK"):
        raise SheetError(_other_reason(content))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_archive(archive)
    except SheetError:
        raise
    except Exception as error:  # zipfile raises zlib's, struct's and codecs' errors on damage
        raise SheetError(_incomplete()) from error


def _check_archive(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES or sum(e.file_size for e in entries) > MAX_UNPACKED_BYTES:
        raise SheetError(too_big())
    if any(entry.flag_bits & 1 for entry in entries):
        raise SheetError(_with_password())
    names = {entry.filename for entry in entries}
    _check_kind(names)
    if len(names) < len(entries) or any(map(_leaves_its_folder, names)):
        raise SheetError(not_excel())  # no program writes one like that
    if any(map(_is_bomb, entries)):
        raise SheetError(too_big())
    _check_contents(names)


def _check_kind(names: set[str]) -> None:
    """Other kinds of files are zips too."""
    if "xl/workbook.bin" in names:
        raise SheetError(_("Es un archivo .xlsb. ") + _save_as())
    if "content.xml" in names and "mimetype" in names:
        raise SheetError(_("Es una hoja de LibreOffice (.ods). ") + _save_as())
    if any(name.startswith(("word/", "ppt/")) for name in names):
        raise SheetError(_("Es un documento de Word o PowerPoint: %s") % not_excel())
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise SheetError(not_excel())


def _check_contents(names: set[str]) -> None:
    sheets = [name for name in names if name.startswith("xl/worksheets/sheet")]
    if len(sheets) > MAX_SHEETS:
        raise SheetError(
            _("El archivo tiene más de %(max)d hojas: deja solo la que quieres importar.")
            % {"max": MAX_SHEETS}
        )
    if any(name.startswith("xl/externalLinks/") for name in names):
        raise SheetError(
            _(
                "El archivo tiene vínculos a otros archivos o programas. Quítalos en Excel "
                "(Datos, Editar vínculos, Romper vínculo) y súbelo otra vez."
            )
        )


def _leaves_its_folder(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/")


def _is_bomb(entry: zipfile.ZipInfo) -> bool:
    return entry.file_size > _SMALL and entry.file_size > MAX_RATIO * entry.compress_size


def _ole_reason(content: bytes) -> str:
    if _ENCRYPTED in content:
        return _with_password()
    return _("Es un archivo .xls antiguo. ") + _save_as()


def _other_reason(content: bytes) -> str:
    start = content[:4_096]
    if _WEB_PAGE.match(start.removeprefix(b"\xef\xbb\xbf")):
        return not_excel() + " " + _("Es una página web con otro nombre. ") + _save_as()
    if not re.search(rb"[\x00-\x08\x0e-\x1f]", start):
        return not_excel() + " " + _("Parece texto o CSV: ábrelo en Excel. ") + _save_as()
    return not_excel()


def _save_as() -> str:
    return _("Guárdalo en Excel como «Libro de Excel (.xlsx)».")


def _with_password() -> str:
    return _("El archivo tiene contraseña: quítala en Excel y súbelo otra vez.")


def _incomplete() -> str:
    return not_excel() + " " + _("O llegó incompleto: súbelo otra vez.")


def not_excel() -> str:
    return _("El archivo no es un Excel (.xlsx o .xlsm).")


def too_big() -> str:
    return _("El archivo es demasiado grande para importarlo: deja solo la hoja de las filas.")
