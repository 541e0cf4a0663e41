"""The addresses of the installation."""

from django.contrib import admin
from django.urls import include, path

from chatbot.webhook import webhook

urlpatterns = [
    path("webhook", webhook),
    path("webhook/", webhook),
    path("simulador/", include("whapco.simulator.urls")),
    path("admin/", admin.site.urls),
    path("", include("tenants.urls")),
    path("", include("chatbot.urls")),
    path("", include("conversations.urls")),
]
