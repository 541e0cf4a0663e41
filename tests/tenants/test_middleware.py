"""A request gets its company's context for as long as its answer lasts, or a page that says why
not."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, ProgrammingError, connections
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory

from tenants import schema
from tenants.context import NoTenant, current_tenant, has_tenant
from tenants.databases import is_outage
from tenants.middleware import TenantMiddleware
from tenants.models import Role, Tenant
from tests.tenants.conftest import enter, make_user


def answer(view: Any, path: str = "/x?tenant=acme") -> HttpResponseBase:
    return TenantMiddleware(view)(RequestFactory().get(path))


def test_view_runs_inside_its_company(companies: SimpleNamespace) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"{current_tenant().key} {request.tenant.key}")  # type: ignore[attr-defined]

    assert answer(view).content == b"acme acme"  # type: ignore[attr-defined]
    assert not has_tenant()


def test_streamed_body_is_produced_inside_the_company(companies: SimpleNamespace) -> None:
    def pieces() -> Iterator[str]:
        for role in Role.objects.all():
            yield f"{current_tenant().key}:{role.keyword};"

    response = answer(lambda request: StreamingHttpResponse(pieces()))
    chunks = []
    for chunk in response:
        assert not has_tenant()  # between pieces the server's thread is nobody's
        chunks.append(chunk)
    assert b"".join(chunks) == b"acme:admin;"


def test_files_are_left_to_the_server(companies: SimpleNamespace, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("hola")
    response = answer(lambda request: FileResponse(path.open("rb")))
    assert response.file_to_stream is not None  # type: ignore[attr-defined]
    response.close()


@pytest.mark.parametrize("path", ["/webhook", "/webhook/", "/eventos", "/static/x", "/simulador/"])
def test_doors_without_company_get_none(databases: None, path: str) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        with pytest.raises(NoTenant):
            current_tenant()
        return HttpResponse("ok")

    assert answer(view, f"{path}?tenant=nadie").status_code == 200


def test_names_that_only_begin_like_a_door_do_not_pass(companies: SimpleNamespace) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(current_tenant().key)

    assert answer(view, "/webhooks?tenant=acme").content == b"acme"  # type: ignore[attr-defined]


@pytest.mark.parametrize("stamp", ["", "00001-aaaaaaaaaaaa", "same count"])
def test_company_behind_the_code_is_in_maintenance(
    client: Client, companies: SimpleNamespace, stamp: str
) -> None:
    if stamp == "same count":
        stamp = f"{schema.code_schema_version()[:6]}ffffffffffff"
    Tenant.objects.filter(key="acme").update(schema_version=stamp)
    response = client.get("/login?tenant=acme")
    assert response.status_code == 503
    assert "mantenimiento" in response.content.decode()
    assert response["Retry-After"]
    assert client.get("/login?tenant=beta").status_code == 200
    assert enter(client, "acme").status_code == 503


def test_company_ahead_of_the_code_is_served(client: Client, companies: SimpleNamespace) -> None:
    Tenant.objects.filter(key="acme").update(schema_version="99999-aaaaaaaaaaaa")
    assert client.get("/login?tenant=acme").status_code == 200


def test_control_behind_the_code_is_in_maintenance_until_it_is_not(
    client: Client, databases: None
) -> None:
    schema.forget()
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT name FROM django_migrations WHERE app='tenants' ORDER BY id DESC")
        (name,) = cursor.fetchone()
        cursor.execute(
            "UPDATE django_migrations SET name='x' WHERE app='tenants' AND name=%s", [name]
        )
        try:
            assert client.get("/login").status_code == 503
        finally:
            cursor.execute(
                "UPDATE django_migrations SET name=%s WHERE app='tenants' AND name='x'", [name]
            )
    assert client.get("/login").status_code == 200


def test_database_that_does_not_answer_is_said_kindly(
    client: Client, companies: SimpleNamespace, kept_aliases: None
) -> None:
    make_user(companies.acme, "ana")
    enter(client, "acme")
    Tenant.objects.filter(key="acme").update(db_host="127.0.0.1", db_port=1, db_name="no/hay/tal")
    response = client.get("/cambiar-clave")
    assert response.status_code == 503
    assert "La base de datos no responde" in response.content.decode()


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (OperationalError(2002, "Can't connect"), True),
        (OperationalError(2013, "Lost connection"), True),
        (OperationalError(1049, "Unknown database"), True),
        (OperationalError("unable to open database file"), True),
        (OperationalError("database is locked"), True),
        (InterfaceError(0, ""), True),
        (OperationalError("no such column: x"), False),
        (OperationalError(1054, "Unknown column"), False),
        (ProgrammingError(1146, "No such table"), False),
        (ValueError("x"), False),
    ],
)
def test_a_mistake_in_our_sql_is_no_outage(error: Exception, outage: bool) -> None:
    assert is_outage(error) is outage


def test_pages_carry_the_policy_and_the_admin_keeps_to_it(
    client: Client, companies: SimpleNamespace
) -> None:
    make_user(companies.control, "jefa", Role.SUPERADMIN)
    assert "script-src 'self'" in client.get("/login")["Content-Security-Policy"]
    enter(client, "", "jefa")
    for path in ("/admin/", "/admin/password_change/"):
        response = client.get(path)
        assert response.status_code == 200
        assert "default-src 'none'" in response["Content-Security-Policy"]
        page = response.content.decode()
        for inline in ("<style", " style=", " onclick=", " onload=", "<script>", "javascript:"):
            assert inline not in page
