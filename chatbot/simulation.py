"""A conversation with a rulebook as a page shows it. Pure.

The page keeps only what the contact said; every answer is worked out again from the first word.
So nothing of it needs to be believed, a rule changed meanwhile shows at once, and the same words
can be tried on other rules.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from chatbot import trial
from chatbot.engine_types import EngineSettings, Flag, GiveToRole, HandOver, Send
from chatbot.events import MEDIA_TRIGGERS
from chatbot.rule_data import RuleData
from chatbot.rulebook import Rulebook
from chatbot.scenarios import SAY_LIMIT, TURNS_LIMIT, Say, say_words
from conversations.templatetags.inbox import ATTENTION

ID_LIMIT, TITLE_LIMIT = 256, 300  # characters


class BadSays(ValueError):
    """What the page sent is no list of things said."""


@dataclass(frozen=True)
class Tap:
    """A button or a row that can be tapped; `value` is what the page posts for it."""

    title: str
    value: str
    description: str = ""


@dataclass(frozen=True)
class Section:
    title: str
    taps: tuple[Tap, ...]


@dataclass(frozen=True)
class Bubble:
    """A message of the bot. `sections` open from `menu`, `taps` hang below."""

    send: Send
    taps: tuple[Tap, ...] = ()
    menu: str = ""
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True)
class Happening:
    """Something that happens to the chat besides messages; `warns`: it is to be mended."""

    words: str
    warns: bool = False
    no_rule: bool = False


@dataclass(frozen=True)
class Turn:
    """What was said and what came of it. `rules` answered; the contact stands at `step` then."""

    said: str
    items: tuple[Bubble | Happening, ...]
    rules: tuple[RuleData, ...]
    came_from: str
    step: str

    @property
    def moved(self) -> bool:
        return self.came_from != self.step


@dataclass(frozen=True)
class Simulation:
    """`entered`: what a contact gets on entering the step where the trial starts, if it does.
    `first_step` is where the first word is said; empty: by a new contact."""

    entered: Turn | None
    turns: tuple[Turn, ...]
    first_step: str
    step: str

    @property
    def last(self) -> Turn | None:
        return self.turns[-1] if self.turns else self.entered


def simulate(
    book: Rulebook, start_step: str, says: Iterable[Say], settings: EngineSettings, now: datetime
) -> Simulation:
    entered, state = None, trial.start(settings, start_step)
    if state is not None:
        answer = trial.enter(book, start_step, settings, now)
        entered = _turn(book, "", state.step, answer, on_entry=True)
        state = answer.state
    first_step = state.step if state else ""
    turns = []
    for say in says:
        now += timedelta(seconds=1)
        came_from = state.step if state else ""
        answer = trial.answer(book, state, _said(say), settings, now)
        turns.append(_turn(book, say_words(say), came_from, answer))
        state = answer.state
    return Simulation(entered, tuple(turns), first_step, state.step if state else "")


def read_says(text: str) -> list[Say]:
    """The page's JSON. Raises BadSays."""
    try:
        values = json.loads(text or "[]")
    except (ValueError, RecursionError):
        raise BadSays from None
    if not isinstance(values, list) or len(values) > TURNS_LIMIT:
        raise BadSays
    return [read_say(value) for value in values]


def read_say(value: object) -> Say:
    """One thing said, without anything else that the page may hold. Raises BadSays."""
    if isinstance(value, str):
        return _text(value, SAY_LIMIT)
    if not isinstance(value, dict):
        raise BadSays
    rule = value.get("rule")
    by = {"rule": rule} if isinstance(rule, int) and not isinstance(rule, bool) else {}
    if value.get("form") is True:
        return {"form": True, **by}
    if "tap" in value:
        tap, title = _text(value["tap"], ID_LIMIT), _text(value.get("title", ""), TITLE_LIMIT)
        return {"tap": tap, "title": title, **by}
    media = value.get("media")
    if media not in MEDIA_TRIGGERS.values():
        raise BadSays
    text = _text(value.get("text", ""), SAY_LIMIT)
    return {"media": media, **({"text": text} if text else {})}


def _text(value: object, limit: int) -> str:
    if not isinstance(value, str) or len(value) > limit:
        raise BadSays
    return value


def _said(say: Say) -> trial.Said:
    if isinstance(say, str):
        return trial.Said(text=say)
    return trial.Said(
        text=say.get("text", ""),
        option_id=say.get("tap", ""),
        title=say.get("title", ""),
        media_trigger=say.get("media", ""),
        source_rule_id=say.get("rule"),
        form=say.get("form", False),
    )


def _turn(
    book: Rulebook, said: str, came_from: str, answer: trial.Answer, *, on_entry: bool = False
) -> Turn:
    items = tuple(item for action in answer.actions if (item := _item(action)) is not None)
    if not items and not on_entry:
        items = (Happening(_("El bot no contesta nada.")),)
    rules = tuple(book.rules[pk] for pk in answer.rule_ids if pk in book.rules)
    return Turn(said, items, rules, came_from, answer.state.step)


def _item(action: object) -> Bubble | Happening | None:
    match action:
        case Send():
            return _bubble(action)
        case GiveToRole():
            return Happening(_("El chat pasa al rol «%(role)s».") % {"role": action.keyword})
        case HandOver():
            return Happening(
                _("Pasa a un asesor: el bot calla hasta que se lo devuelvan. Aquí sigue él.")
            )
        case trial.RunsFunction():
            words = _("Aquí se ejecuta la función «%(name)s»; en la prueba no.")
            return Happening(words % {"name": action.name})
        case Flag():
            words = str(ATTENTION.get(action.reason, action.reason))
            return Happening(
                _("%(reason)s: el chat queda marcado para que alguien lo mire.")
                % {"reason": words},
                warns=True,
                no_rule=action.reason == "sin_regla",
            )
    return None


def _bubble(send: Send) -> Bubble:
    action: dict[str, Any] = send.words.get("interactive", {}).get("action", {})
    if action.get("name") == "flow":
        title = action.get("parameters", {}).get("flow_cta") or _("Llenar el formulario")
        return Bubble(send, (Tap(title, json.dumps({"form": True, "rule": send.rule_id})),))
    buttons = [button["reply"] for button in action.get("buttons", ())]
    sections = tuple(
        Section(section.get("title", ""), _taps(section.get("rows", ()), send.rule_id))
        for section in action.get("sections", ())
    )
    return Bubble(send, _taps(buttons, send.rule_id), action.get("button", ""), sections)


def _taps(options: Sequence[dict[str, str]], rule_id: int | None) -> tuple[Tap, ...]:
    return tuple(
        Tap(
            option["title"],
            json.dumps({"tap": option["id"], "title": option["title"], "rule": rule_id}),
            option.get("description", ""),
        )
        for option in options
    )
