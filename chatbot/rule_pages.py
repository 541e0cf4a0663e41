"""The pages around the rules: each is a view of (admin site's model admin, request)."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from chatbot.models import Rule

Page = Callable[..., HttpResponse]


def rule_urls(admin: "ModelAdmin[Rule]") -> list[URLPattern]:
    """Before the admin's own, which would take a word for an id."""

    def page(route: str, view: Page, name: str) -> URLPattern:
        return path(route, _for_editors(admin, view), name=f"chatbot_rule_{name}")

    return []


def page_context(admin: "ModelAdmin[Rule]", request: HttpRequest, title: str) -> dict[str, Any]:
    """What every page's template needs, besides its own."""
    return {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": title,
    }


def _for_editors(admin: "ModelAdmin[Rule]", view: Page) -> Page:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not admin.has_change_permission(request):
            raise PermissionDenied
        return view(admin, request, *args, **kwargs)

    return admin.admin_site.admin_view(guarded)
