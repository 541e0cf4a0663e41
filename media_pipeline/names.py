"""What people call a file: data, shown and sent, never a path."""

import unicodedata
from typing import Final

MOST_CHARACTERS: Final = 200
_LONGEST_EXTENSION: Final = 10


def plain_name(name: str) -> str:
    """The last part of it, without control characters and the marks that turn `gpj.exe` into
    `exe.jpg`; when too long, the extension survives."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(char for char in last if unicodedata.category(char)[0] != "C").strip(" .")
    return _shortened(shown)


def _shortened(name: str) -> str:
    if len(name) <= MOST_CHARACTERS:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > _LONGEST_EXTENSION:
        return name[:MOST_CHARACTERS]
    return f"{stem[: MOST_CHARACTERS - len(extension) - 1]}.{extension}"
