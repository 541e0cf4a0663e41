"""Texts that exist in one company only, and where each was planted: what a leak is known by."""

import re
import secrets
from dataclasses import dataclass
from enum import Enum

MARK_LENGTH = 12  # "zx", six of the company's own, four that count
_BETWEEN = rb"(?:[\s.()+-]|\xc2\xa0|&nbsp;)*"  # a number may be shown in groups


class Kind(Enum):
    """Who but the company's own people may read it."""

    DATA = "data"  # nobody
    PEOPLE = "people"  # superadmins, in the panel: they manage the users of each company
    REGISTRY = "registry"  # superadmins, in the panel
    SECRET = "secret"  # noqa: S105  nobody at all, the company's own people included


@dataclass(frozen=True)
class Mark:
    text: str
    place: str  # "conversations.contact.alias"
    kind: Kind


class Marks:
    """Every text planted for one company."""

    def __init__(self) -> None:
        self._word = f"zx{secrets.token_hex(3)}"
        self._digits = f"57{secrets.randbelow(900_000) + 100_000}"
        self._known: dict[str, Mark] = {}
        digits = _BETWEEN.join(bytes([digit]) for digit in self._digits.encode())
        tail = (_BETWEEN + rb"\d") * 4
        self._pattern = re.compile(
            rb"%s(?:\d{4})?|%s%s" % (self._word.encode(), digits, tail), re.IGNORECASE
        )

    def text(self, place: str, kind: Kind = Kind.DATA) -> str:
        """A new word of MARK_LENGTH letters and digits."""
        return self._add(self._word, place, kind)

    def number(self, place: str, kind: Kind = Kind.DATA) -> str:
        """A new number of twelve digits."""
        return self._add(self._digits, place, kind)

    def found_in(self, content: bytes) -> set[Mark]:
        """The marks that `content` shows, cut short or in groups of digits too."""
        return {self._mark_of(match.group()) for match in self._pattern.finditer(content)}

    def without(self, text: str, instead: str) -> str:
        """`text` with `instead` for every mark."""
        return self._pattern.sub(instead.encode(), text.encode()).decode()

    def __len__(self) -> int:
        return len(self._known)

    def _add(self, start: str, place: str, kind: Kind) -> str:
        text = f"{start}{len(self._known):04d}"
        self._known[text] = Mark(text, place, kind)
        return text

    def _mark_of(self, seen: bytes) -> Mark:
        text = seen.decode("ascii", "ignore").lower()
        known = self._known.get(text) or self._known.get(re.sub(r"\D", "", text))
        return known or Mark(text, "…", Kind.DATA)  # cut short
