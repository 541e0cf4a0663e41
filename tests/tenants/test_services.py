"""Companies are made whole or not at all."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.db import connections
from django.db.models import TextField
from django.db.models.functions import Cast

from tenants import registry
from tenants.context import tenant_context
from tenants.databases import ensure_database, finish_database, table_names
from tenants.errors import TenantError
from tenants.models import Role, Tenant, User, WhatsAppNumber, control_location, sqlite_path
from tenants.schema import code_schema_version, is_behind
from tenants.seeding import seed_users
from tenants.services import (
    create_tenant,
    ensure_tenant_schema,
    migrate_tenant,
    set_user_roles,
    update_tenant,
)
from tests.tenants.conftest import at_control, make_user

Free = Callable[[str], str]
HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "tenants.hashers.WerkzeugScryptHasher",
]


def database_exists(db_name: str) -> bool:
    if connections["default"].vendor == "sqlite":
        return Path(sqlite_path(db_name)).exists()
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", [db_name]
        )
        return cursor.fetchone() is not None


def test_new_company_is_ready_to_work(free_name: Free, settings: Any) -> None:
    settings.PASSWORD_HASHERS = HASHERS
    env = {"META_TOKEN": "T9", "PHONE_NUMBER_ID": "999", "INITIAL_STEP": "inicio"}
    tenant = create_tenant(
        Tenant(key="nueva", name="Nueva", db_name=free_name("nueva")), metadata={"env": env}
    )
    stored = registry.by_key("nueva")
    assert stored is not None
    assert not is_behind(stored)
    assert registry.by_phone_number_id("999") == stored
    assert (stored.meta_token, stored.config.initial_step) == ("T9", "inicio")
    with tenant_context(tenant):
        admin = User.objects.get()
        assert (admin.username, set(admin.role_keywords)) == ("admin", {Role.ADMIN})
        assert admin.check_password("Admin1234")
        assert admin.must_change_password
        assert set(Role.objects.values_list("keyword", flat=True)) == {Role.ADMIN, Role.AGENT}


def test_company_without_schema_waits_for_it(free_name: Free) -> None:
    name = free_name("vacia")
    tenant = create_tenant(Tenant(key="vacia", db_name=name), init_schema=False)
    assert not database_exists(name)
    assert is_behind(tenant)
    ensure_tenant_schema(tenant)
    assert database_exists(name)
    stored = registry.by_key("vacia")
    assert stored is not None
    assert not is_behind(stored)
    ensure_tenant_schema(stored)  # twice changes nothing


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"key": "Acme"}, "minúsculas"),
        ({"key": "-a"}, "minúsculas"),
        ({"key": "a" * 64}, "63"),
        ({"key": ""}, "clave"),
        ({"key": "acme"}, "clave"),
        ({"db_name": "a-b"}, "guion bajo"),
        ({"db_name": "../x"}, "guion bajo"),
        ({"db_name": "x`; DROP DATABASE y"}, "guion bajo"),
        ({"db_name": "ñ"}, "guion bajo"),
        ({"db_name": "a\n"}, "guion bajo"),
        ({"db_password": "secreta"}, "usuario"),
    ],
)
def test_bad_names_are_refused_before_anything_is_made(
    companies: SimpleNamespace, free_name: Free, fields: dict[str, str], sentence: str
) -> None:
    described = {"key": "nueva", "db_name": free_name("nueva"), **fields}
    with pytest.raises(TenantError, match=sentence):
        create_tenant(Tenant(**described))
    assert Tenant.objects.count() == 2
    assert not database_exists(free_name("nueva"))


def test_a_database_belongs_to_one_company_for_ever(companies: SimpleNamespace) -> None:
    name = companies.acme.db_name
    for again in (name, name.upper()):
        with pytest.raises(TenantError, match="pertenece a la empresa 'acme'"):
            create_tenant(Tenant(key="otra", db_name=again))
    Tenant.objects.filter(key="acme").update(removed_at="2026-01-01T00:00Z", active=False)
    with pytest.raises(TenantError, match="pertenece a la empresa 'acme'"):
        create_tenant(Tenant(key="otra", db_name=name))


def test_control_database_is_only_for_the_default_company(databases: None, settings: Any) -> None:
    control = control_location()
    if control["db_host"]:
        control["db_host"] = "localhost"
    with pytest.raises(TenantError, match="empresa por defecto"):
        create_tenant(Tenant(key="casa", **control))
    settings.DEFAULT_TENANT = "casa"
    tenant = create_tenant(Tenant(key="casa", **control))
    assert tenant.alias == "default"


def test_a_number_belongs_to_one_company(companies: SimpleNamespace, free_name: Free) -> None:
    name = free_name("nueva")
    with pytest.raises(TenantError, match="El número 111 pertenece a la empresa 'acme'"):
        create_tenant(
            Tenant(key="nueva", db_name=name), metadata={"env": {"PHONE_NUMBER_ID": "111"}}
        )
    assert not database_exists(name)
    with pytest.raises(TenantError, match="El número 111"):
        update_tenant(companies.beta, metadata={"env": {"PHONE_NUMBER_ID": "111"}})
    assert WhatsAppNumber.objects.get(phone_number_id="111").tenant == companies.acme


def test_failure_while_seeding_leaves_no_half_company(free_name: Free, settings: Any) -> None:
    settings.DEFAULT_ADMIN_PASSWORD_HASH = "no es un hash"  # noqa: S105
    name = free_name("rota")
    with pytest.raises(TenantError, match="hash"):
        create_tenant(Tenant(key="rota", db_name=name))
    assert not database_exists(name)
    assert not Tenant.objects.exists()
    settings.DEFAULT_ADMIN_PASSWORD_HASH = ""
    create_tenant(Tenant(key="rota", db_name=name))  # and nothing stands in the way afterwards
    assert Tenant.objects.get().key == "rota"


def test_failure_in_a_database_that_was_there_leaves_it_there(
    free_name: Free, settings: Any
) -> None:
    name = free_name("previa")
    tenant = at_control(Tenant(key="previa", db_name=name))
    ensure_database(tenant)
    finish_database(tenant)
    table_names(tenant)  # on SQLite this makes the file
    settings.DEFAULT_ADMIN_PASSWORD_HASH = "no es un hash"  # noqa: S105
    with pytest.raises(TenantError, match="hash"):
        create_tenant(Tenant(key="previa", db_name=name))
    assert database_exists(name)
    settings.DEFAULT_ADMIN_PASSWORD_HASH = ""
    create_tenant(Tenant(key="previa", db_name=name))


def test_database_of_another_program_is_refused(free_name: Free) -> None:
    name = free_name("ajena")
    tenant = at_control(Tenant(key="ajena", db_name=name))
    ensure_database(tenant)
    finish_database(tenant)
    with tenant_context(tenant), connections[tenant.alias].cursor() as cursor:
        cursor.execute("CREATE TABLE mensajes (id INTEGER PRIMARY KEY)")
    with pytest.raises(TenantError, match="tablas de otra aplicación"):
        create_tenant(Tenant(key="ajena", db_name=name))
    assert table_names(tenant) == {"mensajes"}
    assert not Tenant.objects.exists()


def test_control_database_of_another_installation_is_refused(free_name: Free) -> None:
    name = free_name("control")
    tenant = at_control(Tenant(key="control", db_name=name))
    ensure_database(tenant)
    finish_database(tenant)
    with tenant_context(tenant), connections[tenant.alias].cursor() as cursor:
        cursor.execute("CREATE TABLE tenants_tenant (id INTEGER PRIMARY KEY)")
    with pytest.raises(TenantError, match="base de control"):
        create_tenant(Tenant(key="control", db_name=name))


def test_a_file_that_is_no_database_gets_a_sentence(free_name: Free) -> None:
    if connections["default"].vendor != "sqlite":
        pytest.skip("files are SQLite's")
    name = free_name("texto")
    Path(sqlite_path(name)).write_text("esto no es una base de datos, es una carta " * 50)
    with pytest.raises(TenantError, match="no es una base de datos"):
        create_tenant(Tenant(key="texto", db_name=name))
    assert Path(sqlite_path(name)).exists()


def test_update_changes_what_is_given_and_keeps_credentials(companies: SimpleNamespace) -> None:
    update_tenant(companies.acme, name="Acme S.A.", metadata={"env": {"INITIAL_STEP": "hola"}})
    update_tenant(companies.acme, metadata=None)
    update_tenant(companies.acme, metadata={"env": {"META_TOKEN": "", "META_APP_SECRET": None}})
    acme = Tenant.objects.get(key="acme")
    assert (acme.name, acme.meta_token, acme.app_secret) == ("Acme S.A.", "T1", "secreto-acme")
    assert acme.metadata == {"env": {"INITIAL_STEP": "hola"}}
    update_tenant(acme, metadata={"env": {"INITIAL_STEP": "", "META_TOKEN": "T2"}})
    acme = Tenant.objects.get(key="acme")
    assert (acme.meta_token, acme.metadata) == ("T2", {"env": {}})


def test_secrets_are_stored_encrypted_and_nowhere_else(companies: SimpleNamespace) -> None:
    env = {"META_TOKEN": "EAAG-token", "SECRET_KEY": "sk", "MEDIA_ROOT": "/x", "OLD_PASSWORD": "p"}
    update_tenant(companies.acme, metadata={"env": env, "API_KEY": "k", "nota": "n"})
    row = Tenant.objects.filter(key="acme").annotate(stored=Cast("meta_token", TextField()))
    token = row.values_list("stored", flat=True)[0]
    assert token.startswith("f1:")
    assert "EAAG" not in token
    assert Tenant.objects.get(key="acme").metadata == {"env": {}, "nota": "n"}


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        ([], "objeto JSON"),
        ({"env": []}, "objeto JSON"),
        ({"env": {"SESSION_TIMEOUT": "media hora"}}, "SESSION_TIMEOUT_SECONDS"),
        ({"env": {"SESSION_TIMEOUT_SECONDS": -1}}, "SESSION_TIMEOUT_SECONDS"),
        ({"env": {"INITIAL_STEP": ["a"]}}, "INITIAL_STEP"),
        ({"env": {"PHONE_NUMBER_ID": "1 2"}}, "PHONE_NUMBER_ID"),
    ],
)
def test_bad_metadata_is_refused_by_name(
    companies: SimpleNamespace, metadata: Any, sentence: str
) -> None:
    with pytest.raises(TenantError, match=sentence):
        update_tenant(companies.acme, metadata=metadata)


def test_nothing_with_a_secrets_name_stays_in_the_clear(companies: SimpleNamespace) -> None:
    given = {"env": {"meta_token": "x"}, "crm": [{"api_key": "x", "url": "u"}], "Password": "x"}
    acme = update_tenant(companies.acme, metadata=given)
    assert acme.metadata == {"env": {}, "crm": [{"url": "u"}]}


def test_older_name_of_the_timeout_counts(companies: SimpleNamespace) -> None:
    acme = update_tenant(companies.acme, metadata={"env": {"SESSION_TIMEOUT": "60"}})
    assert acme.config.session_timeout_seconds == 60


def test_control_gets_both_users_and_existing_ones_stay(databases: None, settings: Any) -> None:
    settings.DEMO = True
    control = Tenant.single_company()
    make_user(control, "admin")
    seed_users(control)
    seed_users(control)
    with tenant_context(control):
        roles = {user.username: set(user.role_keywords) for user in User.objects.all()}
        assert roles == {"admin": set(), "superadmin": {Role.SUPERADMIN}}
        assert not User.objects.get(username="superadmin").must_change_password


def test_users_who_are_there_are_never_overwritten(companies: SimpleNamespace) -> None:
    with tenant_context(companies.control):
        seed_users(companies.control)
        admin = User.objects.get(username="admin")
        admin.set_password("una-clave-propia-5")
        admin.is_active, admin.must_change_password, admin.email = False, False, "a@x.co"
        admin.save()
        set_user_roles(admin, [Role.AGENT])
        before = User.objects.filter(pk=admin.pk).values().get()
        User.objects.filter(username="superadmin").delete()
        seed_users(companies.control)  # what every start does
        assert User.objects.filter(pk=admin.pk).values().get() == before
        assert User.objects.get(pk=admin.pk).role_keywords == {Role.AGENT, Role.SUPERADMIN}
        assert User.objects.get(username="superadmin").has_role(Role.SUPERADMIN)


def test_configured_hash_is_used(databases: None, settings: Any) -> None:
    settings.PASSWORD_HASHERS = HASHERS
    settings.DEFAULT_ADMIN_PASSWORD_HASH = "pbkdf2:sha256:1$s$" + "0" * 64  # noqa: S105
    control = Tenant.single_company()
    seed_users(control)
    with tenant_context(control):
        assert not check_password("Admin1234", User.objects.get(username="admin").password)


def test_roles_are_what_is_ticked(companies: SimpleNamespace) -> None:
    user = make_user(companies.acme, "ana", Role.AGENT)
    with tenant_context(companies.acme):
        set_user_roles(user, [Role.ADMIN])
        assert user.role_keywords == {Role.ADMIN}
        assert user.is_staff
        set_user_roles(user, [])
        assert (user.role_keywords, user.is_staff) == (frozenset(), False)
        with pytest.raises(TenantError, match="No existe el rol 'nada'"):
            set_user_roles(user, ["nada"])


def test_superadmin_is_given_by_superadmins_in_control_only(companies: SimpleNamespace) -> None:
    boss = make_user(companies.control, "jefa", Role.SUPERADMIN)
    other = make_user(companies.control, "ana", Role.ADMIN)
    stranger = make_user(companies.acme, "ana", Role.ADMIN, Role.SUPERADMIN)
    assert not stranger.is_installation_superadmin
    with tenant_context(companies.control):
        for by in (None, other, stranger):
            with pytest.raises(TenantError, match="Solo un superadministrador"):
                set_user_roles(other, [Role.SUPERADMIN], by=by)
        set_user_roles(boss, [Role.ADMIN], by=other)
        assert boss.role_keywords == {Role.ADMIN, Role.SUPERADMIN}
        with pytest.raises(TenantError, match="último"):
            set_user_roles(boss, [], by=boss)
        set_user_roles(other, [Role.SUPERADMIN], by=boss)
        set_user_roles(boss, [], by=other)
        assert boss.role_keywords == frozenset()
    with tenant_context(companies.acme):
        fresh = make_user(companies.acme, "eva")
        with pytest.raises(TenantError, match="base de control"):
            set_user_roles(fresh, [Role.SUPERADMIN], by=other)


def test_migrating_a_company_stamps_it_once(companies: SimpleNamespace) -> None:
    Tenant.objects.filter(key="acme").update(schema_version="00001-000000000000")
    acme = Tenant.objects.get(key="acme")
    assert migrate_tenant(acme)
    assert not migrate_tenant(acme)
    assert Tenant.objects.get(key="acme").schema_version == code_schema_version()
