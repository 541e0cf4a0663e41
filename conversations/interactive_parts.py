"""Menus, and the answers to them and to forms, as the parts of a bubble. Pure."""

import json
from collections.abc import Mapping

from django.utils.translation import gettext as _

from conversations.cards import media_card, referral_card
from conversations.parts import Card, Option, Parts, Payload, Section, dig, objects, string


def interactive_parts(body: str, words: Payload) -> Parts:
    sent = words.get("interactive")
    kind = string(sent, "type")
    if kind == "nfm_reply":
        return Parts(cards=(*referral_card(words), _flow_answer(dig(sent, "nfm_reply"))))
    if kind == "call_permission_reply":
        accepted = string(sent, kind, "response") == "accept"
        title = _("Aceptó recibir llamadas") if accepted else _("Rechazó recibir llamadas")
        return Parts(cards=(Card("phone", title),))
    if dig(sent, "action") is None:
        return Parts(text=body, cards=referral_card(words))
    return Parts(
        text=string(sent, "body", "text") or body,
        header=string(sent, "header", "text"),
        footer=string(sent, "footer", "text"),
        cards=_header_media(sent),
        buttons=_buttons(sent),
        menu=string(sent, "action", "button"),
        sections=tuple(_section(section) for section in objects(sent, "action", "sections")),
    )


def _header_media(sent: object) -> tuple[Card, ...]:
    kind = string(sent, "header", "type")
    header = dig(sent, "header")
    if kind not in {"image", "video", "document"} or not isinstance(header, Mapping):
        return ()
    return media_card(header, kind)


def _buttons(sent: object) -> tuple[Option, ...]:
    """Reply buttons, or the one call to action of a flow or a link."""
    replies = [
        Option(string(button, "reply", "title"), id=string(button, "reply", "id"))
        for button in objects(sent, "action", "buttons")
    ]
    parameters = dig(sent, "action", "parameters")
    actions = [Option(string(parameters, key)) for key in ("flow_cta", "display_text")]
    return tuple(option for option in (*replies, *actions) if option.title)


def _section(section: Payload) -> Section:
    options = (
        Option(string(row, "title"), string(row, "description"), string(row, "id"))
        for row in objects(section, "rows")
    )
    return Section(string(section, "title"), tuple(options))


def _flow_answer(reply: object) -> Card:
    """The card of a form's answer. `response_json` is a JSON string that may be broken."""
    raw = string(reply, "response_json")
    try:
        answers = json.loads(raw)
    except ValueError:
        answers = None
    if not isinstance(answers, Mapping):
        return Card("form", _("Formulario respondido"), raw)
    fields = tuple(
        (str(name).replace("_", " ").capitalize(), _readable(value))
        for name, value in answers.items()
        if name != "flow_token"
    )
    return Card("form", _("Formulario respondido"), fields=fields)


def _readable(value: object) -> str:
    if isinstance(value, bool):
        return _("Sí") if value else _("No")
    if isinstance(value, list):
        return ", ".join(_readable(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_readable(item)}" for name, item in value.items())
    return "" if value is None else str(value)
