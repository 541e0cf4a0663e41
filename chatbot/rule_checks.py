"""What makes a rule unfit to be saved, whoever writes it: the sheet or the form. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from chatbot.models import Rule
from chatbot.options import OptionsError, parse_options
from chatbot.quotes import FormulaError, check_formula
from chatbot.rule_data import RuleData
from conversations.whatsapp import outbound

NEEDS_REPLY = frozenset({Rule.Kind.TEXT, Rule.Kind.BUTTONS, Rule.Kind.LIST})


@dataclass(frozen=True)
class RuleWords:
    """What a rule says, as it would be saved."""

    kind: str
    reply: str
    options: object
    formula: str
    handler: str
    has_medias: bool


def words_of(rule: Rule | RuleData, *, has_medias: bool) -> RuleWords:
    return RuleWords(
        kind=rule.kind,
        reply=rule.reply,
        options=rule.options,
        formula=rule.formula,
        handler=rule.handler,
        has_medias=has_medias,
    )


def find_problems(rule: RuleWords) -> Iterator[tuple[str, str]]:
    """(field of Rule, sentence) for each thing to mend."""
    yield from reply_problems(rule)
    yield from content_problems(rule)


def content_problems(rule: RuleWords) -> Iterator[tuple[str, str]]:
    """Those of the options and the quote: `has_medias` does not matter."""
    try:
        parse_options(rule.kind, rule.options)
    except OptionsError as error:
        yield "options", str(error)
    if not rule.formula:
        return
    try:
        check_formula(rule.formula)
    except FormulaError as error:
        yield "formula", str(error)


def reply_problems(rule: RuleWords) -> Iterator[tuple[str, str]]:
    """Those of the reply: missing, or longer than WhatsApp takes in the message it goes in."""
    if not rule.reply:
        if rule.kind in NEEDS_REPLY and not rule.has_medias and not rule.handler:
            yield "reply", _("falta la respuesta.")
        return
    limit = _reply_limit(rule)
    size = outbound.length(rule.reply)
    if size > limit:
        yield (
            "reply",
            _("tiene %(size)d caracteres y WhatsApp acepta %(limit)d en una respuesta así.")
            % {"size": size, "limit": limit},
        )


def _reply_limit(rule: RuleWords) -> int:
    """UTF-16 units that WhatsApp accepts in the message that carries the reply."""
    if rule.kind in (Rule.Kind.BUTTONS, Rule.Kind.LIST, Rule.Kind.FLOW) and rule.options:
        return outbound.INTERACTIVE_BODY_LIMIT
    if rule.kind in outbound.KINDS_WITH_CAPTION and rule.has_medias:
        return outbound.CAPTION_LIMIT
    return outbound.TEXT_LIMIT
