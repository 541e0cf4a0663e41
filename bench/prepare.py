"""Fills a fresh database with the benchmark's menu."""

import django

django.setup()

from chatbot import rulebooks  # noqa: E402
from chatbot.models import Rule  # noqa: E402
from tenants import registry  # noqa: E402
from tenants.context import tenant_context  # noqa: E402
from tenants.services import prepare_installation  # noqa: E402

prepare_installation()
with tenant_context(registry.control_scope()):
    Rule.objects.create(step="menu_principal", trigger="iniciar", reply="Menu")
    Rule.objects.create(step="menu_principal", trigger="1", match="contiene", reply="Uno")
    Rule.objects.create(step="menu_principal", trigger="*", reply="No entiendo")
    rulebooks.bump_version()
