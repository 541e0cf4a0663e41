"""The company's scenarios: which pass, what differs in one, and what is done with it."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from chatbot import scenarios
from chatbot.models import Rule, Scenario
from chatbot.rule_pages import page_context
from chatbot.scenarios import ScenarioResult

SOURCES = ("draft", "live")


def show_scenarios(admin: "ModelAdmin[Rule]", request: HttpRequest) -> HttpResponse:
    """The list; held against draft and live rules when that is asked for, which writes nothing."""
    ran = "correr" in request.GET
    rows = _run_rows() if ran else [{"scenario": one} for one in Scenario.objects.all()]
    context = page_context(admin, request, _("Escenarios")) | {
        "rows": rows,
        "ran": ran,
        "failed": sum(not row["draft"].passed for row in rows) if ran else 0,
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


def _run_rows() -> list[dict[str, Any]]:
    draft, live = (scenarios.run_all(scenarios.rules_of(source)) for source in SOURCES)
    now: dict[int, ScenarioResult] = {result.scenario.pk: result for result in live}
    return [
        {"scenario": result.scenario, "draft": result, "live": now[result.scenario.pk]}
        for result in draft
        if result.scenario.pk in now  # unless somebody made it just now
    ]


def _act(request: HttpRequest, scenario: Scenario) -> HttpResponse:
    action = request.POST.get("action")
    if action == "delete":
        scenario.delete()
        messages.success(request, _("Se borró el escenario «%(name)s».") % {"name": scenario.name})
        return redirect("admin:chatbot_rule_scenarios")
    if action == "accept":
        source = request.POST.get("con")
        scenarios.accept(scenario, scenarios.rules_of("live" if source == "live" else "draft"))
        messages.success(request, _("Desde ahora se esperan estas respuestas."))
    elif action == "rename":
        _rename(request, scenario)
    return redirect("admin:chatbot_rule_scenario", pk=scenario.pk)


def _rename(request: HttpRequest, scenario: Scenario) -> None:
    name = request.POST.get("name", "").strip()[:120]
    if not name:
        messages.error(request, _("Escribe un nombre."))
        return
    scenario.name = name
    scenario.save(update_fields=["name"])
    messages.success(request, _("Ahora se llama «%(name)s».") % {"name": name})
