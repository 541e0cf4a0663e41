"""Why a rule answered what it answered. Pure: the engine itself is asked, and watched.

`explain` is given where the contact stood; `most_likely` finds that out for a stored message, of
which only the rule is kept, by trying the places where the contact may have stood.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import product

from chatbot import engine
from chatbot.chain import Chain
from chatbot.engine_types import EngineSettings, Event, SessionState
from chatbot.global_commands import CommandResult, command_of, restart
from chatbot.rule_data import CONTAINS, RuleData
from chatbot.rulebook import Rulebook
from whapco.lib.text import (
    ANYTHING,
    MEDIA_PREFIX,
    normalize_option_id,
    normalize_step,
    normalize_text,
    split_items,
    split_triggers,
)


class Cause(Enum):
    """What made a rule speak."""

    TEXT = "text"  # what was written is its trigger, or holds it
    MEDIA = "media"  # the kind of file is its trigger
    ANYTHING = "anything"  # its `*`, since nothing else of the step matched
    TAP = "tap"  # the id of the option that was tapped is its trigger
    WELCOME = "welcome"  # a new contact, or a session that was closed
    RESTART = "restart"  # a global command sent the contact back to the first step
    ENTERED = "entered"  # the contact came into its step, and it is the step's `*`


class Verdict(Enum):
    """What became of a rule of the step."""

    WON = "won"
    LATER = "later"  # it matches as well, but goes after the one that won
    OTHER_TEXT = "other_text"
    NOT_INSIDE = "not_inside"  # `contiene`, and the words are not inside
    ONLY_FILES = "only_files"
    ONLY_ELSE = "only_else"  # `*`: only when nothing else matches


@dataclass(frozen=True)
class Tried:
    rule: RuleData
    verdict: Verdict


@dataclass(frozen=True)
class Explanation:
    """`came_from` is the rule that led to the step, for ENTERED; `step` where the contact stood.

    `tried` are the rules of that step, the winner first, then as they are compared; empty when no
    text was compared. `said` is the text as rules compare it.
    """

    rule: RuleData
    cause: Cause
    step: str
    said: str = ""
    tried: tuple[Tried, ...] = ()
    came_from: RuleData | None = None
    by_tap: bool = False  # the tap led here without any text being compared


@dataclass(frozen=True)
class Fired:
    rule: RuleData
    cause: Cause | None  # None: it took the message itself, see `_how_it_matched`
    came_from: RuleData | None


class WatchedChain(Chain):
    """Remembers why each rule was fired."""

    def __init__(self, book: Rulebook, event: Event, step: str) -> None:
        super().__init__(book, event, step)
        self.log: list[Fired] = []
        self.answered_at = ""  # where the contact stood when a rule took the message
        self._cause: Cause | None = None
        self._firing: list[RuleData] = []

    def greet(self, step: str, trigger: str) -> bool:
        self._cause = Cause.RESTART if self.event.command else Cause.WELCOME
        return super().greet(step, trigger)

    def answer_with(self, rule: RuleData) -> bool:
        self._cause, self.answered_at = None, self.step
        return super().answer_with(rule)

    def run_through(self, steps: tuple[str, ...]) -> None:
        self._cause = Cause.ENTERED
        super().run_through(steps)

    def _fire(self, rule: RuleData) -> bool:
        came_from = self._firing[-1] if self._firing else None
        cause = Cause.ENTERED if came_from else self._cause
        if rule.id not in self.fired:
            self.log.append(Fired(rule, cause, came_from))
        self._firing.append(rule)
        done = super()._fire(rule)
        self._firing.pop()
        return done


def explain(
    book: Rulebook,
    session: SessionState | None,
    event: Event,
    settings: EngineSettings,
    rule_id: int,
) -> Explanation | None:
    """Why that rule speaks when `event` reaches a contact in `session`. None: it does not."""
    chain, tapped = _watch(book, session, event, settings)
    fired = next((one for one in chain.log if one.rule.id == rule_id), None)
    if fired is None:
        return None
    if fired.cause is not None:
        step = normalize_step(session.step) if session else ""
        return Explanation(
            fired.rule,
            fired.cause,
            step,
            came_from=fired.came_from,
            by_tap=tapped and fired.came_from is None,
        )
    if tapped:
        return Explanation(fired.rule, Cause.TAP, chain.answered_at, by_tap=True)
    return _by_words(book, event, fired.rule, chain.answered_at)


def rules_fired(
    book: Rulebook, session: SessionState | None, event: Event, settings: EngineSettings
) -> tuple[int, ...]:
    return tuple(one.rule.id for one in _watch(book, session, event, settings)[0].log)


def most_likely(
    book: Rulebook,
    sessions: Iterable[SessionState | None],
    events: Sequence[Event],
    settings: EngineSettings,
    spoke: tuple[int, ...],
    rule_id: int,
) -> Explanation | None:
    """The explanation by the first of `sessions` and `events` from which the engine speaks with
    the same rules in the same order; else by the first from which that rule speaks at all.

    `spoke` are the rules of the messages that answered together.
    """
    second: Explanation | None = None
    for session, written in product(sessions, events):
        event = with_command(book, session, written, settings)
        found = explain(book, session, event, settings, rule_id)
        if found and _in_order(spoke, rules_fired(book, session, event, settings)):
            return found
        second = second or found
    return second


def with_command(
    book: Rulebook, session: SessionState | None, event: Event, settings: EngineSettings
) -> Event:
    """As the live bot hands it to the engine, but the company's functions are not run."""
    if not engine.wants_command(book, session, event, settings):
        return event
    function = command_of(event.text)
    if function is None:
        return event
    return replace(event, command=CommandResult(restarts=function is restart))


def tried_rules(book: Rulebook, step: str, event: Event, winner: int) -> tuple[Tried, ...]:
    """All the rules of a step against what was said; those that match first, then by rank."""
    said = normalize_text(event.text)
    here = [rule for rule in book.rules.values() if rule.step == normalize_step(step)]
    tried = [Tried(rule, _verdict(rule, said, event.media_trigger, winner)) for rule in here]
    order = list(Verdict)
    return tuple(sorted(tried, key=lambda one: (min(order.index(one.verdict), 2), one.rule.rank)))


def _watch(
    book: Rulebook, session: SessionState | None, event: Event, settings: EngineSettings
) -> tuple[WatchedChain, bool]:
    """The chain it sets off, and whether a tap or a form led there by itself."""
    turn = engine.Turn(book, session, event, settings)
    turn.chain = chain = WatchedChain(book, event, turn.chain.step)
    target = turn.target()
    turn.run()
    return chain, target is not None


def _by_words(book: Rulebook, event: Event, rule: RuleData, step: str) -> Explanation:
    tried = tried_rules(book, step, event, rule.id)
    said = normalize_text(event.text)
    if _takes_text(rule, said):
        cause = Cause.TEXT
    else:
        media = event.media_trigger and _takes_media(rule, event.media_trigger)
        cause = Cause.MEDIA if media else Cause.ANYTHING
    return Explanation(rule, cause, step, said, tried)


def _verdict(rule: RuleData, said: str, media: str, winner: int) -> Verdict:
    if rule.id == winner:
        return Verdict.WON
    if _takes_text(rule, said) or _takes_media(rule, media):
        return Verdict.LATER
    triggers = split_triggers(rule.trigger)
    if ANYTHING in triggers:
        return Verdict.ONLY_ELSE
    if triggers and all(trigger.startswith(MEDIA_PREFIX) for trigger in triggers):
        return Verdict.ONLY_FILES
    return Verdict.NOT_INSIDE if rule.match == CONTAINS else Verdict.OTHER_TEXT


def _takes_text(rule: RuleData, said: str) -> bool:
    words = [trigger for trigger in split_triggers(rule.trigger) if trigger[0] not in "*@"]
    if rule.match == CONTAINS and any(f" {word} " in f" {said} " for word in words):
        return True
    return said in words


def _takes_media(rule: RuleData, media: str) -> bool:
    items = (item for item in split_items(rule.trigger) if item.startswith(MEDIA_PREFIX))
    return bool(media) and media in map(normalize_option_id, items)


def _in_order(spoke: tuple[int, ...], fired: tuple[int, ...]) -> bool:
    """Whether the rules that spoke are among those that fired, in that order: a rule may fire and
    have nothing to say."""
    rest = iter(fired)
    return all(rule_id in rest for rule_id in spoke)
