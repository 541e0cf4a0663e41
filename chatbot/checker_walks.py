"""What the engine's own chain does from a rule or a step, without building messages. Pure."""

from dataclasses import dataclass
from datetime import datetime

from chatbot.chain import Chain
from chatbot.engine import START
from chatbot.engine_types import CHAIN_TOO_LONG, Event, Flag
from chatbot.quotes import FormulaError, check_formula
from chatbot.rule_data import RuleData
from chatbot.rulebook import Rulebook
from chatbot.taps import Target, resolve_tap

NOWHERE = "\x00"  # no step has this name

_NOBODY = Event(kind="other", text="", now=datetime.min)


class Rehearsal(Chain):
    """A chain that says nothing. A quote is taken as answered with a good measure."""

    def __init__(self, book: Rulebook, step: str) -> None:
        super().__init__(book, _NOBODY, step)

    @property
    def is_too_long(self) -> bool:
        return Flag(CHAIN_TOO_LONG) in self.actions

    def _speak(self, rule: RuleData, reply: str) -> None:
        pass

    def _reply_of(self, rule: RuleData) -> str | None:
        if rule.formula.strip():
            try:
                check_formula(rule.formula)
            except FormulaError:
                return None
        return rule.reply


@dataclass(frozen=True)
class Walk:
    """The ids of the rules that fire, in order, and where the contact ends; None: where it was."""

    fired: tuple[int, ...]
    step: str | None
    is_too_long: bool


class Walks:
    """Each is walked once. `home` is where new contacts start."""

    def __init__(self, book: Rulebook, home: str) -> None:
        self.book = book
        self.home = home
        self._of_rules: dict[int, Walk] = {}
        self._of_steps: dict[tuple[str, ...], Walk] = {}

    def of_rule(self, rule: RuleData) -> Walk:
        """What firing `rule` sets off."""
        if rule.id not in self._of_rules:
            chain = Rehearsal(self.book, NOWHERE)
            chain.answer_with(rule)
            self._of_rules[rule.id] = _walk(chain)
        return self._of_rules[rule.id]

    def of_steps(self, steps: tuple[str, ...]) -> Walk:
        """What entering `steps`, one after the other, sets off."""
        if steps not in self._of_steps:
            chain = Rehearsal(self.book, NOWHERE)
            chain.run_through(steps)
            self._of_steps[steps] = _walk(chain)
        return self._of_steps[steps]

    def of_welcome(self, rule: RuleData | None = None) -> Walk:
        """What a new contact gets; with `rule`, when the first message is one that it takes."""
        chain = Rehearsal(self.book, self.home)
        chain.greet(self.home, START)
        if rule is not None and not chain.is_over:
            chain.answer_with(rule)
        return _walk(chain)


def tap_target(book: Rulebook, option_id: str, source: int | None, step: str) -> Target | None:
    """Where a tap leads a contact at `step`; at NOWHERE: wherever the contact stands."""
    tap = Event("tap", "", datetime.min, option_id=option_id, source_rule_id=source)
    return resolve_tap(book, tap, step)


def _walk(chain: Rehearsal) -> Walk:
    step = None if chain.step == NOWHERE else chain.step
    return Walk(tuple(chain.fired), step, chain.is_too_long)
