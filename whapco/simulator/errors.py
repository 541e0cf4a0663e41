"""Meta's refusals with Meta's words (Graph API error object, Cloud API error code tables)."""

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from whapco.simulator import ids

_PRODUCT_TEXTS = {
    131047: "Message failed to send because more than 24 hours have passed since the customer"
    " last replied to this number.",
    131026: "Message Undeliverable.",
    131053: "Downloading media from weblink failed with http code 404, status message Not Found",
    131049: "In order to maintain a healthy ecosystem engagement, the message failed to be"
    " delivered.",
    131009: "Reaction target message not found.",
}
_SENTENCES = {
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
    132012: "Parameter format does not match format in the created template",
    133010: "Account not registered",
}


class ErrorFacts(NamedTuple):
    """One line of Meta's error table. `where` holds sync, async, incoming or a mix of them."""

    http: int
    title: str
    where: str


class MetaError(Exception):
    """Meta refuses a call. `details` is what a developer reads in error_data."""

    def __init__(
        self,
        code: int,
        message: str = "",
        *,
        details: str = "",
        subcode: int | None = None,
        kind: str = "OAuthException",
        http: int | None = None,
    ) -> None:
        facts = error_facts(code)
        self.code = code
        self.message = message or f"(#{code}) {_SENTENCES.get(code, facts.title)}"
        self.details = details
        self.subcode = subcode
        self.kind = kind
        self.http = http or facts.http
        super().__init__(self.message)

    def as_json(self) -> dict[str, Any]:
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        return {"error": error | {"fbtrace_id": ids.trace_id()}}


@cache
def _table() -> dict[int, ErrorFacts]:
    path = Path(__file__).parent / "data" / "errors.json"
    rows = json.loads(path.read_text(encoding="utf-8"))
    return {
        row["code"]: ErrorFacts(row["http"] or 400, row["title"], row["where"])
        for row in rows
        if isinstance(row["code"], int)
    }


def error_facts(code: int) -> ErrorFacts:
    """What Meta's table says of `code`; an unknown code is a synchronous 400."""
    return _table().get(code, ErrorFacts(400, "Unknown error", "sync"))


def happens_later(code: int) -> bool:
    """Whether Meta reports `code` in a `failed` status after having accepted the message."""
    return error_facts(code).where.startswith("async")


def webhook_error(code: int) -> dict[str, Any]:
    """The error object of a status: no wrapper, no trace id, unlike the HTTP answer's."""
    title = error_facts(code).title
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": _PRODUCT_TEXTS.get(code, title)},
        "href": "https://simulador.invalid/docs/error-codes/",
    }


def no_token() -> MetaError:
    return MetaError(104, "An access token is required to request this resource.")


def bad_token() -> MetaError:
    return MetaError(190, "Invalid OAuth access token - Cannot parse access token")


def expired_token(when: str) -> MetaError:
    """`when` is the time Meta prints, both for the expiry and for now."""
    text = (
        f"Error validating access token: Session has expired on {when}. The current time is {when}."
    )
    return MetaError(190, text, subcode=463)


def unknown_object(object_id: str, method: str) -> MetaError:
    """No such object, or not yours: Meta does not tell the two apart."""
    text = (
        f"Unsupported {method.lower()} request. Object with ID '{object_id}' does not exist, cannot"
        " be loaded due to missing permissions, or does not support this operation. Please read the"
        " Graph API documentation at https://developers.facebook.com/docs/graph-api"
    )
    return MetaError(100, text, subcode=33, kind="GraphMethodException")


def unknown_path(path: str) -> MetaError:
    return MetaError(2500, f"Unknown path components: /{path}")


def invalid(text: str, details: str = "") -> MetaError:
    return MetaError(100, f"(#100) {text}", details=details)


def no_field(name: str, node: str) -> MetaError:
    """`node` is Meta's name for what the id is of."""
    return invalid(f"Tried accessing nonexisting field ({name}) on node type ({node})")


def no_permission() -> MetaError:
    return MetaError(10, "(#10) Application does not have permission for this action")


def unknown_media(param: str) -> MetaError:
    text = "is not a valid whatsapp business account media attachment ID"
    return invalid(f"Param {param}['id'] {text}")


def bad_value(details: str) -> MetaError:
    return MetaError(131009, details=details)
