"""Rules that set each other off: chains over the engine's cap, steps that call each other. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from chatbot.chain import RULES_LIMIT
from chatbot.checker_types import Facts, Finding, about, names
from chatbot.checker_walks import Walk
from chatbot.replies import sends_form
from chatbot.rule_data import RuleData
from whapco.lib.text import split_steps


@dataclass(frozen=True)
class _Long:
    """A chain over the cap: the rule to mend, and in which field."""

    rule: RuleData
    field: str
    walk: Walk
    is_welcome: bool = False


def chain_findings(facts: Facts) -> Iterator[Finding]:
    for long in _heads(list(_too_long(facts))):
        yield about(long.rule, "error", "cadena_larga", _long_message(long), long.field)
    yield from _cycles(facts)


def _too_long(facts: Facts) -> Iterator[_Long]:
    for rule in facts.book.rules.values():
        walk = facts.walks.of_rule(rule)
        if walk.is_too_long:
            yield _Long(rule, "next_step", walk)
        if sends_form(rule):
            filled_in = facts.walks.of_steps(split_steps(rule.next_step))
            if filled_in.is_too_long:
                yield _Long(rule, "next_step", filled_in)
        for choice in facts.choices.get(rule.id, ()):
            steps = facts.book.existing(choice.step)
            if steps and facts.walks.of_steps(steps).is_too_long:
                yield _Long(rule, "options", facts.walks.of_steps(steps))
    yield from _too_long_after_welcome(facts)


def _too_long_after_welcome(facts: Facts) -> Iterator[_Long]:
    """The welcome and the answer to the first message are one chain."""
    welcome = facts.walks.of_welcome()
    here = facts.book.at(welcome.step or facts.home)
    if welcome.is_too_long or here is None:
        return
    rules = {rule.id: rule for found in here.exact.values() for rule in found}
    for rule in rules.values():
        alone = facts.walks.of_rule(rule)
        if alone.is_too_long or len(welcome.fired) + len(alone.fired) <= RULES_LIMIT:
            continue
        walk = facts.walks.of_welcome(rule)
        if walk.is_too_long:
            yield _Long(rule, "next_step", walk, is_welcome=True)


def _heads(long: list[_Long]) -> Iterator[_Long]:
    """Those that no other one runs through: mend them and the rest is mended."""
    inside = Counter(rule_id for one in long for rule_id in one.walk.fired)
    covered: set[int] = set()
    for one in sorted(long, key=lambda one: (inside[one.rule.id], one.rule.rank)):
        if one.rule.id not in covered:
            covered |= {one.rule.id, *one.walk.fired}
            yield one


def _long_message(long: _Long) -> str:
    facts = {"limit": RULES_LIMIT, "step": long.walk.step or long.rule.step}
    if long.is_welcome:
        return (
            _(
                "Si es lo primero que escribe un cliente, el saludo y esta respuesta pasan de "
                "%(limit)d reglas seguidas: el bot se detiene en «%(step)s» y el chat queda "
                "marcado. Acorta la lista de pasos siguientes."
            )
            % facts
        )
    return (
        _(
            "Desde aquí se responden más de %(limit)d reglas seguidas: el bot envía las primeras "
            "%(limit)d, se detiene en «%(step)s» y el chat queda marcado. Acorta la lista de "
            "pasos siguientes."
        )
        % facts
    )


def _cycles(facts: Facts) -> Iterator[Finding]:
    """Steps whose `*` run each other. No rule fires twice in a chain, so there is no flood."""
    rules = facts.book.rules
    prompts = [here.prompt for here in facts.book.steps.values() if here.prompt]
    seen: set[int] = set()
    for prompt in sorted(prompts, key=lambda rule: rule.rank):
        walk = facts.walks.of_rule(prompt)
        if prompt.id in seen or walk.is_too_long:
            continue
        ring = [pk for pk in walk.fired if prompt.id in facts.walks.of_rule(rules[pk]).fired]
        seen.update(ring)
        if len(ring) > 1:
            message = _(
                "Los pasos %(steps)s se llaman unos a otros: quien entra recibe todo de una vez, "
                "queda en «%(end)s» y lo recibe otra vez con cada texto que ninguna otra regla de "
                "ahí entienda. Deja vacío el paso siguiente de uno de ellos."
            ) % {"steps": names(rules[pk].step for pk in ring), "end": walk.step or prompt.step}
            yield about(prompt, "warning", "ciclo", message, "next_step")
