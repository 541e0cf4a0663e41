"""Functions of a company that rules name in their cell `handler`.

To add one, write it and put it in HANDLERS:

    def balance(number: str, text: str) -> str | None:
        return f"Tu saldo es {...}"

    HANDLERS["saldo"] = balance

It gets the contact's number (the user id where there is none) and, if it takes a second
argument, the text; it returns a text, several, or None. What it returns is sent before the
rule's own reply, which may be empty.
"""

import inspect
import logging
from collections.abc import Callable
from typing import Any

CompanyFunction = Callable[..., Any]

HANDLERS: dict[str, CompanyFunction] = {}

logger = logging.getLogger(__name__)


def run_handler(name: str, number: str, text: str) -> tuple[str, ...] | None:
    """What the function called `name` wants to say; None: nothing, or there is no such function."""
    function = HANDLERS.get(name)
    if function is None:
        logger.warning("There is no handler called %r", name)
        return None
    return texts_of(call(function, number, text))


def call(function: CompanyFunction, number: str, text: str) -> Any:
    """The answer of a company's function; None if it fails: the bot goes on without it."""
    try:
        return function(number, text) if _takes_text(function) else function(number)
    except Exception:  # any code may be behind it, and its bug must not silence the bot
        logger.exception("The function %r failed", function)
        return None


def texts_of(answer: Any) -> tuple[str, ...] | None:
    """A function's answer as texts to send, blank ones left out. None stays None."""
    if answer is None:
        return None
    answers = answer if isinstance(answer, list | tuple) else (answer,)
    return tuple(str(text) for text in answers if text is not None and str(text).strip())


def _takes_text(function: CompanyFunction) -> bool:
    positional = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        or parameter.kind is parameter.VAR_POSITIONAL
    ]
    several = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in positional)
    return several or len(positional) > 1
