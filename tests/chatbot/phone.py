"""Rules in one line each, and a contact who talks to the engine alone."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from chatbot import engine
from chatbot.engine import Action, EngineSettings, Event, Flag, Send, SessionState
from chatbot.global_commands import handle_global_command
from chatbot.rulebook import Rulebook, RuleData

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NUMBER = "573001112233"
TIMEOUT_TEXT = "Tu sesión ha terminado por inactividad."


def rule(line: str, **more: Any) -> RuleData:
    """A rule from `step|trigger|reply|next_step|kind`, the last ones optional."""
    columns = ("step", "trigger", "reply", "next_step", "kind")
    cells = dict(zip(columns, line.split("|"), strict=False))
    return RuleData(**{"id": 0, **cells, **more})


def book(*rules: str | RuleData, roles: Iterable[str] = ()) -> Rulebook:
    """A rulebook whose rules get ids 1, 2, 3 … in order."""
    made = [rule(item) if isinstance(item, str) else item for item in rules]
    numbered = [
        RuleData(**{**item.__dict__, "id": item.id or number})
        for number, item in enumerate(made, start=1)
    ]
    return Rulebook.build(numbered, roles=roles)


class Phone:
    """A contact: each word said goes through the engine, and the session is kept.

    Methods return the texts that came back. `actions` are those of the last message.
    """

    def __init__(
        self, rules: Rulebook, *, at: str | None = None, fallback: str = "", timeout: int = 1800
    ) -> None:
        self.book = rules
        self.now = NOON
        self.session: SessionState | None = None
        if at is not None:
            self.session = SessionState(step=at, contact_spoke_at=NOON)
        self.settings = EngineSettings(
            fallback_text=fallback,
            session_timeout_seconds=timeout,
            session_timeout_message=TIMEOUT_TEXT,
        )
        self.actions: tuple[Action, ...] = ()

    @property
    def step(self) -> str:
        assert self.session is not None
        return self.session.step

    @property
    def flags(self) -> list[str]:
        return [action.reason for action in self.actions if isinstance(action, Flag)]

    @property
    def sent(self) -> list[Send]:
        return [action for action in self.actions if isinstance(action, Send)]

    def say(self, text: str, kind: str = "text", **more: Any) -> list[str]:
        return self.receive(Event(kind=kind, text=text, now=self.now, **more))

    def tap(self, option_id: str, title: str = "Título", source: int | None = None) -> list[str]:
        return self.say(title, kind="tap", option_id=option_id, source_rule_id=source)

    def send_media(self, trigger: str, caption: str = "") -> list[str]:
        return self.say(caption, kind="media", media_trigger=trigger)

    def wait(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    def close(self) -> None:
        assert self.session is not None
        self.session = engine.closed(self.session)

    def receive(self, event: Event) -> list[str]:
        if engine.wants_command(self.book, self.session, event, self.settings):
            result = handle_global_command(NUMBER, event.text)
            event = Event(**{**event.__dict__, "command": result})
        decision = engine.decide(self.book, self.session, event, self.settings)
        self.actions, self.session = decision.actions, decision.session
        return [send.body for send in self.sent]
