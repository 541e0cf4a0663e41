"""What of a message can be found, and how a search is read: pure.

Text is folded (no accents, lower case, words apart) the same way on both sides. MySQL's full text
passes over words of one or two letters and over its stop words: those are lengthened, so that the
beginning of a word, which is what is searched, finds them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from whapco.lib.text import normalize_text

SHORTEST = 3  # innodb_ft_min_token_size
LONGEST = 80  # innodb_ft_max_token_size is 84
MOST_WORDS = 8
MOST_TEXT = 20_000  # characters of one message
# INFORMATION_SCHEMA.INNODB_FT_DEFAULT_STOPWORD, those of three letters and more.
_STOPWORDS = frozenset(
    "about are com for from how that the this und was what when where who will with www".split()  # noqa: SIM905
)
_PHONE = re.compile(r"\+?\d[\d\s().\-–]{5,22}\d")
_NOT_DIGITS = re.compile(r"\D+")
_WORD = re.compile(r"\w+")
NATIONAL = 10  # digits of a number without its country, in most of the Americas


def indexed(*texts: str) -> str:
    """The words of a message as they are stored, each after a space."""
    whole = " ".join(filter(None, texts))[:MOST_TEXT]
    words = [*normalize_text(whole).split(), *_numbers(whole)]
    return "".join(f" {_lengthened(word[:LONGEST])}" for word in words)


def _lengthened(word: str) -> str:
    return f"{word}_" if word in _STOPWORDS else word.ljust(SHORTEST, "_")


def _numbers(text: str) -> list[str]:
    """Telephone numbers in one piece, however they were written, also without their country."""
    found = [_NOT_DIGITS.sub("", number) for number in _PHONE.findall(text)]
    return [form for digits in found for form in dict.fromkeys((digits, digits[-NATIONAL:]))]


@dataclass(frozen=True)
class Search:
    """`words` are beginnings of words, all of which must be there; `numbers` are the spellings of
    a telephone number, one of which is enough."""

    words: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.words)


def search_of(typed: str) -> Search:
    """What a person typed; nothing where it has no letter and no digit."""
    words = dict.fromkeys(normalize_text(typed[:200]).split())
    return Search(tuple(word[:LONGEST] for word in words)[:MOST_WORDS], _spellings(typed.strip()))


def _spellings(typed: str) -> tuple[str, ...]:
    """Of a number typed in any format: as it is, and without its country."""
    if not re.fullmatch(r"[+\d\s().\-–]+", typed):
        return ()
    digits = _NOT_DIGITS.sub("", typed).lstrip("0")
    if len(digits) < 4:
        return ()
    return tuple(dict.fromkeys((digits, digits[-NATIONAL:])))


def file_and_place_names(kind: str, payload: object) -> list[str]:
    """What Meta's object says in words beside the body: a file's, a place's, a person's name."""
    content = payload.get(kind) if isinstance(payload, Mapping) else None
    if isinstance(content, list):
        return [_text(one, "name", "formatted_name") for one in content]
    return [_text(content, key) for key in ("filename", "name", "address")]


def _text(value: object, *keys: str) -> str:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""


# Showing a hit --------------------------------------------------------------------------------

SHOWN, BEFORE = 140, 40  # characters of a hit's line, and how many stand before what was found


@dataclass(frozen=True)
class Piece:
    text: str
    is_hit: bool


def marked(text: str, search: Search) -> list[Piece]:
    """The part of `text` around the first hit, in pieces."""
    spans = list(hits_in(text, search))
    start = max(0, spans[0][0] - BEFORE) if spans else 0
    end, place = start + SHOWN, start
    pieces = [Piece("…", False)] if start else []
    for first, last in spans:
        if first >= end:
            break
        pieces += [Piece(text[place:first], False), Piece(text[first:last], True)]
        place = last
    pieces.append(Piece(text[place : max(end, place)], False))
    if max(end, place) < len(text):
        pieces.append(Piece("…", False))
    return [piece for piece in pieces if piece.text]


def hits_in(text: str, search: Search) -> Iterable[tuple[int, int]]:
    """Where what was searched stands in `text`, in order."""
    if search.numbers:
        for found in _PHONE.finditer(text):
            digits = _NOT_DIGITS.sub("", found[0])
            if any(number in digits for number in search.numbers):
                yield found.span()
                return
    for found in _WORD.finditer(text):
        folded = normalize_text(found[0])
        lengths = [len(word) for word in search.words if folded.startswith(word)]
        if lengths:
            is_plain = len(folded) == len(found[0])
            yield found.start(), found.start() + (max(lengths) if is_plain else len(found[0]))


def relevance(words: str, search: Search) -> int:
    """How well a message's stored words answer: the same words together, then whole words."""
    phrase = "".join(f" {_lengthened(word)}" for word in search.words)
    if f"{phrase} " in f"{words} ":
        return 2
    return int(all(f" {_lengthened(word)} " in f"{words} " for word in search.words))
