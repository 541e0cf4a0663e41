"""The addresses of the installation."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path
from django.views.decorators.http import require_GET

from chatbot.webhook import webhook
from tenants.superadmins import to_companies
from whapco import health


@require_GET
def no_events(request: HttpRequest) -> HttpResponse:
    """Under WSGI there is no event stream: 204 tells the page to poll and not to come back."""
    return HttpResponse(status=204)


@require_GET
def admin_login(request: HttpRequest) -> HttpResponse:
    """One way in: Django's own form does not know that people belong to a company. Who is in and
    may not see the page gets the reason: the login would bring him back here for ever."""
    if request.user.is_authenticated:
        raise PermissionDenied
    query = urlencode({"next": request.GET.get("next", "/admin/")})
    return redirect(f"{settings.LOGIN_URL}?{query}")


admin.site.unregister(Group)  # people have roles; a second notion of the same would only confuse

urlpatterns = [
    path("webhook", webhook),
    path("webhook/", webhook),
    path("eventos", no_events),
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("simulador/", include("whapco.simulator.urls")),
    path("admin/login/", admin_login),
    path("admin/tenants/", to_companies),
    path("admin/", admin.site.urls),
    path("", include("tenants.urls")),
    path("", include("chatbot.urls")),
    path("", include("conversations.urls")),
]
