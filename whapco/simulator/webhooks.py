"""What Meta posts to the product: bodies, wire form and signature."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from whapco.simulator import ids
from whapco.simulator.errors import webhook_error
from whapco.simulator.media import StoredFile
from whapco.simulator.state import Bubble, Customer, Number

Json = dict[str, Any]

SIGNATURE_HEADER = "X-Hub-Signature-256"


@dataclass(frozen=True)
class Webhook:
    """A body on its way. Those of one `lane` keep their order; `delay_seconds` from now."""

    body: Json
    phone_number_id: str
    lane: str
    delay_seconds: float = 0.0


def wire_form(body: object) -> bytes:
    r"""As Meta writes JSON: ASCII with \uXXXX in lower case and slashes as \/."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=True)
    return text.replace("/", "\\/").encode()


def signature(body: bytes, secret: str) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def signed(body: object, secret: str) -> tuple[bytes, dict[str, str]]:
    """The bytes to post and their headers."""
    raw = wire_form(body)
    return raw, {"Content-Type": "application/json", SIGNATURE_HEADER: signature(raw, secret)}


def envelope(number: Number, **value: Any) -> Json:
    """One change of field `messages`; `value` adds contacts, messages, statuses or errors."""
    metadata = {
        "display_phone_number": number.display_phone_number,
        "phone_number_id": number.phone_number_id,
    }
    change = {
        "field": "messages",
        "value": {"messaging_product": "whatsapp", "metadata": metadata} | value,
    }
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": number.waba_id, "changes": [change]}],
    }


def message(number: Number, customer: Customer, bubble: Bubble, **extra: Any) -> Json:
    """A message of `customer`, as the product receives it. `extra` adds keys (referral, origin)."""
    user_id = ids.user_id(number.phone_number_id, customer.wa_id)
    item: Json = {
        "from": customer.wa_id,
        "from_user_id": user_id,
        "id": bubble.wamid,
        "timestamp": str(int(bubble.at)),
        "type": bubble.kind,
        bubble.kind: bubble.content,
    } | extra
    if bubble.context:
        item["context"] = {"from": number.display_phone_number, "id": bubble.context}
    contact = {"profile": {"name": customer.name}, "wa_id": customer.wa_id, "user_id": user_id}
    return envelope(number, contacts=[contact], messages=[item])


def media_content(stored: StoredFile, url: str, *, caption: str = "", voice: bool = False) -> Json:
    """The object of a received file; its sha256 is base64 here and hexadecimal at GET /{media}."""
    mime = "audio/ogg; codecs=opus" if voice else stored.mime_type
    content: Json = {
        "mime_type": mime,
        "sha256": base64.b64encode(stored.digest).decode(),
        "id": stored.media_id,
        "url": url,
    }
    kind = stored.mime_type.split("/")[0]
    if kind == "audio":
        return content | {"voice": voice}
    if caption:
        content["caption"] = caption
    if kind not in ("image", "video") and stored.filename:
        content["filename"] = stored.filename
    return content


def status(
    number: Number,
    customer: Customer,
    bubble: Bubble,
    name: str,
    *,
    at: float,
    error: int | None = None,
    with_conversation: bool = False,
) -> Json:
    """`name` is sent, delivered, read, played or failed; `error` a code for failed.

    `with_conversation`: up to v23 of the API every status names its conversation.
    """
    peer = customer.wa_id
    item: Json = {"id": bubble.wamid, "status": name, "timestamp": str(int(at))}
    item |= _recipient(number, peer)
    if bubble.callback is not None:
        item["biz_opaque_callback_data"] = bubble.callback
    if error is not None:
        return envelope(number, statuses=[item | {"errors": [webhook_error(error)]}])
    if name in ("sent", "delivered"):
        item["pricing"] = _pricing(bubble)
        if with_conversation:
            item["conversation"] = _conversation(peer, name, at)
    if not (peer.isdigit() and customer.name):
        return envelope(number, statuses=[item])
    user_id = ids.user_id(number.phone_number_id, peer)
    contact = {"profile": {"name": customer.name}, "wa_id": peer, "user_id": user_id}
    return envelope(number, contacts=[contact], statuses=[item])


def _recipient(number: Number, peer: str) -> Json:
    if peer.isdigit():
        user_id = ids.user_id(number.phone_number_id, peer)
        return {"recipient_id": peer, "recipient_user_id": user_id}
    if "." in peer:
        return {"recipient_user_id": peer}
    return {"recipient_id": peer, "recipient_type": "group"}


def _pricing(bubble: Bubble) -> Json:
    if bubble.template is None:
        kind, category = "free_customer_service", "service"
    else:
        kind, category = "regular", bubble.template["category"].lower()
    return {
        "billable": kind == "regular",
        "pricing_model": "PMP",
        "type": kind,
        "category": category,
    }


def _conversation(peer: str, name: str, at: float) -> Json:
    day = int(at) // 86_400
    found: Json = {
        "id": hashlib.sha256(f"{peer}/{day}".encode()).hexdigest()[:32],
        "origin": {"type": "service"},
    }
    return found | ({"expiration_timestamp": str((day + 1) * 86_400)} if name == "sent" else {})
