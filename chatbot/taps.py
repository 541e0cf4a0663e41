"""What a tapped button or row means: the places to look it up, in their order."""

from chatbot.engine_types import Event
from chatbot.rule_data import RuleData
from chatbot.rulebook import Rulebook
from whapco.lib.text import normalize_option_id, normalize_step

Target = RuleData | tuple[str, ...]  # a rule to fire, or steps to run through


def resolve_tap(book: Rulebook, event: Event, step: str) -> Target | None:
    """Where the tap leads a contact who stands at `step`.

    None: the id says nothing to any rule, and the option's title counts as text.
    """
    if not event.option_id.strip():
        return None
    return (
        _by_its_own_message(book, event)
        or _by_trigger_here(book, event, step)
        or _by_trigger_anywhere(book, event)
        or _by_options_here(book, event, step)
        or _by_step_name(book, event)
    )


def _by_its_own_message(book: Rulebook, event: Event) -> Target | None:
    """An old menu still works after the contact moved on."""
    if event.source_rule_id is None:
        return None
    options = book.targets.get(event.source_rule_id, {})
    return book.existing(options.get(normalize_option_id(event.option_id), ""))


def _by_trigger_here(book: Rulebook, event: Event, step: str) -> Target | None:
    here = book.at(step)
    return next(iter(here.tapped(event.option_id)), None) if here else None


def _by_trigger_anywhere(book: Rulebook, event: Event) -> Target | None:
    found = book.everywhere.tapped(event.option_id)
    named = normalize_step(event.option_id)
    at_home = (rule for rule in found if rule.step == named)
    return next(at_home, found[0] if found else None)


def _by_options_here(book: Rulebook, event: Event, step: str) -> Target | None:
    here = book.at(step)
    if here is None:
        return None
    targets = here.targets.get(normalize_option_id(event.option_id), ())
    return next((steps for steps in map(book.existing, targets) if steps), None)


def _by_step_name(book: Rulebook, event: Event) -> Target | None:
    step = normalize_step(event.option_id)
    if step not in book.steps:
        step = book.step_names.get(normalize_option_id(event.option_id), "")
    return (step,) if step in book.steps else None
