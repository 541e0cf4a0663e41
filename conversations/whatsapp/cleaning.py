"""Characters that JSON may carry and a database or UTF-8 may not."""

import re
from typing import Any

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def clean_text(text: str) -> str:
    """`text` without NUL (PostgreSQL refuses it) and with U+FFFD for each lone surrogate."""
    if text.isascii():
        return text.replace("\x00", "") if "\x00" in text else text
    return _LONE_SURROGATE.sub("\ufffd", text.replace("\x00", ""))


def clean_json(value: Any) -> Any:
    """A copy of any parsed JSON with every string and every key cleaned."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(str(key)): clean_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean_json(item) for item in value]
    return value
