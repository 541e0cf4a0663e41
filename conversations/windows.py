"""The 24 hours in which a contact may be answered freely (Meta's customer service window).

It is counted from what the contact does, by WhatsApp's clock. What Meta says of our own messages
corrects it where the two contradict each other: Meta decides in the end.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from conversations.models import Contact, Conversation, Message
from conversations.whatsapp.phone_forms import forms_of
from conversations.whatsapp.reading import as_dict, as_id, as_list, as_time

WINDOW = timedelta(hours=24)
CLOSED = 131047  # Meta's code for a message outside the window


def refused(send_key: UUID | None, conversation_id: int, at: datetime) -> None:
    """Meta found the window closed for our message: so it is, unless the contact has spoken since
    we wrote. The next word of the contact opens it again."""
    ours = Message.objects.filter(send_key=send_key, send_key__isnull=False)
    written = ours.values_list("at", flat=True).first()
    if written is None:
        return
    chats = Conversation.objects.filter(pk=conversation_id, window_closes_at__gt=at)
    chats.filter(window_closes_at__lte=written + WINDOW).update(
        window_closes_at=min(at, timezone.now())
    )


def proven_until(receipt: Mapping[str, Any], at: datetime) -> datetime | None:
    """When the window ends in which a message of ours fell, by the price of its receipt; the
    latest it can be where Meta does not say. None where the price proves nothing: free entry
    points change what is paid, not what may be sent."""
    talk = as_dict(receipt.get("conversation"))
    origin = as_dict(talk.get("origin")).get("type")
    is_service = origin in ("service", "user_initiated")
    if not is_service and as_dict(receipt.get("pricing")).get("type") != "free_customer_service":
        return None
    said = as_time(talk.get("expiration_timestamp")) if is_service else None
    return min(said or at + WINDOW, at + WINDOW)


def reopen(conversation_id: int, at: datetime, closes: datetime) -> None:
    """The window was open at `at`, though we knew nothing of it: something opened it that never
    reached us. What we do know of stays."""
    unknown = Q(window_closes_at=None) | Q(window_closes_at__lt=at)
    Conversation.objects.filter(unknown, pk=conversation_id).update(window_closes_at=closes)


def open_by_calls(phone_number_id: str, value: Mapping[str, Any]) -> None:
    """A contact's call opens the window as a message does."""
    for call in map(as_dict, as_list(value.get("calls"))):
        at = as_time(call.get("timestamp"))
        if call.get("direction") == "BUSINESS_INITIATED" or call.get("event") != "connect":
            continue
        wa_id, user_id = as_id(call.get("from"), 32), as_id(call.get("from_user_id"), 150)
        same = Q(wa_id__in=forms_of(wa_id)) if wa_id else Q(user_id=user_id)
        if wa_id and user_id:
            same |= Q(user_id=user_id)
        if at is not None and (wa_id or user_id):
            callers = list(Contact.objects.filter(same).values_list("pk", flat=True))
            chats = Conversation.objects.filter(
                contact__in=callers, phone_number_id=phone_number_id
            )
            pks = list(chats.values_list("pk", flat=True))
            earlier = Q(window_closes_at=None) | Q(window_closes_at__lt=at + WINDOW)
            Conversation.objects.filter(earlier, pk__in=pks).update(window_closes_at=at + WINDOW)
