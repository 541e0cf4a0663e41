"""What the checker found about a rulebook, and what it needs to know besides the rules. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from chatbot.checker_answers import Answers
from chatbot.checker_walks import Walks
from chatbot.engine import START
from chatbot.options import Choice, choices
from chatbot.replies import usable_options
from chatbot.rule_data import RuleData
from chatbot.rulebook import Rulebook
from whapco.lib.text import normalize_option_id, normalize_step

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")  # the worst first
NAMES_SHOWN = 5  # of steps, words or options in one sentence


@dataclass(frozen=True)
class Finding:
    """One thing to look at. `message` says what happens to the customer and the way out.

    `code` names the kind of finding, `field` the field of RuleData to mend, `trigger` is the
    rule's, for people to recognise it. `rule_id` None: the finding is about no rule in particular.
    """

    severity: Severity
    code: str
    message: str
    rule_id: int | None
    step: str
    field: str
    trigger: str = ""


@dataclass(frozen=True)
class MediaFacts:
    """A stored file: `size` in bytes; `exists` is whether its bytes are still on the disk."""

    size: int
    mime_type: str = ""
    exists: bool = True


@dataclass(frozen=True)
class Facts:
    """What is checked. `files` None: nothing is known about them; `other_ids` are option ids that
    reach the bot from elsewhere, such as an agent's buttons."""

    book: Rulebook
    initial_step: str
    roles: frozenset[str]  # lower case
    handlers: frozenset[str]
    files: Mapping[int, MediaFacts] | None = None
    other_ids: tuple[str, ...] = ()
    fallback_text: str = ""
    choices: Mapping[int, tuple[Choice, ...]] = field(default_factory=dict)  # by rule

    @cached_property
    def option_ids(self) -> tuple[str, ...]:
        """Every id that a tap may bring, as ids are compared."""
        offered = (choice.id for offered in self.choices.values() for choice in offered)
        ids = map(normalize_option_id, (*offered, *self.other_ids))
        return tuple(dict.fromkeys(ids))

    @cached_property
    def rules_at(self) -> Mapping[str, list[RuleData]]:
        """The rules of each step, best first."""
        found: dict[str, list[RuleData]] = {}
        for rule in self.book.rules.values():
            found.setdefault(rule.step, []).append(rule)
        return found

    @cached_property
    def answers(self) -> Answers:
        welcome = self.book.welcome_at(self.home, START)
        landing = self.walks.of_welcome().step or self.home
        return Answers(self.book, self.option_ids, welcome, landing)

    @cached_property
    def walks(self) -> Walks:
        return Walks(self.book, self.home)

    @cached_property
    def home(self) -> str:
        """INITIAL_STEP as steps are compared."""
        return normalize_step(self.initial_step)


def offered_choices(rules: Iterable[RuleData]) -> dict[int, tuple[Choice, ...]]:
    """The buttons and rows of each rule that has any and can send them."""
    found = {rule.id: tuple(choices(usable_options(rule))) for rule in rules if rule.options}
    return {rule_id: offered for rule_id, offered in found.items() if offered}


def about(rule: RuleData, severity: Severity, code: str, message: str, field_name: str) -> Finding:
    """A finding about one cell of a rule."""
    return Finding(severity, code, message, rule.id, rule.step, field_name, rule.trigger)


def names(words: Iterable[str]) -> str:
    """`«a», «b», «c»`, cut with `…` when there are many."""
    found = list(dict.fromkeys(words))
    shown = ", ".join(f"«{word}»" for word in found[:NAMES_SHOWN])
    return f"{shown}…" if len(found) > NAMES_SHOWN else shown
