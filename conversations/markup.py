"""WhatsApp's text formatting -> safe HTML.

`*bold* _italic_ ~strike~ ```mono``` `mono``, http(s) addresses as links. Everything else is
escaped: HTML is never executed. Rules as WhatsApp's: a mark opens at a word's start, closes at a
word's end, and does not span lines (triple backticks do).
"""

import re

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_TAGS = {"bold": "strong", "italic": "em", "strike": "s"}
_DEEPEST = 4  # of marks inside marks; the three kinds need no more


def _span(name: str, mark: str) -> str:
    """Bounded by the next `mark`, so that matching stays linear however hostile the text."""
    sign = re.escape(mark)
    return rf"(?<![\w{sign}]){sign}(?P<{name}>(?!\s)[^{sign}\n]+(?<!\s)){sign}(?![\w{sign}])"


_TOKEN = re.compile(
    "|".join(
        (
            r"```(?P<block>[^`]+)```",
            r"`(?P<mono>[^`\n]+)`",
            r"(?P<url>https?://[^\s<>\"]+)",
            _span("bold", "*"),
            _span("italic", "_"),
            _span("strike", "~"),
        )
    )
)


def whatsapp_html(text: str, depth: int = 0) -> SafeString:
    """`text` as HTML, escaped but for our own tags."""
    pieces: list[str] = []
    position = 0
    for token in _TOKEN.finditer(text):
        pieces.append(escape(text[position : token.start()]))
        pieces.append(_render(token, depth))
        position = token.end()
    pieces.append(escape(text[position:]))
    return mark_safe("".join(pieces))  # noqa: S308  every piece is escaped above


def _render(token: re.Match[str], depth: int) -> str:
    name = token.lastgroup or ""
    inner = token[name]
    if name == "url":
        return _link(inner)
    if name in {"block", "mono"}:
        return f"<code>{escape(inner)}</code>"
    content = whatsapp_html(inner, depth + 1) if depth < _DEEPEST else escape(inner)
    return f"<{_TAGS[name]}>{content}</{_TAGS[name]}>"


def _link(address: str) -> str:
    """Punctuation that ends a sentence is not part of the address; a balanced `)` is."""
    url = address.rstrip(".,;:!?'*_~")
    while url.endswith(")") and url.count("(") < url.count(")"):
        url = url[:-1].rstrip(".,;:!?'*_~")
    rest = address[len(url) :]
    safe = escape(url)
    return f'<a href="{safe}" target="_blank" rel="noopener noreferrer">{safe}</a>{escape(rest)}'
