"""Spanish numbers in words, as speech engines write them, become digits as people type them."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_NAMES: Final = (
    *("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez"),
    *("once", "doce", "trece", "catorce", "quince", "dieciseis", "diecisiete", "dieciocho"),
    *("diecinueve", "veinte", "veintiuno", "veintidos", "veintitres", "veinticuatro"),
    *("veinticinco", "veintiseis", "veintisiete", "veintiocho", "veintinueve"),
)
_UNITS: Final = {name: number for number, name in enumerate(_NAMES)} | {
    "un": 1,
    "una": 1,
    "veintiun": 21,
    "veintiuna": 21,
}
_TENS: Final = {
    "treinta": 30,
    "cuarenta": 40,
    "cincuenta": 50,
    "sesenta": 60,
    "setenta": 70,
    "ochenta": 80,
    "noventa": 90,
}
_STEMS: Final = {
    "doscient": 200,
    "trescient": 300,
    "cuatrocient": 400,
    "quinient": 500,
    "seiscient": 600,
    "setecient": 700,
    "ochocient": 800,
    "novecient": 900,
}
_HUNDREDS: Final = {"cien": 100, "ciento": 100} | {
    f"{stem}{ending}": value for stem, value in _STEMS.items() for ending in ("os", "as")
}
_ARTICLES: Final = {"un", "una"}  # "una cotización" is no number
_PLAIN: Final = str.maketrans("áéíóúü", "aeiouu")
_WORD: Final = re.compile(r"[^\W\d_]+")
_ONLY_SPACES: Final = re.compile(r"\s+")


class _Word(NamedTuple):
    """`plain`: lower case and without accents; the place is in the text."""

    plain: str
    start: int
    end: int


def with_digits(text: str) -> str:
    """`text` with its numbers up to 999 999 999 as digits; the rest stays as it is.

    `ciento veinte por ochenta` -> `120 por 80`; `dos coma cinco` -> `2,5`; `uno dos` -> `1 2`;
    `quiero una cotización` stays.
    """
    words = [
        _Word(found[0].lower().translate(_PLAIN), found.start(), found.end())
        for found in _WORD.finditer(text)
    ]
    written, done = [], 0
    for first, last, value in _numbers(words, text):
        written.append(text[done : words[first].start] + value)
        done = words[last].end
    return "".join(written) + text[done:]


def _numbers(words: list[_Word], text: str) -> Iterator[tuple[int, int, str]]:
    """The first and the last word of each number, and its digits."""
    at = 0
    while at < len(words):
        after, value = _whole(words, text, at)
        if after == at or (after == at + 1 and words[at].plain in _ARTICLES):
            at += 1
            continue
        digits = str(value)
        if after + 1 < len(words) and words[after].plain in ("coma", "punto"):
            end, part = _whole(words, text, after + 1)
            if end > after + 1:
                digits, after = f"{digits},{part}", end
        yield at, after - 1, digits
        at = after


def _whole(words: list[_Word], text: str, at: int) -> tuple[int, int]:
    """A whole number that begins at a word: where it ends, and its value."""
    total, start = 0, at
    for name, factor in ((("millon", "millones"), 1_000_000), (("mil",), 1_000)):
        end, value = _below_thousand(words, text, at)
        alone = end == at and name == ("mil",)  # "mil" is a thousand without "un"
        named = end < len(words) and words[end].plain in name and (end > at or alone)
        if named and (end == start or _follows(words, text, end)):
            total, at = total + (value or 1) * factor, end + 1
    if at > start and not (at < len(words) and _follows(words, text, at)):
        return at, total
    end, value = _below_thousand(words, text, at)
    return end, total + value


def _below_thousand(words: list[_Word], text: str, at: int) -> tuple[int, int]:
    value, start = 0, at
    if at < len(words) and words[at].plain in _HUNDREDS:
        value, at = _HUNDREDS[words[at].plain], at + 1
        if not (at < len(words) and _follows(words, text, at)):
            return at, value
    if at < len(words) and words[at].plain in _TENS:
        value, at = value + _TENS[words[at].plain], at + 1
        joined = at + 1 < len(words) and words[at].plain == "y" and _follows(words, text, at)
        if joined and 1 <= _UNITS.get(words[at + 1].plain, 0) <= 9:
            return at + 2, value + _UNITS[words[at + 1].plain]
        return at, value
    if at < len(words) and words[at].plain in _UNITS and not (value and words[at].plain == "cero"):
        return at + 1, value + _UNITS[words[at].plain]
    return (at, value) if at > start else (start, 0)


def _follows(words: list[_Word], text: str, at: int) -> bool:
    """Nothing but spaces before the word: a comma or a digit ends a number."""
    return at > 0 and bool(_ONLY_SPACES.fullmatch(text[words[at - 1].end : words[at].start]))
