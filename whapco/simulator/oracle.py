"""A second opinion on bodies of POST /{phone}/messages: what it dislikes, Meta refuses too.

`data/outgoing.schema.json` states the shapes; the functions below state what JSON Schema cannot:
uniqueness, sums, and what must be alike across items. Lengths count Unicode code points.
"""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import best_match

Json = dict[str, Any]

_FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
_KEYCAP = "[0-9#*]\ufe0f?\u20e3"
_TAGS = "\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"
_PICTURE = "[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff]\ufe0f?[\U0001f3fb-\U0001f3ff]?\ufe0f?"
_FILLERS = ("text", "currency", "date_time")
_ONE_EMOJI = re.compile(f"(?:{_FLAG}|{_KEYCAP}|{_TAGS}|{_PICTURE}(?:\u200d{_PICTURE})*)\\Z")


class Problem(NamedTuple):
    """`path` leads from the body to the value; `rule` is the schema keyword it breaks, "rule" for
    the rules of this module; `limit` the keyword's value; `key` the missing or unexpected key."""

    path: tuple[str | int, ...]
    rule: str
    limit: Any
    key: str
    text: str


def first_problem(body: object) -> Problem | None:
    """The most telling thing wrong with `body`, None when it may be sent."""
    error = best_match(_validator().iter_errors(body))
    if error is not None:
        return _from_schema(error)
    text = next(_beyond_schema(body), None) if isinstance(body, dict) else None
    return Problem((), "rule", None, "", text) if text else None


@cache
def _validator() -> Draft202012Validator:
    path = Path(__file__).parent / "data" / "outgoing.schema.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    # "At most 10 rows in all" takes the schema 54 alternatives and 5 ms; `_list` just counts them.
    schema["$defs"]["more_than_10_rows"] = False
    return Draft202012Validator(schema)


def _from_schema(error: ValidationError) -> Problem:
    path = tuple(error.absolute_path)
    rule = str(error.validator)
    return Problem(path, rule, error.validator_value, _key(error, rule), error.message[:300])


def _key(error: ValidationError, rule: str) -> str:
    if rule == "required":
        return next((key for key in error.validator_value if key not in error.instance), "")
    if rule == "additionalProperties":
        known = error.schema.get("properties", {})
        return next((key for key in error.instance if key not in known), "")
    return ""


def _beyond_schema(body: Json) -> Iterator[str]:
    yield from _unstorable(body, "$")
    kind = body.get("type")
    if kind == "interactive":
        yield from _interactive(body["interactive"])
    elif kind == "template":
        yield from _template(body["template"].get("components", []))
    elif kind == "reaction":
        emoji = body["reaction"]["emoji"]
        if emoji and not _ONE_EMOJI.match(emoji):
            yield f"reaction emoji {emoji!r} is not exactly one emoji"


def _unstorable(value: object, path: str) -> Iterator[str]:
    if isinstance(value, str):
        if any("\ud800" <= char <= "\udfff" for char in value):
            yield f"{path}: lone surrogate (not encodable as UTF-8)"
        if "\x00" in value:
            yield f"{path}: NUL character"
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _unstorable(item, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unstorable(item, f"{path}[{index}]")


def _interactive(interactive: Json) -> Iterator[str]:
    action = interactive.get("action", {})
    kind = interactive["type"]
    if kind == "button":
        yield from _buttons(action["buttons"])
    elif kind == "list":
        yield from _list(action["sections"])
    elif kind == "product_list":
        products = [item for section in action["sections"] for item in section["product_items"]]
        if len(products) > 30:
            yield f"{len(products)} products in all sections, at most 30"
    elif kind == "carousel":
        yield from _carousel(action["cards"])


def _buttons(buttons: list[Json]) -> Iterator[str]:
    replies = [button["reply"] for button in buttons]
    yield from (f"Duplicate button id {x!r}" for x in _repeated(r["id"] for r in replies))
    yield from (f"Duplicate button title {x!r}" for x in _repeated(r["title"] for r in replies))


def _list(sections: list[Json]) -> Iterator[str]:
    rows = [row for section in sections for row in section["rows"]]
    if len(rows) > 10:
        yield "Total row count exceed max allowed count: 10"
    yield from (f"Duplicate row id {x!r}" for x in _repeated(row["id"] for row in rows))


def _carousel(cards: list[Json]) -> Iterator[str]:
    indexes = [card["card_index"] for card in cards]
    if sorted(indexes) != list(range(len(cards))):
        yield f"card_index values {indexes} are not 0..{len(cards) - 1} once each"
    if len({card["header"]["type"] for card in cards if "header" in card}) > 1:
        yield "cards mix image and video headers"
    if len({_card_shape(card["action"]) for card in cards}) > 1:
        yield "cards do not carry the same kinds of buttons"


def _card_shape(action: Json) -> str:
    return ",".join(sorted(b["type"] for b in action.get("buttons", []))) or str(action.get("name"))


def _template(components: list[Json]) -> Iterator[str]:
    yield from _components(components)
    for component in components:
        if component["type"].lower() == "carousel":
            cards = component["cards"]
            indexes = (card["card_index"] for card in cards)
            yield from (f"duplicate card_index {x}" for x in _repeated(indexes))
            for card in cards:
                yield from _components(card["components"])


def _components(components: list[Json]) -> Iterator[str]:
    buttons = (str(c["index"]) for c in components if c["type"].lower() == "button")
    yield from (f"duplicate button index {x}" for x in _repeated(buttons))
    for component in components:
        yield from _parameter_names(component)


def _parameter_names(component: Json) -> Iterator[str]:
    parameters = [p for p in component.get("parameters", []) if isinstance(p, dict)]
    fillers = [p.get("parameter_name") for p in parameters if p.get("type") in _FILLERS]
    if any(fillers) and not all(fillers):
        yield f"{component['type']}: named and positional parameters mixed"
    for name in _repeated(name for name in fillers if name):
        yield f"{component['type']}: duplicate parameter_name {name!r}"


def _repeated(values: Iterable[Any]) -> list[Any]:
    seen: set[Any] = set()
    repeated = []
    for value in values:
        if value in seen and value not in repeated:
            repeated.append(value)
        seen.add(value)
    return repeated
