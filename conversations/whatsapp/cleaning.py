"""What JSON may carry and a database, or JSON written again, may not."""

import math
import re
from typing import Any, Final

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# Meta's deepest is about 12. MariaDB refuses JSON deeper than 31, and rows wrap what we clean.
_DEPTH_LIMIT: Final = 25


def clean_text(text: str) -> str:
    """`text` without NUL (PostgreSQL refuses it) and with U+FFFD for each lone surrogate."""
    if text.isascii():
        return text.replace("\x00", "") if "\x00" in text else text
    return _LONE_SURROGATE.sub("\ufffd", text.replace("\x00", ""))


def clean_json(value: Any, depth: int = 0) -> Any:
    """A copy of any parsed JSON that can be stored as JSON.

    Strings and keys are cleaned; NaN and infinities (Python reads 1e999 as one) and whatever
    lies deeper than 25 levels become null.
    """
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if not isinstance(value, dict | list):
        return value
    if depth >= _DEPTH_LIMIT:
        return None
    if isinstance(value, list):
        return [clean_json(item, depth + 1) for item in value]
    return {clean_text(str(key)): clean_json(item, depth + 1) for key, item in value.items()}
