"""Readers for JSON of which any part may be missing or of another kind than documented."""

from datetime import UTC, datetime
from typing import Any, Final

from conversations.whatsapp.cleaning import clean_text

_YEAR_2100: Final = 4_102_444_800  # seconds; a later event is no event


def as_dict(value: object) -> dict[str, Any]:
    """`value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """`value` if it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: object, limit: int | None = None) -> str:
    """`value` cleaned and cut to `limit` characters if it is text, else empty."""
    return clean_text(value)[:limit] if isinstance(value, str) else ""


def as_id(value: object, limit: int = 255) -> str:
    """An id, which Meta sends as text or as a number. Empty if it is neither or over `limit`."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    if isinstance(value, int) and value.bit_length() > 128:
        return ""
    text = clean_text(str(value)).strip()
    return text if len(text) <= limit else ""


def as_time(value: object) -> datetime | None:
    """Unix seconds, as text or number, in UTC. None if it is no time between 1970 and 2100."""
    digits = as_id(int(value) if isinstance(value, float) and value.is_integer() else value, 12)
    if not (digits.isascii() and digits.isdigit()) or int(digits) > _YEAR_2100:
        return None
    return datetime.fromtimestamp(int(digits), UTC)
