"""Triggers that no message can match: empty ones, and those that others take first. Pure."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from chatbot.checker_answers import Item, items_of
from chatbot.checker_types import Facts, Finding, about, names
from chatbot.events import MEDIA_TRIGGERS
from chatbot.rule_data import RuleData
from whapco.lib.text import ANYTHING


def trigger_findings(facts: Facts) -> Iterator[Finding]:
    for rule in facts.book.rules.values():
        items = items_of(rule)
        yield from _measureless(rule, items, facts)
        unsure = [item for item in items if not facts.answers.is_sure(rule, item)]
        if unsure or not items:
            yield from _meaningless(rule, unsure)
            yield from _taken_by_commands(rule, unsure, facts)
            yield from _taken_by_others(rule, unsure, facts, every=len(unsure) == len(items))


def _measureless(rule: RuleData, items: list[Item], facts: Facts) -> Iterator[Finding]:
    if items and facts.answers.lacks_measure(rule):
        message = _(
            "El cálculo necesita una medida y %(words)s no lleva números: el cliente recibe «Por "
            "favor ingresa la medida correcta.». Pon «*» para tomar lo que escriba."
        ) % {"words": names(item.written for item in items)}
        yield about(rule, "warning", "calculo_sin_medida", message, "trigger")


def _meaningless(rule: RuleData, items: list[Item]) -> Iterator[Finding]:
    silent = [item.written for item in items if not item.words]
    if silent or not items:
        yield about(rule, "warning", "sin_palabras", _silent_message(silent), "trigger")
    unknown = [item.written for item in items if item.is_unknown_media]
    if unknown:
        yield about(rule, "warning", "archivo_desconocido", _media_message(unknown), "trigger")


def _silent_message(items: list[str]) -> str:
    if not items:
        return _(
            "No tiene texto del cliente: nadie la alcanza. Escribe uno, o «*» para cualquiera."
        )
    return _(
        "%(words)s no tiene letras ni números: lo que el cliente escriba así no llega a esta "
        "regla. Escribe palabras, o atiéndelo con «*»."
    ) % {"words": names(items)}


def _media_message(items: list[str]) -> str:
    return _(
        "%(words)s no es un tipo de mensaje: esta regla no responde a nada así. Usa %(known)s."
    ) % {"words": names(items), "known": ", ".join(dict.fromkeys(MEDIA_TRIGGERS.values()))}


def _taken_by_commands(rule: RuleData, items: list[Item], facts: Facts) -> Iterator[Finding]:
    """Commands go before every rule wherever their words stand in the text."""
    taken = {item.written: word for item in items if (word := facts.answers.command_in(item))}
    if taken:
        message = _(
            "%(commands)s es un comando que se atiende antes que las reglas: en medio de la "
            "conversación, quien escriba %(words)s no llega a esta regla. Usa otras palabras."
        ) % {"words": names(taken), "commands": names(taken.values())}
        yield about(rule, "warning", "tapada_por_comando", message, "trigger")


def _taken_by_others(
    rule: RuleData, items: list[Item], facts: Facts, *, every: bool
) -> Iterator[Finding]:
    """`every`: no other trigger of the rule answers."""
    takers = {item.written: by for item in items if (by := facts.answers.taker(rule, item))}
    if not takers:
        return
    never = every and all(item.written in takers for item in items)
    if ANYTHING in takers:
        message = _second_anything()
    else:
        others = names(taker.trigger[:60] for taker in takers.values())
        words = _never_answers() if never else _partly_answers()
        message = words % {"words": names(takers), "by": others}
    code = "tapada" if never else "palabra_tapada"
    yield about(rule, "warning", code, message, "trigger")


def _second_anything() -> str:
    return _(
        "En este paso ya hay otro «*» que va antes: este no se usa nunca. Dale una prioridad "
        "menor que la del otro, o bórralo."
    )


def _never_answers() -> str:
    return _(
        "No responde nunca: a %(words)s responde antes la regla %(by)s de este paso. Cambia las "
        "palabras, baja el número de su prioridad o bórrala."
    )


def _partly_answers() -> str:
    return _(
        "A %(words)s responde antes la regla %(by)s de este paso. Deja esas palabras en una sola "
        "de las dos."
    )
