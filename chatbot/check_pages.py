""" "Revisar": what the checker says of the draft, by severity and step."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import ModelAdmin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chatbot import checking
from chatbot.checker import SEVERITIES, Finding
from chatbot.models import Rule
from chatbot.page_context import page_context
from whapco.lib.text import normalize_step

PER_PAGE = 100
TITLES: Mapping[str, Any] = {
    "error": gettext_lazy("Errores"),
    "warning": gettext_lazy("Avisos"),
    "info": gettext_lazy("Notas"),
}
EXPLAINED: Mapping[str, Any] = {
    "error": gettext_lazy("El cliente se queda sin respuesta o WhatsApp no acepta el mensaje."),
    "warning": gettext_lazy("El bot responde, pero quizá no como esperas."),
    "info": gettext_lazy("Está bien así, si es lo que quieres."),
}
_MEDIAS = "medias"


@dataclass(frozen=True)
class Line:
    """A finding as the page shows it: `url` leads to the cell to mend, `cell` is its name."""

    finding: Finding
    url: str
    cell: str


@dataclass(frozen=True)
class StepGroup:
    step: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class SeverityGroup:
    severity: str
    title: str
    explained: str
    count: int  # on all pages
    steps: tuple[StepGroup, ...]


def show_check(admin: "ModelAdmin[Rule]", request: HttpRequest) -> HttpResponse:
    step = normalize_step(request.GET.get("step", ""))
    everything = checking.check_draft()
    found = [one for one in everything if not step or one.step == step]
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("p"))
    counts: Counter[str] = Counter(one.severity for one in found)
    context = page_context(admin, request, _("Revisar las reglas")) | {
        "page": page,
        "groups": _by_severity(page.object_list, counts),
        "counts": [(name, TITLES[name], counts[name]) for name in SEVERITIES],
        "step": step,
        "steps": sorted({one.step for one in everything} | ({step} if step else set())),
        "query": urlencode({"step": step}) + "&" if step else "",
    }
    return render(request, "admin/chatbot/rule/check.html", context)


def _by_severity(found: Iterable[Finding], counts: Mapping[str, int]) -> list[SeverityGroup]:
    return [
        SeverityGroup(
            severity=severity,
            title=str(TITLES[severity]),
            explained=str(EXPLAINED[severity]),
            count=counts[severity],
            steps=tuple(
                StepGroup(step, tuple(map(_line, of_step)))
                for step, of_step in groupby(alike, key=attrgetter("step"))
            ),
        )
        for severity, alike in groupby(found, key=attrgetter("severity"))
    ]


def _line(finding: Finding) -> Line:
    return Line(finding, _url(finding), _cell(finding.field))


def _url(finding: Finding) -> str:
    """The cell of the rule; for what is about no rule, a new one in that step."""
    if finding.rule_id is None:
        query = urlencode({"step": finding.step, "trigger": "iniciar"})
        return f"{reverse('admin:chatbot_rule_add')}?{query}"
    anchor = "medias-group" if finding.field == _MEDIAS else f"id_{finding.field}"
    return f"{reverse('admin:chatbot_rule_change', args=[finding.rule_id])}#{anchor}"


def _cell(field: str) -> str:
    if field == _MEDIAS:
        return _("Archivos")
    name = str(getattr(Rule._meta.get_field(field), "verbose_name", field))
    return name[:1].upper() + name[1:]
