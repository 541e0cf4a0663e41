"""The queue of unanswered messages: store now, digest later, one contact at a time.

A lease on the chat's row (a conditional UPDATE) keeps a contact's messages in order on every
engine, and lets the worker talk to Meta without a transaction open.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from conversations import outbox
from conversations.leases import LEASE, kept
from conversations.models import Conversation, Message
from tenants.tasks import stopping
from tenants.together import together

HOLD_PATIENCE_SECONDS = 5.0
MAX_ATTEMPTS = 5  # after that a message that breaks the bot is left to a person
_S = Message.Status
_UNFINISHED = (_S.RECEIVED, _S.QUEUED, _S.SENDING)


class ChatBusy(Exception):
    """A worker is sending in this chat and does not finish: try again."""


@dataclass
class Work:
    """A chat under our lease: what came in, and what is on its way out, both in order."""

    conversation: Conversation
    token: str
    answers: bool = True
    received: list[Message] = field(default_factory=list)
    outgoing: list[Message] = field(default_factory=list)


Answer = Callable[[Work], None]


def drain(
    conversation_id: int, answer: Answer | None = None, also: Sequence[str] = ()
) -> datetime | None:
    """Answer what waits in the chat and send what is queued; without `answer` only send.
    Returns when to come back for what must wait. `also` names relations of the chat that
    `answer` wants loaded with it."""
    while True:
        work = together(claim, (conversation_id, tuple(also)))
        if work is None:
            return None
        work.answers = answer is not None
        try:
            with kept(conversation_id, work.token):
                if answer is not None:
                    answer(work)
                due = outbox.deliver(work.conversation, work.outgoing)
        except Exception:
            together(note_failure, work)
            raise
        finally:
            more = together(release, work)
        if stopping.is_set() or not more:
            return due


@contextmanager
def hold(conversation_id: int, also: Sequence[str] = ()) -> Iterator[Work]:
    """The chat under our lease, for a person's act on it. Raises ChatBusy when a worker does
    not let go of it for seconds."""
    deadline = time.monotonic() + HOLD_PATIENCE_SECONDS
    while (work := together(claim, (conversation_id, tuple(also)))) is None:
        if time.monotonic() > deadline:
            raise ChatBusy
        time.sleep(0.05)
    try:
        with kept(conversation_id, work.token):
            yield work
    finally:
        together(release, work)


def claim(wanted: list[tuple[int, tuple[str, ...]]]) -> list[Work | None]:
    """Group operation: lease each chat that nobody holds and load its unfinished messages."""
    token, now = uuid.uuid4().hex, timezone.now()
    ids, also = [pk for pk, _ in wanted], wanted[0][1]
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    taken = Conversation.objects.filter(free, pk__in=ids)
    if not taken.update(lease_owner=token, lease_until=now + LEASE):
        return [None] * len(wanted)
    mine = Conversation.objects.filter(pk__in=ids, lease_owner=token)
    works = {chat.pk: Work(chat, token) for chat in mine.select_related("contact", *also)}
    for message in Message.objects.filter(
        status__in=_UNFINISHED, conversation__in=list(works)
    ).order_by("pk"):
        work = works[message.conversation_id]
        (work.received if message.status == _S.RECEIVED else work.outgoing).append(message)
    return [works.pop(pk, None) for pk in ids]


def release(works: list[Work]) -> list[bool]:
    """Group operation: let go of the chats. True where something came in meanwhile: its hint
    found our lease and went away."""
    ids = [work.conversation.pk for work in works]
    Conversation.objects.filter(pk__in=ids, lease_owner__in={work.token for work in works}).update(
        lease_owner="", lease_until=None
    )
    unanswered: set[int] = set()
    first_out: dict[int, datetime | None] = {}  # the others wait for it, however long that is
    unfinished = Message.objects.filter(status__in=_UNFINISHED, conversation__in=ids)
    for chat, status, due in unfinished.order_by("pk").values_list(
        "conversation_id", "status", "next_attempt_at"
    ):
        if status == _S.RECEIVED:
            unanswered.add(chat)
        else:
            first_out.setdefault(chat, due)
    now = timezone.now()
    sends = {chat for chat, due in first_out.items() if due is None or due <= now}
    return [
        work.conversation.pk in sends or (work.answers and work.conversation.pk in unanswered)
        for work in works
    ]


def chats_with_work() -> list[int]:
    """What a crash, a restart or a lost hint left behind, oldest first."""
    now = timezone.now()
    out = (_S.QUEUED, _S.SENDING)
    waits = Message.objects.filter(
        conversation=OuterRef("conversation"), status__in=out, next_attempt_at__gt=now
    )
    can_go = Q(status=_S.QUEUED, next_attempt_at=None) | Q(status__in=out, next_attempt_at__lte=now)
    found = Message.objects.filter(Q(status=_S.RECEIVED) | (can_go & ~Exists(waits)))
    return list(
        found.order_by("conversation_id").values_list("conversation_id", flat=True).distinct()
    )


def note_failure(works: list[Work]) -> list[None]:
    """Group operation: count a failed attempt; a message that fails again and again is given
    to a person instead of blocking its contact for ever."""
    for work in works:
        rows = Message.objects.filter(pk__in=[m.pk for m in work.received], status=_S.RECEIVED)
        rows.update(attempts=F("attempts") + 1)
        if rows.filter(attempts__gte=MAX_ATTEMPTS).update(
            status=_S.ANSWERED, answered_at=timezone.now()
        ):
            Conversation.objects.filter(pk=work.conversation.pk).update(attention="error_del_bot")
    return [None] * len(works)
