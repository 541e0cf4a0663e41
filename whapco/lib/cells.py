"""What people write in a cell, as values: yes and no, whole numbers, JSON, one of a few words."""

import json
from collections.abc import Mapping

from django.utils.translation import gettext as _

from whapco.lib.sheet_cells import LOST_IN_CELLS
from whapco.lib.spreadsheets import BadCell, normalize_title

YES = frozenset({"si", "x", "1", "true", "verdadero", "yes", "s"})
NO = frozenset({"", "no", "0", "false", "falso", "n"})
# Kinds of message and the other words people use for them.
KIND_NAMES: Mapping[str, tuple[str, ...]] = {
    "texto": ("text", "txt"),
    "boton": ("botones", "button", "buttons"),
    "lista": ("list", "listas"),
    "image": ("imagen", "foto", "picture"),
    "video": ("videos",),
    "audio": ("voz",),
    "document": ("documento", "archivo", "pdf"),
    "flow": ("flujo", "formulario"),
}
_MAX_INTEGER = 2_147_483_647  # what the column holds on every engine


def read_flag(cell: str) -> bool:
    word = normalize_title(cell)
    if word in YES or cell in ("✓", "✔"):
        return True
    if word in NO:
        return False
    raise BadCell(_("«%(cell)s» no es sí ni no: escribe «si» o déjala vacía.") % {"cell": cell})


def read_integer(cell: str, default: int) -> int:
    if not cell:
        return default
    try:
        number = int(cell)
    except ValueError:
        number = _MAX_INTEGER + 1
    if abs(number) > _MAX_INTEGER:
        raise BadCell(_("«%(cell)s» no es un número entero.") % {"cell": cell})
    return number


def read_choice(cell: str, names: Mapping[str, tuple[str, ...]], default: str) -> str:
    """The key of `names` that is, or lists, the word of the cell."""
    word = normalize_title(cell)
    if not word:
        return default
    for choice, others in names.items():
        if word == choice or word in others:
            return choice
    raise BadCell(
        _("«%(cell)s» no es válido: usa %(choices)s.") % {"cell": cell, "choices": ", ".join(names)}
    )


def read_text(cell: str, max_length: int) -> str:
    if len(cell) > max_length:
        raise BadCell(
            _("tiene %(length)d caracteres y el máximo es %(max)d.")
            % {"length": len(cell), "max": max_length}
        )
    return cell


def read_json(cell: str) -> object:
    """The JSON of the cell, None when empty. Raises BadCell with the line and column at fault."""
    if not cell:
        return None
    if "\\u0000" in cell:
        raise BadCell(_("el JSON tiene un carácter que no se puede guardar."))
    try:
        value: object = json.loads(cell, parse_constant=_refuse_constant)
        json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate cannot be stored
    except json.JSONDecodeError as error:
        raise BadCell(_json_reason(cell, error)) from error
    except (ValueError, RecursionError) as error:
        raise BadCell(_("el JSON no es válido.")) from error
    return value


def show_json(value: object) -> str:
    """What read_json gives back as it is: a cell loses invisible characters, so they go escaped."""
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False)
    return LOST_IN_CELLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _refuse_constant(name: str) -> object:
    raise ValueError(name)  # NaN and Infinity are no JSON: databases refuse them


def _json_reason(cell: str, error: json.JSONDecodeError) -> str:
    reason = _("el JSON no es válido (línea %(line)d, carácter %(column)d).") % {
        "line": error.lineno,
        "column": error.colno,
    }
    if any(quote in cell for quote in "“”«»"):
        reason += " " + _('Usa comillas rectas (") en vez de comillas tipográficas.')
    return reason
