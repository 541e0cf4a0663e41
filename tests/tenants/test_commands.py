"""Commands work on the company they are told, and say in a sentence what they will not do."""

import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tenants.context import tenant_context
from tenants.models import Role, Tenant, User
from tests.tenants.conftest import PASSWORD, enter, make_user

Free = Callable[[str], str]


@pytest.fixture(autouse=True)
def _no_preparation(settings: Any) -> None:
    settings.INIT_DB_ON_START = False


def run(*arguments: str, **options: Any) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, stderr=out, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nueva", "a-b"], "guion bajo"),
        (["nueva", "x", "--metadata", "{malo"], "--metadata: No es JSON válido"),
        (["nueva", "x", "--metadata", "[]"], "objeto JSON"),
        (["nueva", "x", "--db-password", "secreta"], "usuario"),
        (["acme", "otra"], "ya existe con otra base de datos"),
    ],
)
def test_create_tenant_refuses_with_a_sentence(
    companies: SimpleNamespace, arguments: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence) as caught:
        run("create_tenant", *arguments)
    assert "secreta" not in str(caught.value)
    assert Tenant.objects.count() == 2


def test_same_company_again_updates_what_is_given(companies: SimpleNamespace) -> None:
    acme = companies.acme
    assert "actualizada" in run("create_tenant", "acme", acme.db_name, "--name", "Acme S.A.")
    stored = Tenant.objects.get(key="acme")
    assert (stored.name, stored.meta_token) == ("Acme S.A.", "T1")


def test_secrets_need_not_stand_on_the_command_line(
    companies: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`ps` shows the command line to everybody on the machine."""
    again = ("create_tenant", "acme", companies.acme.db_name, "--db-user", "u")
    typed = 'con espacio \n{"env": {"META_TOKEN": "T9"}}'
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    run(*again, "--db-password", "-", "--metadata", "-")
    stored = Tenant.objects.get(key="acme")
    assert (stored.db_password, stored.meta_token) == ("con espacio ", "T9")
    monkeypatch.setenv("TENANT_DB_PASSWORD", "del-entorno")
    run(*again)
    assert Tenant.objects.get(key="acme").db_password == "del-entorno"
    run(*again, "--db-password", "manda-la-opcion")
    assert Tenant.objects.get(key="acme").db_password == "manda-la-opcion"


def test_removed_company_stays_removed(companies: SimpleNamespace) -> None:
    Tenant.objects.filter(key="acme").update(removed_at="2026-01-01T00:00Z")
    with pytest.raises(CommandError, match="fue retirada"):
        run("create_tenant", "acme", companies.acme.db_name)


def test_one_companys_failure_does_not_stop_the_others(
    companies: SimpleNamespace, free_name: Free
) -> None:
    Tenant.objects.filter(key="beta").update(schema_version="")
    run("create_tenant", "rota", free_name("rota"))
    run("create_tenant", "sana", free_name("sana"), "--init-schema")
    Tenant.objects.filter(key="sana").update(schema_version="", active=False)
    Tenant.objects.filter(key="rota").update(db_host="127.0.0.1", db_port=1, db_name="no/hay/tal")
    out = io.StringIO()
    with pytest.raises(CommandError, match="No se actualizaron: rota"):
        call_command("migrate_tenants", stdout=out, stderr=out)
    lines = out.getvalue()
    assert "1 al día" in lines
    assert "beta: actualizada." in lines
    assert "sana: actualizada." in lines
    assert "beta: al día." in run("migrate_tenants", "--tenant", "beta")


def test_superuser_of_a_company_is_its_admin(companies: SimpleNamespace, monkeypatch: Any) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "x")
    for tenant in ("acme", ""):
        run(
            "createsuperuser",
            "--noinput",
            "--username=jefa",
            "--email=j@x.co",
            f"--tenant={tenant}",
        )
    with tenant_context(companies.acme):
        assert User.objects.get().role_keywords == {Role.ADMIN}
    with tenant_context(companies.control):
        jefa = User.objects.get()
        assert jefa.role_keywords == {Role.ADMIN, Role.SUPERADMIN}
        assert jefa.is_installation_superadmin
    assert not User.objects.using("t_beta").exists()


def test_superuser_of_the_installation_opens_the_panel_at_once(
    companies: SimpleNamespace, client: Client, monkeypatch: Any
) -> None:
    """Without questions, as a deployment runs it; a user of that name stays as he is."""
    monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "jefa")
    monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", "j@x.co")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    luis = make_user(companies.control, "luis", Role.AGENT)
    run("createsuperuser", "--noinput")
    assert enter(client, "", "jefa").status_code == 302
    assert client.get("/admin/tenants/tenant/control/usuarios/").status_code == 200
    with pytest.raises(CommandError):
        run("createsuperuser", "--noinput", "--username=luis")
    with tenant_context(companies.control):
        assert User.objects.get(pk=luis.pk).role_keywords == {Role.AGENT}


def test_password_is_changed_in_the_named_company(
    companies: SimpleNamespace, monkeypatch: Any
) -> None:
    for tenant in (companies.acme, companies.beta):
        make_user(tenant, "ana")
    monkeypatch.setattr("getpass.getpass", lambda prompt: "Otra-clave-77")
    run("changepassword", "ana", "--tenant=acme")
    assert User.objects.using("t_acme").get().check_password("Otra-clave-77")
    assert not User.objects.using("t_beta").get().check_password("Otra-clave-77")


def test_any_command_runs_inside_a_company(companies: SimpleNamespace) -> None:
    make_user(companies.acme, "ana")
    make_user(companies.beta, "bea")
    dump = run("tenant_command", "acme", "dumpdata", "tenants.user")
    assert "ana" in dump
    assert "bea" not in dump


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["tenant_command", "nadie", "check"], "No se encontró la empresa 'nadie'"),
        (["tenant_command", "acme", "nada"], "No existe el comando 'nada'"),
        (["createsuperuser", "--tenant=nadie", "--noinput"], "No se encontró la empresa 'nadie'"),
        (["changepassword", "ana", "--tenant=nadie"], "No se encontró la empresa 'nadie'"),
        (["migrate_tenants", "--tenant=nadie"], "No se encontró la empresa 'nadie'"),
    ],
)
def test_unknown_names_are_said(
    companies: SimpleNamespace, arguments: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(*arguments)


def test_migrating_inside_a_company_stamps_it(companies: SimpleNamespace) -> None:
    Tenant.objects.filter(key="acme").update(schema_version="")
    run("tenant_command", "acme", "migrate", "--verbosity=0")
    assert Tenant.objects.get(key="acme").schema_version == companies.beta.schema_version


@pytest.mark.parametrize(
    "arguments",
    [
        ["tenant_command", "acme", "axes_list_attempts"],
        ["createsuperuser", "--noinput", "--username=j", "--email=j@x.co", "--tenant=acme"],
        ["changepassword", "ana", "--tenant=acme"],
        ["close_idle_sessions"],
    ],
)
def test_a_database_that_is_away_is_said(
    companies: SimpleNamespace, kept_aliases: None, arguments: list[str]
) -> None:
    Tenant.objects.filter(key="acme").update(db_host="127.0.0.1", db_port=1, db_name="no/hay/tal")
    with pytest.raises(CommandError, match=r"no responde|No respondió|No se puede escribir"):
        run(*arguments)
