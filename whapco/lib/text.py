"""How whapco compares words: what a contact writes, triggers, steps and option ids."""

import re
import unicodedata
from functools import lru_cache

_NOT_A_WORD = re.compile(r"[\W_]+")
_BETWEEN_TRIGGERS = re.compile(r"[,;\n]")

ANYTHING = "*"  # the trigger that takes whatever no other rule of its step takes
MEDIA_PREFIX = "@"  # of the triggers for messages without text, such as "@imagen"


def normalize_text(text: str) -> str:
    """`text` as rules compare it: no marks, lower case, single spaces between words.

    `¿Cuánto CUESTA?` -> `cuanto cuesta`; `1️⃣` -> `1`; `a_b` -> `a b`; `👍` -> ``.
    """
    return _NOT_A_WORD.sub(" ", _without_marks(text).lower()).strip()


def normalize_step(text: str) -> str:
    """The name of a step as it is stored and compared: accents and punctuation count."""
    return text.strip().lower()


def normalize_option_id(text: str) -> str:
    """The id of a button or row as it is compared: punctuation counts, accents and case do not."""
    return _without_marks(text).lower().strip()


def split_items(trigger: str) -> tuple[str, ...]:
    """The alternatives of a trigger as they were written, without outer spaces or empty ones."""
    items = (item.strip() for item in _BETWEEN_TRIGGERS.split(trigger))
    return tuple(item for item in items if item)


def split_triggers(trigger: str) -> tuple[str, ...]:
    """The alternatives of a trigger, each normalised; `*` and `@…` only in lower case."""
    items = (normalize_trigger(item) for item in split_items(trigger))
    return tuple(item for item in items if item)


def normalize_trigger(item: str) -> str:
    """One alternative of a trigger, as `split_triggers` gives it; empty when it has no word."""
    if item == ANYTHING or item.startswith(MEDIA_PREFIX):
        return item.lower()
    return normalize_text(item)


def split_steps(steps: str) -> tuple[str, ...]:
    """The steps of a list such as `a, b,c`, in order."""
    names = (normalize_step(name) for name in steps.split(","))
    return tuple(name for name in names if name)


def _without_marks(text: str) -> str:
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFD", text)
    return "".join([char for char in decomposed if char.isascii() or not _is_mark(char)])


@lru_cache(maxsize=4096)
def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"
