"""One phone number, several spellings: what WhatsApp calls the same person in some countries.

Mexico (`52` or `521`), Argentina (`54`, `549`, or dialled with 15) and Brazil (with or without the
ninth digit). Pure. Which form Meta wants is for Meta to say: these only tell who is who.
"""

import re
from collections.abc import Callable

_MEXICO = re.compile(r"52(?:1)?([2-9][0-9]{9})")
_BRAZIL = re.compile(r"55([1-9]{2})9?([6-9][0-9]{7})")  # 2 to 5: a landline, which never got a 9
_ARGENTINA = re.compile(r"549?([1-3][0-9]{9})")
_ARGENTINA_15 = re.compile(r"549?(11|[23][0-9]{2,3})15([0-9]{6,8})")  # 12 digits: 15 tells where


def canonical(wa_id: str) -> str:
    """The form that stands for all of them; any other text as it is."""
    return forms_of(wa_id)[0]


def forms_of(wa_id: str) -> tuple[str, ...]:
    """All spellings of a number, digits only; the canonical one first."""
    find = _FORMS.get(wa_id[:2])
    return (find(wa_id) if find and wa_id.isascii() else None) or (wa_id,)


def _mexican(wa_id: str) -> tuple[str, ...] | None:
    match = _MEXICO.fullmatch(wa_id)
    return (f"52{match[1]}", f"521{match[1]}") if match else None


def _brazilian(wa_id: str) -> tuple[str, ...] | None:
    match = _BRAZIL.fullmatch(wa_id)
    return (f"55{match[1]}9{match[2]}", f"55{match[1]}{match[2]}") if match else None


def _argentine(wa_id: str) -> tuple[str, ...] | None:
    """Area codes have 2 digits (Buenos Aires), 3 or 4: 15 may have been dialled after either."""
    match = _ARGENTINA.fullmatch(wa_id)
    dialled = _ARGENTINA_15.fullmatch(wa_id)
    number = match[1] if match else dialled[1] + dialled[2] if dialled else ""
    if len(number) != 10:
        return None
    areas = (2,) if number.startswith("11") else (3, 4)
    return (
        f"549{number}",
        f"54{number}",
        *(f"54{number[:area]}15{number[area:]}" for area in areas),
    )


_FORMS: dict[str, Callable[[str], tuple[str, ...] | None]] = {
    "52": _mexican,
    "54": _argentine,
    "55": _brazilian,
}
