"""The columns of a sheet of quick replies ("botones") and how each cell reads. Pure."""

from django.utils.translation import gettext as _

from conversations.whatsapp import outbound
from whapco.lib.cells import KIND_NAMES, read_choice, read_json, read_text, show_json
from whapco.lib.media_cells import MEDIA_URL_COLUMN
from whapco.lib.sheet_templates import Guide, Template, write_template
from whapco.lib.spreadsheets import BadCell, Column
from whapco.lib.upsert import SheetField

MAX_NAME = 200
NAME_FROM_MESSAGE = 60  # characters of the message that name a button without a name


def button_key(name: str, category: str) -> tuple[str, str]:
    return name.casefold(), category.casefold()


def name_of(message: str) -> str:
    """A name for a button that has none: how its message starts."""
    return message.partition("\n")[0][:NAME_FROM_MESSAGE].strip()


def _read_name(cell: str) -> str:
    return read_text(cell, MAX_NAME)


def _read_message(cell: str) -> str:
    size = outbound.length(cell)
    if size > outbound.TEXT_LIMIT:
        raise BadCell(
            _("tiene %(size)d caracteres y WhatsApp acepta %(limit)d.")
            % {"size": size, "limit": outbound.TEXT_LIMIT}
        )
    return cell


def _read_kind(cell: str) -> str:
    return read_choice(cell, KIND_NAMES, "texto")


NAME = SheetField(Column("nombre", ("name", "titulo")), "name", _read_name, str)
MESSAGE = SheetField(
    Column("mensaje", ("message", "texto", "respuesta"), required=True),
    "message",
    _read_message,
    str,
)
KIND = SheetField(Column("tipo", ("kind", "type")), "kind", _read_kind, str)
OPTIONS = SheetField(Column("opciones", ("options",)), "options", read_json, show_json)
CATEGORY = SheetField(Column("categoria", ("category",)), "category", _read_name, str)

BUTTON_FIELDS = (NAME, MESSAGE, KIND, OPTIONS, CATEGORY)
# The order by which a sheet without readable titles is taken.
BUTTON_COLUMNS = (
    NAME.column,
    MESSAGE.column,
    KIND.column,
    MEDIA_URL_COLUMN,
    OPTIONS.column,
    CATEGORY.column,
)


def button_template() -> bytes:
    """The workbook that a company downloads to write its quick replies in."""
    guides = {
        "nombre": Guide(_("Cómo la encuentra el asesor. Vacía: el principio del mensaje."), 24),
        "mensaje": Guide(_("Obligatoria. Lo que recibe el cliente."), 60),
        "tipo": Guide(_("Cómo sale. Vacía: texto."), 12, list(KIND_NAMES)),
        "media_url": Guide(_("Direcciones https:// de los archivos, una por línea."), 30),
        "opciones": Guide(_("Los botones o la lista, en JSON. Casi siempre vacía."), 30),
        "categoria": Guide(_("El grupo en el que se muestra: ventas, pagos…"), 18),
    }
    examples = (
        {"nombre": _("Saludo"), "mensaje": _("¡Hola! ¿En qué te ayudo?"), "categoria": _("inicio")},
        {"nombre": _("Cuenta"), "mensaje": _("Así se paga."), "tipo": "image"}
        | {"media_url": "https://ejemplo.com/pago.jpg", "categoria": _("pagos")},
    )
    titles = [column.name for column in BUTTON_COLUMNS]
    return write_template(Template("botones", titles, guides, examples))
