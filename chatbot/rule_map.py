"""The map: the flow of the rules as boxes and arrows, each box with what stands there and what is
wrong with it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import ModelAdmin
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chatbot.checker import Finding
from chatbot.checking import check_rules
from chatbot.global_commands import GLOBAL_COMMANDS, restart
from chatbot.models import BotSession, Rule
from chatbot.page_context import page_context
from chatbot.rule_graph import Edge, Graph, Kind, Step, graph_of
from chatbot.rule_layout import Box, Layout, Line, lay_out
from chatbot.rule_sources import LIVE, source_of
from chatbot.rulebook import Rulebook
from chatbot.scenarios import rules_of
from chatbot.services import engine_settings
from whapco.lib.text import ANYTHING, normalize_step

STEPS_LIMIT = 200  # drawn at once; of more, only those near one step
DEPTHS = (1, 2, 3, 4)
DEPTH = 2
NAME_SHOWN, LABEL_SHOWN, TITLES_SHOWN = 18, 19, 6  # characters, characters, labels
LABELS_AT_A_BOX = 3  # more arrows than these into a box leave no room for their words
DEAD = "dead"  # how an edge looks that no tap takes

KINDS: Mapping[Kind, Any] = {
    Kind.OPTION: gettext_lazy("al tocar"),
    Kind.ANSWER: gettext_lazy("si escribe"),
    Kind.FORM: gettext_lazy("al enviar el formulario"),
    Kind.AUTO: gettext_lazy("sigue solo"),
}


@dataclass(frozen=True)
class Drawn:
    """A step on the map. `worst` is the severity of its findings, or empty."""

    step: Step
    box: Box
    chats: int
    errors: int
    warnings: int
    is_initial: bool
    leads: tuple["Arrow", ...]

    @property
    def name(self) -> str:
        return self.step.name

    @property
    def short_name(self) -> str:
        return _cut(self.name, NAME_SHOWN)

    @property
    def worst(self) -> str:
        return "error" if self.errors else "warning" if self.warnings else ""

    @property
    def facts(self) -> str:
        if self.step.is_missing:
            return _("No existe")
        rules = ngettext("%(n)d regla", "%(n)d reglas", self.step.rules) % {"n": self.step.rules}
        return f"{rules} · {self.standing}" if self.chats else rules

    @property
    def standing(self) -> str:
        return ngettext("%(n)d chat", "%(n)d chats", self.chats) % {"n": self.chats}

    @property
    def troubles(self) -> str:
        errors = ngettext("%(n)d error", "%(n)d errores", self.errors) % {"n": self.errors}
        warnings = ngettext("%(n)d aviso", "%(n)d avisos", self.warnings) % {"n": self.warnings}
        counts = ((errors, self.errors), (warnings, self.warnings))
        return " · ".join(words for words, count in counts if count)

    @property
    def spoken(self) -> str:
        """Everything about it in one line, for the tooltip and for who cannot see the map."""
        start = _("Inicio") if self.is_initial else ""
        apart = "" if self.step.is_reached or self.step.is_missing else _("el flujo no llega")
        parts = (self.name, start, self.facts, self.troubles, apart)
        return " · ".join(part for part in parts if part)


@dataclass(frozen=True)
class Arrow:
    """An edge on the map, in words; `line` None: one of its ends is not drawn."""

    edge: Edge
    line: Line | None
    shows_label: bool

    @property
    def look(self) -> str:
        return DEAD if self.edge.is_dead else str(self.edge.kind)

    @property
    def kind(self) -> str:
        return str(KINDS[self.edge.kind])

    @property
    def words(self) -> str:
        """Such as: al tocar «Cotizar», «Precio»."""
        shown = [_quoted(label) for label in self.edge.labels[:TITLES_SHOWN]]
        more = len(self.edge.labels) - len(shown)
        rest = [_("y %(n)d más") % {"n": more}] if more else []
        words = " ".join([self.kind, ", ".join([*shown, *rest])]).strip()
        return _("%(words)s (el paso no existe)") % {"words": words} if self.edge.is_dead else words

    @property
    def label(self) -> str:
        if not self.shows_label or not self.edge.labels:
            return ""
        first = _cut(_quoted(self.edge.labels[0], plain=self.edge.kind is Kind.OPTION), LABEL_SHOWN)
        more = len(self.edge.labels) - 1
        return f"{first} +{more}" if more else first

    @property
    def label_dy(self) -> int:
        """On the side of the line's end that the line does not come from."""
        comes_from_above = self.line is not None and self.line.start[1] < self.line.end[1]
        return 15 if comes_from_above else -6


@dataclass(frozen=True)
class Sight:
    """What of the flow is looked at. `around` empty: all of it; `unknown` was asked for and is not
    there."""

    graph: Graph
    part: Graph
    around: str
    unknown: str
    depth: int

    @property
    def hidden(self) -> int:
        return len(self.graph.steps) - len(self.part.steps)

    @property
    def is_too_large(self) -> bool:
        return len(self.graph.steps) > STEPS_LIMIT


def show_map(admin: "ModelAdmin[Rule]", request: HttpRequest) -> HttpResponse:
    source = source_of(request)
    rules = tuple(rules_of(source))
    graph = graph_of(Rulebook.build(rules), engine_settings().initial_step)
    sight = _sight(graph, request.GET)
    layout = _layout(sight.part, sight.around)
    context = page_context(admin, request, _("Mapa de las reglas")) | {
        "is_live": source == LIVE,
        "sight": sight,
        "depths": DEPTHS,
        "layout": layout,
        "heads": [*map(str, Kind), DEAD],
        "drawn": _drawn(sight, layout, _by_step(check_rules(rules)), open_chats()),
        "arrows": _arrows(sight.part, layout),
        "commands": [word for word, made in GLOBAL_COMMANDS.items() if made is restart],
        "own_commands": [word for word, made in GLOBAL_COMMANDS.items() if made is not restart],
    }
    return TemplateResponse(request, "admin/chatbot/rule/map.html", context)


def _sight(graph: Graph, asked: Mapping[str, str]) -> Sight:
    """Of a flow too large to be drawn, only what is near the start or the step asked for."""
    name = normalize_step(asked.get("around", ""))
    around = name if name in graph.steps else ""
    if not around and len(graph.steps) > STEPS_LIMIT:
        around = graph.initial
    depth = asked.get("depth", "")
    edges = int(depth) if depth in map(str, DEPTHS) else DEPTH
    part = graph.around(around, edges, STEPS_LIMIT) if around else graph
    return Sight(graph, part, around, name if name not in graph.steps else "", edges)


def open_chats() -> dict[str, int]:
    """How many contacts stand at each step now."""
    found = BotSession.objects.filter(is_open=True).values("step").annotate(chats=Count("pk"))
    chats: Counter[str] = Counter()
    for row in found:
        chats[normalize_step(row["step"])] += row["chats"]
    return dict(chats)


def _layout(part: Graph, around: str) -> Layout:
    """Of the whole flow, what is not reached stands apart; near one step, all hangs together."""
    named = {edge.target for edge in part.edges if part.steps[edge.source].is_reached}
    lost = [name for name, step in part.steps.items() if not step.is_reached and name not in named]
    links = [(edge.source, edge.target) for edge in part.edges]
    return lay_out(list(part.steps), links, around or part.initial, () if around else lost)


def _by_step(findings: Iterable[Finding]) -> Mapping[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for finding in findings:
        counts.setdefault(normalize_step(finding.step), Counter())[finding.severity] += 1
    return counts


def _drawn(
    sight: Sight,
    layout: Layout,
    findings: Mapping[str, Counter[str]],
    chats: Mapping[str, int],
) -> list[Drawn]:
    leads: dict[str, list[Arrow]] = {}
    for edge in sight.graph.edges:
        leads.setdefault(edge.source, []).append(Arrow(edge, None, shows_label=False))
    none: Counter[str] = Counter()
    return [
        Drawn(
            step=step,
            box=layout.boxes[name],
            chats=chats.get(name, 0),
            errors=findings.get(name, none)["error"],
            warnings=findings.get(name, none)["warning"],
            is_initial=name == sight.graph.initial,
            leads=tuple(leads.get(name, ())),
        )
        for name, step in sight.part.steps.items()
    ]


def _arrows(part: Graph, layout: Layout) -> list[Arrow]:
    edges = {(edge.source, edge.target): edge for edge in part.edges}
    into = Counter(line.target for line in layout.lines if line.goes_on)
    return [
        Arrow(
            edges[line.source, line.target],
            line,
            shows_label=line.goes_on and into[line.target] <= LABELS_AT_A_BOX,
        )
        for line in layout.lines
    ]


def _quoted(label: str, *, plain: bool = False) -> str:
    if label == ANYTHING:
        return _("cualquier texto")
    return label if plain else f"«{label}»"


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else f"{text[: size - 1].rstrip()}…"
