"""The company's scenarios: which pass, what differs in one, and what is done with it."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from chatbot import scenarios
from chatbot.models import Rule, Scenario
from chatbot.page_context import page_context
from chatbot.scenarios import ScenarioResult

SOURCES = ("draft", "live")


@dataclass(frozen=True)
class Row:
    """A scenario in the list, and what came of it where it was run."""

    scenario: Scenario
    draft: ScenarioResult | None = None
    live: ScenarioResult | None = None


def show_scenarios(admin: "ModelAdmin[Rule]", request: HttpRequest) -> HttpResponse:
    """The list; held against draft and live rules when that is asked for, which writes nothing."""
    ran = "correr" in request.GET
    rows = _run_rows() if ran else [Row(one) for one in Scenario.objects.all()]
    context = page_context(admin, request, _("Escenarios")) | {
        "rows": rows,
        "ran": ran,
        "failed": sum(1 for row in rows if row.draft and not row.draft.passed),
    }
    return render(request, "admin/chatbot/rule/scenarios.html", context)


def show_scenario(admin: "ModelAdmin[Rule]", request: HttpRequest, pk: int) -> HttpResponse:
    scenario = get_object_or_404(Scenario, pk=pk)
    if request.method == "POST":
        return _act(request, scenario)
    source = request.GET.get("con", SOURCES[0])
    source = source if source in SOURCES else SOURCES[0]
    result = scenarios.run_one(scenario, scenarios.rules_of(source))
    context = page_context(admin, request, scenario.name) | {
        "scenario": scenario,
        "result": result,
        "source": source,
        "sources": [("draft", _("Borrador")), ("live", _("Lo que contesta"))],
    }
    return render(request, "admin/chatbot/rule/scenario.html", context)


def _run_rows() -> list[Row]:
    draft, live = (scenarios.run_all(scenarios.rules_of(source)) for source in SOURCES)
    now = {result.scenario.pk: result for result in live}
    return [Row(result.scenario, result, now.get(result.scenario.pk)) for result in draft]


def _act(request: HttpRequest, scenario: Scenario) -> HttpResponse:
    action = request.POST.get("action")
    if action == "delete":
        scenario.delete()
        messages.success(request, _("Se borró el escenario «%(name)s».") % {"name": scenario.name})
        return redirect("admin:chatbot_rule_scenarios")
    if action == "accept":
        _accept(request, scenario)
    elif action == "rename":
        _rename(request, scenario)
    return redirect("admin:chatbot_rule_scenario", pk=scenario.pk)


def _accept(request: HttpRequest, scenario: Scenario) -> None:
    source = "live" if request.POST.get("con") == "live" else "draft"
    seen = request.POST.get("seen", "")
    if scenarios.accept(scenario, scenarios.rules_of(source), seen):
        messages.success(request, _("Desde ahora se esperan estas respuestas."))
    else:
        messages.warning(request, _("Las reglas cambiaron mientras mirabas: míralas otra vez."))


def _rename(request: HttpRequest, scenario: Scenario) -> None:
    name = request.POST.get("name", "").strip()[:120]
    if not name:
        messages.error(request, _("Escribe un nombre."))
        return
    scenario.name = name
    scenario.save(update_fields=["name"])
    messages.success(request, _("Ahora se llama «%(name)s».") % {"name": name})
