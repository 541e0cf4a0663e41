"""A company's own database user, on servers that have users."""

import uuid
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connections

from tenants.context import tenant_context
from tenants.databases import all_of, server_cursor, undo
from tenants.errors import TenantError
from tenants.models import Tenant, User, control_location
from tenants.services import create_tenant, ensure_tenant_schema

CONTROL = django_settings.DATABASES["default"]
pytestmark = pytest.mark.skipif(CONTROL["ENGINE"].endswith("sqlite3"), reason="SQLite has no users")
Free = Callable[[str], str]


@pytest.fixture
def user_name(databases: None) -> Iterator[str]:
    name = f"w_{uuid.uuid4().hex[:10]}"
    yield name
    sql(f"DROP USER IF EXISTS '{name}'@'%'")


@pytest.fixture
def own_users(free_name: Free, settings: Any) -> Any:
    """Switched on, as it is outside the tests."""
    settings.OWN_DB_USERS = True
    return settings


@pytest.fixture
def key(databases: None) -> Iterator[str]:
    """Of a company whose users are dropped afterwards."""
    key = f"con-{uuid.uuid4().hex[:8]}"
    yield key
    for user, host in users(key):
        sql(f"DROP USER '{user}'@'{host}'")


@pytest.fixture
def poor_service(own_users: Any, user_name: str) -> Iterator[Callable[..., None]]:
    """Make the service a user with these grants only."""
    with pytest.MonkeyPatch.context() as patch:

        def become(*grants: str) -> None:
            sql(f"CREATE USER '{user_name}'@'%' IDENTIFIED BY 'x'")
            for grant in grants:
                what, _, option = grant.partition(" WITH ")
                sql(f"GRANT {what} TO '{user_name}'@'%'{' WITH ' + option if option else ''}")
            patch.setitem(own_users.DATABASES["default"], "USER", user_name)
            patch.setitem(own_users.DATABASES["default"], "PASSWORD", "x")

        yield become


def sql(statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    with server_cursor(CONTROL | {"USER": "root", "PASSWORD": ""}) as cursor:
        cursor.execute(statement, parameters or None)
        return list(cursor.fetchall())


def users(key: str) -> set[tuple[str, str]]:
    """Those that were made for the company."""
    found = sql("SELECT user, host FROM mysql.user WHERE user LIKE %s", f"whapco\\_{key}\\_%")
    return {(user, host) for user, host in found}


def exists(user: str) -> bool:
    return bool(sql("SELECT 1 FROM mysql.user WHERE user = %s", user))


def company(free_name: Free, user: str, password: str = "c'l%a`ve") -> Tenant:  # noqa: S107
    return Tenant(key="propia", db_name=free_name("a_b"), db_user=user, db_password=password)


def whoever(tenant: Tenant) -> str:
    """As whom the runtime works in the company's database."""
    with tenant_context(tenant), connections[tenant.alias].cursor() as cursor:
        assert User.objects.count() == 1
        cursor.execute("SELECT CURRENT_USER()")
        return str(cursor.fetchone()[0].rpartition("@")[0])


def test_missing_user_is_made_and_reaches_its_own_database_only(
    free_name: Free, user_name: str
) -> None:
    tenant = create_tenant(company(free_name, user_name))
    assert whoever(tenant) == user_name
    with tenant_context(tenant), connections[tenant.alias].cursor() as cursor:
        control = control_location()["db_name"]
        for other in (f"`{control}`.tenants_tenant", f"`{tenant.db_name.replace('_', 'x')}`.t"):
            with pytest.raises(OperationalError, match="denied"):
                cursor.execute(f"SELECT * FROM {other}")


def test_a_company_gets_a_user_of_its_own_that_reaches_nothing_else(
    free_name: Free, own_users: Any, companies: SimpleNamespace, key: str
) -> None:
    made = create_tenant(Tenant(key=key, db_name=free_name("a_b")))
    stored = Tenant.objects.get(pk=made.pk)
    assert whoever(stored) == stored.db_user
    ((name, host),) = users(key)
    assert name == stored.db_user
    assert len(name) <= 32
    assert host == sql("SELECT CURRENT_USER()")[0][0].rpartition("@")[2]
    assert len(stored.db_password) >= 32
    raw = sql(f"SELECT db_password FROM `{control_location()['db_name']}`.tenants_tenant")
    assert stored.db_password not in str(raw)
    near = stored.db_name.replace("_", "x", 1)  # what an unescaped pattern would open
    sql(f"CREATE DATABASE `{near}`")
    try:
        with tenant_context(stored), connections[stored.alias].cursor() as cursor:
            for forbidden in (
                f"SELECT * FROM `{control_location()['db_name']}`.tenants_tenant",
                f"SELECT * FROM `{companies.acme.db_name}`.tenants_user",
                f"CREATE TABLE `{near}`.t (id INT)",
                "CREATE DATABASE whapco_no_debe",
                "CREATE USER nadie",
                f"GRANT ALL ON `{stored.db_name}`.* TO nadie",
            ):
                with pytest.raises(OperationalError) as refused:
                    cursor.execute(forbidden)
                assert refused.value.args[0] in (1044, 1142, 1227), forbidden
    finally:
        sql(f"DROP DATABASE `{near}`")


def test_a_company_that_nobody_will_miss_goes_with_its_user(
    free_name: Free, own_users: Any, key: str
) -> None:
    tenant = create_tenant(Tenant(key=key, db_name=free_name("prueba")))
    undo(tenant, all_of(tenant))
    assert users(key) == set()
    assert not sql("SHOW DATABASES LIKE %s", tenant.db_name.replace("_", r"\_"))


def test_the_user_comes_with_the_schema_when_that_comes_later(
    free_name: Free, own_users: Any, key: str
) -> None:
    tenant = create_tenant(Tenant(key=key, db_name=free_name("luego")), init_schema=False)
    assert tenant.db_user == ""
    ensure_tenant_schema(tenant)
    stored = Tenant.objects.get(pk=tenant.pk)
    assert {name for name, _ in users(key)} == {stored.db_user}
    assert whoever(stored) == stored.db_user


def test_a_lost_user_of_a_registered_company_is_made_again(
    free_name: Free, own_users: Any, key: str
) -> None:
    """After a move to another server, say."""
    tenant = create_tenant(Tenant(key=key, db_name=free_name("mudada")))
    ((host,),) = sql("SELECT host FROM mysql.user WHERE user = %s", tenant.db_user)
    sql(f"DROP USER '{tenant.db_user}'@'{host}'")
    connections[tenant.alias].close()
    ensure_tenant_schema(Tenant.objects.get(pk=tenant.pk))
    assert whoever(Tenant.objects.get(pk=tenant.pk)) == tenant.db_user


@pytest.mark.parametrize("given", [True, False])
def test_failure_takes_the_new_user_away_again(
    free_name: Free, user_name: str, own_users: Any, key: str, given: bool
) -> None:
    own_users.DEFAULT_ADMIN_PASSWORD_HASH = "no es un hash"  # noqa: S105
    tenant = company(free_name, user_name if given else "", "x" if given else "")
    tenant.key = key
    with pytest.raises(TenantError, match="hash"):
        create_tenant(tenant)
    assert users(key) == set()
    assert not exists(user_name)
    assert not sql("SHOW DATABASES LIKE %s", tenant.db_name.replace("_", r"\_"))


def test_switched_off_or_given_there_is_no_own_user(
    free_name: Free, own_users: Any, user_name: str
) -> None:
    assert create_tenant(company(free_name, user_name)).db_user == user_name
    own_users.OWN_DB_USERS = False
    assert create_tenant(Tenant(key="simple", db_name=free_name("simple"))).db_user == ""


@pytest.mark.parametrize(
    "grants",
    [
        ("ALL PRIVILEGES ON *.*",),  # everything, but not to give
        (r"ALL PRIVILEGES ON `test\_whapco\_%`.* WITH GRANT OPTION",),  # no CREATE USER
        (r"CREATE USER ON *.*", r"ALL PRIVILEGES ON `test\_whapco\_%`.*"),
    ],
)
def test_a_service_that_may_make_no_users_shares_its_own(
    free_name: Free, poor_service: Callable[..., None], grants: tuple[str, ...], key: str
) -> None:
    poor_service(*grants)
    tenant = create_tenant(Tenant(key=key, db_name=free_name("pobre")))
    assert tenant.db_user == ""
    assert whoever(tenant) == CONTROL["USER"]
    assert users(key) == set()


def test_rights_on_the_companies_databases_alone_are_enough(
    free_name: Free, poor_service: Callable[..., None], key: str
) -> None:
    poor_service("CREATE USER ON *.*", r"ALL PRIVILEGES ON `test\_whapco\_%`.* WITH GRANT OPTION")
    tenant = create_tenant(Tenant(key=key, db_name=free_name("justa")))
    assert whoever(tenant) == tenant.db_user != ""


def test_user_with_another_password_is_refused_and_nothing_made(
    free_name: Free, user_name: str
) -> None:
    sql(f"CREATE USER '{user_name}'@'%' IDENTIFIED BY 'suya'")
    with pytest.raises(TenantError, match="ya existe en el servidor con otra contraseña") as caught:
        create_tenant(company(free_name, user_name))
    assert "c'l" not in str(caught.value)
    assert exists(user_name)
    assert not Tenant.objects.exists()


def test_user_without_password_is_not_made(free_name: Free, user_name: str) -> None:
    with pytest.raises(TenantError, match="Falta la contraseña"):
        create_tenant(company(free_name, user_name, password=""))
    assert not exists(user_name)


def test_server_that_does_not_answer_gets_a_sentence(databases: None) -> None:
    with pytest.raises(TenantError, match="no responde"):
        create_tenant(Tenant(key="lejos", db_name="lejos", db_host="127.0.0.2", db_port=1))
    assert not Tenant.objects.exists()


def test_old_default_charset_of_an_empty_database_is_corrected(free_name: Free) -> None:
    name = free_name("latina")
    sql(f"CREATE DATABASE `{name}` CHARACTER SET latin1")
    tenant = create_tenant(Tenant(key="latina", db_name=name))
    with tenant_context(tenant):
        assert User.objects.create_user("ñandú👍").username == "ñandú👍"
