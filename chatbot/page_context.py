"""What the templates of the pages around the rules share."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest

from chatbot.models import Rule


def page_context(admin: "ModelAdmin[Rule]", request: HttpRequest, title: str) -> dict[str, Any]:
    """What every page's template needs, besides its own."""
    return {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": title,
    }
