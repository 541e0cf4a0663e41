"""What Meta sent for numbers that no company had: kept in the control database, and handed over
once a company has the number."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.db.models import QuerySet
from django.utils import timezone

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
from tenants.context import CONTROL_ALIAS, current_tenant, tenant_context
from tenants.models import Tenant, UndeliveredEvent
from tenants.together import together

logger = logging.getLogger(__name__)
UNKNOWN_NUMBER = "numero_desconocido"
_KINDS = {kind.__name__: kind for kind in (InboundMessage, InboundStatus, AccountNotice, BadItem)}
_BATCH = 200

Events = QuerySet[UndeliveredEvent]


@dataclass
class Replayed:
    """How many events went where. `failed` is by company key; `left` were not looked at."""

    delivered: int = 0
    unclaimed: int = 0
    unreadable: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    left: int = 0


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


def replay(events: Events | None = None, *, at_most: int | None = None) -> Replayed:
    """Hand over what has an owner by now, in the order in which it came; all events, if none are
    given. Stops after `at_most`, rounded up to a batch.

    An event leaves the control database once its company has it: stopped half-way, some come
    twice, and messages and receipts that are known already change nothing.
    """
    events = waiting() if events is None else events
    done, seen, last = Replayed(), 0, 0
    while rows := list(events.filter(pk__gt=last).order_by("pk")[:_BATCH]):
        seen, last = seen + len(rows), rows[-1].pk
        _replay_batch(rows, done)
        if at_most is not None and seen >= at_most:
            done.left = events.filter(pk__gt=last).count()
            break
    return done


def waiting() -> Events:
    """Everything that some company may get one day."""
    return UndeliveredEvent.objects.filter(reason=UNKNOWN_NUMBER)


def owner_of(event: UndeliveredEvent) -> Tenant | None:
    """The company that would get the event today."""
    if event.phone_number_id:
        return registry.owner_of_number(event.phone_number_id)
    return registry.owner_of_account(event.waba_id)


def read_owners(events: Iterable[UndeliveredEvent]) -> None:
    """Make `owner_of` cheap for all of these."""
    rows = list(events)
    registry.read_owners(
        {row.phone_number_id for row in rows if row.phone_number_id},
        {row.waba_id for row in rows if not row.phone_number_id},
    )


def delete(events: Events) -> int:
    """Take them away for good, some at a time: nobody waits long for the table. How many."""
    deleted = 0
    while pks := list(events.order_by("pk").values_list("pk", flat=True)[:_BATCH]):
        deleted += UndeliveredEvent.objects.filter(pk__in=pks).delete()[0]
    return deleted


def forget_old() -> int:
    """Drop what nobody has claimed for UNDELIVERED_KEEP_DAYS; 0 keeps it for ever. How many.

    Once for the installation: in the turn of whoever has the control database.
    """
    if not settings.UNDELIVERED_KEEP_DAYS or current_tenant().alias != CONTROL_ALIAS:
        return 0
    limit = timezone.now() - timedelta(days=settings.UNDELIVERED_KEEP_DAYS)
    return delete(UndeliveredEvent.objects.filter(received_at__lt=limit))


def _replay_batch(rows: list[UndeliveredEvent], done: Replayed) -> None:
    readable = [(row, item) for row in rows if (item := _item(row.body)) is not None]
    done.unreadable += len(rows) - len(readable)
    read_owners(rows)
    by_company: dict[str, tuple[Tenant, list[tuple[UndeliveredEvent, Item]]]] = {}
    for row, item in readable:
        owner = owner_of(row)
        if owner is None:
            done.unclaimed += 1
        else:
            by_company.setdefault(owner.key, (owner, []))[1].append((row, item))
    for company, own in by_company.values():
        if company.key not in done.failed and _hand_over(company, own):
            done.delivered += len(own)
        else:  # one that did not answer is not asked again for each batch
            done.failed[company.key] = done.failed.get(company.key, 0) + len(own)


def _hand_over(company: Tenant, own: list[tuple[UndeliveredEvent, Item]]) -> bool:
    """Whether the company has them now."""
    try:
        with tenant_context(company):
            chats = together(record, tuple(item for _, item in own))
    except DatabaseError:
        logger.exception("Company %s could not store what came late", company.key)
        return False
    UndeliveredEvent.objects.filter(pk__in=[row.pk for row, _ in own]).delete()
    for chat in sorted(chats) if company.active else ():
        digest.enqueue(company.key, chat)
    return True


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


def _item(body: Any) -> Item | None:
    """None for what was never understood, or was written by a version with other fields."""
    try:
        fields = {**body["item"], "raw": body["raw"]}
        if "at" in fields:
            fields["at"] = datetime.fromisoformat(fields["at"])
        item: Item = _KINDS[body["type"]](**fields)
    except (KeyError, TypeError, ValueError):
        return None
    return item
