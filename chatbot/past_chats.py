"""Conversations that took place, as words to replay: few queries, whatever their number."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from chatbot import rulebooks
from chatbot.engine_types import Event, SessionState
from chatbot.events import event_of, source_rules
from chatbot.replaying import Change, Compared, Who, Word, compare
from chatbot.rulebook import Rulebook
from chatbot.scenarios import Say
from chatbot.services import engine_settings
from conversations.models import Conversation, Message
from tenants.context import current_tenant
from whapco.lib.text import split_steps

MESSAGES_EACH = 80  # the latest of a conversation
BLOCK = 50  # conversations that are read at once
SECONDS = 8.0  # that a replay may take; what is left over is said
_WHO = {
    Message.Author.CONTACT: Who.CONTACT,
    Message.Author.BOT: Who.BOT,
    Message.Author.AGENT: Who.AGENT,
    Message.Author.PHONE_APP: Who.AGENT,
    Message.Author.SYSTEM: Who.SYSTEM,
}
_COLUMNS = (
    *("conversation_id", "author", "kind", "at", "body", "payload", "answered_at"),
    *("option_id", "context_wamid", "rule_id", "step"),
)


@dataclass
class Past:
    """What a replay found, over all conversations."""

    changes: list[tuple[Conversation, Change]] = field(default_factory=list)
    same: int = 0
    skipped: int = 0
    chats: int = 0
    asked: int = 0  # conversations there were to replay

    def add(self, chat: Conversation, found: Compared) -> None:
        self.chats += 1
        self.same += found.same
        self.skipped += found.skipped
        self.changes += [(chat, change) for change in found.changes]


def replay_last(count: int) -> Past:
    """The draft against what answers now, over the last `count` conversations, for as long as
    SECONDS allow."""
    chats = list(
        Conversation.objects.select_related("contact").order_by("-last_message_at", "-pk")[:count]
    )
    past, until = Past(asked=len(chats)), time.monotonic() + SECONDS
    live, draft = rulebooks.current(), rulebooks.draft()
    for start in range(0, len(chats), BLOCK):
        for chat, rows in _with_messages(chats[start : start + BLOCK]):
            if time.monotonic() > until:
                return past
            past.add(chat, _compare(rows, live, draft))
    return past


def find_change(message_id: int) -> Change | None:
    """What would change in the answer to that message, if anything still would."""
    chat = Conversation.objects.filter(messages=message_id).first()
    if chat is None:
        return None
    live, draft = rulebooks.current(), rulebooks.draft()
    for _chat, rows in _with_messages([chat]):
        found = _compare(rows, live, draft).changes
        return next((change for change in found if change.pk == message_id), None)
    return None


def _compare(rows: "_Rows", live: Rulebook, draft: Rulebook) -> Compared:
    words, start = _from_a_known_place(rows, live)
    return compare(
        live,
        draft,
        (word for row in words if (word := _word(row, rows.sources)) is not None),
        engine_settings(),
        agent_seconds=current_tenant().config.agent_timeout_seconds,
        start=start,
    )


@dataclass(frozen=True)
class _Rows:
    messages: list[Message]
    sources: dict[str, int | None]  # wamid of a message -> the rule that sent it


def _with_messages(chats: Sequence[Conversation]) -> Iterator[tuple[Conversation, _Rows]]:
    newest_first = Window(
        RowNumber(), partition_by=F("conversation_id"), order_by=[F("at").desc(), F("pk").desc()]
    )
    latest = Message.objects.filter(conversation__in=[chat.pk for chat in chats])
    latest = latest.annotate(place=newest_first).filter(place__lte=MESSAGES_EACH)
    ids = list(latest.values_list("pk", flat=True))
    messages = list(Message.objects.filter(pk__in=ids).only(*_COLUMNS).order_by("pk"))
    tapped = [one.context_wamid for one in messages if one.context_wamid and _is_heard(one)]
    sources = dict(zip(tapped, source_rules(tapped), strict=True)) if tapped else {}
    by_chat = defaultdict(list)
    for message in messages:
        by_chat[message.conversation_id].append(message)
    for chat in chats:
        yield chat, _Rows(by_chat[chat.pk], sources)


def _from_a_known_place(rows: _Rows, live: Rulebook) -> tuple[list[Message], SessionState | None]:
    """Of a conversation whose beginning was not read: from where a message of the bot led."""
    if len(rows.messages) < MESSAGES_EACH:
        return rows.messages, None
    for place, row in enumerate(rows.messages):
        rule = live.rules.get(row.rule_id or 0)
        if rule is not None:
            step = (rule.step, *split_steps(rule.next_step))[-1]
            return rows.messages[place + 1 :], SessionState(step=step)
    return rows.messages, None


def _word(row: Message, sources: dict[str, int | None]) -> Word | None:
    """None: nothing that the bot or an agent had a part in."""
    who = _WHO[Message.Author(row.author)]
    if who is not Who.CONTACT:
        return Word(row.pk, who, row.at, rule_id=row.rule_id)
    if not _is_heard(row):
        return None
    event = event_of(row, row.at, sources.get)
    return Word(row.pk, who, row.at, event, _say(event))


def _is_heard(row: Message) -> bool:
    """Whether the bot, or an agent in its place, had this to answer."""
    return row.author == Message.Author.CONTACT and row.answered_at is not None


def _say(event: Event) -> Say:
    by = {"rule": event.source_rule_id} if event.source_rule_id is not None else {}
    if event.kind == "tap":
        return {"tap": event.option_id, "title": event.text, **by}
    if event.kind == "flow":
        return {"form": True, **by}
    if event.kind == "media":
        return {"media": event.media_trigger, "text": event.text}
    return event.text
