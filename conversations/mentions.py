"""Notes in which colleagues called an agent."""

from django.utils import timezone

from conversations.models import Conversation, Mention
from tenants.models import User

SHOWN = 50


def mentions_of(user: User) -> list[Mention]:
    """The newest first, of chats that the user may see now."""
    visible = Conversation.objects.visible_to(user).values("pk")
    mine = Mention.objects.filter(user=user, message__conversation__in=visible)
    shown = mine.select_related("message__agent", "message__conversation__contact")
    return list(shown.order_by("-message_id")[:SHOWN])


def count_unseen(user: User) -> int:
    return Mention.objects.filter(user=user, seen_at=None).count()


def see(user: User, mention_id: int | None = None) -> None:
    """One of them, or all."""
    unseen = Mention.objects.filter(user=user, seen_at=None)
    if mention_id is not None:
        unseen = unseen.filter(pk=mention_id)
    unseen.update(seen_at=timezone.now())
