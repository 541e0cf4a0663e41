"""A template's components -> what an agent has to fill in, and what is then sent. Pure.

Shapes are Meta's (cloud-api 4, "Template", and 5.1): components of type HEADER, BODY, FOOTER and
BUTTONS; variables `{{1}}` in order (POSITIONAL) or `{{nombre}}` (NAMED).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from conversations.whatsapp import outbound
from conversations.whatsapp.reading import as_dict, as_list, as_text

BODY_LIMIT = 1024  # characters, once filled (132005)
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_SPACES = re.compile(r"[\n\r\t]| {5,}")  # refused inside a value (132018)
_FILES = {"IMAGE": "image", "VIDEO": "video", "DOCUMENT": "document"}
_PLAIN_BUTTONS = {"QUICK_REPLY", "PHONE_NUMBER", "VOICE_CALL", "REQUEST_CONTACT_INFO"}


class CannotFill(Exception):
    """Values that Meta would refuse, or a template that is not sent from here: a sentence."""


@dataclass(frozen=True)
class Slot:
    """One thing to fill in. `name` is the form field's; `kind`: text, or a file's address."""

    name: str
    label: str
    kind: str = "text"
    example: str = ""


@dataclass(frozen=True)
class TemplateWords:
    """`components` as Meta listed them."""

    name: str
    language: str
    category: str
    components: Sequence[Mapping[str, Any]]

    @property
    def refusal(self) -> str:
        """Why it cannot be sent from here; empty: it can."""
        if self.category == "AUTHENTICATION":
            return _("Las plantillas de autenticación llevan un código que aquí no se genera.")
        header = self._part("HEADER")
        if header and as_text(header.get("format")) not in {"TEXT", "", *_FILES}:
            return _("Su encabezado no es un texto ni un archivo.")
        kinds = {as_text(button.get("type")) for button in self._buttons()}
        if kinds - _PLAIN_BUTTONS - {"URL", "COPY_CODE", "FLOW"}:
            return _("Tiene botones que aquí no se pueden llenar.")
        return ""

    def slots(self) -> list[Slot]:
        header, body = self._part("HEADER"), self._part("BODY")
        found = [*self._text_slots("h", header, _("Encabezado")), *self._file_slot(header)]
        found += self._text_slots("b", body, _("Texto"))
        for index, button in enumerate(self._buttons()):
            title = as_text(button.get("text"), 60)
            if as_text(button.get("type")) == "COPY_CODE":
                found.append(
                    Slot(f"c{index}", _("Código del botón «%(title)s»") % {"title": title})
                )
            elif _VARIABLE.search(as_text(button.get("url"))):
                label = _("Final del enlace de «%(title)s»") % {"title": title}
                found.append(Slot(f"u{index}", label, example=as_text(button.get("url"), 200)))
        return found

    def shown(self, values: Mapping[str, str]) -> str:
        """What the contact reads, without the buttons; what is empty stays as `{{1}}`."""
        header, body = self._part("HEADER"), self._part("BODY")
        title = _fill(as_text(header.get("text")), "h", values) if self._has_text(header) else ""
        text = _fill(as_text(body.get("text")), "b", values)
        footer = as_text(self._part("FOOTER").get("text"))
        return "\n\n".join(part for part in (title, text, footer) if part)

    def button_titles(self) -> list[str]:
        return [as_text(button.get("text"), 60) for button in self._buttons()]

    def filled(self, values: Mapping[str, str]) -> outbound.Words:
        """The words to send. Raises CannotFill."""
        if self.refusal:
            raise CannotFill(self.refusal)
        clean = {slot.name: _checked(slot, values.get(slot.name, "")) for slot in self.slots()}
        body = _fill(as_text(self._part("BODY").get("text")), "b", clean)
        if outbound.length(body) > BODY_LIMIT:
            raise CannotFill(
                _("El texto ya lleno pasa de %(limit)d caracteres.") % {"limit": BODY_LIMIT}
            )
        return outbound.template(self.name, self.language, list(self._components(clean)))

    def _components(self, values: Mapping[str, str]) -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []
        header, body = self._part("HEADER"), self._part("BODY")
        kind = _FILES.get(as_text(header.get("format")))
        if kind:
            file = {"type": kind, kind: {"link": values["file"]}}
            sent.append({"type": "header", "parameters": [file]})
        elif parameters := _parameters("h", header, values):
            sent.append({"type": "header", "parameters": parameters})
        if parameters := _parameters("b", body, values):
            sent.append({"type": "body", "parameters": parameters})
        return [*sent, *self._button_components(values)]

    def _button_components(self, values: Mapping[str, str]) -> list[dict[str, Any]]:
        """Only buttons with something to fill; `index` counts all of them."""
        sent = []
        for index, button in enumerate(self._buttons()):
            kind = as_text(button.get("type"))
            parameter: dict[str, Any] | None = None
            if f"c{index}" in values:
                parameter = {"type": "coupon_code", "coupon_code": values[f"c{index}"]}
            elif f"u{index}" in values:
                parameter = {"type": "text", "text": values[f"u{index}"]}
            if parameter:
                sub = {"COPY_CODE": "copy_code", "URL": "url"}[kind]
                place = {"type": "button", "sub_type": sub, "index": str(index)}
                sent.append({**place, "parameters": [parameter]})
        return sent

    def _part(self, kind: str) -> Mapping[str, Any]:
        parts = (as_dict(part) for part in self.components)
        return next((part for part in parts if as_text(part.get("type")).upper() == kind), {})

    def _buttons(self) -> list[Mapping[str, Any]]:
        return [as_dict(button) for button in as_list(self._part("BUTTONS").get("buttons"))]

    def _has_text(self, part: Mapping[str, Any]) -> bool:
        return as_text(part.get("format")) in {"TEXT", ""}

    def _text_slots(self, place: str, part: Mapping[str, Any], label: str) -> list[Slot]:
        if not self._has_text(part):
            return []
        return [
            Slot(
                f"{place}-{name}", f"{label} · {{{{{name}}}}}", example=_example(part, place, name)
            )
            for name in _variables(part)
        ]

    def _file_slot(self, header: Mapping[str, Any]) -> list[Slot]:
        kind = _FILES.get(as_text(header.get("format")))
        labels = {
            "image": _("Dirección de la imagen (https)"),
            "video": _("Dirección del video (https)"),
            "document": _("Dirección del documento (https)"),
        }
        return [Slot("file", labels[kind], kind)] if kind else []


def _variables(part: Mapping[str, Any]) -> list[str]:
    """Names in the order of their first use: one value fills every use."""
    return list(dict.fromkeys(_VARIABLE.findall(as_text(part.get("text")))))


def _example(part: Mapping[str, Any], place: str, name: str) -> str:
    """What was given to Meta as an example, to show what belongs there."""
    example = as_dict(part.get("example"))
    texts = as_list(example.get("header_text" if place == "h" else "body_text"))
    row = texts[0] if texts and isinstance(texts[0], list) else texts
    named = as_list(example.get(f"{'header' if place == 'h' else 'body'}_text_named_params"))
    for one in map(as_dict, named):
        if as_text(one.get("param_name")) == name:
            return as_text(one.get("example"), 80)
    position = int(name) - 1 if name.isdecimal() else -1
    return as_text(row[position], 80) if 0 <= position < len(row) else ""


def _fill(text: str, place: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: values.get(f"{place}-{found[1]}") or found[0], text)


def _parameters(
    place: str, part: Mapping[str, Any], values: Mapping[str, str]
) -> list[dict[str, str]]:
    """In the order of the numbers, or with their names."""
    if as_text(part.get("format")) in _FILES:
        return []
    names = _variables(part)
    if all(name.isdecimal() for name in names):
        return [
            {"type": "text", "text": values[f"{place}-{name}"]} for name in sorted(names, key=int)
        ]
    return [
        {"type": "text", "parameter_name": name, "text": values[f"{place}-{name}"]}
        for name in names
    ]


def _checked(slot: Slot, value: str) -> str:
    value = value.strip()
    if not value:
        raise CannotFill(_("Falta llenar: %(label)s.") % {"label": slot.label})
    if slot.kind != "text" and not value.startswith("https://"):
        raise CannotFill(_("%(label)s: empieza por https://") % {"label": slot.label})
    if _SPACES.search(value):
        raise CannotFill(
            _("%(label)s: va en una sola línea y sin espacios de más.") % {"label": slot.label}
        )
    return value
