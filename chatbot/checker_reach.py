"""Where the flow gets to: steps that nobody reaches, steps that nobody leaves. Pure."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from chatbot.checker_types import Facts, Finding, names
from chatbot.checker_walks import NOWHERE, tap_target
from chatbot.replies import sends_form
from chatbot.rule_data import RuleData
from chatbot.taps import Target
from whapco.lib.text import split_steps

Lead = str | RuleData  # a step that is entered, or a rule that fires wherever the contact stands


def reach_findings(facts: Facts) -> Iterator[Finding]:
    if facts.home not in facts.book.steps:  # that nothing is reached is told already
        return
    reach = Reach(facts)
    reach.start()
    yield from _stuck(facts, reach)
    yield from _unreached(facts, reach)


class Reach:
    """Steps that a contact may reach and rules that may fire. Where what the contact taps or when
    decides, both ways are taken: a step that it leaves out is out of reach for certain."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.steps: dict[str, None] = {}  # in the order in which they are reached
        self._rules: set[int] = set()
        self._waiting: list[RuleData] = []

    def start(self) -> None:
        """From the start, where global commands lead too, and from the agents' buttons."""
        for option_id in self.facts.other_ids:
            self._follow(_targets(tap_target(self.facts.book, option_id, None, NOWHERE)))
        self.go_on((self.facts.home,))

    def go_on(self, leads: tuple[Lead, ...]) -> None:
        self._follow(leads)
        while self._waiting:
            self._follow(leads_of(self.facts, self._waiting.pop()))

    def _follow(self, leads: "tuple[Lead, ...]") -> None:
        for lead in leads:
            if isinstance(lead, RuleData):
                self._add(lead)
            elif lead not in self.steps and lead in self.facts.book.steps:
                self.steps[lead] = None
                for rule in self.facts.rules_at[lead]:
                    self._add(rule)

    def _add(self, rule: RuleData) -> None:
        if rule.id not in self._rules:
            self._rules.add(rule.id)
            self._waiting.append(rule)


def leads_of(facts: Facts, rule: RuleData) -> tuple[Lead, ...]:
    """Everything that firing `rule`, and tapping what it offers, may lead to."""
    steps = split_steps(rule.next_step)
    leads: list[Lead] = [*steps[-1:]] if rule.hands_over else [*_entered(facts, steps)]
    if sends_form(rule):
        leads += _entered(facts, steps)
    for choice in facts.choices.get(rule.id, ()):
        target = tap_target(facts.book, choice.id, rule.id, NOWHERE)
        leads += _entered(facts, target) if isinstance(target, tuple) else _targets(target)
    return tuple(leads)


def _targets(target: Target | None) -> tuple[Lead, ...]:
    if target is None:
        return ()
    return (target,) if isinstance(target, RuleData) else target


def _entered(facts: Facts, steps: tuple[str, ...]) -> tuple[str, ...]:
    """Of a list of steps, those up to the first that waits for the contact."""
    for place, step in enumerate(steps[:-1], start=1):
        if facts.book.prompt_of(step) is None:
            return steps[:place]
    return steps


def _unreached(facts: Facts, reach: Reach) -> Iterator[Finding]:
    """One finding for each step that starts a piece of the flow to which nothing leads."""
    lost = [step for step in facts.book.steps if step not in reach.steps]
    led_to = {
        lead
        for step in lost
        for rule in facts.rules_at[step]
        for lead in leads_of(facts, rule)
        if isinstance(lead, str) and lead != step
    }
    for step in sorted(lost, key=lambda step: step in led_to):  # sorted is stable: heads first
        if step in reach.steps:
            continue
        known = len(reach.steps)
        reach.go_on((step,))
        rule = facts.rules_at[step][0]
        message = _lost_message(facts, list(reach.steps)[known + 1 :])
        yield Finding("warning", "paso_aislado", message, rule.id, step, "step", rule.trigger)


def _lost_message(facts: Facts, followers: list[str]) -> str:
    told = _(
        "Ningún cliente llega a este paso: ninguna regla ni opción lleva a él desde «%(home)s». "
        "Ponlo como paso siguiente de otra regla o bórralo."
    ) % {"home": facts.home}
    if followers:
        told += " " + _("Tampoco llega a los que le siguen: %(steps)s.") % {
            "steps": names(followers)
        }
    return told


def _stuck(facts: Facts, reach: Reach) -> Iterator[Finding]:
    if facts.fallback_text.strip():
        return
    for step in reach.steps:
        rules = facts.rules_at[step]
        if facts.book.steps[step].answer or any(_is_exit(facts, rule) for rule in rules):
            continue
        message = _(
            "Ninguna regla de este paso lleva a otro y no hay «*»: a quien escriba otra cosa no "
            "le llega nada. Agrega una regla «*» o un texto de respaldo (FALLBACK_TEXT)."
        )
        yield Finding("warning", "sin_salida", message, rules[0].id, step, "step", rules[0].trigger)


def _is_exit(facts: Facts, rule: RuleData) -> bool:
    return rule.hands_over or any(lead != rule.step for lead in leads_of(facts, rule))
