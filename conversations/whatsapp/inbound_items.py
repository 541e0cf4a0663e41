"""What a webhook of Meta comes down to. Every item names the account and the number it is for."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Place:
    """Where an item belongs. Account events carry no `phone_number_id`, tests the account "0"."""

    waba_id: str = ""
    phone_number_id: str = ""
    display_phone_number: str = ""


@dataclass(frozen=True)
class MediaInfo:
    """A file of a message. `url` lives 5 minutes and is only a shortcut; `id` lives 7 days.

    `filename` is hostile input. `mime_type` may carry parameters. `sha256` is base64 or hex.
    """

    id: str
    mime_type: str = ""
    sha256: str = ""
    filename: str = ""
    caption: str = ""
    voice: bool = False
    animated: bool = False
    url: str = ""


@dataclass(frozen=True)
class ErrorInfo:
    """An error inside a webhook; `text` is Meta's most telling sentence, in English."""

    code: int | None
    text: str


@dataclass(frozen=True)
class InboundMessage:
    """A message from a contact, or one our side wrote elsewhere (`echo`).

    `from_wa_id` and `from_user_id` name the *contact*, also in echoes; either may be empty, never
    both. `kind` is Meta's type, known or not. `text` is what a person reads: body, caption, title
    of the option tapped, name of a place. `target_wamid` is the message that a reaction, an edit
    or a revoke is about. `new_wa_id`, `new_user_id`: the contact is reached there from now on.
    `history` marks old messages: nobody answers them. `raw` is Meta's object, cleaned; the answer
    of a form is parsed into `raw["interactive"]["nfm_reply"]["fields"]`.
    """

    waba_id: str
    phone_number_id: str
    id: str
    kind: str
    at: datetime
    from_wa_id: str = ""
    from_user_id: str = ""
    parent_user_id: str = ""
    group_id: str = ""
    username: str = ""
    profile_name: str = ""
    text: str = ""
    option_id: str = ""
    context_wamid: str = ""
    media: MediaInfo | None = None
    target_wamid: str = ""
    emoji: str = ""
    new_wa_id: str = ""
    new_user_id: str = ""
    errors: tuple[ErrorInfo, ...] = ()
    echo: bool = False
    history: bool = False
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class InboundStatus:
    """What became of a message we sent. `send_key` is our own id, when Meta returns it.

    `status` is sent, delivered, read, played, failed, or a word Meta has yet to invent. In groups
    each `participant` has a status of their own.
    """

    waba_id: str
    phone_number_id: str
    id: str
    status: str
    at: datetime
    recipient_id: str = ""
    recipient_user_id: str = ""
    participant: str = ""
    send_key: str = ""
    error_code: int | None = None
    error_text: str = ""
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AccountNotice:
    """News of the account, a number, a template or a contact's preferences.

    `field` is Meta's name for it, or "errors" for one error without a message.
    """

    waba_id: str
    phone_number_id: str
    field: str
    raw: dict[str, Any]
    display_phone_number: str = ""


@dataclass(frozen=True)
class BadItem:
    """Something that cannot be understood, as it came; `reason` is for the log."""

    waba_id: str
    phone_number_id: str
    reason: str
    raw: dict[str, Any]


Item = InboundMessage | InboundStatus | AccountNotice | BadItem


@dataclass(frozen=True)
class Batch:
    """All items of one POST, in the order of the body."""

    items: tuple[Item, ...]
