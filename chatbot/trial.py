"""Talking with a rulebook that nobody else hears: nothing is stored, sent or run.

The functions of the company may have effects, so what `handler` and a command of its own name is
told (`RunsFunction`) and never called. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from chatbot import engine
from chatbot.engine_types import Action, EngineSettings, Event, Flag, Send, SessionState
from chatbot.global_commands import CommandResult, command_of, handle_global_command, restart
from chatbot.rulebook import Rulebook
from whapco.lib.text import normalize_step

_MARK = "\ue000"  # of private use: no rule's reply starts with it


@dataclass(frozen=True)
class Said:
    """What the contact does: writes `text`, taps `option_id` (whose title is `title`), sends a
    file or a voice note (`media_trigger` such as "@imagen"; `text` is its caption or what was
    heard), or fills in the `form` of `source_rule_id`.

    `source_rule_id` is the rule whose message carried the option or the form.
    """

    text: str = ""
    option_id: str = ""
    title: str = ""
    media_trigger: str = ""
    source_rule_id: int | None = None
    form: bool = False


@dataclass(frozen=True)
class RunsFunction:
    """Here the live bot calls the company's function `name`; `rule_id` None: a global command."""

    name: str
    rule_id: int | None
    step: str


@dataclass(frozen=True)
class Answer:
    """What the bot would do, in order, and where the contact stands then.

    `rule_ids` are the rules that answered, in order: also those that say nothing, and those whose
    quote could not use what was written.
    """

    actions: tuple[Action | RunsFunction, ...]
    state: SessionState
    rule_ids: tuple[int, ...] = ()

    @property
    def sends(self) -> tuple[Send, ...]:
        return tuple(action for action in self.actions if isinstance(action, Send))

    @property
    def texts(self) -> list[str]:
        """What a person reads of each message."""
        return [send.body for send in self.sends]

    @property
    def flags(self) -> tuple[str, ...]:
        return tuple(action.reason for action in self.actions if isinstance(action, Flag))


def start(settings: EngineSettings, step: str = "") -> SessionState | None:
    """The state to begin with: a contact who stands at `step`; without one, a new contact."""
    name = normalize_step(step)
    return SessionState(step=name) if name else None


def enter(book: Rulebook, step: str, settings: EngineSettings, now: datetime) -> Answer:
    """What a contact gets who is put at `step`, and where that leads."""
    decision = engine.enter_step(book, step, settings, now)
    return Answer(decision.actions, decision.session, _behind(decision.actions))


def answer(
    book: Rulebook,
    state: SessionState | None,
    said: Said,
    settings: EngineSettings,
    now: datetime,
) -> Answer:
    """What the bot answers to `said`. Never raises, whatever the rules hold."""
    return answer_event(book, state, event_of(said, now), settings)


def event_of(said: Said, now: datetime) -> Event:
    """As the engine gets it from a stored message: see chatbot.events."""
    is_voice = said.media_trigger == "@audio" and said.text
    if said.form:
        kind = "flow"
    elif said.option_id or said.title:
        kind = "tap"
    elif said.media_trigger and not is_voice:
        kind = "media"
    else:
        kind = "text"
    return Event(
        kind=kind,
        text=said.title or said.text,
        now=now,
        media_trigger=said.media_trigger,
        option_id=said.option_id,
        source_rule_id=said.source_rule_id,
    )


def answer_event(
    book: Rulebook, state: SessionState | None, event: Event, settings: EngineSettings
) -> Answer:
    own: str | None = None
    if engine.wants_command(book, state, event, settings):
        own = _own_command(event.text)
        event = replace(event, command=_command(event.text, own))
    wanted = engine.wanted_handlers(book, state, event, settings)
    event = engine.with_handler_texts(event, _marks(wanted))
    turn = engine.Turn(book, state, event, settings)
    turn.run()
    decision = turn.decision()
    actions = tuple(_as_told(action) for action in decision.actions)
    if own is not None:
        actions = (RunsFunction(own, None, decision.session.step), *actions)
    ids = dict.fromkeys([*turn.chain.fired, *_behind(decision.actions)])
    return Answer(actions, decision.session, tuple(ids))


def _behind(actions: Iterable[Action]) -> tuple[int, ...]:
    """The rules that say something."""
    ids = (action.rule_id for action in actions if isinstance(action, Send))
    return tuple(dict.fromkeys(pk for pk in ids if pk is not None))


def _own_command(text: str) -> str | None:
    """The name of the company's function behind the command in `text`, if it is its own."""
    function = command_of(text)
    if function is None or function is restart:
        return None
    return getattr(function, "__name__", str(function))


def _command(text: str, own: str | None) -> CommandResult | None:
    return handle_global_command("", text) if own is None else CommandResult()


def _marks(names: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    return {name: (_MARK + name,) for name in names}


def _as_told(action: Action) -> Action | RunsFunction:
    if isinstance(action, Send) and action.body.startswith(_MARK):
        return RunsFunction(action.body.removeprefix(_MARK), action.rule_id, action.step)
    return action
