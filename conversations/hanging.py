"""What hangs on the messages of a page: reactions, edits, deletions, taps, quotes, retries.

They are rows of their own: three queries fetch those of a whole page.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from conversations.bubbles import text_of_edit
from conversations.models import Conversation, ManualRetry, Message
from tenants.models import User

_KINDS = ("reaction", "edit", "revoke")


@dataclass(frozen=True)
class Reaction:
    emoji: str
    who: str


@dataclass(frozen=True)
class Hanging:
    """`rows` by the wamid they are about, oldest first; `quoted` by its own wamid; `retries`, in
    words, by message id. `contact` is how the client is called."""

    contact: str
    rows: dict[str, list[Message]]
    quoted: dict[str, Message]
    retries: dict[int, list[str]]

    def edits_of(self, message: Message) -> tuple[str, ...]:
        texts = (text_of_edit(row.payload) for row in self._by_its_author(message, "edit"))
        return tuple(filter(None, texts))

    def is_revoked(self, message: Message) -> bool:
        return bool(self._by_its_author(message, "revoke"))

    def reactions_to(self, message: Message) -> tuple[Reaction, ...]:
        """The last one of each side; an empty one takes it back, one that failed never was."""
        last: dict[str, Reaction] = {}
        for row in self._about(message):
            if row.kind == "reaction" and row.status != Message.Status.FAILED:
                reaction = row.payload.get("reaction") if isinstance(row.payload, dict) else None
                emoji = reaction.get("emoji") if isinstance(reaction, dict) else None
                last[row.direction] = Reaction(str(emoji or ""), who_wrote(row, self.contact))
        return tuple(reaction for reaction in last.values() if reaction.emoji)

    def taps_on(self, message: Message) -> frozenset[str]:
        """The ids of its options that the contact chose."""
        return frozenset(row.option_id for row in self._about(message) if row.option_id)

    def _about(self, message: Message) -> list[Message]:
        return self.rows.get(message.wamid or "", [])

    def _by_its_author(self, message: Message, kind: str) -> list[Message]:
        """Nobody edits or deletes what the other side wrote, whatever a webhook says."""
        rows = self._about(message)
        return [row for row in rows if row.kind == kind and row.direction == message.direction]


def hanging_on(conversation: Conversation, messages: Sequence[Message]) -> Hanging:
    return Hanging(
        contact=str(conversation.contact),
        rows=_rows_about(conversation, messages),
        quoted=_quoted_by(conversation, messages),
        retries=_retries_of(messages),
    )


def who_wrote(message: Message, contact: str) -> str:
    """The name to show above a message."""
    if message.author == Message.Author.CONTACT:
        return contact
    return name_of(message.agent) or str(Message.Author(message.author).label)


def name_of(user: User | None) -> str:
    return (user.get_full_name() or user.get_username()) if user else ""


def _rows_about(
    conversation: Conversation, messages: Sequence[Message]
) -> dict[str, list[Message]]:
    """Also of quoted messages: the quote of what was deleted shows nothing."""
    wamids = {wamid for one in messages for wamid in (one.wamid, one.context_wamid) if wamid}
    hanging = Q(kind__in=_KINDS) | ~Q(option_id="")
    rows = Message.objects.filter(hanging, conversation=conversation, context_wamid__in=wamids)
    found: defaultdict[str, list[Message]] = defaultdict(list)
    for row in rows.select_related("agent").order_by("at", "id"):
        found[row.context_wamid].append(row)
    return found


def _quoted_by(conversation: Conversation, messages: Sequence[Message]) -> dict[str, Message]:
    wamids = {message.context_wamid for message in messages if message.context_wamid}
    rows = Message.objects.filter(conversation=conversation, wamid__in=wamids)
    return {row.wamid or "": row for row in rows.select_related("agent")}


def _retries_of(messages: Sequence[Message]) -> dict[int, list[str]]:
    """In words, oldest first."""
    ours = [message.pk for message in messages if message.send_key is not None]
    rows = ManualRetry.objects.filter(message__in=ours).select_related("agent").order_by("pk")
    found: defaultdict[int, list[str]] = defaultdict(list)
    for row in rows:
        who = name_of(row.agent) or _("Asesor")
        when = formats.date_format(timezone.localtime(row.at), "SHORT_DATETIME_FORMAT")
        words = _("Reenviado por %(who)s, %(when)s") % {"who": who, "when": when}
        found[row.message_id].append(words)
    return found
