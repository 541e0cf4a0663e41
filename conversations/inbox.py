"""The queue of unanswered messages: store now, digest later, one contact at a time.

A lease on the chat's row (a conditional UPDATE) keeps a contact's messages in order on every
engine, and lets the worker talk to Meta without a transaction open.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from conversations import outbox
from conversations.leases import LEASE, kept
from conversations.models import Contact, Conversation, Message
from tenants.statements import execute, load, moment, select
from tenants.tasks import stopping
from tenants.together import is_databases_trouble, together

logger = logging.getLogger(__name__)
HOLD_PATIENCE_SECONDS = 5.0
MAX_ATTEMPTS = 3  # after that a message that breaks the bot is left to a person
AGAIN = timedelta(seconds=2)  # how soon a chat is tried again whose answer failed
_S = Message.Status
_UNFINISHED = (_S.RECEIVED, _S.QUEUED, _S.SENDING)


class ChatBusy(Exception):
    """A worker is sending in this chat and does not finish: try again."""


class LeaseLost(Exception):
    """Another worker, or an agent, has taken the chat meanwhile; what we decided is void."""


@dataclass
class Work:
    """A chat under our lease: what came in, and what is on its way out, both in order."""

    conversation: Conversation
    token: str
    answers: bool = True
    also: Any = None
    received: list[Message] = field(default_factory=list)
    put_off: set[int] = field(default_factory=set)  # messages that nobody can answer yet
    put_off_until: datetime | None = None
    outgoing: list[Message] = field(default_factory=list)


class Ended(NamedTuple):
    """A chat to let go of, and what Meta accepted of it last."""

    work: Work
    accepted: outbox.Outcome | None = None


Answer = Callable[[Work], None]
Also = Callable[[list[int]], dict[int, Any]]  # by the ids of the chats


def drain(
    conversation_id: int, answer: Answer | None = None, also: Also | None = None
) -> datetime | None:
    """Answer what waits in the chat and send what is queued; without `answer` only send.
    Returns when to come back for what must wait, or failed. `also` loads what `answer` wants to
    know of the chat beside it."""
    while True:
        work = together(claim, (conversation_id, also))
        if work is None:
            return None
        work.answers = answer is not None
        delivery = outbox.Delivery(work.conversation, work.outgoing)
        problem: Exception | None = None
        try:
            with kept(conversation_id, work.token):
                if answer is not None:
                    _one_by_one_after_a_failure(work)
                    answer(work)
                delivery.run()
        except Exception as error:  # any code may be behind an answer, and its chat must go on
            problem = error
            _note(work, error)
        finally:
            more = together(release, Ended(work, delivery.accepted))
        if problem is not None:
            return timezone.now() + AGAIN
        if stopping.is_set() or not more:
            return min(filter(None, (delivery.due, work.put_off_until)), default=None)


def put_off(work: Work, messages: list[Message], until: datetime) -> None:
    """Leave these unanswered, and come back to them then."""
    work.put_off |= {message.pk for message in messages}
    work.put_off_until = until
    work.received = [message for message in work.received if message.pk not in work.put_off]


def _one_by_one_after_a_failure(work: Work) -> None:
    """Which message broke the bot shows when each is answered alone; the rest wait their turn."""
    if any(message.attempts for message in work.received):
        del work.received[1:]


def _note(work: Work, error: Exception) -> None:
    """A database in trouble, or a lease that was lost, is not the message's fault."""
    logger.error("The answer failed in chat %s", work.conversation.pk, exc_info=error)
    if not isinstance(error, LeaseLost) and not is_databases_trouble(error):
        together(note_failure, work)


@contextmanager
def hold(conversation_id: int, also: Also | None = None) -> Iterator[Work]:
    """The chat under our lease, for a person's act on it. Raises ChatBusy when a worker does
    not let go of it for seconds."""
    deadline = time.monotonic() + HOLD_PATIENCE_SECONDS
    while (work := together(claim, (conversation_id, also))) is None:
        if time.monotonic() > deadline:
            raise ChatBusy
        time.sleep(0.05)
    try:
        with kept(conversation_id, work.token):
            yield work
    finally:
        together(release, Ended(work))


def claim(wanted: list[tuple[int, Also | None]]) -> list[Work | None]:
    """Group operation: lease each chat that nobody holds and load its unfinished messages."""
    token, now = uuid.uuid4().hex, timezone.now()
    ids = [pk for pk, _ in wanted]
    taken = execute(
        "UPDATE conversations_conversation SET lease_owner = %s, lease_until = %s"
        " WHERE id IN %s AND (lease_until IS NULL OR lease_until < %s)",
        token,
        now + LEASE,
        ids,
        now,
    )
    if not taken:
        return [None] * len(wanted)
    works = {chat.pk: Work(chat, token) for chat in _leased(ids, token)}
    for message in _unfinished(list(works)):
        work = works[message.conversation_id]
        (work.received if message.status == _S.RECEIVED else work.outgoing).append(message)
    _load_also(works, wanted)
    return [works.pop(pk, None) for pk in ids]


def _leased(ids: list[int], token: str) -> list[Conversation]:
    """Our chats, each with its contact."""
    chats = load(Conversation, "id IN %s AND lease_owner = %s", ids, token)
    contacts = {c.pk: c for c in load(Contact, "id IN %s", {c.contact_id for c in chats})}
    for chat in chats:
        chat.contact = contacts[chat.contact_id]
    return chats


def _unfinished(chats: list[int]) -> list[Message]:
    return load(Message, "status IN %s AND conversation_id IN %s ORDER BY id", _UNFINISHED, chats)


def _load_also(works: dict[int, Work], wanted: list[tuple[int, Also | None]]) -> None:
    for find in {also for _, also in wanted if also is not None}:
        found = find([pk for pk, wish in wanted if wish is find and pk in works])
        for pk, also in found.items():
            works[pk].also = also


def release(ended: list[Ended]) -> list[bool]:
    """Group operation: keep what Meta accepted last, and let go of the chats. True where something
    came in meanwhile: its hint found our lease and went away."""
    outbox.finish_send([one.accepted for one in ended if one.accepted is not None])
    works = [one.work for one in ended]
    ids = [work.conversation.pk for work in works]
    execute(
        "UPDATE conversations_conversation SET lease_owner = '', lease_until = NULL"
        " WHERE id IN %s AND lease_owner IN %s",
        ids,
        {work.token for work in works},
    )
    unanswered, sends = _left_in(ids, set().union(*(work.put_off for work in works)))
    return [
        work.conversation.pk in sends or (work.answers and work.conversation.pk in unanswered)
        for work in works
    ]


def _left_in(ids: list[int], put_off: set[int]) -> tuple[set[int], set[int]]:
    """The chats with a message that nobody has looked at, and those with one to send now."""
    unanswered: set[int] = set()
    first_out: dict[int, datetime | None] = {}  # the others wait for it, however long that is
    for pk, chat, status, due in select(
        "SELECT id, conversation_id, status, next_attempt_at FROM conversations_message"
        " WHERE status IN %s AND conversation_id IN %s ORDER BY id",
        _UNFINISHED,
        ids,
    ):
        if status == _S.RECEIVED:
            if pk not in put_off:
                unanswered.add(chat)
        else:
            first_out.setdefault(chat, moment(due))
    now = timezone.now()
    return unanswered, {chat for chat, due in first_out.items() if due is None or due <= now}


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
