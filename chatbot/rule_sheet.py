"""The columns of a sheet of rules and how each cell reads. Pure."""

from functools import lru_cache

from django.utils.translation import gettext as _

from chatbot.models import Rule
from whapco.lib.cells import (
    KIND_NAMES,
    read_choice,
    read_flag,
    read_integer,
    read_json,
    read_text,
    show_json,
)
from whapco.lib.media_cells import MEDIA_KIND_COLUMN, MEDIA_URL_COLUMN
from whapco.lib.spreadsheets import BadCell, Column
from whapco.lib.text import normalize_step, split_triggers
from whapco.lib.upsert import SheetField

DEFAULT_PRIORITY = 100
MAX_STEP, MAX_ROLE, MAX_HANDLER = 120, 50, 100
_MATCH_NAMES = {
    Rule.Match.EXACT.value: ("exact", "exacto", "igual"),
    Rule.Match.CONTAINS.value: ("contains", "contener", "incluye"),
}


def rule_key(step: str, trigger: str) -> tuple[str, str]:
    """Two rows with one key are one rule. A trigger without words (an emoji) is itself."""
    return normalize_step(step), _trigger_key(trigger)


@lru_cache(10_000)  # sheets repeat few words in many steps
def _trigger_key(trigger: str) -> str:
    return ",".join(split_triggers(trigger)) or trigger.strip()


def _read_step(cell: str) -> str:
    step = normalize_step(cell)
    if not step:
        raise BadCell(_("falta el paso."))
    return read_text(step, MAX_STEP)


def _read_trigger(cell: str) -> str:
    if not cell:
        raise BadCell(_("falta el texto del cliente (o * para cualquiera)."))
    return cell


def _same(cell: str) -> str:
    return cell


def _read_priority(cell: str) -> int:
    return read_integer(cell, DEFAULT_PRIORITY)


def _read_kind(cell: str) -> str:
    return read_choice(cell, KIND_NAMES, Rule.Kind.TEXT.value)


def _read_match(cell: str) -> str:
    return read_choice(cell, _MATCH_NAMES, Rule.Match.EXACT.value)


def _read_role(cell: str) -> str:
    return read_text(cell, MAX_ROLE)


def _read_handler(cell: str) -> str:
    return read_text(cell, MAX_HANDLER)


def _show_flag(value: object) -> str:
    return "si" if value else ""


STEP = SheetField(Column("step", ("paso",), required=True), "step", _read_step, str)
TRIGGER = SheetField(
    Column("input_text", ("trigger", "texto_del_cliente", "entrada", "input"), required=True),
    "trigger",
    _read_trigger,
    str,
)
REPLY = SheetField(Column("respuesta", ("reply", "response")), "reply", _same, str)
NEXT_STEP = SheetField(
    Column("siguiente_step", ("next_step", "paso_siguiente", "siguiente_paso")),
    "next_step",
    _same,
    str,
)
KIND = SheetField(Column("tipo", ("kind", "type")), "kind", _read_kind, str)
OPTIONS = SheetField(Column("opciones", ("options",)), "options", read_json, show_json)
ROLE = SheetField(
    Column("rol_keyword", ("role_keyword", "rol", "role")), "role_keyword", _read_role, str
)
FORMULA = SheetField(Column("calculo", ("formula", "calculation")), "formula", _same, str)
HANDLER = SheetField(Column("handler", ("funcion", "function")), "handler", _read_handler, str)
PRIORITY = SheetField(Column("prioridad", ("priority",)), "priority", _read_priority, str)
MATCH = SheetField(Column("coincidencia", ("match", "matching")), "match", _read_match, str)
HANDS_OVER = SheetField(
    Column("derivar", ("hands_over", "hand_over", "derivar_a_un_asesor")),
    "hands_over",
    read_flag,
    _show_flag,
)

RULE_FIELDS = (
    STEP,
    TRIGGER,
    REPLY,
    NEXT_STEP,
    KIND,
    OPTIONS,
    ROLE,
    FORMULA,
    HANDLER,
    PRIORITY,
    MATCH,
    HANDS_OVER,
)
# The order by which a sheet without readable titles is taken.
RULE_COLUMNS = (
    STEP.column,
    TRIGGER.column,
    REPLY.column,
    NEXT_STEP.column,
    KIND.column,
    MEDIA_URL_COLUMN,
    MEDIA_KIND_COLUMN,
    OPTIONS.column,
    ROLE.column,
    FORMULA.column,
    HANDLER.column,
    PRIORITY.column,
    MATCH.column,
    HANDS_OVER.column,
)
