"""A rule's reply -> the WhatsApp messages that carry it."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from chatbot.options import (
    ButtonsOptions,
    FlowOptions,
    ListOptions,
    Options,
    OptionsError,
    option_targets,
    parse_options,
)
from chatbot.reply_files import file_words
from chatbot.rule_data import FLOW, RuleData
from conversations.whatsapp import outbound

__all__ = ["Options", "OptionsError", "option_targets", "parse_options", "words_for"]


class Outgoing(NamedTuple):
    """A message to send: a body of `outbound`, what a person reads of it, Meta's type."""

    words: outbound.Words
    body: str
    kind: str


def words_for(rule: RuleData, reply: str) -> list[Outgoing]:
    """The messages of `rule` when its reply reads `reply`, in order.

    Options that WhatsApp would refuse are left out: the text reaches the contact without them.
    """
    options = usable_options(rule)
    if options is None:
        return _with_files(rule, reply)
    return [*_with_files(rule, ""), *_with_options(options, reply.strip())]


def text_words(text: str) -> list[Outgoing]:
    """A text as messages of at most 4096 characters, cut between paragraphs; blank: none."""
    parts = outbound.split_text(text.strip())
    return [Outgoing(outbound.text(part), part, "text") for part in parts]


def usable_options(rule: RuleData) -> Options | None:
    """The rule's options, or None when it has none or they are broken."""
    try:
        return parse_options(rule.kind, rule.options)
    except OptionsError:
        return None


def sends_form(rule: RuleData) -> bool:
    """Whether the rule sends a form, and so moves on only when it comes back."""
    return rule.kind == FLOW and usable_options(rule) is not None


def _with_files(rule: RuleData, reply: str) -> list[Outgoing]:
    """The files, the first with the reply as its caption where kind and length allow."""
    text = reply.strip()
    caption, files = file_words(rule, text)
    before = [] if caption else text_words(text)
    bodies = [caption, *[""] * len(files)]
    return before + [
        Outgoing(words, body, words["type"]) for words, body in zip(files, bodies, strict=False)
    ]


def _with_options(options: Options, text: str) -> list[Outgoing]:
    """The interactive message; a text too long for it goes before it, in messages of its own."""
    if text and outbound.length(text) <= outbound.INTERACTIVE_BODY_LIMIT:
        before, body = [], text
    else:
        before, body = text_words(text), _lead_in(options)
    return [*before, Outgoing(_interactive(options, body), body, "interactive")]


def _lead_in(options: Options) -> str:
    """What stands above the buttons when the rule's text cannot: Meta asks for a body."""
    invitation = options.cta if isinstance(options, FlowOptions) else _("Elige una opción:")
    return options.header or invitation


def _interactive(options: Options, body: str) -> outbound.Words:
    around = {"header": options.header, "footer": options.footer}
    match options:
        case ButtonsOptions():
            choices = [(choice.id, choice.title) for choice in options.choices]
            return outbound.buttons(body, choices, **around)
        case ListOptions():
            return outbound.list_menu(body, options.button, _sections(options), **around)
        case FlowOptions():
            return outbound.flow(
                body,
                options.cta,
                flow_id=options.flow_id,
                flow_name=options.flow_name,
                screen=options.screen,
                data=options.data,
                **around,
            )


def _sections(menu: ListOptions) -> list[outbound.Section]:
    return [
        outbound.Section(
            section.title,
            tuple(outbound.Row(row.id, row.title, row.description) for row in section.rows),
        )
        for section in menu.sections
    ]
