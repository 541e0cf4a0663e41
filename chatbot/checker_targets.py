"""Steps that rules and options name: those that do not exist, and lists that stop. Pure."""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cached_property

from django.utils.translation import gettext as _

from chatbot.checker_types import Facts, Finding, about, names
from chatbot.engine import START
from chatbot.replies import sends_form
from chatbot.rule_data import RuleData
from whapco.lib.text import normalize_text, split_steps

GUESSES = 20  # names compared with every step, letter by letter: it is slow


def target_findings(facts: Facts) -> Iterator[Finding]:
    yield from _start(facts)
    guess = _Guess(facts)
    for rule in facts.book.rules.values():
        yield from _next_step(rule, facts, guess)
        yield from _option_steps(rule, facts, guess)


def _start(facts: Facts) -> Iterator[Finding]:
    here = facts.book.at(facts.home)
    if here is None:
        message = _(
            "El paso de inicio «%(step)s» no tiene ninguna regla: quien escribe no recibe nada. "
            "Crea en él una regla con el texto «iniciar»."
        ) % {"step": facts.home}
        yield Finding("error", "sin_inicio", message, None, facts.home, "step")
    elif facts.book.welcome_at(facts.home, START) is None:
        message = _(
            "El paso de inicio «%(step)s» no saluda: a quien escribe por primera vez no le llega "
            "nada, salvo que acierte con otra regla. Crea en él una regla con el texto «iniciar» "
            "o «*», sin cálculo ni función."
        ) % {"step": facts.home}
        yield Finding("error", "sin_saludo", message, None, facts.home, "trigger")


def _next_step(rule: RuleData, facts: Facts, guess: "_Guess") -> Iterator[Finding]:
    """A rule that hands over only puts the contact at the last step of its list; its form, sent
    back later, goes through all of them."""
    listed = split_steps(rule.next_step)
    steps = listed[-1:] if rule.hands_over and not sends_form(rule) else listed
    missing = [step for step in steps if step not in facts.book.steps]
    if missing:
        message = _(
            "Lleva al paso %(steps)s, que no existe: el cliente se queda ahí sin respuesta."
            "%(guess)s Crea una regla en ese paso o corrige el paso siguiente."
        ) % {"steps": names(missing), "guess": guess(missing[0])}
        yield about(rule, "error", "paso_inexistente", message, "next_step")
    for place, step in enumerate(steps[:-1]):
        if step in facts.book.steps and facts.book.prompt_of(step) is None:
            message = _(
                "El paso «%(step)s» no tiene regla «*» que se envíe al entrar: el cliente espera "
                "ahí y no pasa a %(rest)s. Agrégale un «*» o quítalo de la lista."
            ) % {"step": step, "rest": names(steps[place + 1 :])}
            yield about(rule, "warning", "lista_se_detiene", message, "next_step")
            return


def _option_steps(rule: RuleData, facts: Facts, guess: "_Guess") -> Iterator[Finding]:
    for choice in facts.choices.get(rule.id, ()):
        missing = [step for step in split_steps(choice.step) if step not in facts.book.steps]
        if missing:
            message = _(
                "La opción «%(title)s» lleva al paso %(steps)s, que no existe: al tocarla el "
                "cliente no llega ahí.%(guess)s Crea una regla en ese paso o corrige la opción."
            ) % {"title": choice.title, "steps": names(missing), "guess": guess(missing[0])}
            yield about(rule, "error", "opcion_a_paso_inexistente", message, "options")


class _Guess:
    """Which step was meant by the name of one that does not exist, as a question; or nothing."""

    def __init__(self, facts: Facts) -> None:
        self.steps = facts.book.steps
        self.left = GUESSES
        self.known: dict[str, str] = {}

    def __call__(self, missing: str) -> str:
        if missing not in self.known:
            step = self._like(missing)
            self.known[missing] = _(" ¿Quisiste decir «%(step)s»?") % {"step": step} if step else ""
        return self.known[missing]

    @cached_property
    def _plain(self) -> dict[str, str]:
        return {normalize_text(step): step for step in self.steps}

    def _like(self, missing: str) -> str:
        plain = normalize_text(missing)
        if plain in self._plain or self.left <= 0:
            return self._plain.get(plain, "")
        self.left -= 1
        close = get_close_matches(plain, self._plain, n=1, cutoff=0.75)
        return self._plain[close[0]] if close else ""
