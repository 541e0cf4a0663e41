"""Stores what the bot decided for a chat: session, replies and "answered", in one transaction."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from chatbot import phrases
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
from chatbot.phrases import Unmatched
from conversations.inbox import LeaseLost, Work
from conversations.models import Conversation, Message
from conversations.services import new_outgoing
from tenants import statements
from tenants.context import atomic
from tenants.models import Role

UNPAID = "sin_pago"  # why a chat needs attention: it wrote when the company had not paid


@dataclass
class Decided:
    """The outcome for one leased chat, gathered message by message. Nothing is stored yet."""

    work: Work
    now: datetime
    state: SessionState | None
    had_session: bool
    messages: list[Message] = field(default_factory=list)
    role_keyword: str = ""
    release: int | None = None  # of the rulebook that decides
    unmatched: list[Unmatched] = field(default_factory=list)  # what no rule understood
    held_by: tuple[str, datetime | None] = field(init=False)  # who answered, as we read it
    changes: dict[str, Any] = field(default_factory=dict)  # columns of the chat

    def __post_init__(self) -> None:
        chat = self.work.conversation
        self.held_by = (chat.handler, chat.agent_spoke_at)

    def apply(self, actions: tuple[Action, ...], state: SessionState) -> None:
        self.state = state
        self.act(actions)

    def hear(self) -> None:
        """The contact spoke, if only to an agent: the session has not been idle."""
        if self.state is not None:
            self.state = replace(self.state, contact_spoke_at=self.now)

    def leave_to_people(self, reason: str) -> None:
        """The bot says nothing, now or later; whoever opens the inbox next sees why."""
        self.hear()
        self.act((Flag(reason),))

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
                self.work.conversation.agent_spoke_at = self.changes["agent_spoke_at"] = self.now
            case Flag() if action.reason != NO_RULE or not self._attention():
                self.changes["attention"] = action.reason
            case Unflag() if self._attention() == NO_RULE:
                self.changes["attention"] = ""

    def _attention(self) -> str:
        return str(self.changes.get("attention", self.work.conversation.attention))

    def _queue(self, action: Send) -> None:
        chat = self.work.conversation
        row = new_outgoing(chat, action.words, body=action.body, author=Message.Author.BOT)
        row.rule_id, row.step = action.rule_id, action.step[:120]
        row.rules_release = self.release
        self.messages.append(row)
        self.changes["last_message_at"] = self.now


def store(decided: list[Decided]) -> list[None]:
    """Group operation. Raises LeaseLost when a chat is no longer ours: then none is stored, and
    each is tried alone."""
    now = max(one.now for one in decided)
    with atomic():
        _lock(decided)
        _save_messages(decided, now)
        _save_sessions(decided, now)
        _save_chats(decided, now)
        _give_to_roles(decided)
        phrases.count([one for chat in decided for one in chat.unmatched], now)
    for one in decided:
        one.work.outgoing.extend(one.messages)
        one.work.received.clear()
    return [None] * len(decided)


def _lock(decided: list[Decided]) -> None:
    """The chats must still be ours. An agent who has just taken one over, or written in one that
    the bot was about to take back, wins."""
    ids = [one.work.conversation.pk for one in decided]
    rows = statements.load(
        Conversation,
        "id IN %s ORDER BY id" + statements.for_update(),
        ids,
        only="id lease_owner handler agent_spoke_at",
    )
    found = {row.pk: (row.lease_owner, row.handler, row.agent_spoke_at) for row in rows}
    for one in decided:
        if found.get(one.work.conversation.pk) != (one.work.token, *one.held_by):
            raise LeaseLost


def _save_messages(decided: list[Decided], now: datetime) -> None:
    replies = [row for one in decided for row in one.messages]
    statements.insert(Message, replies)
    answered = [message.pk for one in decided for message in one.work.received]
    if answered:
        statements.execute(
            "UPDATE conversations_message SET status = %s, answered_at = %s"
            " WHERE id IN %s AND status = %s",
            Message.Status.ANSWERED,
            now,
            answered,
            Message.Status.RECEIVED,
        )


def _save_sessions(decided: list[Decided], now: datetime) -> None:
    with_state = [one for one in decided if one.state]
    fresh = [one for one in with_state if not one.had_session]
    statements.insert(
        BotSession,
        [BotSession(conversation=one.work.conversation, **_session(one, now)) for one in fresh],
    )
    known = [(one, _session(one, now)) for one in with_state if one.had_session]
    for columns, pks in _alike(known):
        statements.update(BotSession, columns, pks)


def _session(one: Decided, now: datetime) -> dict[str, Any]:
    """The columns of the session; those who wrote just now did so at the same `now`."""
    state = one.state
    assert state is not None  # noqa: S101  (the caller asks for it)
    spoke_at = state.contact_spoke_at
    return {
        "step": state.step[:120],
        "is_open": state.is_open,
        "fallback_sent": state.fallback_sent,
        "contact_spoke_at": now if spoke_at in (None, one.now) else spoke_at,
    }


def _save_chats(decided: list[Decided], now: datetime) -> None:
    """Only what was decided: the rest of the row may have changed since we read it."""
    changed = [
        (one, {name: now if value == one.now else value for name, value in one.changes.items()})
        for one in decided
        if one.changes
    ]
    for columns, pks in _alike(changed):
        statements.update(Conversation, columns, pks)


def _alike(
    rows: Iterable[tuple[Decided, dict[str, Any]]],
) -> Iterable[tuple[dict[str, Any], list[int]]]:
    """Chats that get the same values, so that one statement serves them all."""
    groups: dict[tuple[tuple[str, Any], ...], list[int]] = {}
    for one, columns in rows:
        groups.setdefault(tuple(sorted(columns.items())), []).append(one.work.conversation.pk)
    return [(dict(values), pks) for values, pks in groups.items()]


def _give_to_roles(decided: list[Decided]) -> None:
    for one in decided:
        if one.role_keyword:
            one.work.conversation.roles.set(Role.objects.filter(keyword=one.role_keyword))
