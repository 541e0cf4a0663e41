"""The flow as steps and what leads from one to another, by the engine's own rules. Pure."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from chatbot.chain import Chain
from chatbot.engine import START
from chatbot.engine_types import Event
from chatbot.global_commands import command_of, restart
from chatbot.options import Choice, choices
from chatbot.replies import sends_form, usable_options
from chatbot.rule_data import RuleData
from chatbot.rulebook import Rulebook
from chatbot.taps import resolve_tap
from whapco.lib.text import ANYTHING, normalize_step, normalize_text, split_items, split_steps

_NEVER = datetime.min  # taps are looked up, not answered: the hour says nothing


class Kind(StrEnum):
    """What takes a contact along an edge; where several do, the first of them names it."""

    OPTION = "option"  # a button or a row of a list
    ANSWER = "answer"  # what the contact writes or sends
    FORM = "form"  # a form that comes back filled in
    AUTO = "auto"  # by itself, on entering the step


@dataclass(frozen=True)
class Edge:
    """From `source` to `target`, by one or several kinds; `labels` are those of the first: the
    options' titles or the triggers.

    `is_dead`: an option names a step that does not exist, and a tap on it never goes there.
    """

    source: str
    target: str
    kinds: tuple[Kind, ...]
    labels: tuple[str, ...] = ()
    is_dead: bool = False

    @property
    def kind(self) -> Kind:
        return self.kinds[0]


@dataclass(frozen=True)
class Step:
    """`rules` 0: nothing but edges know it. `is_reached`: the flow gets there from the start."""

    name: str
    rules: int
    is_reached: bool

    @property
    def is_missing(self) -> bool:
        return self.rules == 0


@dataclass(frozen=True)
class Graph:
    """`initial` is where every contact starts, and where a global command leads from anywhere."""

    initial: str
    steps: dict[str, Step]
    edges: tuple[Edge, ...]

    def leaving(self, step: str) -> tuple[Edge, ...]:
        return tuple(edge for edge in self.edges if edge.source == step)

    def only(self, names: Collection[str]) -> "Graph":
        """The part of it that these steps are."""
        kept = {name: step for name, step in self.steps.items() if name in names}
        edges = (edge for edge in self.edges if edge.source in kept and edge.target in kept)
        return Graph(self.initial, kept, tuple(edges))

    def around(self, step: str, depth: int, limit: int) -> "Graph":
        """What leads to `step` and what it leads to, in at most `depth` edges and `limit` steps,
        the nearest first."""
        onward, back = _neighbours(self.edges)
        reached = [*_walk(step, onward, depth), *_walk(step, back, depth)]
        nearest = sorted(reached, key=lambda found: found[1])
        names = list(dict.fromkeys(name for name, _far in nearest if name in self.steps))
        return self.only(set(names[:limit]))


@dataclass
class _Way:
    """The edges between the same two steps, while they are gathered."""

    labels: dict[Kind, list[str]] = field(default_factory=dict)
    is_dead: bool = True

    def edge(self, source: str, target: str) -> Edge:
        kinds = tuple(kind for kind in Kind if kind in self.labels)
        labels = tuple(dict.fromkeys(filter(None, self.labels[kinds[0]])))
        return Edge(source, target, kinds, labels, self.is_dead)


def graph_of(book: Rulebook, initial_step: str) -> Graph:
    """Every step that rules have or name, in the order in which the flow meets them."""
    initial = normalize_step(initial_step)
    ways: dict[tuple[str, str], _Way] = {}
    for rule in book.rules.values():
        for target, kind, label, is_dead in _leads(book, rule, initial):
            way = ways.setdefault((rule.step, target), _Way())
            way.labels.setdefault(kind, []).append(label)
            way.is_dead = way.is_dead and is_dead
    edges = tuple(way.edge(*ends) for ends, way in ways.items())
    return Graph(initial, _steps(book, initial, edges), edges)


_Lead = tuple[str, Kind, str, bool]  # target, kind, label, is_dead


def _leads(book: Rulebook, rule: RuleData, initial: str) -> Iterator[_Lead]:
    if not ever_fires(book, rule):
        return
    kind, label = _kind(book, rule, initial), _label(rule)
    for step in _moves(book, rule):
        yield step, kind, "" if kind in (Kind.AUTO, Kind.FORM) else label, False
    offered = tuple(choices(usable_options(rule)))
    if offered:
        stands = lands_at(book, rule)
        for choice in offered:
            yield from _leads_of(book, rule, choice, stands, initial)


def _leads_of(
    book: Rulebook, rule: RuleData, choice: Choice, stands: str, initial: str
) -> Iterator[_Lead]:
    """Of one option of the rule's message, tapped by a contact who `stands` there."""
    if choice.step and not book.existing(choice.step):
        missing = (step for step in split_steps(choice.step) if step not in book.steps)
        yield from ((step, Kind.OPTION, choice.title, True) for step in missing)
    tap = Event("tap", choice.title, _NEVER, option_id=choice.id, source_rule_id=rule.id)
    target = resolve_tap(book, tap, stands) or _by_title(book, choice.title, stands, initial)
    steps = _moves(book, target) if isinstance(target, RuleData) else _entered(book, target)
    yield from ((step, Kind.OPTION, choice.title, False) for step in steps)


def _by_title(book: Rulebook, title: str, stands: str, initial: str) -> RuleData | tuple[str, ...]:
    """Where the title leads as text; nowhere when only the step's `*` takes it."""
    if command_of(title) is restart:
        return (initial,)
    here = book.at(stands)
    return (here.specific(normalize_text(title)) if here else None) or ()


def ever_fires(book: Rulebook, rule: RuleData) -> bool:
    """Not when it only has `*` and another rule of its step takes both of its roles."""
    here = book.at(rule.step)
    only_star = set(split_items(rule.trigger)) <= {ANYTHING}
    return not only_star or (here is not None and rule in (here.answer, here.prompt))


def _kind(book: Rulebook, rule: RuleData, initial: str) -> Kind:
    if sends_form(rule):
        return Kind.FORM
    greets = rule.step == initial and rule is book.welcome_at(initial, START)
    return Kind.AUTO if greets or rule is book.prompt_of(rule.step) else Kind.ANSWER


def _label(rule: RuleData) -> str:
    items = split_items(rule.trigger)
    return next((item for item in items if item != ANYTHING), ANYTHING if items else "")


def _moves(book: Rulebook, rule: RuleData) -> tuple[str, ...]:
    """The steps that the rule takes the contact through."""
    steps = split_steps(rule.next_step)
    return steps[-1:] if rule.hands_over else _entered(book, steps)


def _entered(book: Rulebook, steps: tuple[str, ...]) -> tuple[str, ...]:
    """Of a list of steps, those up to the first that waits for the contact."""
    for place, step in enumerate(steps[:-1], start=1):
        if book.prompt_of(step) is None:
            return steps[:place]
    return steps


def lands_at(book: Rulebook, rule: RuleData) -> str:
    """Where a contact stands once the rule's message is sent."""
    chain = Chain(book, Event("other", "", _NEVER), rule.step)
    chain.answer_with(replace(rule, formula=""))
    return chain.step


def _steps(book: Rulebook, initial: str, edges: tuple[Edge, ...]) -> dict[str, Step]:
    counts: dict[str, int] = {}
    for rule in book.rules.values():
        counts[rule.step] = counts.get(rule.step, 0) + 1
    alive, _back = _neighbours(edge for edge in edges if not edge.is_dead)
    reached = [name for name, _far in _walk(initial, alive)]
    named = [name for edge in edges for name in (edge.source, edge.target)]
    order = dict.fromkeys([*reached, *book.steps, *named])
    flow = set(reached)
    return {name: Step(name, counts.get(name, 0), name in flow) for name in order}


_Next = dict[str, list[str]]


def _neighbours(edges: Iterable[Edge]) -> tuple[_Next, _Next]:
    """Onward and back."""
    onward: _Next = {}
    back: _Next = {}
    for edge in edges:
        onward.setdefault(edge.source, []).append(edge.target)
        back.setdefault(edge.target, []).append(edge.source)
    return onward, back


def _walk(start: str, onward: _Next, depth: int | None = None) -> list[tuple[str, int]]:
    """The steps within `depth` edges of `start`, nearest first, each with how far it is."""
    far = {start: 0}
    found = [start]
    for step in found:
        if depth is not None and far[step] >= depth:
            break
        for target in onward.get(step, ()):
            if target not in far:
                far[target] = far[step] + 1
                found.append(target)
    return list(far.items())
