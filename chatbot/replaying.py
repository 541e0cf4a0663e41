"""Replay: what would change for conversations that took place. Pure; nothing is sent or run.

Each word of the contact goes through the live rules and the draft from the same place. After an
answer that differs both go on from where the live rules lead: what the contact wrote next, they
wrote to those.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum

from chatbot import engine, trial
from chatbot.engine_types import Action, EngineSettings, Event, Flag, HandOver, Send, SessionState
from chatbot.rulebook import Rulebook
from chatbot.scenarios import TURNS_LIMIT, Say


class Who(Enum):
    CONTACT = "contact"
    BOT = "bot"
    AGENT = "agent"
    SYSTEM = "system"  # a session that ended: the bot starts anew


@dataclass(frozen=True)
class Word:
    """One message. `event` and `say` (the same for a scenario) are a contact's, `rule_id` the
    bot's."""

    pk: int
    who: Who
    at: datetime
    event: Event | None = None
    say: Say = ""
    rule_id: int | None = None


@dataclass(frozen=True)
class Change:
    """An answer that would differ. `says` are the contact's words from `start_step` (empty: a new
    contact) up to this one."""

    pk: int
    at: datetime
    step: str
    say: Say
    live: trial.Answer
    draft: trial.Answer
    start_step: str
    says: tuple[Say, ...]


@dataclass
class Compared:
    """Of one conversation: what would change, how many answers would not, how many words were left
    out because an agent was in charge."""

    changes: list[Change] = field(default_factory=list)
    same: int = 0
    skipped: int = 0


@dataclass
class Replay:
    """One conversation in the course of its words."""

    live: Rulebook
    draft: Rulebook
    settings: EngineSettings
    agent_seconds: int  # of an agent's silence, after which the bot answers again; 0: never
    state: SessionState | None = None
    draft_state: SessionState | None = None
    agent_at: datetime | None = None  # an agent is in charge since
    start_step: str = ""
    says: list[Say] = field(default_factory=list)
    found: Compared = field(default_factory=Compared)

    def hear(self, word: Word) -> None:
        match word.who:
            case Who.AGENT:
                self.agent_at = word.at
            case Who.BOT:
                self._bot(word)
            case Who.SYSTEM:
                self.agent_at = None
                self._close()
            case Who.CONTACT if word.event is not None:
                self._contact(word, word.event)

    def _bot(self, word: Word) -> None:
        """While an agent is in charge the bot speaks for one reason: the agent gives the chat back,
        and the bot says what is said on entering a step."""
        rule = self.live.rules.get(word.rule_id or 0)
        if rule is not None and rule.hands_over:
            self.agent_at = word.at
            return
        prompt = self.live.prompt_of(rule.step) if rule is not None else None
        if self.agent_at is not None and prompt is not None and prompt == rule:
            self.state = self.draft_state = SessionState(prompt.step, contact_spoke_at=word.at)
        self.agent_at = None

    def _contact(self, word: Word, event: Event) -> None:
        if self._agent_answers(event.now):
            self.found.skipped += 1
            return
        self.agent_at = None
        if self._fell_silent(event.now):
            self._close()
        if self.state is None or not self.state.is_open:
            self.says, self.start_step = [], ""
        elif len(self.says) >= TURNS_LIMIT:
            self.says, self.start_step = [], self.state.step
        self.says.append(word.say)
        step = self.state.step if self.state else ""
        live = trial.answer_event(self.live, self.state, event, self.settings)
        draft = trial.answer_event(self.draft, self.draft_state, event, self.settings)
        self.state, self.draft_state = live.state, draft.state
        if heard(live) == heard(draft):
            self.found.same += 1
        else:
            says = tuple(self.says)
            self.found.changes.append(
                Change(word.pk, event.now, step, word.say, live, draft, self.start_step, says)
            )
            if live.state.step in self.draft.steps:
                self.draft_state = live.state
        if any(isinstance(action, HandOver) for action in live.actions):
            self.agent_at = event.now

    def _agent_answers(self, now: datetime) -> bool:
        if self.agent_at is None:
            return False
        return not self.agent_seconds or now - self.agent_at < timedelta(seconds=self.agent_seconds)

    def _fell_silent(self, now: datetime) -> bool:
        """The periodic job would have closed the session by then."""
        seconds = self.settings.session_timeout_seconds
        spoke_at = self.state.contact_spoke_at if self.state else None
        return bool(seconds and spoke_at and now - spoke_at > timedelta(seconds=seconds))

    def _close(self) -> None:
        self.state = engine.closed(self.state) if self.state else None
        self.draft_state = engine.closed(self.draft_state) if self.draft_state else None


def compare(
    live: Rulebook,
    draft: Rulebook,
    words: Iterable[Word],
    settings: EngineSettings,
    *,
    agent_seconds: int = 0,
    start: SessionState | None = None,
) -> Compared:
    """Replay one conversation, which begins with a contact in `start`."""
    replay = Replay(live, draft, settings, agent_seconds, start, start)
    replay.start_step = start.step if start else ""
    for word in words:
        replay.hear(word)
    return replay.found


def heard(answer: trial.Answer) -> Sequence[object]:
    """What contact and agents notice of it; whichever rule says it, and from which step."""
    return [_noticed(action) for action in answer.actions if not isinstance(action, Flag)]


def _noticed(action: Action | trial.RunsFunction) -> object:
    if isinstance(action, Send):
        return (action.kind, action.words)
    if isinstance(action, trial.RunsFunction):
        return replace(action, rule_id=None, step="")
    return action
