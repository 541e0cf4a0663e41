"""The rows of the chat list. Keyset paging: the price does not grow with the company."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Q, Subquery

from conversations.chat_filters import ChatFilter
from conversations.models import Conversation, Draft, Message, Pin
from conversations.querysets import ConversationQuerySet
from tenants.context import current_tenant
from tenants.models import User

PAGE = 30
FEW = 1_000  # chats of an agent that are cheaper named one by one than looked for
Cursor = tuple[datetime, int]  # (last_message_at, id) of the last row seen


@dataclass
class Rows:
    """`chats` have `latest`, `draft` and `is_pinned`. `more`: the cursor of the next page."""

    chats: list[Conversation]
    more: Cursor | None = None


def page_of(user: User, chosen: ChatFilter, before: Cursor | None = None) -> Rows:
    """The chats the user may see and asks for, newest word first; on the first page, those they
    pinned above all others."""
    pinned = _pinned(user)
    chats = chosen.apply(along(user), user).select_related("contact", "assigned_to")
    above = list(chats.filter(pk__in=pinned).order_by("-last_message_at", "-pk")) if pinned else []
    rest = chats.exclude(pk__in=pinned) if pinned else chats
    if before is not None:
        at, pk = before
        rest = rest.filter(last_message_at__lte=at).filter(Q(last_message_at__lt=at) | Q(pk__lt=pk))
        above = []
    page = list(rest.order_by("-last_message_at", "-pk")[: PAGE + 1])
    more = page[PAGE - 1] if len(page) > PAGE else None
    shown = [*above, *page[:PAGE]]
    dress(shown, user, pinned)
    return Rows(shown, (more.last_message_at, more.pk) if more else None)


def along(user: User) -> ConversationQuerySet:
    """What `visible_to` gives, for a page that is read along an index: MariaDB would read the
    roles of all chats first. The few chats of an agent who sees nobody's are named."""
    if user.sees_all_chats:
        return Conversation.objects.all()
    if current_tenant().config.agents_see_unassigned:
        return Conversation.objects.visible_row_by_row(user)
    given = Conversation.roles.through.objects.filter(role__in=user.roles.values("pk"))
    own = Conversation.objects.filter(assigned_to=user.pk).values_list("pk", flat=True)[: FEW + 1]
    found = {*own, *given.values_list("conversation", flat=True)[: FEW + 1]}
    if len(found) <= FEW:
        return Conversation.objects.filter(pk__in=found)
    return Conversation.objects.visible_row_by_row(user)


def counts(user: User, chosen: ChatFilter) -> dict[str, int]:
    """How many chats each tab has."""
    return chosen.count(Conversation.objects.visible_to(user), user)


def dress(chats: list[Conversation], user: User, pinned: Collection[int]) -> None:
    """Give the rows what they show beside their own columns: five statements for all of them."""
    _attach_latest(chats)
    drafts = Draft.objects.filter(user=user, conversation__in=chats).exclude(text="")
    texts = dict(drafts.values_list("conversation", "text"))
    labels = Conversation.labels.through._default_manager.filter(conversation__in=chats)
    named: dict[int, list[tuple[str, str]]] = {}
    found = labels.order_by("label__name").values_list(
        "conversation", "label__name", "label__colour"
    )
    for chat, name, colour in found:
        named.setdefault(chat, []).append((name, colour))
    for one in chats:
        one.draft_text = texts.get(one.pk, "")
        one.label_names = named.get(one.pk, [])
        one.is_pinned = one.pk in pinned


def _pinned(user: User) -> set[int]:
    return set(Pin.objects.filter(user=user).values_list("conversation", flat=True))


def _attach_latest(chats: list[Conversation]) -> None:
    """The last bubble of each chat, in one query: an index look-up per chat."""
    bubbles = Message.objects.spoken().filter(conversation=OuterRef("pk"))
    newest = bubbles.order_by("-at", "-pk").values("pk")[:1]
    ids = Conversation.objects.filter(pk__in=[chat.pk for chat in chats]).values_list(
        "pk", Subquery(newest)
    )
    latest = dict(ids)
    messages = Message.objects.in_bulk([pk for pk in latest.values() if pk])
    for chat in chats:
        chat.latest = messages.get(latest.get(chat.pk) or 0)
