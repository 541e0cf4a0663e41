"""Words that work at any point of the flow, before every rule.

To add one, write a function of the contact's number (the user id where there is none), or of
number and text, that returns a text, several, or None, and put it in GLOBAL_COMMANDS under its
keyword. Returning a `Restart` also sends the contact back to INITIAL_STEP.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from chatbot.handlers import CompanyFunction, call, texts_of
from whapco.lib.text import normalize_text


class Restart(str):
    """A text after which the contact starts again at INITIAL_STEP, with the welcome."""

    __slots__ = ()


@dataclass(frozen=True)
class CommandResult:
    """What a command says, and whether the flow starts again after it."""

    texts: tuple[str, ...] = ()
    restarts: bool = False


def restart(number: str) -> Restart:
    return Restart(_("Perfecto, volvamos a empezar."))


GLOBAL_COMMANDS: dict[str, CompanyFunction] = {
    "reiniciar": restart,
    "volver al inicio": restart,
    "inicio": restart,
    "iniciar": restart,
    "menu": restart,
    "ayuda": restart,
}


def handle_global_command(number: str, text: str) -> CommandResult | None:
    """The result of the command whose whole words `text` holds anywhere; None: it holds none.

    Of several commands the longest counts. A result without texts still ends the message: the
    rules must not see it.
    """
    function = command_of(text)
    if function is None:
        return None
    answer = call(function, number, text)
    answers = answer if isinstance(answer, list | tuple) else (answer,)
    return CommandResult(
        texts=texts_of(answer) or (),
        restarts=any(isinstance(item, Restart) for item in answers),
    )


def is_command(text: str) -> bool:
    """Whether `text` is a command and nothing else."""
    said = normalize_text(text)
    return bool(said) and any(said == normalize_text(keyword) for keyword in GLOBAL_COMMANDS)


def command_of(text: str) -> CompanyFunction | None:
    """The function of the command that `handle_global_command` would run."""
    said = f" {normalize_text(text)} "
    keywords = {normalize_text(keyword): keyword for keyword in GLOBAL_COMMANDS}
    found = [words for words in keywords if words and f" {words} " in said]
    if not found:
        return None
    return GLOBAL_COMMANDS[keywords[max(found, key=len)]]
