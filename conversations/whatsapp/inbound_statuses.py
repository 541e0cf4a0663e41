"""One status object of a webhook -> InboundStatus."""

from datetime import datetime
from typing import Any

from conversations.whatsapp.inbound_content import errors_of
from conversations.whatsapp.inbound_items import InboundStatus, Place
from conversations.whatsapp.inbound_messages import Unreadable, event_time
from conversations.whatsapp.reading import as_id, as_text


def read_status(status: dict[str, Any], place: Place, received_at: datetime) -> InboundStatus:
    """A cleaned status object. Raises Unreadable without an id, a status or a sane time."""
    wamid = as_id(status.get("id"))
    word = as_text(status.get("status"), 40)
    if not (wamid and word):
        raise Unreadable("status without id or without status")
    errors = errors_of(status)
    return InboundStatus(
        waba_id=place.waba_id,
        phone_number_id=place.phone_number_id,
        id=wamid,
        status=word,
        at=event_time(status, received_at),
        recipient_id=as_id(status.get("recipient_id"), 150),
        recipient_user_id=as_id(status.get("recipient_user_id"), 150),
        participant=as_id(status.get("recipient_participant_id"), 150)
        or as_id(status.get("recipient_participant_user_id"), 150),
        send_key=as_id(status.get("biz_opaque_callback_data"), 512),
        error_code=errors[0].code if errors else None,
        error_text=errors[0].text if errors else "",
        raw=status,
    )
