"""People of a company at its admin pages, and the forms they fill in."""

from typing import Any

from django.test import Client

from tenants.context import tenant_context
from tenants.models import Role, Tenant, User


def admin_of(tenant: Tenant, name: str = "jefa") -> Client:
    """An administrator, logged in."""
    with tenant_context(tenant):
        user = User.objects.create_user(name, password="Clave-1234", is_staff=True)
        user.is_superuser = True
        user.save()
        user.roles.set(Role.objects.filter(keyword=Role.ADMIN))
    return _logged_in(tenant, name)


def agent_of(tenant: Tenant, name: str = "ana") -> Client:
    with tenant_context(tenant):
        User.objects.create_user(name, password="Clave-1234")
    return _logged_in(tenant, name)


def rule_form(**fields: Any) -> dict[str, Any]:
    """The fields of the rule's page, without medias; what the checker says is known."""
    return {
        "step": "menu",
        "trigger": "1",
        "reply": "Uno",
        "kind": "texto",
        "options": "",
        "priority": "100",
        "match": "exacta",
        "medias-TOTAL_FORMS": "0",
        "medias-INITIAL_FORMS": "0",
        "_anyway": "1",
        **fields,
    }


def media_row(number: int = 0, **fields: Any) -> dict[str, Any]:
    """The fields of one file on the page, the last one."""
    row = {"url": "", "kind": "", "file": "", "position": str(number), **fields}
    named = {f"medias-{number}-{name}": value for name, value in row.items()}
    return {"medias-TOTAL_FORMS": str(number + 1), **named}


def _logged_in(tenant: Tenant, name: str) -> Client:
    client = Client()
    client.post(f"/login?tenant={tenant.key}", {"username": name, "password": "Clave-1234"})
    return client
