"""A company's own database user, on servers that have users."""

import uuid
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.db import OperationalError, connections

from tenants.context import tenant_context
from tenants.databases import server_cursor
from tenants.errors import TenantError
from tenants.models import Tenant, User, control_location
from tenants.services import create_tenant

pytestmark = pytest.mark.skipif(
    settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"), reason="SQLite has no users"
)
Free = Callable[[str], str]


@pytest.fixture
def user_name(databases: None) -> Iterator[str]:
    name = f"w_{uuid.uuid4().hex[:10]}"
    yield name
    with server_cursor(settings.DATABASES["default"]) as cursor:
        cursor.execute(f"DROP USER IF EXISTS '{name}'@'%'")


def exists(user: str) -> bool:
    with server_cursor(settings.DATABASES["default"]) as cursor:
        cursor.execute("SELECT 1 FROM mysql.user WHERE user = %s", [user])
        return cursor.fetchone() is not None


def company(free_name: Free, user: str, password: str = "c'l%a`ve") -> Tenant:  # noqa: S107
    return Tenant(key="propia", db_name=free_name("a_b"), db_user=user, db_password=password)


def test_missing_user_is_made_and_reaches_its_own_database_only(
    free_name: Free, user_name: str
) -> None:
    tenant = create_tenant(company(free_name, user_name))
    with tenant_context(tenant), connections[tenant.alias].cursor() as cursor:
        assert User.objects.count() == 1
        cursor.execute("SELECT CURRENT_USER()")
        assert cursor.fetchone()[0].startswith(user_name)
        control = control_location()["db_name"]
        for other in (f"`{control}`.tenants_tenant", f"`{tenant.db_name.replace('_', 'x')}`.t"):
            with pytest.raises(OperationalError, match="denied"):
                cursor.execute(f"SELECT * FROM {other}")


def test_user_with_another_password_is_refused_and_nothing_made(
    free_name: Free, user_name: str
) -> None:
    with server_cursor(settings.DATABASES["default"]) as cursor:
        cursor.execute(f"CREATE USER '{user_name}'@'%' IDENTIFIED BY 'suya'")
    with pytest.raises(TenantError, match="ya existe en el servidor con otra contraseña") as caught:
        create_tenant(company(free_name, user_name))
    assert "c'l" not in str(caught.value)
    assert exists(user_name)
    assert not Tenant.objects.exists()


def test_failure_takes_the_new_user_away_again(
    free_name: Free, user_name: str, settings: pytest.FixtureRequest
) -> None:
    settings.DEFAULT_ADMIN_PASSWORD_HASH = "no es un hash"  # type: ignore[attr-defined]
    with pytest.raises(TenantError, match="hash"):
        create_tenant(company(free_name, user_name))
    assert not exists(user_name)


def test_user_without_password_is_not_made(free_name: Free, user_name: str) -> None:
    with pytest.raises(TenantError, match="Falta la contraseña"):
        create_tenant(company(free_name, user_name, password=""))
    assert not exists(user_name)


def test_server_that_does_not_answer_gets_a_sentence(databases: None) -> None:
    with pytest.raises(TenantError, match="La base de datos 'lejos' respondió"):
        create_tenant(Tenant(key="lejos", db_name="lejos", db_host="127.0.0.2", db_port=1))
    assert not Tenant.objects.exists()


def test_old_default_charset_of_an_empty_database_is_corrected(free_name: Free) -> None:
    name = free_name("latina")
    with server_cursor(settings.DATABASES["default"]) as cursor:
        cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET latin1")
    tenant = create_tenant(Tenant(key="latina", db_name=name))
    with tenant_context(tenant):
        assert User.objects.create_user("ñandú👍").username == "ñandú👍"
