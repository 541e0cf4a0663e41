"""The cell `opciones`: JSON as companies have it -> buttons, a list menu or a form.

Limits are those of conversations.whatsapp.outbound; sentences go to whoever wrote the cell.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from conversations.whatsapp import outbound
from whapco.lib.text import normalize_option_id

JSON_LIMIT = 20_000  # characters of a cell that holds JSON as text


class OptionsError(Exception):
    """The options cannot be sent; the text says why, in Spanish, with the limit."""


@dataclass(frozen=True)
class Choice:
    """A button or a row. `step` is where tapping it leads, or empty."""

    id: str
    title: str
    description: str = ""
    step: str = ""


@dataclass(frozen=True)
class ButtonsOptions:
    choices: tuple[Choice, ...]
    header: str = ""
    footer: str = ""


@dataclass(frozen=True)
class MenuSection:
    title: str
    rows: tuple[Choice, ...]


@dataclass(frozen=True)
class ListOptions:
    sections: tuple[MenuSection, ...]
    button: str
    header: str = ""
    footer: str = ""


@dataclass(frozen=True)
class FlowOptions:
    """A form of WhatsApp Flows, by id or by name; `data` fills its first `screen`."""

    cta: str
    flow_id: str = ""
    flow_name: str = ""
    screen: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    header: str = ""
    footer: str = ""


Options = ButtonsOptions | ListOptions | FlowOptions


def parse_options(kind: str, raw: Any) -> Options | None:
    """The options of a rule of that kind. None: it has none and is sent as plain text.

    `raw` is parsed JSON, or JSON as text. Raises OptionsError.
    """
    parse = _PARSERS.get(kind)
    return parse(_load(raw) or None) if parse else None


def option_targets(options: Options | None) -> dict[str, str]:
    """Where each option leads, by normalised id; options without a step are left out."""
    targets: dict[str, str] = {}
    for choice in choices(options):
        if choice.step:
            targets.setdefault(normalize_option_id(choice.id), choice.step)
    return targets


def choices(options: Options | None) -> Iterable[Choice]:
    """The buttons or rows that can be tapped, in order; a form has none."""
    match options:
        case ButtonsOptions():
            return options.choices
        case ListOptions():
            return (row for section in options.sections for row in section.rows)
    return ()


def _load(raw: Any) -> Any:
    if not isinstance(raw, str):
        return raw
    if len(raw) > JSON_LIMIT:
        raise OptionsError(_("el JSON tiene más de %(limit)d caracteres.") % {"limit": JSON_LIMIT})
    if not raw.strip():
        return None
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise OptionsError(_("no es JSON válido.")) from None


def _buttons(value: Any) -> ButtonsOptions | None:
    around = value if isinstance(value, dict) else {}
    if around and "buttons" not in around:
        raise OptionsError(_("falta «buttons»."))
    items = _list(around.get("buttons") if around else value, "buttons")
    if not items:
        return None
    choices = tuple(_button(item) for item in items)
    _at_most(outbound.BUTTONS_LIMIT, len(choices), _("botones"))
    _unique([choice.id for choice in choices], "id")
    _unique([choice.title for choice in choices], "title")
    return ButtonsOptions(choices, header=_header(around), footer=_footer(around))


def _button(item: Any) -> Choice:
    outer = _dict(item, _("cada botón"))
    reply = outer.get("reply")
    inner = outer if reply is None else _dict(reply, "reply")
    return Choice(
        id=_short(inner, "id", outbound.BUTTON_ID_LIMIT),
        title=_short(inner, "title", outbound.BUTTON_TITLE_LIMIT),
        step=_step(outer) or _step(inner),
    )


def _menu(value: Any) -> ListOptions | None:
    around = value if isinstance(value, dict) else {}
    items = _list(around.get("sections") if around else value, "sections")
    sections = tuple(section for section in map(_section, items) if section.rows)
    if not sections:
        return None
    _check_sections(sections)
    return ListOptions(
        sections=sections,
        button=_text(around, "button", outbound.LIST_BUTTON_LIMIT) or _("Ver opciones"),
        header=_header(around, default=_("Menú")),
        footer=_footer(around, default=_("Selecciona una opción")),
    )


def _section(item: Any) -> MenuSection:
    section = _dict(item, _("cada sección"))
    rows = tuple(_row(row) for row in _list(section.get("rows"), "rows"))
    return MenuSection(_text(section, "title", outbound.SECTION_TITLE_LIMIT), rows)


def _row(item: Any) -> Choice:
    row = _dict(item, _("cada fila"))
    return Choice(
        id=_short(row, "id", outbound.ROW_ID_LIMIT),
        title=_short(row, "title", outbound.ROW_TITLE_LIMIT),
        description=_text(row, "description", outbound.ROW_DESCRIPTION_LIMIT),
        step=_step(row),
    )


def _check_sections(sections: tuple[MenuSection, ...]) -> None:
    rows = [row.id for section in sections for row in section.rows]
    _at_most(outbound.SECTIONS_LIMIT, len(sections), _("secciones"))
    _at_most(outbound.ROWS_LIMIT, len(rows), _("filas en total"))
    _unique(rows, "id")
    if len(sections) > 1 and not all(section.title for section in sections):
        raise OptionsError(_("con más de una sección, cada una necesita «title»."))


def _flow(value: Any) -> FlowOptions:
    form = _dict(value or {}, _("el formulario"))
    if not form.get("flow_id") and not form.get("flow_name"):
        raise OptionsError(_("falta «flow_id» o «flow_name»."))
    options = FlowOptions(
        cta=_short(form, "flow_cta", outbound.FLOW_CTA_LIMIT),
        flow_id=_text(form, "flow_id", 64),
        flow_name=_text(form, "flow_name", 200),
        screen=_text(form, "screen", 200),
        data=_dict(form.get("data") or {}, "data"),
        header=_header(form),
        footer=_footer(form),
    )
    if options.flow_id and not (options.flow_id.isascii() and options.flow_id.isdigit()):
        raise OptionsError(_("«flow_id» lleva solo números."))
    if options.data and not options.screen:
        raise OptionsError(_("«data» necesita «screen»."))
    return options


def _header(around: Mapping[str, Any], default: str = "") -> str:
    text = _text(around, "header", outbound.HEADER_LIMIT, default)
    return " ".join(text.split())  # a header is one line


def _footer(around: Mapping[str, Any], default: str = "") -> str:
    return _text(around, "footer", outbound.FOOTER_LIMIT, default)


def _step(item: Mapping[str, Any]) -> str:
    return _text(item, "step", None) or _text(item, "next_step", None)


def _short(item: Mapping[str, Any], name: str, limit: int) -> str:
    text = _text(item, name, limit)
    if not text:
        raise OptionsError(_("a una opción le falta «%(name)s».") % {"name": name})
    return text


def _text(item: Mapping[str, Any], name: str, limit: int | None, default: str = "") -> str:
    """The text under `name`, where numbers are text too and null means `default`."""
    value = item.get(name)
    if value is None:
        return default
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise OptionsError(_("«%(name)s» debe ser un texto.") % {"name": name})
    text = str(value).strip()
    if limit is not None and outbound.length(text) > limit:
        raise OptionsError(
            _("«%(name)s» tiene %(size)d caracteres y WhatsApp acepta %(limit)d: «%(text)s».")
            % {"name": name, "size": outbound.length(text), "limit": limit, "text": text[:40]}
        )
    return text


def _list(value: Any, name: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise OptionsError(_("«%(name)s» debe ser una lista.") % {"name": name})
    return value


def _dict(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise OptionsError(_("%(name)s debe ser un objeto {…}.") % {"name": name})
    return value


def _at_most(limit: int, count: int, name: str) -> None:
    if count > limit:
        raise OptionsError(
            _("hay %(count)d %(name)s y WhatsApp acepta %(limit)d.")
            % {"count": count, "name": name, "limit": limit}
        )


def _unique(values: list[str], name: str) -> None:
    repeated = next((value for value in values if values.count(value) > 1), None)
    if repeated is not None:
        raise OptionsError(
            _("«%(name)s» se repite: «%(value)s».") % {"name": name, "value": repeated[:40]}
        )


_PARSERS: Mapping[str, Any] = {"boton": _buttons, "lista": _menu, "flow": _flow}
