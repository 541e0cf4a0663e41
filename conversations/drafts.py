"""What agents have typed and not sent: one of each agent in each chat, kept on the server so that
it follows them to another browser."""

from collections.abc import Collection

from django.utils import timezone

from conversations.models import Conversation, Draft
from tenants.models import User

LIMIT = 4096  # characters, as of a message


def save_draft(user: User, conversation: Conversation, text: str, *, is_note: bool) -> None:
    """Blank text takes it away."""
    if not text.strip():
        Draft.objects.filter(user=user, conversation=conversation).delete()
        return
    kept = {"text": text[:LIMIT], "is_note": is_note, "updated_at": timezone.now()}
    Draft.objects.update_or_create(user=user, conversation=conversation, defaults=kept)


def draft_of(user: User, conversation: Conversation) -> Draft | None:
    return Draft.objects.filter(user=user, conversation=conversation).first()


def drafts_in(user: User, chats: Collection[int]) -> dict[int, str]:
    """By chat, for the rows of the list: messages only, for a note is no word to the contact."""
    rows = Draft.objects.filter(user=user, conversation__in=chats, is_note=False)
    return dict(rows.values_list("conversation_id", "text"))
