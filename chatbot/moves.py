"""Where chats go whose step is no longer in any rule. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from chatbot.engine_types import SessionState
from whapco.lib.text import normalize_step

TO_STEP, TO_START, TO_PEOPLE = "paso", "inicio", "asesor"
LEFT_BEHIND = "paso_retirado"  # why a chat that was given to people needs attention


@dataclass(frozen=True)
class Move:
    """To `step`, to the start as if the contact were new, or to a person who answers."""

    kind: str
    step: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.step}" if self.step else self.kind

    def leads_to_one_of(self, steps: Collection[str]) -> bool:
        return self.kind != TO_STEP or self.step in steps


Moves = Mapping[str, Move]  # by the step that is gone
NOWHERE: Moves = {}


def read_move(text: str) -> Move | None:
    """The move that was written as `str(move)`; None: it is none."""
    kind, _colon, name = text.partition(":")
    step = normalize_step(name)
    known = step if kind == TO_STEP else kind in (TO_START, TO_PEOPLE) and not name
    return Move(kind, step) if known else None


def chain(before: Moves, now: Moves, steps: Collection[str]) -> dict[str, Move]:
    """All that still matter where `steps` are those with rules: a bot that decided by older rules
    may put a chat in a step long after it went, whose successor may have gone since."""
    onward = {step: now.get(move.step, move) for step, move in before.items()}
    every = {**onward, **now}
    return {
        step: move
        for step, move in every.items()
        if step not in steps and move.leads_to_one_of(steps)
    }


def follow(
    state: SessionState | None, moves: Moves, initial_step: str
) -> tuple[SessionState | None, bool]:
    """Where a contact stands once moved, and whether a person answers from here on."""
    move = moves.get(state.step) if state is not None and state.is_open else None
    if state is None or move is None:
        return state, False
    if move.kind == TO_STEP:
        return replace(state, step=move.step), False
    return replace(state, step=normalize_step(initial_step), is_open=False), move.kind == TO_PEOPLE
