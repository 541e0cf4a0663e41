"""The choice of where chats go whose step is gone, as pages ask for it and read it back."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chatbot import stranded
from chatbot.moves import TO_PEOPLE, TO_START, TO_STEP, Move, read_move
from chatbot.rule_data import RuleData
from whapco.lib.text import normalize_step

NEAREST = "cercano"
WAYS = (NEAREST, TO_START, TO_PEOPLE)  # to choose for all steps at once
NAMED = 300  # steps that a page offers by name; any other can be written


@dataclass(frozen=True)
class Choice:
    """One step to choose for. `chosen` and `other` are what came back in a form that is shown
    again: the option picked, the step written beside it."""

    step: str
    chats: int
    likely: tuple[str, ...] = ()
    chosen: str = ""
    other: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Choices:
    """All steps to choose for, and the `steps` that there are to choose from."""

    of: tuple[Choice, ...]
    steps: frozenset[str]
    rest: str = ""  # what was picked for those without a choice of their own

    @property
    def chats(self) -> int:
        return sum(choice.chats for choice in self.of)

    @property
    def named(self) -> list[str]:
        return sorted(self.steps)[:NAMED]

    @property
    def is_incomplete(self) -> bool:
        return any(choice.problem for choice in self.of)

    def moves(self) -> dict[str, Move]:
        """Of those that have one."""
        found = {choice.step: self._move(choice) for choice in self.of}
        return {step: move for step, move in found.items() if move is not None}

    def all_moved(self, way: str) -> dict[str, Move]:
        """By one of WAYS. What has no step near it starts anew."""
        if way != NEAREST:
            return {choice.step: Move(way) for choice in self.of}
        return {
            choice.step: Move(TO_STEP, choice.likely[0]) if choice.likely else Move(TO_START)
            for choice in self.of
        }

    def read(self, form: QueryDict) -> "Choices":
        """The same with what a person chose, and what is wrong with it."""
        names = (form.getlist(name) for name in ("step", "move", "other"))
        picked = {step: (move, other) for step, move, other in zip(*names, strict=False)}
        read = replace(self, rest=form.get("rest", ""))
        return replace(read, of=tuple(read._read_one(choice, picked) for choice in self.of))

    def _read_one(self, choice: Choice, picked: Mapping[str, tuple[str, str]]) -> Choice:
        move, other = picked.get(choice.step, ("", ""))
        chosen = replace(choice, chosen=move, other=other.strip())
        return replace(chosen, problem=self._problem(chosen))

    def _problem(self, choice: Choice) -> str:
        if self._move(choice) is not None:
            return ""
        if choice.other:
            return _("Ninguna regla tiene el paso «%(step)s».") % {"step": choice.other}
        return _("Elige qué hacer con estos chats.")

    def _move(self, choice: Choice) -> Move | None:
        if choice.other:
            move: Move | None = Move(TO_STEP, normalize_step(choice.other))
        else:
            move = read_move(choice.chosen) or read_move(self.rest)
        return move if move is not None and move.leads_to_one_of(self.steps) else None


def choices_between(before: Collection[RuleData], after: Collection[RuleData]) -> Choices:
    """For the chats that stand in steps of `before` which `after` lacks."""
    steps = stranded.steps_of(after)
    chats = stranded.chats_between(stranded.steps_of(before), steps)
    likely = {step: stranded.suggestions(step, before, after) for step in chats}
    return _choices(chats, steps, likely)


def choices_of_lost(rules: Iterable[RuleData]) -> Choices:
    """For the chats in steps that `rules`, which answer now, lack already."""
    steps = stranded.steps_of(rules)
    chats = stranded.lost_chats(steps) if steps else {}
    likely = {step: stranded.suggestions(step, (), rules) for step in chats}
    return _choices(chats, steps, likely)


def _choices(
    chats: Mapping[str, int], steps: frozenset[str], likely: Mapping[str, list[str]]
) -> Choices:
    of = (Choice(step, count, tuple(likely[step])) for step, count in chats.items())
    return Choices(tuple(of), steps)


def moved_words(chats: int) -> str:
    """How many were moved."""
    return ngettext("Se movió %(chats)d chat.", "Se movieron %(chats)d chats.", chats) % {
        "chats": chats
    }
