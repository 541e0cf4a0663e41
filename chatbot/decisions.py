"""Stores what the bot decided for a chat: session, replies and "answered", in one transaction."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chatbot.engine_types import (
    NO_RULE,
    Action,
    Flag,
    GiveToRole,
    HandOver,
    Send,
    SessionState,
    Unflag,
)
from chatbot.models import BotSession
from conversations.inbox import Work
from conversations.models import Conversation, Message
from conversations.recording import PREVIEW_LENGTH
from conversations.services import new_outgoing
from tenants.context import atomic
from tenants.models import Role


class LeaseLost(Exception):
    """Another worker, or an agent, has taken the chat meanwhile; what we decided is void."""


@dataclass
class Decided:
    """The outcome for one leased chat, gathered message by message. Nothing is stored yet."""

    work: Work
    now: datetime
    state: SessionState | None
    had_session: bool
    messages: list[Message] = field(default_factory=list)
    role_keyword: str = ""
    handler_before: str = field(init=False)
    changes: dict[str, Any] = field(default_factory=dict)  # columns of the chat

    def __post_init__(self) -> None:
        self.handler_before = self.work.conversation.handler

    def apply(self, actions: tuple[Action, ...], state: SessionState) -> None:
        self.state = state
        self.act(actions)

    def act(self, actions: tuple[Action, ...]) -> None:
        """Gather what to do; the session stays as it is."""
        for action in actions:
            self._apply_one(action)

    def set_handler(self, handler: str) -> None:
        self.work.conversation.handler = handler
        self.changes["handler"] = handler

    def _apply_one(self, action: Action) -> None:
        match action:
            case Send():
                self._queue(action)
            case GiveToRole():
                self.role_keyword = action.keyword
            case HandOver():
                self.set_handler(Conversation.Handler.AGENT)
                self.changes["agent_spoke_at"] = self.now
            case Flag():
                self.changes["attention"] = action.reason
            case Unflag() if self._attention() == NO_RULE:
                self.changes["attention"] = ""

    def _attention(self) -> str:
        return str(self.changes.get("attention", self.work.conversation.attention))

    def _queue(self, action: Send) -> None:
        chat = self.work.conversation
        row = new_outgoing(chat, action.words, body=action.body, author=Message.Author.BOT)
        row.rule_id, row.step = action.rule_id, action.step[:120]
        self.messages.append(row)
        self.changes["preview"] = action.body[:PREVIEW_LENGTH]
        self.changes["last_message_at"] = row.at


def store(decided: list[Decided]) -> list[None]:
    """Group operation. Raises LeaseLost when a chat is no longer ours: then none is stored, and
    each is tried alone."""
    with atomic():
        chats = _lock(decided)
        Message.objects.bulk_create([row for d in decided for row in d.messages])
        Message.objects.filter(
            pk__in=[m.pk for d in decided for m in d.work.received],
            status=Message.Status.RECEIVED,
        ).update(status=Message.Status.ANSWERED, answered_at=decided[0].now)
        _save_sessions(decided)
        _save_chats(decided, chats)
        _give_to_roles(decided)
    for one in decided:
        one.work.outgoing.extend(one.messages)
        one.work.received.clear()
    return [None] * len(decided)


def _lock(decided: list[Decided]) -> dict[int, Conversation]:
    """The chats as they are now, locked. An agent who has just taken one over wins."""
    ids = [d.work.conversation.pk for d in decided]
    chats = {
        chat.pk: chat
        for chat in Conversation.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    }
    for one in decided:
        chat = chats.get(one.work.conversation.pk)
        if chat is None or (chat.lease_owner, chat.handler) != (
            one.work.token,
            one.handler_before,
        ):
            raise LeaseLost
    return chats


def _save_sessions(decided: list[Decided]) -> None:
    new = [d for d in decided if d.state and not d.had_session]
    BotSession.objects.bulk_create([_session(d) for d in new])
    for one in decided:
        if one.had_session:
            _session(one).save(force_update=True)


def _session(decided: Decided) -> BotSession:
    state = decided.state
    assert state is not None  # noqa: S101  (the callers ask for it)
    return BotSession(
        conversation=decided.work.conversation,
        step=state.step[:120],
        is_open=state.is_open,
        fallback_sent=state.fallback_sent,
        contact_spoke_at=state.contact_spoke_at or decided.now,
    )


def _save_chats(decided: list[Decided], chats: dict[int, Conversation]) -> None:
    """Only what was decided: the rest of the row may have changed since we read it."""
    columns = {column for one in decided for column in one.changes}
    for one in decided:
        for column, value in one.changes.items():
            setattr(chats[one.work.conversation.pk], column, value)
    changed = [chats[one.work.conversation.pk] for one in decided if one.changes]
    if len(changed) == 1:
        changed[0].save(update_fields=columns)
    elif changed:
        Conversation.objects.bulk_update(changed, list(columns))


def _give_to_roles(decided: list[Decided]) -> None:
    for one in decided:
        if one.role_keyword:
            one.work.conversation.roles.set(Role.objects.filter(keyword=one.role_keyword))
