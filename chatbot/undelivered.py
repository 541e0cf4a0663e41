"""What Meta sent for numbers that no company had: kept in the control database, and handed over
once a company has the number."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import Error as DatabaseError

from chatbot.tasks import digest
from conversations.recording import record
from conversations.whatsapp.inbound import (
    AccountNotice,
    BadItem,
    InboundMessage,
    InboundStatus,
    Item,
)
from tenants import registry
from tenants.context import tenant_context
from tenants.models import Tenant, UndeliveredEvent
from tenants.together import together

logger = logging.getLogger(__name__)
UNKNOWN_NUMBER = "numero_desconocido"
_KINDS = {kind.__name__: kind for kind in (InboundMessage, InboundStatus, AccountNotice, BadItem)}
_BATCH = 200


def keep(items: Sequence[Item]) -> bool:
    """Whether they are stored: Meta must send them again if not."""
    if not items:
        return True
    try:
        UndeliveredEvent.objects.bulk_create([_row(item) for item in items])
    except DatabaseError:
        logger.exception("Unclaimed events could not be stored")
        return False
    logger.warning("%d events for numbers that no company has", len(items))
    return True


def replay() -> int:
    """Hand over what has an owner by now, in the order in which it came. Returns how many.

    An event leaves the control database once its company has it: stopped half-way, some come
    twice, and messages and receipts that are known already change nothing.
    """
    done, last = 0, 0
    while rows := list(_waiting().filter(pk__gt=last).order_by("pk")[:_BATCH]):
        last = rows[-1].pk
        done += sum(_hand_over(company, own) for company, own in _by_owner(rows))
    return done


def _waiting() -> Any:
    return UndeliveredEvent.objects.filter(reason=UNKNOWN_NUMBER, body__has_key="item")


def _by_owner(rows: list[UndeliveredEvent]) -> list[tuple[Tenant, list[UndeliveredEvent]]]:
    found: dict[str, tuple[Tenant, list[UndeliveredEvent]]] = {}
    for row in rows:
        owner = (
            registry.owner_of_number(row.phone_number_id)
            if row.phone_number_id
            else registry.owner_of_account(row.waba_id)
        )
        if owner is not None:
            found.setdefault(owner.key, (owner, []))[1].append(row)
    return list(found.values())


def _hand_over(company: Tenant, rows: list[UndeliveredEvent]) -> int:
    with tenant_context(company):
        chats = together(record, tuple(_item(row.body) for row in rows))
    UndeliveredEvent.objects.filter(pk__in=[row.pk for row in rows]).delete()
    for chat in sorted(chats) if company.active else ():
        digest.enqueue(company.key, chat)
    return len(rows)


def _row(item: Item) -> UndeliveredEvent:
    fields = asdict(item)
    raw = fields.pop("raw")
    if isinstance(item, InboundMessage | InboundStatus):
        fields["at"] = item.at.isoformat()
    for part in ("media", "errors"):  # read again from `raw` where anybody asks
        fields.pop(part, None)
    return UndeliveredEvent(
        phone_number_id=item.phone_number_id[:64],
        waba_id=item.waba_id[:64],
        reason=UNKNOWN_NUMBER,
        body={"type": type(item).__name__, "raw": raw, "item": fields},
    )


def _item(body: dict[str, Any]) -> Item:
    fields = {**body["item"], "raw": body["raw"]}
    if "at" in fields:
        fields["at"] = datetime.fromisoformat(fields["at"])
    item: Item = _KINDS[body["type"]](**fields)
    return item
