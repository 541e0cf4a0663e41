"""Message templates and what Meta checks when one is sent (errors 132xxx)."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whapco.simulator import ids
from whapco.simulator.errors import MetaError

Json = dict[str, Any]

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_REFUSED_STATUS = {"PAUSED": 132015, "DISABLED": 132016}


@dataclass
class Template:
    """A template as it was created. `components` None: its parameters are not checked."""

    name: str
    language: str
    status: str = "APPROVED"
    category: str = "UTILITY"
    components: list[Json] | None = field(default_factory=list)

    @property
    def id(self) -> str:
        return "2" + ids.stable_digits(f"{self.name}/{self.language}", 14)

    def component(self, kind: str) -> Json:
        return next((c for c in self.components or [] if c["type"] == kind), {})

    def as_json(self) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "language": self.language,
            "status": self.status,
            "category": self.category,
            "parameter_format": "POSITIONAL",
            "quality_score": {"score": "UNKNOWN"},
            "rejected_reason": "NONE",
            "components": self.components or [],
        }


class TemplateBook:
    """The templates of every account: this Meta gives all of them the same ones."""

    def __init__(self, templates: list[Template] | None = None) -> None:
        self.templates = built_in() if templates is None else templates

    def add(self, template: Template) -> Template:
        self.templates.append(template)
        return template

    def find(self, name: str, language: str) -> Template | None:
        wanted = (name, language)
        return next((t for t in self.templates if (t.name, t.language) == wanted), None)

    def check(self, sent: Json) -> Template:
        """The template that `sent` fills. Raises MetaError 132000, 132001, 132012, 132015 or
        132016."""
        language = sent["language"]["code"]
        template = self.find(sent["name"], language)
        if template is None or template.status not in ("APPROVED", *_REFUSED_STATUS):
            details = f"template name ({sent['name']}) does not exist in {language}"
            raise MetaError(132001, details=details)
        if template.status in _REFUSED_STATUS:
            raise MetaError(_REFUSED_STATUS[template.status])
        if template.components is not None:
            _check_components(template, sent.get("components", []))
        return template


def built_in() -> list[Template]:
    path = Path(__file__).parent / "data" / "templates.json"
    return [Template(**row) for row in json.loads(path.read_text(encoding="utf-8"))]


def _check_components(template: Template, sent: list[Json]) -> None:
    filled = {c["type"].lower(): c.get("parameters", []) for c in sent}
    _check_header(template.component("HEADER"), filled.get("header", []))
    _check_count("body", template.component("BODY").get("text", ""), filled.get("body", []))
    _check_buttons(template.component("BUTTONS").get("buttons", []), sent)


def _check_header(header: Json, parameters: list[Json]) -> None:
    wanted = header.get("format", "TEXT")
    if wanted == "TEXT":
        _check_count("header", header.get("text", ""), parameters)
        return
    received = parameters[0]["type"].upper() if parameters else "UNKNOWN"
    if received != wanted:
        details = f"header: Format mismatch, expected {wanted}, received {received}"
        raise MetaError(132012, details=details)


def _check_count(where: str, text: str, parameters: list[Json]) -> None:
    wanted = len(placeholders(text))
    if wanted != len(parameters):
        details = (
            f"{where}: number of localizable_params ({len(parameters)}) does not match the"
            f" expected number of params ({wanted})"
        )
        raise MetaError(132000, details=details)


def _check_buttons(buttons: list[Json], sent: list[Json]) -> None:
    given = {int(c["index"]): c for c in sent if c["type"].lower() == "button"}
    for index, button in enumerate(buttons):
        if button["type"] == "URL":
            parameters = given.get(index, {}).get("parameters", [])
            _check_count(f"buttons: button at index {index}", button["url"], parameters)
    for index, component in given.items():
        kind = buttons[index]["type"].lower() if index < len(buttons) else "none"
        if kind != component["sub_type"].lower():
            details = f"buttons: button at index {index} is {kind}, not {component['sub_type']}"
            raise MetaError(132012, details=details)


def placeholders(text: str) -> list[str]:
    """The names or numbers of the variables of `text`, each once."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(text)))


def fill(text: str, parameters: list[Json]) -> str:
    """`text` with its variables replaced, by name when the parameters have names, else in order."""
    named = {p["parameter_name"]: p for p in parameters if "parameter_name" in p}
    values = named or dict(zip(placeholders(text), parameters, strict=False))
    return _PLACEHOLDER.sub(lambda found: _value(values.get(found[1], {})), text)


def _value(parameter: Json) -> str:
    detail = parameter.get(parameter.get("type", ""), "")
    return str(detail.get("fallback_value", "")) if isinstance(detail, dict) else str(detail)
