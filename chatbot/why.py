"""Why the bot said a stored message: derived from its chat and its release, on demand.

A message keeps its rule, its step and the release, not where the contact stood: that is found out
by trying the places which the messages before it suggest, see explaining.most_likely.
"""

from dataclasses import dataclass
from datetime import timedelta

from chatbot import rulebooks, snapshots
from chatbot.engine import decide
from chatbot.engine_types import NO_RULE, EngineSettings, Event, Flag, SessionState
from chatbot.events import event_of
from chatbot.explaining import Explanation, Tried, most_likely, tried_rules, with_command
from chatbot.global_commands import command_of
from chatbot.models import Rule, RulebookRelease
from chatbot.rule_data import RuleData
from chatbot.rulebook import Rulebook
from chatbot.services import engine_settings
from conversations.models import Message
from whapco.lib.text import normalize_step, normalize_text, split_steps

AROUND = 60  # messages of the chat that are looked at
TOGETHER = timedelta(seconds=60)  # the messages that answer together are queued within
ANSWER_TAKES = timedelta(minutes=5)  # at most: a voice note has to be fetched and heard
FALLBACK, TIMEOUT, COMMAND = "fallback", "timeout", "command"


@dataclass(frozen=True)
class Why:
    """`rule` as it was in `release`; None of a release: not known, and the rules of now are told.

    `source` of a text that no rule holds: FALLBACK, TIMEOUT, COMMAND or "" where nobody knows.
    `fate` of the rule since: "same", "changed" (in these fields) or "gone". `form_id` is the rule
    in the draft, while there is one.
    """

    message: Message
    heard: Message | None
    release: RulebookRelease | None
    step: str
    rule: RuleData | None = None
    explanation: Explanation | None = None
    source: str = ""
    said: str = ""
    tried: tuple[Tried, ...] = ()
    fate: str = "same"
    changed: tuple[str, ...] = ()
    form_id: int | None = None


@dataclass(frozen=True)
class Case:
    """What is there to judge by. `heard` are the contact's messages that were answered together,
    the last one first."""

    message: Message
    around: list[Message]
    heard: list[Message]
    release: RulebookRelease | None
    book: Rulebook
    settings: EngineSettings

    @property
    def last_heard(self) -> Message | None:
        return self.heard[0] if self.heard else None


def why(message: Message) -> Why:
    """What is known of a message of the bot."""
    case = _case(message)
    events = [event_of(one, one.at) for one in case.heard]
    if message.rule_id is None:
        return _of_no_rule(case, events)
    rule = case.book.rules.get(message.rule_id)
    found = most_likely(
        case.book, _places(case), events, case.settings, _spoke(case), message.rule_id
    )
    live = rulebooks.current().rules.get(message.rule_id)
    form = Rule.objects.filter(pk=message.rule_id).values_list("pk", flat=True)
    return Why(
        message=message,
        heard=case.last_heard,
        release=case.release,
        step=found.step if found else message.step,
        rule=rule,
        explanation=found,
        said=found.said if found else "",
        tried=found.tried if found else (),
        fate="gone" if live is None else "same" if live == rule else "changed",
        changed=snapshots.changed_fields(rule, live) if rule and live else (),
        form_id=form.first(),
    )


def _case(message: Message) -> Case:
    near = Message.objects.filter(
        conversation=message.conversation_id, at__lte=message.at + TOGETHER
    ).exclude(kind="reaction")
    around = sorted(near.order_by("-at", "-pk")[:AROUND], key=lambda one: one.pk)
    release = None
    if message.rules_release is not None:
        known = RulebookRelease.objects.filter(pk=message.rules_release)
        release = known.defer("rules").first()
    book = rulebooks.current()
    if release is not None and release.number != book.version:
        book = rulebooks.load(release.number)
    heard = _heard(message, around)
    return Case(message, around, heard, release, book, engine_settings())


def _heard(message: Message, around: list[Message]) -> list[Message]:
    said = [one for one in around if _is_contact(one) and one.pk < message.pk and one.answered_at]
    if not said or said[-1].answered_at is None:
        return []
    answered_at = said[-1].answered_at
    if message.at - answered_at > ANSWER_TAKES:
        return []
    return [one for one in reversed(said) if one.answered_at == answered_at]


def _spoke(case: Case) -> tuple[int, ...]:
    """The rules of the bot's messages around this one, with no word of the contact between."""
    others = [one.pk for one in case.around if _is_contact(one)]
    before = max((pk for pk in others if pk < case.message.pk), default=0)
    after = min((pk for pk in others if pk > case.message.pk), default=case.around[-1].pk + 1)
    rules = (one.rule_id for one in case.around if before < one.pk < after and _is_bot(one))
    return tuple(dict.fromkeys(pk for pk in rules if pk is not None))


def _places(case: Case) -> list[SessionState | None]:
    """Where the contact may have stood, the likeliest first; None: nowhere, as a new one."""
    first = case.heard[-1].pk if case.heard else case.message.pk
    before = [one for one in case.around if one.pk < first]
    bot = next((one for one in reversed(before) if _is_bot(one)), None)
    rule = case.book.rules.get(bot.rule_id or 0) if bot else None
    led_to = split_steps(rule.next_step)[-1:] if rule else ()
    steps = (
        *led_to,
        bot.step if bot else "",
        case.message.step,
        normalize_step(case.settings.initial_step),
    )
    known = [SessionState(step=step) for step in dict.fromkeys(steps) if step]
    return [None, *known] if bot is None or _starts_anew(case, before) else [*known, None]


def _starts_anew(case: Case, before: list[Message]) -> bool:
    """Whether the session was closed: by silence, or by an agent who finished the chat."""
    seconds, heard = case.settings.session_timeout_seconds, case.heard
    spoke = next((one.at for one in reversed(before) if _is_contact(one)), None)
    if seconds and heard and spoke and heard[-1].at - spoke > timedelta(seconds=seconds):
        return True
    last = next((one for one in reversed(before) if not _is_contact(one)), None)
    if last is None:
        return True
    return last.author == Message.Author.SYSTEM or _says(
        last, case.settings.session_timeout_message
    )


def _of_no_rule(case: Case, events: list[Event]) -> Why:
    source = _source(case, events)
    step, event = case.message.step, None
    if source == FALLBACK:
        step, event = _not_understood(case, events)
    return Why(
        message=case.message,
        heard=case.last_heard,
        release=case.release,
        step=step,
        source=source,
        said=normalize_text(event.text) if event else "",
        tried=tried_rules(case.book, step, event, 0) if event else (),
    )


def _source(case: Case, events: list[Event]) -> str:
    if _says(case.message, case.settings.fallback_text):
        return FALLBACK
    if _says(case.message, case.settings.session_timeout_message):
        return TIMEOUT
    return COMMAND if any(command_of(event.text) for event in events) else ""


def _not_understood(case: Case, events: list[Event]) -> tuple[str, Event | None]:
    """The step in which the engine does not understand one of these, and which."""
    for place in _places(case):
        for written in events:
            event = with_command(case.book, place, written, case.settings)
            decision = decide(case.book, place, event, case.settings)
            if Flag(NO_RULE) in decision.actions:
                return decision.session.step, event
    return case.message.step, None


def _says(message: Message, text: str) -> bool:
    """A long text goes out in several messages."""
    return bool(message.body.strip()) and message.rule_id is None and message.body in text


def _is_contact(message: Message) -> bool:
    return message.author == Message.Author.CONTACT


def _is_bot(message: Message) -> bool:
    return message.author == Message.Author.BOT
