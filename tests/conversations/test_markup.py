"""WhatsApp's formatting as safe HTML."""

import time

import pytest

from conversations.markup import whatsapp_html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*hola*", "<strong>hola</strong>"),
        ("_hola_", "<em>hola</em>"),
        ("~hola~", "<s>hola</s>"),
        ("```a\n*b*```", "<code>a\n*b*</code>"),
        ("`ref-1`", "<code>ref-1</code>"),
        ("*_los dos_*", "<strong><em>los dos</em></strong>"),
        ("¡*Hola*, _Ana_!", "¡<strong>Hola</strong>, <em>Ana</em>!"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("* hola*", "* hola*"),
        ("*hola *", "*hola *"),
        ("una_variable_larga", "una_variable_larga"),
        ("5*3*2", "5*3*2"),
        ("*dos\nlíneas*", "*dos\nlíneas*"),
        ("sin cerrar *hola", "sin cerrar *hola"),
    ],
)
def test_marks_become_tags_where_whatsapp_does_it(text: str, html: str) -> None:
    assert whatsapp_html(text) == html


@pytest.mark.parametrize(
    ("text", "address", "rest"),
    [
        ("https://a.co/x?y=1&z=2", "https://a.co/x?y=1&amp;z=2", ""),
        ("https://a.co.", "https://a.co", "."),
        ("https://a.co/x_(y)", "https://a.co/x_(y)", ""),
        ("https://a.co/a_b_c", "https://a.co/a_b_c", ""),
    ],
)
def test_addresses_become_links(text: str, address: str, rest: str) -> None:
    link = f'<a href="{address}" target="_blank" rel="noopener noreferrer">{address}</a>'
    assert whatsapp_html(text) == f"{link}{rest}"


def test_a_parenthesis_around_an_address_stays_outside() -> None:
    assert whatsapp_html("(https://a.co)").endswith("https://a.co</a>)")


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "*<img src=x onerror=alert(1)>*",
        "```<b>```",
        'https://a.co/"onmouseover="alert(1)',
        "https://a.co/<script>",
        "javascript:alert(1)",
        "_*~<i>~*_",
    ],
)
def test_html_is_never_executed(hostile: str) -> None:
    html = whatsapp_html(hostile)
    assert "<script" not in html
    assert "<img" not in html
    assert "<b>" not in html
    assert "<i>" not in html
    assert 'href="javascript' not in html
    assert '"onmouseover' not in html


def test_hostile_texts_take_no_time() -> None:
    started = time.perf_counter()
    for text in ("*" * 60_000, "*a" * 30_000, "_ " * 30_000, "`" * 60_000, "*_~" * 20_000):
        whatsapp_html(text)
    assert time.perf_counter() - started < 3
