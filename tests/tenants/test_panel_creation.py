"""Companies made from the panel: in the background, in sight, whole or not at all."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.db.models import TextField
from django.db.models.functions import Cast
from django.test import Client
from django.utils import timezone

from tenants import registry
from tenants.connections import unregister
from tenants.context import CONTROL_ALIAS, tenant_context
from tenants.creation import make
from tenants.creation_models import CompanyCreation
from tenants.databases import ensure_database, finish_database, server_cursor
from tenants.models import Role, Tenant, User, control_location
from tenants.schema import is_behind
from tenants.services import create_tenant
from tests.tenants.conftest import at_control, enter, make_user
from tests.tenants.panel import LIST, change_page, fields_of, page, superadmin_client
from tests.tenants.test_services import database_exists

Free = Callable[[str], str]
ADD = f"{LIST}add/"
on_server = pytest.mark.skipif(
    django_settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"),
    reason="SQLite has no servers",
)
State = CompanyCreation.State


@pytest.fixture
def panel(databases: None) -> Client:
    return superadmin_client()


@pytest.fixture
def queue(settings: Any) -> None:
    """Tasks stay where they are until a test runs them."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}


def ask(panel: Client, **fields: Any) -> Any:
    """Fill in the form for a new company; `n` are its numbers."""
    numbers = fields.pop("numbers", [])
    data = {"key": "nueva", "name": "Nueva", "init_schema": "on"} | fields
    data |= {"numbers-TOTAL_FORMS": str(len(numbers)), "numbers-INITIAL_FORMS": "0"}
    for at, number in enumerate(numbers):
        data[f"numbers-{at}-phone_number_id"] = number
    return panel.post(ADD, data)


def outcome(panel: Client, **fields: Any) -> tuple[CompanyCreation, str]:
    response = ask(panel, **fields)
    assert response.status_code == 302, response.context["errors"]
    return CompanyCreation.objects.latest("pk"), page(panel, response["Location"])


# Whole ----------------------------------------------------------------------------------------


def test_a_new_company_is_ready_and_nothing_secret_is_left(panel: Client, free_name: Free) -> None:
    creation, html = outcome(
        panel,
        db_name=free_name("nueva"),
        meta_token="EAAG-token-largo-7788",
        verify_token="verifica",
        metadata='{"env": {"META_APP_SECRET": "S9", "INITIAL_STEP": "inicio"}}',
        numbers=["901", "902"],
        paid_until="31/12/2030",
    )
    assert "Lista. Su administrador entra con la empresa «nueva»" in html
    company = registry.by_key("nueva")
    assert company is not None
    assert not is_behind(company)
    assert (company.meta_token, company.app_secret) == ("EAAG-token-largo-7788", "S9")
    assert company.metadata == {"env": {"INITIAL_STEP": "inicio"}}
    assert str(company.paid_until) == "2030-12-31"
    assert registry.by_phone_number_id("901") == registry.by_phone_number_id("902") == company
    assert (creation.state, creation.secrets, creation.tenant) == (State.DONE, "", company)
    assert creation.requested_by == "jefe"
    with tenant_context(company):
        assert set(User.objects.get(username="admin").role_keywords) == {Role.ADMIN}


def test_the_database_is_named_after_the_key_when_it_is_not_said(panel: Client) -> None:
    ask(panel, key="la-nueva", db_name="", init_schema="")
    assert Tenant.objects.get(key="la-nueva").db_name == "whapco_la_nueva"


def test_without_the_tick_the_company_waits_for_its_schema(panel: Client, free_name: Free) -> None:
    name = free_name("luego")
    _creation, html = outcome(panel, db_name=name, init_schema="")
    assert not database_exists(name)
    assert "Crear la base de datos" not in html
    company = Tenant.objects.get(key="nueva")
    assert "sin crear" in page(panel, change_page(company))
    data = fields_of(panel.get(change_page(company))) | {"init_schema": "on"}
    response = panel.post(change_page(company), data)
    assert "/creacion/" in response["Location"]
    assert "Lista: su esquema está al día." in page(panel, response["Location"])
    assert not is_behind(Tenant.objects.get(key="nueva"))


def test_credentials_wait_encrypted_and_the_task_carries_a_number_only(
    panel: Client, free_name: Free, queue: None
) -> None:
    ask(panel, db_name=free_name("nueva"), meta_token="EAAG-token-largo-7788")
    row = CompanyCreation.objects.annotate(raw=Cast("secrets", TextField())).get()
    assert row.raw.startswith("f1:")
    assert "token-largo" not in str(row.description)
    assert "token-largo" in row.secrets  # the field opens it for the job
    from django_tasks import task_backends

    (result,) = task_backends["default"].results
    assert list(result.args) == [row.pk]


def test_a_page_shows_how_far_it_is_and_goes_on_asking(
    panel: Client, free_name: Free, queue: None
) -> None:
    address = ask(panel, db_name=free_name("nueva"))["Location"]
    CompanyCreation.objects.update(state=State.RUNNING, step=CompanyCreation.Step.TABLES)
    html = page(panel, address)
    assert 'hx-trigger="every 1s"' in html
    assert 'step--done">Crear la base de datos' in html
    assert 'step--now" aria-current="step">Crear o actualizar las tablas' in html
    assert "Crear o actualizar las tablas…" in page(panel, LIST)
    part = panel.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "step--now" in part
    assert "<html" not in part


def test_a_double_click_makes_one_company(panel: Client, free_name: Free, queue: None) -> None:
    name = free_name("nueva")
    assert ask(panel, db_name=name)["Location"] == ask(panel, db_name=name)["Location"]
    assert CompanyCreation.objects.count() == 1


# Refused at the form --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"key": "Mayus"}, "minúsculas"),
        ({"key": "a;b"}, "minúsculas"),
        ({"key": "acme"}, "Clave"),
        ({"db_name": "x`; DROP DATABASE y"}, "guion bajo"),
        ({"numbers": ["111"]}, "El número 111 pertenece a la empresa &#x27;acme&#x27;."),
        ({"numbers": ["901", "901"]}, "duplicados"),
        ({"numbers": ["9 0 1"]}, "solo cifras"),
        ({"metadata": "{"}, "No es JSON válido"),
        ({"paid_until": "mañana"}, "fecha válida"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_begun(
    companies: SimpleNamespace, fields: dict[str, Any], sentence: str
) -> None:
    panel = superadmin_client()
    response = ask(panel, **fields)
    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert Tenant.objects.count() == 2
    assert not CompanyCreation.objects.exists()


def test_a_database_that_is_taken_is_said_with_its_owner(companies: SimpleNamespace) -> None:
    panel = superadmin_client()
    html = ask(panel, db_name=companies.acme.db_name).content.decode()
    assert "pertenece a la empresa &#x27;acme&#x27;" in html
    html = ask(panel, **{"db_name": control_location()["db_name"]}).content.decode()
    assert "solo puede ser de la empresa por defecto" in html


@on_server
@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"db_host": "a;b"}, "nombre de servidor"),
        ({"db_host": "a b"}, "nombre de servidor"),
        ({"db_port": "70000"}, "65535"),
        ({"db_password": "secreta"}, "Indica también el usuario"),
    ],
)
def test_addresses_that_cannot_be_are_refused(
    panel: Client, fields: dict[str, str], sentence: str
) -> None:
    assert sentence in ask(panel, **fields).content.decode()
    assert not CompanyCreation.objects.exists()


# Failures: a sentence each, and nothing half made ---------------------------------------------


def failed(panel: Client, sentence: str, **fields: Any) -> None:
    creation, html = outcome(panel, **fields)
    assert creation.state == State.FAILED
    assert sentence in creation.error
    assert "No quedó nada a medias" in html
    assert creation.secrets == ""
    assert not Tenant.objects.filter(key="nueva").exists()


def test_tables_of_another_program_are_left_alone(panel: Client, free_name: Free) -> None:
    name = free_name("ajena")
    other = at_control(Tenant(key="ajena", db_name=name))
    ensure_database(other)
    finish_database(other)
    with tenant_context(other), connections[other.alias].cursor() as cursor:
        cursor.execute("CREATE TABLE facturas (id INTEGER)")
    failed(panel, "ya tiene tablas de otra aplicación; use una vacía", db_name=name)
    with tenant_context(other), connections[other.alias].cursor() as cursor:
        assert connections[other.alias].introspection.table_names(cursor) == ["facturas"]


def test_what_fails_in_the_middle_takes_its_database_away(
    panel: Client, free_name: Free, settings: Any
) -> None:
    settings.DEFAULT_ADMIN_PASSWORD_HASH = "no es un hash"  # noqa: S105
    name = free_name("rota")
    failed(panel, "hash", db_name=name)
    assert not database_exists(name)


@on_server
def test_a_server_that_is_not_there(panel: Client) -> None:
    failed(panel, "El servidor 127.0.0.2:1 no responde", db_host="127.0.0.2", db_port="1")


@contextmanager
def silent_server() -> Iterator[int]:
    """Takes calls and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@on_server
def test_a_server_that_says_nothing_is_given_up(panel: Client) -> None:
    with silent_server() as port:
        failed(
            panel, f"El servidor 127.0.0.1:{port} no responde", db_host="127.0.0.1", db_port=port
        )


@on_server
def test_a_wrong_password(panel: Client, free_name: Free) -> None:
    name = free_name("w")[-20:]
    with server_cursor(django_settings.DATABASES["default"]) as cursor:
        cursor.execute(f"CREATE USER '{name}'@'%' IDENTIFIED BY 'suya'")
    try:
        failed(
            panel,
            "otra contraseña",
            db_name=free_name("nueva"),
            db_user=name,
            db_password="no-es-esta",
        )
    finally:
        with server_cursor(django_settings.DATABASES["default"]) as cursor:
            cursor.execute(f"DROP USER '{name}'@'%'")


@on_server
def test_a_wrong_new_password_is_not_saved(panel: Client, free_name: Free) -> None:
    outcome(panel, db_name=free_name("nueva"))
    company = Tenant.objects.get(key="nueva")
    login = {"db_user": "nadie", "db_password": "no-es-esta"}
    response = panel.post(change_page(company), fields_of(panel.get(change_page(company))) | login)
    assert "no acepta al usuario &#x27;nadie&#x27;" in response.content.decode()
    assert "no-es-esta" not in response.content.decode()
    assert Tenant.objects.get(key="nueva").db_user == ""


def test_a_failed_one_is_asked_for_again_without_typing_it_all(
    panel: Client, free_name: Free, settings: Any
) -> None:
    settings.DEFAULT_ADMIN_PASSWORD_HASH = "no es un hash"  # noqa: S105
    name = free_name("rota")
    creation, html = outcome(
        panel, db_name=name, numbers=["901"], meta_token="EAAG-token-largo-7788"
    )
    again = f"{ADD}?desde={creation.pk}"
    assert again in html
    form = page(panel, again)
    for typed in ('value="nueva"', f'value="{name}"', 'value="901"'):
        assert typed in form
    assert "token-largo" not in form


# Interrupted ----------------------------------------------------------------------------------


def interrupted(**fields: Any) -> CompanyCreation:
    """As a process leaves it that was killed a while ago."""
    creation = CompanyCreation.objects.latest("pk")
    long_ago = timezone.now() - timedelta(seconds=CompanyCreation.DEAD_AFTER_SECONDS + 5)
    values = {"state": State.RUNNING, "beat_at": long_ago, **fields}
    CompanyCreation.objects.filter(pk=creation.pk).update(**values)
    return CompanyCreation.objects.get(pk=creation.pk)


def half_made(name: str) -> None:
    """A database with the tables of half a migration: no second migration would pass."""
    tenant = at_control(Tenant(key="nueva", db_name=name))
    ensure_database(tenant)
    with tenant_context(tenant), connections[tenant.alias].cursor() as cursor:
        cursor.execute("CREATE TABLE tenants_user (id INTEGER)")
    unregister(tenant.alias)  # the dead have no connections


def test_a_killed_creation_says_so_and_is_made_on_request(
    panel: Client, free_name: Free, queue: None, settings: Any
) -> None:
    name = free_name("nueva")
    address = ask(panel, db_name=name, meta_token="T9")["Location"]
    half_made(name)
    creation = interrupted()
    assert "Interrumpida: el proceso que la hacía" in page(panel, address)
    assert "interrumpida" in page(panel, LIST)
    settings.TASKS = {"default": {"BACKEND": "tests.tasks.InlineBackend", "QUEUES": []}}
    html = panel.post(f"{address}reintentar/", follow=True).content.decode()
    assert "Lista. Su administrador" in html
    company = Tenant.objects.get(key="nueva")
    assert company.meta_token == "T9"
    creation.refresh_from_db()
    assert creation.secrets == ""


def test_a_discarded_one_leaves_nothing(panel: Client, free_name: Free, queue: None) -> None:
    name = free_name("nueva")
    address = ask(panel, db_name=name, meta_token="T9")["Location"]
    half_made(name)
    creation = interrupted()
    html = panel.post(f"{address}descartar/", follow=True).content.decode()
    assert "jefe la descartó." in html
    assert not database_exists(name)
    creation.refresh_from_db()
    assert (creation.secrets, creation.state) == ("", State.FAILED)


def test_one_that_is_alive_is_neither_doubled_nor_discarded(
    panel: Client, free_name: Free, queue: None
) -> None:
    address = ask(panel, db_name=free_name("nueva"))["Location"]
    creation = interrupted(beat_at=timezone.now())
    response = panel.post(f"{address}descartar/", follow=True)
    assert "Sigue en marcha" in response.content.decode()
    make.call(creation.pk)
    assert not Tenant.objects.filter(key="nueva").exists()
    assert CompanyCreation.objects.get().state == State.RUNNING


def test_discarding_leaves_alone_what_a_company_got_meanwhile(
    panel: Client, free_name: Free, queue: None
) -> None:
    """Somebody made it with the command while the page said "interrupted"."""
    name = free_name("nueva")
    address = ask(panel, db_name=name)["Location"]
    interrupted()
    company = create_tenant(Tenant(key="nueva", db_name=name))
    panel.post(f"{address}descartar/")
    with tenant_context(company):
        assert User.objects.filter(username="admin").exists()


def test_the_new_companys_admin_logs_in(panel: Client, client: Client, free_name: Free) -> None:
    outcome(panel, db_name=free_name("nueva"))
    assert Tenant.objects.get(key="nueva").alias != CONTROL_ALIAS
    assert enter(client, "nueva", "admin", "Admin1234").status_code == 302
    make_user(Tenant.objects.get(key="nueva"), "ana", Role.AGENT)
    assert enter(client, "nueva", "ana").status_code == 302
