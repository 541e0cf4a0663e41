"""A rule as the engine sees it: plain values, no model."""

from dataclasses import dataclass
from typing import Any

CONTAINS = "contiene"  # RuleData.match; anything else means the whole text
FLOW = "flow"


@dataclass(frozen=True)
class MediaRef:
    """A file sent with a rule: a public http(s) `url`, or the id of one of our MediaFiles.

    `kind` is the cell `media_tipo`: a kind (`image`), a Spanish word (`imagen`), a MIME type or
    nothing.
    """

    kind: str = ""
    url: str = ""
    file_id: int | None = None


@dataclass(frozen=True)
class RuleData:
    """One rule. `options` is the JSON of the cell as stored, or None; `kind` and `match` are the
    words of chatbot.models.Rule."""

    id: int
    step: str
    trigger: str
    kind: str = "texto"
    reply: str = ""
    next_step: str = ""
    options: Any = None
    role_keyword: str = ""
    formula: str = ""
    handler: str = ""
    hands_over: bool = False
    priority: int = 100
    match: str = "exacta"
    medias: tuple[MediaRef, ...] = ()

    @property
    def rank(self) -> tuple[int, int]:
        """Lower goes first."""
        return (self.priority, self.id)

    @property
    def fires_on_entry(self) -> bool:
        """A quote or a function needs what the contact writes, so entering cannot run it."""
        return not self.formula.strip() and not self.handler.strip()
