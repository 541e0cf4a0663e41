"""Which company is a request for? The documented table, row by row, through real requests."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from django.conf import settings as django_settings
from django.test import Client

from tenants.models import Tenant
from tests.meta import FakeMeta
from tests.servers import Server, mariadb_rows, on_mariadb
from tests.tenants.conftest import cookie_text, enter, make_user

CONTROL = "control"  # single-company mode: the company of DB_*


@dataclass(frozen=True)
class Row:
    """What a request carries, DEFAULT_TENANT, and whose login page it gets."""

    what: str
    company: str = ""
    header: str = ""
    query: str = ""
    cookie: str = ""
    default: str = ""
    refused: int = 0


TABLE = (
    Row("nothing at all", CONTROL),
    Row("the default alone", "beta", default="beta"),
    Row("a header", "acme", header="acme"),
    Row("a query", "acme", query="acme"),
    Row("a header, and a default", "acme", header="acme", default="beta"),
    Row("both, agreeing", "acme", header="acme", query="acme"),
    Row("both, disagreeing", header="acme", query="beta", refused=403),
    Row("both, disagreeing over a stranger", header="acme", query="nadie", refused=403),
    Row("a cookie", "acme", cookie="acme"),
    Row("a cookie, and a default", "acme", cookie="acme", default="beta"),
    Row("a cookie, and a header for another", "beta", cookie="acme", header="beta"),
    Row("an unknown header", header="nadie", refused=404),
    Row("an unknown query, and a cookie", query="nadie", cookie="acme", refused=404),
    Row("an unknown default", default="nadie", refused=404),
    Row("an unknown key of another shape", header="../acme", refused=404),
    Row("an inactive header", header="dormida", refused=404),
    Row("an inactive query, and a default", query="dormida", default="beta", refused=404),
    Row("an inactive company's cookie", CONTROL, cookie="dormida"),
    Row("an inactive company's cookie, and a default", "beta", cookie="dormida", default="beta"),
    Row("an inactive default", CONTROL, default="dormida"),
    Row("an inactive default, and a header", "acme", header="acme", default="dormida"),
    Row("a removed company", header="retirada", refused=404),
)


@pytest.fixture
def cookies(companies: SimpleNamespace) -> dict[str, str]:
    """The cookie of somebody logged in to acme; and to beta, which has slept since."""
    found = {}
    for tenant in (companies.acme, companies.beta):
        make_user(tenant, "ana")
        client = Client()
        assert enter(client, tenant.key).status_code == 302
        found[tenant.key] = cookie_text(client)
    return found


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.what)
def test_the_table(
    row: Row, companies: SimpleNamespace, cookies: dict[str, str], settings: Any
) -> None:
    names = _with_a_sleeping_company(row)
    settings.DEFAULT_TENANT = names.get(row.default, row.default)
    client = Client()
    if row.cookie:
        text = cookies[names.get(row.cookie, row.cookie)]
        client.cookies[django_settings.SESSION_COOKIE_NAME] = text
    query = {"tenant": names.get(row.query, row.query)} if row.query else {}
    headers = {"X-Tenant-ID": names.get(row.header, row.header)} if row.header else {}
    response = client.get("/login", query, headers=headers)
    assert response.status_code == (row.refused or 200)
    if not row.refused:
        shown = response.context["company"]
        assert shown == ("" if row.company == CONTROL else row.company.capitalize())


def _with_a_sleeping_company(row: Row) -> dict[str, str]:
    """Puts beta to sleep where the row speaks of such a company; else adds nobody. A removed one
    stays as a row."""
    said = {row.header, row.query, row.cookie, row.default}
    if "retirada" in said:
        Tenant.objects.filter(key="acme").update(removed_at="2026-01-01T00:00Z", active=False)
        return {"retirada": "acme"}
    if "dormida" not in said:
        return {}
    # The one that the row does not name awake.
    asleep = "acme" if "beta" in said else "beta"
    Tenant.objects.filter(key=asleep).update(active=False)
    return {"dormida": asleep}


def test_an_open_session_of_an_inactive_company_is_over(
    companies: SimpleNamespace, cookies: dict[str, str]
) -> None:
    client = Client()
    client.cookies[django_settings.SESSION_COOKIE_NAME] = cookies["acme"]
    assert client.get("/").status_code == 200
    Tenant.objects.filter(key="acme").update(active=False)
    assert client.get("/")["Location"].startswith("/login")
    assert client.get("/?tenant=acme").status_code == 404
    Tenant.objects.filter(key="acme").update(active=True)
    assert client.get("/").status_code == 200  # nobody had to log in again


# Starting --------------------------------------------------------------------------------------


@pytest.fixture
def servers() -> Iterator[tuple[Server, Server]]:
    """Two servers of one installation, whose database is not there yet."""
    meta = FakeMeta()
    env = {"DEFAULT_TENANT": "casa", "DEFAULT_TENANT_NAME": "Casa", "RUN_BACKGROUND": "0"}
    one, other = Server(meta, **env), Server(meta, **env)
    other.database = other.env["DB_NAME"] = one.database
    yield one, other
    other.close()
    one.close()
    meta.close()


def login_page(server: Server) -> requests.Response:
    return requests.get(f"{server.url}/login", timeout=30)


def test_two_servers_that_start_at_once_on_an_empty_server_are_one_installation(
    servers: tuple[Server, Server],
) -> None:
    for server in servers:
        server.launch()
    for server in servers:
        server.wait_until_it_listens()
        assert "<h1>Casa</h1>" in login_page(server).text
    assert servers[0].rows("SELECT `key`, name, active FROM tenants_tenant") == [
        ("casa", "Casa", 1)
    ]
    assert servers[0].rows("SELECT username FROM tenants_user ORDER BY username") == [
        ("admin",),
        ("superadmin",),
    ]


def test_a_start_that_is_told_to_touch_nothing_serves_what_is_there(
    servers: tuple[Server, Server],
) -> None:
    careful, ordinary = servers
    careful.env["INIT_DB_ON_START"] = "0"
    careful.start()
    assert not _database_exists(careful)
    assert login_page(careful).status_code == 503
    ordinary.start()  # INIT_DB_ON_START=1 is the default
    assert login_page(ordinary).status_code == 200
    assert login_page(careful).status_code == 200


def _database_exists(server: Server) -> bool:
    if on_mariadb():
        return bool(mariadb_rows(f"SHOW DATABASES LIKE '{server.database}'"))
    return Path(server.database).exists()
