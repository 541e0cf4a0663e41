"""What to say: (rulebook, session, message) -> (actions, session). Pure: no query, no HTTP.

The live bot, the simulator, the checker and the tests all ask this module, and import from it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto

from chatbot.chain import Chain
from chatbot.engine_types import (
    NO_RULE,
    Action,
    Decision,
    EngineSettings,
    Event,
    Flag,
    GiveToRole,
    HandOver,
    Send,
    SessionState,
    Unflag,
)
from chatbot.global_commands import CommandResult, is_command
from chatbot.replies import text_words
from chatbot.rule_data import FLOW, RuleData
from chatbot.rulebook import Rulebook
from chatbot.taps import Target, resolve_tap
from whapco.lib.text import normalize_step, normalize_text, split_steps

__all__ = [
    "Action",
    "Decision",
    "EngineSettings",
    "Event",
    "Flag",
    "GiveToRole",
    "HandOver",
    "Send",
    "SessionState",
    "Unflag",
    "closed",
    "decide",
    "enter_step",
    "system_text",
    "wanted_handlers",
    "wants_command",
    "with_handler_texts",
]

START = "iniciar"  # the trigger of the rule that greets at INITIAL_STEP
WINDOW = timedelta(hours=24)  # WhatsApp's: what was said before it is answered no more


class Opening(Enum):
    """How the session stands when the message comes."""

    GOING_ON = auto()
    FIRST = auto()  # of a contact, or after a closed session
    IDLE = auto()  # still open, but silent for too long


class Turn:
    """One message answered: the chain it sets off and the session it leaves."""

    def __init__(
        self, book: Rulebook, session: SessionState | None, event: Event, settings: EngineSettings
    ) -> None:
        self.book = book
        self.session = session
        self.event = event
        self.settings = settings
        self.initial_step = normalize_step(settings.initial_step)
        self.opening = _opening(session, event.now, settings)
        self.understood = False
        self.fallback_sent = False
        self.chain = Chain(book, event, self._standing())

    def run(self) -> None:
        target = self.target()
        if self.opening is Opening.IDLE:
            self._say_goodbye()
        if target is not None:
            self._follow(target)
        elif self.opening is not Opening.GOING_ON:
            self._welcome()
        elif self.event.command is not None:
            self._obey(self.event.command)
        else:
            self._answer()

    def decision(self) -> Decision:
        spoke_before = self.session.contact_spoke_at if self.session else None
        actions = tuple(self.chain.actions)
        return Decision(
            actions=(Unflag(), *actions) if self.understood else actions,
            session=SessionState(
                step=self.chain.step,
                is_open=True,
                fallback_sent=self.fallback_sent,
                contact_spoke_at=max(self.event.now, spoke_before or self.event.now),
            ),
        )

    def target(self) -> Target | None:
        """Where a tap or a filled form leads by itself, whatever its text."""
        if self.event.kind == "tap":
            return resolve_tap(self.book, self.event, self.chain.step)
        if self.event.kind == "flow":
            return self._after_form()
        return None

    def _standing(self) -> str:
        if self.session is None or self.opening is not Opening.GOING_ON:
            return self.initial_step
        return normalize_step(self.session.step) or self.initial_step

    def _after_form(self) -> Target | None:
        source = self.book.rules.get(self.event.source_rule_id or 0)
        here = self.book.at(self.chain.step)
        form = source if source and source.kind == FLOW else here and here.form
        return split_steps(form.next_step) if form else None

    def _follow(self, target: Target) -> None:
        if isinstance(target, RuleData):
            self.understood = self.chain.answer_with(target)
            return
        self.understood = True
        self.chain.run_through(target)

    def _say_goodbye(self) -> None:
        spoke_at = self.session.contact_spoke_at if self.session else None
        if spoke_at is not None and self.event.now - spoke_at <= WINDOW:
            self.chain.say(self.settings.session_timeout_message)

    def _welcome(self) -> None:
        """Greet, then try the text on the specific rules only: it need not be an answer."""
        greeted = self.chain.greet(self.initial_step, START)
        if self.chain.is_over or self._only_asks_to_start():
            return
        rule = self._specific()
        if rule is not None:
            self.understood = self.chain.answer_with(rule)
        elif not greeted and self.book.at(self.chain.step) is None:
            self._not_understood()

    def _only_asks_to_start(self) -> bool:
        said = self.event.text
        return normalize_text(said) == START or is_command(said)

    def _obey(self, command: CommandResult) -> None:
        self.understood = True
        for text in command.texts:
            self.chain.say(text)
        if command.restarts:
            self.chain.greet(self.initial_step, START)

    def _answer(self) -> None:
        here = self.book.at(self.chain.step)
        rule = self._specific() or (here.answer if here else None)
        if rule is None:
            self._not_understood()
        else:
            self.understood = self.chain.answer_with(rule)

    def _specific(self) -> RuleData | None:
        here = self.book.at(self.chain.step)
        text = normalize_text(self.event.text)
        return here.specific(text, self.event.media_trigger) if here else None

    def _not_understood(self) -> None:
        self.chain.actions.append(Flag(NO_RULE))
        if self.session is None or not self.session.fallback_sent:
            self.chain.say(self.settings.fallback_text)
        self.fallback_sent = bool(self.settings.fallback_text.strip())


def decide(
    book: Rulebook, session: SessionState | None, event: Event, settings: EngineSettings
) -> Decision:
    """The answer to one message. Never raises, whatever the rules or the message hold."""
    turn = Turn(book, session, event, settings)
    turn.run()
    return turn.decision()


def enter_step(book: Rulebook, step: str, settings: EngineSettings, now: datetime) -> Decision:
    """Put the contact at `step` (empty: INITIAL_STEP), which sends the step's prompt."""
    target = normalize_step(step) or normalize_step(settings.initial_step)
    chain = Chain(book, Event(kind="other", text="", now=now), target)
    chain.run_through((target,))
    return Decision(tuple(chain.actions), SessionState(step=chain.step, contact_spoke_at=now))


def wanted_handlers(
    book: Rulebook, session: SessionState | None, event: Event, settings: EngineSettings
) -> tuple[str, ...]:
    """The functions named by the rules that `decide` would fire: run them and decide again with
    their texts, `with_handler_texts`."""
    if not book.has_handlers:
        return ()
    turn = Turn(book, session, event, settings)
    turn.run()
    return tuple(dict.fromkeys(turn.chain.handlers))


def wants_command(
    book: Rulebook, session: SessionState | None, event: Event, settings: EngineSettings
) -> bool:
    """Whether a global command in the event's text counts, so that its function may run.

    Not in a first message, nor in a tap that leads somewhere by its id.
    """
    if event.kind not in ("text", "media", "tap") or not event.text:
        return False
    turn = Turn(book, session, event, settings)
    return turn.opening is Opening.GOING_ON and turn.target() is None


def with_handler_texts(event: Event, texts: Mapping[str, tuple[str, ...] | None]) -> Event:
    return replace(event, handler_texts=texts)


def system_text(text: str, step: str = "") -> tuple[Send, ...]:
    """A text that no rule holds, in as many messages as WhatsApp needs for it."""
    return tuple(Send(*message, rule_id=None, step=step) for message in text_words(text))


def closed(session: SessionState) -> SessionState:
    return replace(session, is_open=False)


def _opening(session: SessionState | None, now: datetime, settings: EngineSettings) -> Opening:
    if session is None or not session.is_open:
        return Opening.FIRST
    limit, spoke_at = settings.session_timeout_seconds, session.contact_spoke_at
    if limit <= 0 or spoke_at is None or (now - spoke_at).total_seconds() <= limit:
        return Opening.GOING_ON
    return Opening.IDLE
