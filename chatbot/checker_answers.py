"""Which of a rule's triggers a message can ever match, and who takes the others first. Pure."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from chatbot.engine import START
from chatbot.events import MEDIA_TRIGGERS
from chatbot.global_commands import GLOBAL_COMMANDS
from chatbot.quotes import BadMeasure, FormulaError, compute
from chatbot.rule_data import CONTAINS, RuleData
from chatbot.rulebook import Rulebook
from whapco.lib.text import (
    ANYTHING,
    MEDIA_PREFIX,
    normalize_option_id,
    normalize_text,
    normalize_trigger,
    split_items,
)

SPAN_LIMIT = 12  # words of a trigger that may stand inside a longer one
_KNOWN_MEDIA = frozenset(MEDIA_TRIGGERS.values())


class Item(NamedTuple):
    """One alternative of a trigger, as written and as compared."""

    written: str
    words: str

    @property
    def is_media(self) -> bool:
        return self.words.startswith(MEDIA_PREFIX)

    @property
    def is_unknown_media(self) -> bool:
        return self.is_media and normalize_option_id(self.written) not in _KNOWN_MEDIA


def items_of(rule: RuleData) -> list[Item]:
    return [Item(item, normalize_trigger(item)) for item in split_items(rule.trigger)]


class Answers:
    """`option_ids` are those that a tap may bring, as ids are compared; `welcome` is the rule that
    greets, `landing` where it leaves the contact, whose first message commands do not take."""

    def __init__(
        self, book: Rulebook, option_ids: tuple[str, ...], welcome: RuleData | None, landing: str
    ) -> None:
        self.book = book
        self.welcome = welcome
        self.landing = landing
        self.commands = {words: word for word in GLOBAL_COMMANDS if (words := normalize_text(word))}
        self._ids = frozenset(option_ids)
        self._id_words = frozenset(map(normalize_text, option_ids))

    def is_sure(self, rule: RuleData, item: Item) -> bool:
        """It answers whatever its text is: as the id of an option somewhere, or by greeting."""
        if rule is self.welcome and item.words == START:
            return True
        if rule.id not in self._tapped:
            return False
        return normalize_option_id(item.written) in self._ids or item.words in self._id_words

    def command_in(self, item: Item) -> str:
        """The global command that whoever writes `item` asks for, or nothing."""
        if item.is_media:
            return ""
        found = (
            command
            for words, command in self.commands.items()
            if words in item.words and f" {words} " in f" {item.words} "
        )
        return next(found, "")

    def taker(self, rule: RuleData, item: Item) -> RuleData | None:
        """Another rule of the step, which gets every message that `item` would take."""
        here, words = self.book.steps[rule.step], item.words
        if words == ANYTHING:
            return None if rule in (here.answer, here.prompt) else here.answer
        if item.is_media:
            return _other(here.exact[normalize_option_id(item.written)][0], rule)
        if not words:
            return None
        covers = self._covers[rule.step]
        containing = [other for span in _spans(words) if (other := covers.get(span))]
        first = min(containing, key=lambda other: other.rank, default=rule)
        if first.rank < rule.rank:
            return first
        return None if rule.match == CONTAINS else _other(here.exact[words][0], rule)

    def lacks_measure(self, rule: RuleData) -> bool:
        """Whether its quote needs a number and the only texts that it takes hold none."""
        items = items_of(rule)
        return self._lacks_measure(rule, items) and not any(
            self.is_sure(rule, item) for item in items
        )

    def never_hears(self, rule: RuleData) -> bool:
        """Whether no text and no file makes it send its reply; a tap still may."""
        items = items_of(rule)
        if rule is self.welcome:
            return False
        return self._lacks_measure(rule, items) or all(
            not item.words
            or item.is_unknown_media
            or self._is_for_commands(rule, item)
            or self.taker(rule, item) is not None
            for item in items
        )

    def _lacks_measure(self, rule: RuleData, items: list[Item]) -> bool:
        """A caption, like anything else that is not a trigger's own text, may hold any number."""
        if not rule.formula.strip() or rule.match == CONTAINS:
            return False
        if any(item.is_media or item.words == ANYTHING for item in items):
            return False
        has_number = any(letter.isdecimal() for item in items for letter in item.words)
        return not has_number and needs_measure(rule.formula)

    def _is_for_commands(self, rule: RuleData, item: Item) -> bool:
        if rule.step != self.landing:
            return bool(self.command_in(item))
        return item.words in self.commands and rule.match != CONTAINS

    @cached_property
    def _tapped(self) -> set[int]:
        """The rules that an option may lead to by its id: of each step only the first."""
        found: set[int] = set()
        for option_id in self._ids:
            steps = set()
            for rule in self.book.everywhere.tapped(option_id):
                if rule.step not in steps:
                    steps.add(rule.step)
                    found.add(rule.id)
        return found

    @cached_property
    def _covers(self) -> Mapping[str, Mapping[str, RuleData]]:
        """By step and words, the first rule that takes any text with those words in it."""
        found: dict[str, dict[str, RuleData]] = {step: {} for step in self.book.steps}
        for rule in self.book.rules.values():
            if rule.match == CONTAINS:
                for item in items_of(rule):
                    found[rule.step].setdefault(item.words, rule)
        return found


def measures(formula: str, text: str) -> bool:
    """Whether the quote comes out for that text."""
    try:
        compute(formula, text)
    except (BadMeasure, FormulaError):
        return False
    return True


def needs_measure(formula: str) -> bool:
    """False also for what is no formula."""
    try:
        compute(formula, "")
    except BadMeasure:
        return True
    except FormulaError:
        return False
    return False


def _spans(text: str) -> Iterator[str]:
    """A normalised text and every run of whole words in it, short ones if it is long."""
    words = text.split()
    yield text
    for start in range(len(words)):
        for end in range(start + 1, min(len(words), start + SPAN_LIMIT) + 1):
            yield " ".join(words[start:end])


def _other(first: RuleData, rule: RuleData) -> RuleData | None:
    return first if first.id != rule.id else None
