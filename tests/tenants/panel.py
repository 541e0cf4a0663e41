"""Hands for the tests of the superadmins' panel."""

from typing import Any

from django.test import Client

from tenants.models import Role, Tenant
from tests.tenants.conftest import enter, make_user

LIST = "/admin/tenants/tenant/"


def superadmin_client() -> Client:
    """Logged in to the control database."""
    make_user(Tenant.single_company(), "jefe", Role.SUPERADMIN)
    client = Client()
    assert enter(client, "", "jefe").status_code == 302
    return client


def change_page(company: Tenant) -> str:
    return f"{LIST}{company.pk}/change/"


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return str(response.content.decode())


def fields_of(response: Any) -> dict[str, Any]:
    """What a browser would send back, untouched."""
    form = response.context["adminform"].form
    data = {name: form[name].value() or "" for name in form.fields if name != "paid_until"}
    if "paid_until" in form.fields:
        until = form["paid_until"].value()
        data["paid_until"] = until.strftime("%d/%m/%Y") if until else ""
    data = {name: value for name, value in data.items() if value not in (False, "")}
    for inline in response.context["inline_admin_formsets"]:
        formset = inline.formset
        for field in formset.management_form:
            data[field.html_name] = field.value()
        for one in formset.initial_forms:
            for field in one:
                data[field.html_name] = field.value() or ""
    return data
