"""What the engine is told about a message, and what it wants done about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chatbot.global_commands import CommandResult

NO_RULE = "sin_regla"  # reasons of Flag
CHAIN_TOO_LONG = "cadena_larga"
BROKEN_FORMULA = "calculo_invalido"


@dataclass(frozen=True)
class Event:
    """One message of a contact.

    `kind` is "text", "tap", "media", "flow" or "other". `text` is what the contact wrote: text,
    caption, transcript, or the title of a tapped option. `media_trigger` is such as "@imagen".
    `source_rule_id` is the rule whose message carried the tapped option or the form.
    `handler_texts` are the results of the functions `wanted_handlers` asked for, by name, and
    `command` that of the global command, run if `wants_command`.
    """

    kind: str
    text: str
    now: datetime
    media_trigger: str = ""
    option_id: str = ""
    source_rule_id: int | None = None
    handler_texts: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    command: CommandResult | None = None


@dataclass(frozen=True)
class SessionState:
    """A contact's place in the flow. A contact who never wrote has none."""

    step: str
    is_open: bool = True
    fallback_sent: bool = False  # FALLBACK_TEXT was the last answer
    contact_spoke_at: datetime | None = None


@dataclass(frozen=True)
class EngineSettings:
    """The company's settings. `session_timeout_seconds` 0: sessions never close by silence."""

    initial_step: str = "menu_principal"
    fallback_text: str = ""
    session_timeout_seconds: int = 0
    session_timeout_message: str = ""


@dataclass(frozen=True)
class Send:
    """Send `words`, a body of conversations.whatsapp.outbound; `body` is what a person reads.

    `kind` is Meta's type of message. `rule_id` is None for what no rule says.
    """

    words: dict[str, Any]
    body: str
    kind: str
    rule_id: int | None
    step: str


@dataclass(frozen=True)
class GiveToRole:
    """The chat belongs to that role alone; `keyword` is one of the rulebook's."""

    keyword: str


@dataclass(frozen=True)
class HandOver:
    """From here on an agent answers."""


@dataclass(frozen=True)
class Flag:
    """The chat needs attention, for a reason such as "sin_regla"."""

    reason: str


@dataclass(frozen=True)
class Unflag:
    """A rule understood the contact: the chat no longer needs attention for "sin_regla"."""


Action = Send | GiveToRole | HandOver | Flag | Unflag


@dataclass(frozen=True)
class Decision:
    """What to do, in order, and the session after it."""

    actions: tuple[Action, ...]
    session: SessionState
