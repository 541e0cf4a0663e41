"""What really happens in a small rulebook: the engine asked for every message in every step."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from chatbot import engine
from chatbot.checker_types import offered_choices
from chatbot.engine import Decision, EngineSettings, Event, Flag, Send, SessionState
from chatbot.engine_types import CHAIN_TOO_LONG, NO_RULE
from chatbot.events import MEDIA_TRIGGERS
from chatbot.global_commands import handle_global_command
from chatbot.rulebook import Rulebook, RuleData
from tests.chatbot.phone import NOON, NUMBER
from whapco.lib.text import split_items

SETTINGS = EngineSettings(initial_step="menu_principal")
STEPS = st.sampled_from(["menu_principal", "a", "b", "c d"])
NEXT = st.lists(STEPS | st.just("nowhere"), max_size=3).map(",".join)
WORDS = st.sampled_from(
    ["*", "*", "hola", "1", "dos palabras", "palabras", "iniciar", "@imagen", "a", "opt_b", "Menú"]
)
OPTION = st.fixed_dictionaries(
    {"id": st.sampled_from(["x", "opt_b", "a", "c d", "1", "Sí", "si"]),
     "title": st.sampled_from(["Hola", "T", "Palabras", "Menú", "5"])},
    optional={"step": NEXT},
)  # fmt: skip
MENUS = st.lists(
    OPTION, min_size=1, max_size=3, unique_by=(lambda o: o["id"], lambda o: o["title"])
)
FORM = {"flow_id": "1", "flow_cta": "Abrir"}


@st.composite
def _rules(draw: Any) -> RuleData:
    kind = draw(st.sampled_from(["texto", "texto", "texto", "boton", "boton", "flow"]))
    options = {"boton": MENUS, "flow": st.just(FORM)}.get(kind, st.none())
    return RuleData(
        id=0,
        step=draw(STEPS),
        trigger=",".join(draw(st.lists(WORDS, min_size=1, max_size=2))),
        kind=kind,
        reply="Hola",
        next_step=draw(st.just("") | NEXT),
        options=draw(options),
        formula=draw(st.sampled_from(["", "", "", "", "medida*2"])),
        hands_over=draw(st.sampled_from([False] * 5 + [True])),
        priority=draw(st.integers(0, 1)),
        match=draw(st.sampled_from(["exacta", "contiene"])),
    )


RULES = st.lists(_rules(), min_size=1, max_size=9).map(
    lambda rules: [replace(rule, id=number) for number, rule in enumerate(rules, 1)]
)


@dataclass
class Explored:
    """Where contacts stood, which rules answered them, what went wrong.

    `unanswered` are the rules with an option that brought nothing, `too_long` whether any chain
    met the cap.
    """

    book: Rulebook
    steps: set[str] = field(default_factory=set)
    fired: set[int] = field(default_factory=set)
    unanswered: set[int] = field(default_factory=set)
    too_long: bool = False


class Explorer:
    """Follows every message and every tap from the states it is given, to the end.

    Options are tapped where their message left the contact; with `old_menus` also from wherever
    the contact has gone since.
    """

    def __init__(self, rules: Iterable[RuleData], *, old_menus: bool = False) -> None:
        self.old_menus = old_menus
        self.menus: set[int] = set()
        self.greeting: set[int] = set()  # the menus of the welcome
        self.found = Explored(Rulebook.build(rules))
        self.choices = offered_choices(self.found.book.rules.values())
        items = {
            item for rule in self.found.book.rules.values() for item in split_items(rule.trigger)
        }
        said = [(item, f"dime {item}", f"{item} 5") for item in items]
        self.texts = sorted({*(text for texts in said for text in texts), "xyz", "5", "ayuda"})
        self.waiting: list[Any] = []  # a step to stand at, or a (rule on screen, step) to tap on
        self.known: set[Any] = set()

    def new_contact(self) -> "Explorer":
        greeting = self._decide(None, Event("other", "", NOON))
        self.greeting = _menus(greeting)
        self._hear(None)
        return self

    def every_step(self) -> "Explorer":
        for step in self.found.book.steps:
            self._note(engine.enter_step(self.found.book, step, SETTINGS, NOON))
            self._wait(step)
        return self

    def run(self) -> Explored:
        while self.waiting:
            match self.waiting.pop():
                case str(step):
                    self.found.steps.add(step)
                    self._hear(SessionState(step=step, contact_spoke_at=NOON))
                case (rule_id, step):
                    self._tap(rule_id, SessionState(step=step, contact_spoke_at=NOON))
        return self.found

    def _hear(self, state: SessionState | None) -> None:
        for text in self.texts:
            self._decide(state, Event("text", text, NOON))
        for trigger in dict.fromkeys(MEDIA_TRIGGERS.values()):
            for caption in ("", "5"):
                self._decide(state, Event("media", caption, NOON, media_trigger=trigger))
        for rule in self.found.book.rules.values():
            if rule.kind == "flow" and rule.id in self.menus:
                self._decide(state, Event("flow", "", NOON, source_rule_id=rule.id))

    def _tap(self, rule_id: int, state: SessionState) -> None:
        for choice in self.choices.get(rule_id, ()):
            tap = Event("tap", choice.title, NOON, option_id=choice.id, source_rule_id=rule_id)
            decision = self._decide(state, tap)
            if Flag(NO_RULE) in decision.actions:
                self.found.unanswered.add(rule_id)
        if self.found.book.rules[rule_id].kind == "flow":
            self._decide(state, Event("flow", "", NOON, source_rule_id=rule_id))

    def _decide(self, state: SessionState | None, event: Event) -> Decision:
        if engine.wants_command(self.found.book, state, event, SETTINGS):
            event = replace(event, command=handle_global_command(NUMBER, event.text))
        decision = engine.decide(self.found.book, state, event, SETTINGS)
        self._note(decision, is_first=state is None and event.kind != "other")
        return decision

    def _note(self, decision: Decision, *, is_first: bool = False) -> None:
        """`is_first`: a rule may have answered after the welcome, whose menu is an old one then."""
        step = decision.session.step
        self.found.too_long |= Flag(CHAIN_TOO_LONG) in decision.actions
        sends = [action for action in decision.actions if isinstance(action, Send)]
        self.found.fired |= {send.rule_id for send in sends if send.rule_id is not None}
        menus = _menus(decision)
        self._wait(step)
        for menu in menus - self.greeting if is_first and not self.old_menus else menus:
            self._wait((menu, step))
        self.menus |= menus
        if self.old_menus:
            for pair in itertools.product(self.menus, self.known & self.found.book.steps.keys()):
                self._wait(pair)

    def _wait(self, state: Any) -> None:
        if state not in self.known:
            self.known.add(state)
            self.waiting.append(state)


def _menus(decision: Decision) -> set[int]:
    """The rules whose options were sent."""
    sends = [action for action in decision.actions if isinstance(action, Send)]
    return {send.rule_id for send in sends if send.kind == "interactive" and send.rule_id}
