"""Reads for the agents' screens. Keyset paging: the price does not grow with history."""

from collections import defaultdict
from collections.abc import Collection

from django.db.models import Q

from conversations.models import Conversation, Message
from tenants.context import current_tenant
from tenants.models import User

SHOWN_WITH = ("agent", "media", "media__transcription")  # what a bubble shows of other tables


def seen_by(users: Collection[User], chats: Collection[int]) -> dict[int, set[int]]:
    """Which of `chats` each user may see, by user id: `visible_to` for many at once, in two
    queries. Prefetch the users' roles."""
    given = defaultdict(set)
    through = Conversation.roles.through.objects.filter(conversation__in=chats)
    for chat, role in through.values_list("conversation", "role"):
        given[chat].add(role)
    assigned: dict[int, int | None] = dict(
        Conversation.objects.filter(pk__in=chats).values_list("pk", "assigned_to")
    )
    nobodys = {pk for pk, agent in assigned.items() if agent is None and not given[pk]}
    if not current_tenant().config.agents_see_unassigned:
        nobodys = set()
    seen = {}
    for user in users:
        roles = {role.pk for role in user.roles.all()}
        own = {pk for pk, agent in assigned.items() if agent == user.pk or given[pk] & roles}
        seen[user.pk] = set(chats) if user.sees_all_chats else own | nobodys
    return seen


def thread(
    conversation: Conversation,
    before: int | None = None,
    after: int | None = None,
    limit: int = 60,
) -> list[Message]:
    """Bubbles oldest first, by WhatsApp's time: the newest page, or the one before message
    `before`. With `after`, by arrival: all that was stored after that message, however old."""
    messages = conversation.messages.bubbles().select_related(*SHOWN_WITH)
    if after is not None:
        return list(messages.filter(pk__gt=after).order_by("pk")[:500])
    if before is not None:
        messages = messages.filter(_earlier_than(conversation, before))
    return list(reversed(messages.order_by("-at", "-pk")[:limit]))


def _earlier_than(conversation: Conversation, message_id: int) -> Q:
    """The place of a message in its thread; of one that is not in it, nothing is earlier."""
    at = conversation.messages.filter(pk=message_id).values_list("at", flat=True).first()
    if at is None:
        return Q(pk=None)
    return Q(at__lte=at) & (Q(at__lt=at) | Q(pk__lt=message_id))  # the first: a range of the index
