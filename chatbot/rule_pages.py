"""The pages around the rules: each is a view of (admin site's model admin, request)."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from chatbot import (
    check_pages,
    history_pages,
    phrase_pages,
    publish_pages,
    release_pages,
    replay_pages,
    rule_map,
    scenario_pages,
    simulator_pages,
)
from chatbot.models import Rule
from chatbot.rule_copies import duplicate
from chatbot.rule_files import show_file
from chatbot.rule_order import move
from chatbot.rule_preview import show_preview
from chatbot.rule_problems import show_problems

Page = Callable[..., HttpResponse]


def rule_urls(admin: "ModelAdmin[Rule]") -> list[URLPattern]:
    """Before the admin's own, which would take a word for an id."""

    def page(route: str, view: Page, name: str) -> URLPattern:
        return path(route, _for_editors(admin, view), name=f"chatbot_rule_{name}")

    return [
        *_of_editing(page),
        page("revisar/", check_pages.show_check, "check"),
        page("mapa/", rule_map.show_map, "map"),
        *_of_publishing(page),
        page("simulador/", simulator_pages.show_simulator, "simulator"),
        page("repaso/", replay_pages.show_replay, "replay"),
        page("escenarios/", scenario_pages.show_scenarios, "scenarios"),
        page("escenarios/<int:pk>/", scenario_pages.show_scenario, "scenario"),
        page("frases/", phrase_pages.show_phrases, "phrases"),
        page("frases/<int:pk>/", phrase_pages.show_phrase, "phrase"),
    ]


def _of_editing(page: Callable[[str, Page, str], URLPattern]) -> list[URLPattern]:
    """What the list and the page of a rule ask while somebody works there."""
    return [
        page("mover/", move, "move"),
        page("problemas/", show_problems, "problems"),
        page("vista-previa/", show_preview, "preview"),
        page("archivos/<int:file_id>/", show_file, "file"),
        page("<int:object_id>/duplicar/", duplicate, "duplicate"),
    ]


def _of_publishing(page: Callable[[str, Page, str], URLPattern]) -> list[URLPattern]:
    """What changes, what ever answered, who edited what."""
    return [
        page("publicar/", publish_pages.show_publish, "publish"),
        page("publicar/descartar/", publish_pages.discard, "discard"),
        page("publicar/mover/", publish_pages.move_lost, "move_lost"),
        page("versiones/", release_pages.show_releases, "releases"),
        page("versiones/<int:number>/", release_pages.show_release, "release"),
        page("versiones/<int:number>/volver/", release_pages.restore, "restore"),
        page("versiones/<int:number>/excel/", release_pages.download, "release_sheet"),
        page("historial/", history_pages.show_edits, "edits"),
        page("historial/<int:pk>/", history_pages.show_edit, "edit"),
        page("historial/<int:pk>/deshacer/", history_pages.undo, "undo"),
        page("<int:rule_id>/history/", history_pages.of_rule, "history"),
    ]


def _for_editors(admin: "ModelAdmin[Rule]", view: Page) -> Page:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not admin.has_change_permission(request):
            raise PermissionDenied
        return view(admin, request, *args, **kwargs)

    return admin.admin_site.admin_view(guarded)
