"""The parts of a bubble, and how to read them out of what may not be there.

Pure. Nearly every field of Meta's may be missing or of another type: what cannot be read is left
out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Payload = Mapping[str, Any]

_INVISIBLE = {
    ord(mark): None for mark in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
}


@dataclass(frozen=True)
class Card:
    """A box inside a bubble. `url` is http(s) or empty; `fields` are (label, value). `is_file`: it
    stands for a file, which shows itself once it is here."""

    icon: str
    title: str
    detail: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    url: str = ""
    is_file: bool = False


@dataclass(frozen=True)
class Option:
    """What can be tapped. `id` is empty where a tap tells us nothing, such as a link's."""

    title: str
    description: str = ""
    id: str = ""


@dataclass(frozen=True)
class Section:
    title: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Parts:
    """`buttons` hang below the bubble; `sections` open from `menu`, the list's button."""

    text: str = ""
    header: str = ""
    footer: str = ""
    cards: tuple[Card, ...] = ()
    buttons: tuple[Option, ...] = ()
    menu: str = ""
    sections: tuple[Section, ...] = ()
    forwarded: bool = False


def dig(value: object, *keys: str) -> object:
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def string(value: object, *keys: str) -> str:
    found = dig(value, *keys)
    return str(found).strip() if isinstance(found, str | int | float) else ""


def objects(value: object, *keys: str) -> list[Payload]:
    found = dig(value, *keys)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def web_address(text: str) -> str:
    return text if text.startswith(("https://", "http://")) else ""


def plain(text: str) -> str:
    """A file's or a person's name without the marks that turn `fdp.exe` into `exe.pdf`."""
    return text.translate(_INVISIBLE)
