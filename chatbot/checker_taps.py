"""Buttons and rows: taps that nobody answers, ids that several rules answer. Pure.

Every menu is followed wherever a contact may stand when it is on the screen, since the step
decides what a tap means that does not say itself where it leads.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chatbot.checker_answers import measures
from chatbot.checker_types import Facts, Finding, Severity, about, names
from chatbot.checker_walks import NOWHERE, Walk, tap_target
from chatbot.global_commands import command_of
from chatbot.options import Choice
from chatbot.replies import sends_form
from chatbot.rule_data import RuleData
from whapco.lib.text import normalize_option_id, normalize_step, normalize_text, split_steps

TAPS_LIMIT = 200_000  # looked up in one check; a rulebook with more of them is not looked at whole

NOTHING, AGAIN, APOLOGY = "nada", "repite", "disculpa"  # what an option that leads nowhere brings
CHANCE = "azar"  # of rules in several steps, none of them this one, the first answers


def tap_findings(facts: Facts) -> Iterator[Finding]:
    if not facts.choices:
        return
    for rule_id, outcomes in _Screens(facts).outcomes().items():
        yield from _outcome_findings(facts.book.rules[rule_id], outcomes)
    for rule_id, offered in facts.choices.items():
        yield from _alike(facts.book.rules[rule_id], offered)
        yield from _leaves_at_once(facts, facts.book.rules[rule_id])


@dataclass(frozen=True)
class _Outcome:
    """What a tap on the option `title` brings a contact who stands at `step`."""

    title: str
    step: str
    what: str


class _Screens:
    """Every (rule with options, step where the contact stands while its message is on screen)."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.book = facts.book
        self.walks = facts.walks
        self.seen: dict[tuple[int, str], None] = {}
        self.waiting: list[tuple[int, str]] = []
        self.taps = 0

    def outcomes(self) -> dict[int, list[_Outcome]]:
        """By rule, the taps that lead nowhere, or by chance."""
        self._see_what_is_sent()
        found: dict[int, list[_Outcome]] = defaultdict(list)
        while self.waiting and self.taps < TAPS_LIMIT:
            rule_id, step = self.waiting.pop()
            for choice in self.facts.choices[rule_id]:
                self.taps += 1
                what = self._tap(rule_id, choice, step)
                if what:
                    found[rule_id].append(_Outcome(choice.title, step, what))
        return found

    def _see_what_is_sent(self) -> None:
        welcome = self.walks.of_welcome()
        self._see(welcome, self.facts.home)
        for step, here in self.book.steps.items():
            if here.prompt:
                self._see(self.walks.of_rule(here.prompt), step)
        for rule in self.book.rules.values():
            if self.facts.answers.never_hears(rule):
                continue
            self._see(self.walks.of_rule(rule), rule.step)
            if sends_form(rule):
                self._see(self.walks.of_steps(split_steps(rule.next_step)), rule.step)
        self._see_agents_buttons()

    def _see_agents_buttons(self) -> None:
        for option_id in self.facts.other_ids:
            target = tap_target(self.book, option_id, None, NOWHERE)
            if isinstance(target, RuleData):
                self._see(self.walks.of_rule(target), target.step)
            elif target is not None:
                self._see(self.walks.of_steps(target), self.facts.home)

    def _see(self, walk: Walk, stood_at: str) -> None:
        stands = stood_at if walk.step is None else walk.step
        for rule_id in walk.fired:
            if rule_id in self.facts.choices and (rule_id, stands) not in self.seen:
                self.seen[rule_id, stands] = None
                self.waiting.append((rule_id, stands))

    def _tap(self, rule_id: int, choice: Choice, step: str) -> str:
        """What it brings when it goes wrong, else nothing; and what it sends is seen too."""
        target = tap_target(self.book, choice.id, rule_id, step)
        if isinstance(target, tuple):
            self._see(self.walks.of_steps(target), step)
            return ""
        rule = target or self._by_title(choice.title, step)
        if rule is None:
            return "" if command_of(choice.title) else NOTHING
        if rule.formula.strip() and not measures(rule.formula, choice.title):
            return APOLOGY
        self._see(self.walks.of_rule(rule), step)
        if target is None:
            return AGAIN if rule.id == rule_id else ""
        return CHANCE if self._is_by_chance(choice, step) else ""

    def _is_by_chance(self, choice: Choice, step: str) -> bool:
        here = self.book.at(step)
        if here is not None and here.tapped(choice.id):
            return False
        steps = {rule.step for rule in self.book.everywhere.tapped(choice.id)}
        return len(steps) > 1 and normalize_step(choice.id) not in steps

    def _by_title(self, title: str, step: str) -> RuleData | None:
        """The rule that takes the title as text; commands go before rules."""
        here = self.book.at(step)
        if here is None or command_of(title):
            return None
        return here.specific(normalize_text(title)) or here.answer


class _Told(NamedTuple):
    """How an outcome is told: `message` takes %(titles)s and %(where)s."""

    severity: Severity
    code: str
    message: Promise


_TOLD: Mapping[str, _Told] = {
    NOTHING: _Told(
        "error",
        "opcion_sin_respuesta",
        gettext_lazy(
            "Al tocar %(titles)s%(where)s el bot no tiene qué responder: la opción no lleva a un "
            "paso que exista y ninguna regla atiende su id ni su título. Ponle un «step» a la "
            "opción o crea la regla."
        ),
    ),
    AGAIN: _Told(
        "warning",
        "opcion_repite",
        gettext_lazy(
            "Al tocar %(titles)s%(where)s el cliente recibe otra vez este mismo mensaje: la opción "
            "no lleva a ningún paso y la atiende esta misma regla. Ponle un «step» o crea otra."
        ),
    ),
    APOLOGY: _Told(
        "warning",
        "opcion_a_calculo",
        gettext_lazy(
            "Al tocar %(titles)s%(where)s el cliente recibe «Por favor ingresa la medida "
            "correcta.»: la opción llega a una regla con cálculo. Ponle un «step» o crea la regla."
        ),
    ),
    CHANCE: _Told(
        "info",
        "toque_ambiguo",
        gettext_lazy(
            "A %(titles)s%(where)s responden reglas de varios pasos y ninguna es de este: se usa "
            "la de menor prioridad. Ponle un «step» a la opción para que no dependa de eso."
        ),
    ),
}


def _outcome_findings(rule: RuleData, outcomes: list[_Outcome]) -> Iterator[Finding]:
    for what, told in _TOLD.items():
        found = [one for one in outcomes if one.what == what]
        if found:
            facts = {"titles": names(one.title for one in found), "where": _where(rule, found)}
            yield about(rule, told.severity, told.code, str(told.message) % facts, "options")


def _where(rule: RuleData, outcomes: list[_Outcome]) -> str:
    """Said only when it is not the step of the rule itself."""
    steps = [one.step for one in outcomes]
    if rule.step in steps:
        return ""
    return _(" (estando en %(steps)s)") % {"steps": names(steps)}


def _alike(rule: RuleData, offered: tuple[Choice, ...]) -> Iterator[Finding]:
    """Ids that WhatsApp tells apart and rules do not: the first one's step serves all."""
    first: dict[str, Choice] = {}
    for choice in offered:
        other = first.setdefault(normalize_option_id(choice.id), choice)
        if other is not choice and other.step != choice.step:
            message = _(
                "Las opciones «%(one)s» y «%(other)s» tienen el mismo id sin mayúsculas ni "
                "tildes: tocar la segunda lleva a donde la primera. Cambia un id."
            ) % {"one": other.title, "other": choice.title}
            yield about(rule, "warning", "ids_iguales", message, "options")


def _leaves_at_once(facts: Facts, rule: RuleData) -> Iterator[Finding]:
    """A menu whose next step speaks before the contact can tap."""
    steps = split_steps(rule.next_step)
    prompt = facts.book.prompt_of(steps[0]) if steps and not rule.hands_over else None
    if prompt is not None and prompt.id != rule.id:
        message = _(
            "Detrás de las opciones llega de una vez el mensaje del paso «%(step)s», antes de que "
            "el cliente toque. Deja vacío el paso siguiente y pon el paso en cada opción."
        ) % {"step": steps[0]}
        yield about(rule, "warning", "no_espera_toque", message, "next_step")
