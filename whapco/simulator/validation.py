"""What Meta checks in a body before it looks at the number, in Meta's order and words.

Top-level keys, then the object of the type, then the second opinion of `oracle`, put into words.
The texts in quotes were seen in live answers; those for `to` and `type` follow the same pattern.
"""

import re
from typing import Any

from whapco.simulator import oracle
from whapco.simulator.errors import MetaError, bad_value, invalid, unknown_media

Json = dict[str, Any]

TYPES = (
    "audio", "contacts", "document", "gif", "image", "interactive", "link_preview", "location",
    "pin", "reaction", "sticker", "template", "text", "video",
)  # fmt: skip
_JSON_KINDS = {
    "string": "a string", "object": "a JSON object", "array": "an array",
    "boolean": "a boolean", "number": "a number", "integer": "an integer",
}  # fmt: skip
_INTERACTIVE_WORDS = {
    "action.buttons.reply.title": "Button title length invalid. Min length: 1, Max length: 20",
    "action.buttons.reply.id": "Button id length invalid. Min length: 1, Max length: 256",
    "action.buttons": "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3",
    "action.sections.rows.title": "Row title is too long. Max length is 24",
    "action.sections.rows.description": "Row description is too long. Max length is 72",
    "action.sections.rows.id": "Row id is too long. Max length is 200",
    "action.sections.rows": "Total row count exceed max allowed count: 10",
    "action.sections.title": "Section title is too long. Max length is 24",
    "action.sections": "Invalid sections count. Min allowed sections: 1, Max allowed sections: 10",
    "action.button": "Button label is too long. Max length is 20",
    "body.text": "Body text length invalid. Min length: 1, Max length: {limit}",
    "header.text": "Header text length invalid. Min length: 1, Max length: 60",
    "footer.text": "Footer text length invalid. Min length: 1, Max length: 60",
}
_BAD_TEXT = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
_SIZES = {"minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "pattern"}


def is_receipt(body: object) -> bool:
    """Read receipts and typing indicators share the address of messages."""
    return isinstance(body, dict) and "status" in body


def check(body: object) -> Json:
    """The body itself, if Meta's front desk lets it pass. Raises MetaError 100, 131009, 132018."""
    if not isinstance(body, dict):
        raise invalid("The parameter messaging_product is required.")
    _check_product(body)
    if not is_receipt(body):
        _check_envelope(body)
    problem = oracle.first_problem(body)
    if problem is not None:
        raise _in_metas_words(problem, body)
    return body


def _check_product(body: Json) -> None:
    product = body.get("messaging_product")
    if product is None:
        raise invalid("The parameter messaging_product is required.")
    if product != "whatsapp":
        raise invalid(f'Param messaging_product must be one of {{WHATSAPP}} - got "{product}".')


def _check_envelope(body: Json) -> None:
    kind = body.get("type")
    if kind is None:
        raise invalid("The parameter type is required.")
    if kind not in TYPES:
        allowed = ", ".join(TYPES).upper()
        raise invalid(f'Param type must be one of {{{allowed}}} - got "{kind}".')
    if body.get("to") in (None, "") and not body.get("recipient"):
        raise invalid("The parameter to is required.")
    if body.get(kind) is None:
        raise invalid("Invalid parameter", f"Parameter '{kind}' is mandatory for type '{kind}'")


def _in_metas_words(problem: oracle.Problem, body: Json) -> MetaError:
    if body.get("type") == "template" and _has_bad_text(body["template"]):
        return MetaError(132018, details=_BAD_TEXT)
    if problem.rule == "additionalProperties":
        where = _last_name(problem.path) or "message"
        return MetaError(100, f'(#100) Unexpected key "{problem.key}" on param "{where}".')
    if problem.rule == "required":
        return invalid(f"The parameter {_param((*problem.path, problem.key))} is required.")
    if problem.rule == "type":
        wanted = _JSON_KINDS.get(str(problem.limit), str(problem.limit))
        return invalid(f"Param {_param(problem.path)} must be {wanted}.")
    if body.get("type") == "interactive" and (problem.rule in _SIZES or problem.rule == "rule"):
        return bad_value(_interactive_details(problem))
    return _foreign_object(body) or _plain_refusal(problem)


def _foreign_object(body: Json) -> MetaError | None:
    """A text that also carries an image, say: Meta knows the key, but not beside this type."""
    kind = body.get("type")
    key = next((name for name in TYPES if name in body and name != kind), None)
    return MetaError(100, f'(#100) Unexpected key "{key}" on param "message".') if key else None


def _plain_refusal(problem: oracle.Problem) -> MetaError:
    param = _param(problem.path)
    if problem.rule == "maxLength":
        return invalid(f"Param {param} must be at most {problem.limit} characters long.")
    if problem.rule == "minLength" or (problem.rule == "pattern" and param.endswith("['body']")):
        return invalid(f"The parameter {param} is required.")
    if problem.rule in ("const", "enum"):
        options = problem.limit if isinstance(problem.limit, list) else [problem.limit]
        allowed = ", ".join(str(option).upper() for option in options)
        return invalid(f"Param {param} must be one of {{{allowed}}}.")
    if param.endswith("['id']"):
        return unknown_media(param.removesuffix("['id']"))
    return invalid("Invalid parameter", f"{param}: {problem.text}" if param else problem.text)


def _interactive_details(problem: oracle.Problem) -> str:
    if problem.rule == "rule":
        return problem.text
    names = ".".join(str(part) for part in problem.path[1:] if isinstance(part, str))
    limit = problem.limit if problem.rule == "maxLength" else 1024
    return _INTERACTIVE_WORDS.get(names, f"{_param(problem.path)} is invalid").format(limit=limit)


def _has_bad_text(template: object) -> bool:
    components = template.get("components") if isinstance(template, dict) else None
    return any(_is_bad_text(text) for text in _parameter_texts(components))


def _parameter_texts(components: object) -> list[str]:
    found = []
    for component in components if isinstance(components, list) else []:
        parameters = component.get("parameters") if isinstance(component, dict) else None
        for parameter in parameters if isinstance(parameters, list) else []:
            text = parameter.get("text") if isinstance(parameter, dict) else None
            if isinstance(text, str):
                found.append(text)
    return found


def _is_bad_text(text: str) -> bool:
    return not text.strip() or re.search(r"[\n\t]| {5}", text) is not None


def _param(path: tuple[str | int, ...]) -> str:
    """`("text", "body")` as Meta writes it: text['body']."""
    if not path:
        return ""
    rest = "".join(f"[{part!r}]" for part in path[1:])
    return f"{path[0]}{rest}"


def _last_name(path: tuple[str | int, ...]) -> str:
    return next((part for part in reversed(path) if isinstance(part, str)), "")
