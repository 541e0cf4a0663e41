"""Which rules a page shows: those being edited, or those that answer."""

from typing import Literal

from django.http import HttpRequest

Source = Literal["draft", "live"]
LIVE: Source = "live"


def source_of(request: HttpRequest) -> Source:
    """The one that the form or the address names; anything else is the draft."""
    named = request.POST.get("source") or request.GET.get("source")
    return LIVE if named == LIVE else "draft"
