"""What Meta's errors mean and what to do about each.

The table is errors.json: Meta's "Cloud API error codes" page plus codes seen in the field. Decide
on the code, never on the HTTP status first: throttling comes as 400, a missing permission as 500.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext

from conversations.whatsapp.cleaning import clean_text
from conversations.whatsapp.error_sentences import SENTENCES

USUAL_TRIES: Final = 5
FEW_TRIES: Final = 3  # for errors that nobody has explained
# Of the permanent ones: a number off the test list, a file, a restriction that ends.
_MENDED_BY_PEOPLE: Final = frozenset({130497, 131030, 131052, 131053})
_DETAIL_LIMIT: Final = 500  # of Meta's own words, after our sentence


class Action(StrEnum):
    """What the caller does next."""

    RETRY = "RETRY"  # backoff with jitter, at most `tries`, then fail visibly
    BACKOFF = "BACKOFF"  # as RETRY, but the whole number waits
    PAIR = "PAIR"  # only this recipient waits: 4^n seconds
    TOKEN = "TOKEN"  # noqa: S105 - stop the number, keep its messages queued, tell the company once
    CHANNEL = "CHANNEL"  # trouble of the account or number: fail, tell the company
    AGENT = "AGENT"  # permanent for this message: show the reason beside it
    TEMPLATE_NEEDED = "TEMPLATE_NEEDED"  # the 24-hour window is closed
    TEMPLATE = "TEMPLATE"  # read that template again, tell the agent
    DROP = "DROP"  # do not resend now
    OPTOUT = "OPTOUT"  # the contact wants no marketing
    BUG = "BUG"  # our validation let it through
    SHOW = "SHOW"  # a placeholder in the chat


_PASSING: Final = frozenset({Action.RETRY, Action.BACKOFF, Action.PAIR, Action.TOKEN})
# The same again is refused again, or is not ours to decide.
_FOR_EVER: Final = frozenset({Action.AGENT, Action.BUG, Action.DROP, Action.OPTOUT, Action.SHOW})


@dataclass(frozen=True)
class CodeInfo:
    """One row of errors.json. `where`: sync = HTTP answer, async = failed status, incoming."""

    code: int
    title: str
    where: str
    action: Action
    tries: int
    show_details: bool


class GraphError(Exception):
    """Meta refused a call; `text` is the Spanish sentence to show.

    `permanent`: trying the same again cannot help. `tries`: after how many to give up.
    `wait_seconds`: what Meta asked to wait, when it said so. `fbtrace_id` is for Meta's support.
    """

    def __init__(
        self,
        text: str,
        *,
        action: Action,
        code: int | None = None,
        subcode: int | None = None,
        http_status: int | None = None,
        fbtrace_id: str = "",
        wait_seconds: float | None = None,
    ) -> None:
        super().__init__(text)
        self.text = text
        self.action = action
        self.code = code
        self.subcode = subcode
        self.http_status = http_status
        self.fbtrace_id = fbtrace_id
        self.wait_seconds = wait_seconds
        self.tries = tries_for(code, subcode)

    @property
    def permanent(self) -> bool:
        return self.action not in _PASSING

    @property
    def may_pass(self) -> bool:
        """Whether the same may work a little later, without anybody doing anything."""
        return self.action in _PASSING and self.action is not Action.TOKEN


class AnswerUnknown(GraphError):
    """The call may have been carried out: silence after sending, or a 5xx without error object."""


class NotSent(GraphError):
    """Nothing left this machine: no connection, no DNS, no TLS. Safe to try again."""


@cache
def table() -> Mapping[int, CodeInfo]:
    """errors.json by code; the range 200-299 under 200."""
    rows = json.loads(Path(__file__).with_name("errors.json").read_text(encoding="utf-8"))
    infos = (_code_info(row) for row in rows)
    return {info.code: info for info in infos}


def _code_info(row: dict[str, Any]) -> CodeInfo:
    return CodeInfo(
        code=int(str(row["code"]).partition("-")[0]),
        title=row["title"],
        where=row["where"],
        action=Action(row["action"]),
        tries=row.get("tries", USUAL_TRIES),
        show_details=row.get("show_details", False),
    )


def find(code: int | None, subcode: int | None = None) -> CodeInfo | None:
    """The subcode's row where there is one (2388xxx hide under code 100), else the code's."""
    known = table()
    for number in (subcode, code):
        if number is None:
            continue
        if 200 <= number <= 299:
            return known[200]
        if number in known:
            return known[number]
    return None


def tries_for(code: int | None, subcode: int | None = None) -> int:
    """How many times to try a message that meets this error; few where the cause is unknown."""
    info = find(code, subcode)
    return info.tries if info else FEW_TRIES if code is not None else USUAL_TRIES


def action_for(
    code: int | None,
    subcode: int | None = None,
    http_status: int | None = None,
    *,
    is_transient: bool = False,
) -> Action:
    """What to do about an error. `http_status` is None for errors that come in webhooks."""
    info = find(code, subcode)
    if info and not (is_transient and info.action not in _PASSING):
        return info.action
    if is_transient:
        return Action.RETRY
    if http_status == 429:
        return Action.BACKOFF
    if http_status == 401:
        return Action.TOKEN
    if http_status is not None and http_status >= 500:
        return Action.RETRY
    return Action.AGENT


def may_pass_later(code: int | None) -> bool:
    """Whether the very same message may work another day, after somebody has mended something: no
    wrong number, no words that Meta does not take. None: no code, as after a doubt."""
    info = find(code)
    if info is None or info.code in _MENDED_BY_PEOPLE:
        return True
    return info.action not in _FOR_EVER


def explain(code: int | None, details: str = "", subcode: int | None = None) -> str:
    """The sentence to show, in the reader's language, with Meta's detail where it says what."""
    info = find(code, subcode)
    detail = clean_text(details).strip()[:_DETAIL_LIMIT]
    if info is None:
        reason = ": ".join(part for part in (str(code) if code is not None else "", detail) if part)
        sentence = gettext("WhatsApp rechazó la operación. Revísala o avisa a soporte.")
        return f"{sentence} ({reason})" if reason else sentence
    sentence = gettext(SENTENCES[info.code])
    return f"{sentence} ({detail})" if detail and info.show_details else sentence


def from_answer(http_status: int, body: bytes, wait_seconds: float | None = None) -> GraphError:
    """The error in an HTTP answer that is not a success.

    Without an error object (HTML of a proxy, nothing at all) nobody knows what Meta did.
    """
    error = _error_object(body)
    if error is None:
        return _unreadable(http_status, wait_seconds)
    code, subcode = as_code(error.get("code")), as_code(error.get("error_subcode"))
    transient = error.get("is_transient") is True
    return GraphError(
        explain(code, details_of(error), subcode),
        action=action_for(code, subcode, http_status, is_transient=transient),
        code=code,
        subcode=subcode,
        http_status=http_status,
        fbtrace_id=_text(error.get("fbtrace_id")),
        wait_seconds=wait_seconds,
    )


def details_of(error: Mapping[str, Any]) -> str:
    """The most telling text of an error object, of an HTTP answer or of a webhook."""
    data = error.get("error_data")
    candidates = (
        data.get("details") if isinstance(data, dict) else data,
        error.get("details"),  # older webhooks
        error.get("error_user_msg"),
        error.get("message"),
        error.get("title"),
    )
    return next((text for text in map(_text, candidates) if text), "")


def as_code(value: object) -> int | None:
    """An error code as a number; Meta sends ints, some webhooks strings."""
    digits = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        return None
    return int(digits)


def _unreadable(http_status: int, wait_seconds: float | None) -> GraphError:
    if http_status == 429:
        text = gettext("Meta pide ir más despacio. Los envíos esperan y siguen solos.")
        return GraphError(
            text, action=Action.BACKOFF, http_status=http_status, wait_seconds=wait_seconds
        )
    text = gettext("Meta no dio una respuesta clara. Se confirma o se reintenta solo.")
    return AnswerUnknown(text, action=Action.RETRY, http_status=http_status)


def _error_object(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    error = answer.get("error") if isinstance(answer, dict) else None
    return error if isinstance(error, dict) else None


def _text(value: object) -> str:
    return clean_text(value) if isinstance(value, str) else ""
