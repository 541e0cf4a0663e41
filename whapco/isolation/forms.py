"""The forms on a page: what a browser would send, so that a POST gets as far as it can."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

Fields = dict[str, list[str]]
_ACTIONS = ("action", "hx-post", "formaction")
_NOT_SENT = {"submit", "button", "image", "reset", "file"}


@dataclass
class Form:
    path: str  # without its query
    fields: Fields = field(default_factory=dict)


def forms_of(page: str, html: str) -> list[Form]:
    """The POST forms of `html`, the page at path `page`; buttons with an address of their own
    count as forms."""
    parser = _Parser(page)
    parser.feed(html)
    return parser.forms


class _Parser(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._select = ""
        self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(self._path(given.get("action", "")))
            self.forms.append(self._open)
        for address in _own_addresses(tag, given):
            fields = self._open.fields if self._open else {}
            self.forms.append(Form(self._path(address), fields))
        if self._open is None:
            return
        if tag == "input":
            self._input(given)
        elif tag == "select":
            self._select = given.get("name", "")
        elif tag == "option" and self._select:
            self._option(given)
        elif tag == "textarea":
            self._textarea = given.get("name", "")
            self._add(self._textarea, "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._open is not None and self._textarea:
            self._open.fields[self._textarea][-1] += data

    def _path(self, address: str) -> str:
        return urlsplit(urljoin(self.page, address)).path

    def _input(self, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        is_ticked = kind not in ("checkbox", "radio") or "checked" in given
        if kind not in _NOT_SENT and is_ticked:
            self._add(given.get("name", ""), given.get("value", ""))

    def _option(self, given: dict[str, str]) -> None:
        """The first option until another one says that it is selected."""
        assert self._open is not None  # noqa: S101  (its caller looks)
        if "selected" in given:
            self._open.fields[self._select] = [given.get("value", "")]
        else:
            self._open.fields.setdefault(self._select, [given.get("value", "")])

    def _add(self, name: str, value: str) -> None:
        if self._open is not None and name:
            self._open.fields.setdefault(name, []).append(value)


def _own_addresses(tag: str, given: dict[str, str]) -> Iterator[str]:
    for name in _ACTIONS:
        if given.get(name) and not (tag == "form" and name == "action"):
            yield given[name]
