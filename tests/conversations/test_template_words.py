"""What a template asks for, and the words that leave once it is filled."""

from typing import Any

import pytest

from conversations.template_words import CannotFill, TemplateWords

BODY = {"type": "BODY", "text": "Hola {{1}}, llega el {{2}}. Gracias, {{1}}."}


def words(*components: dict[str, Any], category: str = "UTILITY") -> TemplateWords:
    return TemplateWords("pedido", "es", category, components)


def test_numbered_variables_are_sent_in_their_order() -> None:
    template = words({"type": "BODY", "text": "{{2}} y {{1}}"})
    assert [slot.name for slot in template.slots()] == ["b-2", "b-1"]
    sent = template.filled({"b-1": "uno", "b-2": " dos "})
    assert sent["template"]["components"] == [
        {
            "type": "body",
            "parameters": [{"type": "text", "text": "uno"}, {"type": "text", "text": "dos"}],
        }
    ]


def test_named_variables_carry_their_names() -> None:
    template = words({"type": "BODY", "text": "Hola {{nombre}}"})
    parameters = template.filled({"b-nombre": "Ana"})["template"]["components"][0]["parameters"]
    assert parameters == [{"type": "text", "parameter_name": "nombre", "text": "Ana"}]


def test_heading_and_body_have_variables_of_their_own() -> None:
    template = words({"type": "HEADER", "format": "TEXT", "text": "Pedido {{1}}"}, BODY)
    values = {"h-1": "77", "b-1": "Ana", "b-2": "lunes"}
    assert template.shown(values) == "Pedido 77\n\nHola Ana, llega el lunes. Gracias, Ana."
    kinds = [part["type"] for part in template.filled(values)["template"]["components"]]
    assert kinds == ["header", "body"]


def test_only_buttons_with_something_to_fill_are_sent_with_their_place() -> None:
    buttons = [
        {"type": "QUICK_REPLY", "text": "Sí"},
        {"type": "URL", "text": "Ver", "url": "https://a.co/{{1}}"},
        {"type": "URL", "text": "Fijo", "url": "https://a.co"},
        {"type": "COPY_CODE", "text": "Copiar"},
    ]
    template = words({"type": "BODY", "text": "Hola"}, {"type": "BUTTONS", "buttons": buttons})
    assert template.button_titles() == ["Sí", "Ver", "Fijo", "Copiar"]
    sent = template.filled({"u1": "77", "c3": "PROMO"})["template"]["components"]
    assert [(part["sub_type"], part["index"]) for part in sent] == [
        ("url", "1"),
        ("copy_code", "3"),
    ]


def test_a_file_in_the_heading_goes_by_its_address() -> None:
    template = words({"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Hola"})
    sent = template.filled({"file": "https://a.co/x.jpg"})["template"]["components"]
    assert sent[0]["parameters"] == [{"type": "image", "image": {"link": "https://a.co/x.jpg"}}]
    with pytest.raises(CannotFill, match="https"):
        template.filled({"file": "http://a.co/x.jpg"})


@pytest.mark.parametrize("value", ["", "   ", "dos\nlíneas", "con\ttab", "muchos     espacios"])
def test_what_meta_refuses_is_refused_before(value: str) -> None:
    with pytest.raises(CannotFill):
        words({"type": "BODY", "text": "Hola {{1}}"}).filled({"b-1": value})


def test_a_text_that_grows_too_long_is_refused() -> None:
    template = words({"type": "BODY", "text": "Hola {{1}}"})
    assert template.filled({"b-1": "a" * 1019})
    with pytest.raises(CannotFill, match="1024"):
        template.filled({"b-1": "a" * 1020})


@pytest.mark.parametrize(
    "template",
    [
        words(BODY, category="AUTHENTICATION"),
        words({"type": "HEADER", "format": "LOCATION"}, BODY),
        words(BODY, {"type": "BUTTONS", "buttons": [{"type": "CATALOG", "text": "Ver"}]}),
    ],
)
def test_what_cannot_be_filled_here_says_why(template: TemplateWords) -> None:
    assert template.refusal
    with pytest.raises(CannotFill):
        template.filled({"b-1": "a", "b-2": "b"})


@pytest.mark.parametrize(
    "components",
    [
        [],
        [None],
        ["x"],
        [{"type": 5}],
        [{"type": "BODY"}],
        [{"type": "BUTTONS", "buttons": {"a": 1}}],
        [{"type": "BODY", "text": "{{1}}", "example": {"body_text": ["a"]}}],
    ],
)
def test_a_template_that_is_not_as_described_harms_nobody(components: list[Any]) -> None:
    template = TemplateWords("x", "es", "UTILITY", components)
    assert isinstance(template.shown({}), str)
    assert isinstance(template.slots(), list)
