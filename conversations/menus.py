"""Buttons and lists that an agent builds in the composer -> the words to send.

The browser sends `{"kind": "buttons", "body": "…", "titles": ["Sí", "No"]}` or `{"kind": "list",
"body": "…", "button": "Ver", "sections": [{"title": "…", "rows": [{"title", "description"}]}]}`.
"""

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from conversations.whatsapp import outbound
from conversations.whatsapp.reading import as_dict, as_list, as_text
from whapco.lib.text import normalize_option_id

BUTTONS, ROWS = 3, 10
BUTTON_TITLE, ROW_TITLE, ROW_DESCRIPTION, SECTION_TITLE = 20, 24, 72, 24
_FIRST = 10_000  # characters of JSON: more is no menu


class BadMenu(Exception):
    """What is missing or too long, with the limit, in a sentence."""


def read_menu(text: str) -> tuple[str, outbound.Words]:
    """What a person reads of it, and the words. Raises BadMenu."""
    try:
        menu = as_dict(json.loads(text)) if len(text) <= _FIRST else {}
    except (ValueError, RecursionError):
        menu = {}
    body = as_text(menu.get("body")).strip()
    if not body:
        raise BadMenu(_("Escribe el texto que va encima de las opciones."))
    _limit(_("El texto"), body, outbound.INTERACTIVE_BODY_LIMIT)
    if menu.get("kind") == "list":
        return body, _list(body, menu)
    return body, _buttons(body, menu)


def _buttons(body: str, menu: Mapping[str, Any]) -> outbound.Words:
    titles = [title for one in as_list(menu.get("titles")) if (title := as_text(one).strip())]
    if not 1 <= len(titles) <= BUTTONS:
        raise BadMenu(_("Pon de 1 a 3 botones; para más opciones usa una lista."))
    for title in titles:
        _limit(_("El botón «%(title)s»") % {"title": title}, title, BUTTON_TITLE)
    _distinct(titles)
    return outbound.buttons(body, list(zip(_ids(titles), titles, strict=True)))


def _list(body: str, menu: Mapping[str, Any]) -> outbound.Words:
    button = as_text(menu.get("button")).strip() or _("Ver opciones")
    _limit(_("El botón de la lista"), button, BUTTON_TITLE)
    sections = [_section(as_dict(one)) for one in as_list(menu.get("sections"))]
    sections = [section for section in sections if section.rows]
    rows = [row for section in sections for row in section.rows]
    if not 1 <= len(rows) <= ROWS:
        raise BadMenu(_("Una lista lleva de 1 a 10 opciones en total."))
    if len(sections) > 1 and not all(section.title for section in sections):
        raise BadMenu(_("Con más de una sección, cada una lleva título."))
    _distinct([row.title for row in rows])
    return outbound.list_menu(body, button, sections)


def _section(section: Mapping[str, Any]) -> outbound.Section:
    title = as_text(section.get("title")).strip()
    _limit(_("El título de la sección"), title, SECTION_TITLE)
    rows = []
    for one in map(as_dict, as_list(section.get("rows"))):
        name, about = as_text(one.get("title")).strip(), as_text(one.get("description")).strip()
        if name:
            _limit(_("La opción «%(title)s»") % {"title": name}, name, ROW_TITLE)
            _limit(_("La descripción de «%(title)s»") % {"title": name}, about, ROW_DESCRIPTION)
            rows.append((name, about))
    ids = _ids([name for name, _about in rows])
    found = (outbound.Row(id_, name, about) for id_, (name, about) in zip(ids, rows, strict=True))
    return outbound.Section(title, tuple(found))


def _ids(titles: list[str]) -> list[str]:
    """What the bot's rules know options by: the title as an id, told apart where it is not."""
    plain = [normalize_option_id(title)[:200] or f"opcion_{n}" for n, title in enumerate(titles, 1)]
    return [name if name not in plain[:n] else f"{name}_{n + 1}" for n, name in enumerate(plain)]


def _distinct(titles: list[str]) -> None:
    if len(set(titles)) != len(titles):
        raise BadMenu(_("Hay dos opciones iguales: WhatsApp no las acepta."))


def _limit(what: str, text: str, limit: int) -> None:
    if outbound.length(text) > limit:
        raise BadMenu(
            _("%(what)s pasa de %(limit)d caracteres, el límite de WhatsApp.")
            % {"what": what, "limit": limit}
        )
