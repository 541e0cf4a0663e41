"""Nothing secret is said: every path runs with every logger at DEBUG, SQL included, and what was
written, shown, printed or passed to another process is searched for what was planted."""

import io
import json
import logging
import subprocess
import sys
import uuid
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from conversations.whatsapp.client import Client as GraphClient
from conversations.whatsapp.errors import GraphError
from tenants import registry
from tenants.context import tenant_context
from tenants.models import Role, Tenant
from tests.journeys.shop import Shop, incoming, outside, text_message
from tests.meta import FakeMeta
from tests.servers import mariadb_rows, on_mariadb
from tests.tenants.conftest import enter, make_user
from tests.tenants.panel import change_page, fields_of
from whapco import urls
from whapco.lib.logs import guard_access_logs

TOKEN = "EAAplantadoTokenDeMeta"
NEW_TOKEN = "EAAplantadoTokenNuevo"
APP_SECRET = "plantado-secreto-de-app"
VERIFY = "plantado-token-de-verificacion"
DB_PASSWORD = "plantada-clave-de-base"
PASSWORD = "Plantada-clave-propia-9"
WRONG = "Plantada-clave-fallada-8"
NEXT_PASSWORD = "Plantada-clave-nueva-7"
SECRET_KEY = "plantada-secret-key-de-django"
PLANTED = [
    TOKEN,
    NEW_TOKEN,
    APP_SECRET,
    VERIFY,
    DB_PASSWORD,
    PASSWORD,
    WRONG,
    NEXT_PASSWORD,
    SECRET_KEY,
]
started: list[str] = []  # command lines; an audit hook cannot be taken away again


def _note_processes(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"):
        started.append(f"{event} {arguments}")


sys.addaudithook(_note_processes)


class Said(logging.Handler):
    """All that anybody could read."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []
        self.loggers: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.loggers.add(record.name)
        extra = {name: value for name, value in vars(record).items() if name in ("sql", "params")}
        self.texts.append(f"{record.name}: {self.format(record)} {record.args!r} {extra}")

    def holding(self, secrets: list[str]) -> list[str]:
        texts = [*self.texts, *started]
        return [text[:2000] for text in texts if any(secret in text for secret in secrets)]


class Reader(Client):
    """A browser that notes each page it is shown."""

    def __init__(self, said: Said, **more: Any) -> None:
        super().__init__(raise_request_exception=False, **more)
        self.said = said

    def request(self, **asked: Any) -> Any:
        response = super().request(**asked)
        content = b"".join(response) if response.streaming else response.content
        self.said.texts.append(f"{response.headers} {content.decode(errors='replace')}")
        return response


@pytest.fixture
def said(settings: Any) -> Iterator[Said]:
    """Every logger there is tells everything, and every connection its SQL."""
    settings.SECRET_KEY = SECRET_KEY
    started.clear()
    heard = Said()
    loggers = [logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict)]
    before = [(logger, logger.level, logger.disabled, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.disabled, logger.propagate = False, True
    logging.getLogger().addHandler(heard)
    connection_created.connect(_tell_sql)
    yield heard
    connection_created.disconnect(_tell_sql)
    logging.getLogger().removeHandler(heard)
    for logger, level, disabled, propagate in before:
        logger.setLevel(level)
        logger.disabled, logger.propagate = disabled, propagate


def _tell_sql(connection: Any, **_: Any) -> None:
    connection.force_debug_cursor = True


@pytest.fixture
def shop(said: Said, companies: SimpleNamespace, meta: FakeMeta) -> Shop:
    """Company acme with planted secrets; Meta knows them."""
    meta.graph.tokens.grant(TOKEN, "111")
    acme = companies.acme
    acme.meta_token, acme.app_secret, acme.verify_token = TOKEN, APP_SECRET, VERIFY
    acme.save()
    registry.forget()
    return Shop(Tenant.objects.get(key="acme"), "111", meta, APP_SECRET, client=Reader(said))


def command(said: Said, *arguments: str) -> None:
    """Its output and its error are what an operator reads."""
    out = io.StringIO()
    try:
        outside(call_command, *arguments, stdout=out, stderr=out)
    except CommandError as error:
        out.write(f"{error} {error.__cause__!r}")
    said.texts.append(out.getvalue())


def test_the_ear_hears(said: Said, companies: SimpleNamespace, meta: FakeMeta) -> None:
    """Without this the others would prove nothing."""
    from django.db import connections

    for alias in ("default", "t_acme"):
        connections[alias].close()
    with tenant_context(companies.acme):
        list(Role.objects.filter(keyword=TOKEN))
    assert said.holding([TOKEN])[0].startswith("django.db.backends: ")
    logging.getLogger("axes").debug("uno %s", VERIFY)
    assert len(said.holding([VERIFY])) == 1
    with pytest.raises(GraphError):
        GraphClient(meta.url, "v23.0", "ninguno").get_number("111")
    assert "urllib3.connectionpool" in said.loggers
    subprocess.run([sys.executable, "-c", "", WRONG], check=True)
    assert len(said.holding([WRONG])) == 1


def test_webhooks_and_what_is_sent(shop: Shop, said: Said) -> None:
    shop.rules("menu_principal|iniciar|Hola")
    shop.rule("menu_principal|foto|Mira||image", medias=(("image", "https://x.example/a.png"),))
    shop.says("hola")
    shop.says("foto")
    assert shop.out == ["Hola", "Mira"]
    shop.sends(incoming("image", {"id": "1", "mime_type": "image/jpeg"}))
    shop.post(shop.envelope(messages=[text_message("falsa")]), secret="otro-secreto")
    for token in (VERIFY, f"{VERIFY}-no"):
        query = f"?tenant=acme&hub.mode=subscribe&hub.challenge=7&hub.verify_token={token}"
        outside(shop.client.get, f"/webhook{query}")
    shop.deliver_statuses()
    for trouble in (190, 131030, "500", "lost"):
        shop.meta.fail_next(trouble)
        shop.says("hola")
        shop.sweep()
    with shop.inside():
        for again in ("1", "no-hay"):
            try:
                list(GraphClient(shop.meta.url, "v23.0", TOKEN).download_media(again, max_bytes=9))
            except GraphError as error:
                logging.getLogger("tests").exception("Lo que diría un registro: %r", error)
    assert said.holding(PLANTED) == []


def test_login_and_change_of_password(shop: Shop, said: Said) -> None:
    user = make_user(shop.tenant, "ana", Role.ADMIN)
    with shop.inside():
        user.set_password(PASSWORD)
        user.save()
    said.texts.clear()  # what the test itself did is not the product's
    client = Reader(said)
    for _ in range(2):
        assert enter(client, "acme", "ana", WRONG).status_code == 422
    assert enter(client, "nadie", "ana", PASSWORD).status_code == 422
    assert enter(client, "acme", "ana", PASSWORD).status_code == 302
    for new in ("corta", NEXT_PASSWORD):
        fields = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
        client.post("/cambiar-clave", fields)
    assert enter(client, "acme", "ana", NEXT_PASSWORD).status_code == 302
    assert client.get("/admin/").status_code == 200
    for _ in range(6):
        enter(Reader(said), "acme", "ana", WRONG)
    enter(Reader(said, enforce_csrf_checks=True), "acme", "ana", PASSWORD)
    assert said.holding(PLANTED) == []


@pytest.fixture
def own_user() -> Iterator[str]:
    """A name for a user of the database server, who is gone afterwards."""
    name = f"w_{uuid.uuid4().hex[:10]}"
    yield name
    if on_mariadb():
        mariadb_rows(f"DROP USER IF EXISTS {name}@'%'")


def test_commands(
    shop: Shop,
    said: Said,
    free_name: Any,
    own_user: str,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.INIT_DB_ON_START = False
    metadata = json.dumps({"env": {"META_TOKEN": TOKEN, "META_APP_SECRET": APP_SECRET}})
    name = free_name("secretos")
    own = ("--db-user", own_user, "--db-password", DB_PASSWORD)
    command(said, "create_tenant", "nueva", name, *own, "--metadata", metadata, "--init-schema")
    assert Tenant.objects.get(key="nueva").meta_token == TOKEN
    nowhere = ("--db-host", "127.0.0.1", "--db-port", "1")
    command(said, "create_tenant", "lejos", "lejos", *own, *nowhere, "--init-schema")
    command(said, "create_tenant", "acme", "otra", *own)
    command(said, "create_tenant", "mala", "mala", "--metadata", metadata[:-2])
    command(said, "create_tenant", "mala", "m`a", *own, "--metadata", metadata)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{DB_PASSWORD}\n{metadata}"))
    command(said, "create_tenant", "nueva", name, *own[:2], "--db-password", "-", "--metadata", "-")
    command(said, "migrate_tenants")
    command(said, "rotate_keys")
    command(said, "check", "--deploy")
    command(said, "tenant_command", Tenant.SINGLE_COMPANY_KEY, "dumpdata", "tenants.tenant")
    assert '"key": "nueva"' in said.texts[-1]
    assert said.holding(PLANTED) == []


def test_database_that_refuses(shop: Shop, said: Said, kept_aliases: None) -> None:
    """Wrong place and wrong password: pages, webhook and jobs."""
    make_user(shop.tenant, "ana", Role.ADMIN)
    enter(shop.client, "acme")
    Tenant.objects.filter(key="acme").update(
        db_host="127.0.0.1", db_port=1, db_name="no/hay/tal", db_user="nadie"
    )
    Tenant.objects.filter(key="acme").update(db_password=DB_PASSWORD)
    registry.forget()
    assert shop.client.get("/").status_code == 503
    assert enter(Reader(said), "acme", "ana", PASSWORD).status_code == 503
    shop.post(shop.envelope(messages=[text_message("hola")]))
    command(said, "migrate_tenants")
    command(said, "rotate_keys")
    assert said.holding(PLANTED) == []


def test_panel(shop: Shop, said: Said, companies: SimpleNamespace) -> None:
    make_user(companies.control, "jefa", Role.SUPERADMIN)
    client = Reader(said)
    enter(client, "", "jefa")
    address = change_page(shop.tenant)
    page = client.get(address)
    assert page.status_code == 200
    fields = fields_of(page) | {"meta_token": NEW_TOKEN, "app_secret": APP_SECRET}
    client.post(address, fields, follow=True)
    assert Tenant.objects.get(key="acme").meta_token == NEW_TOKEN
    client.post(address, fields | {"name": "x" * 999}, follow=True)  # refused: shown again
    for part in ("change", "history", "delete", "probar", "usuarios"):
        client.get(address.replace("change", part))
    client.get("/admin/tenants/tenant/")
    assert said.holding(PLANTED) == []


def fall(request: HttpRequest) -> HttpResponse:
    """With a secret in each frame, as a traceback would find it."""
    token = request.GET["token"]  # noqa: F841
    company = Tenant.objects.get(key="acme")
    raise RuntimeError(f"Falló {company!r} {company}")


urlpatterns = [path("falla", fall), *urls.urlpatterns]


def test_error_page(shop: Shop, said: Said, settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    response = Reader(said).get(f"/falla?token={TOKEN}", headers={"X-Token": TOKEN})
    assert response.status_code == 500
    assert "RuntimeError" in "".join(said.texts)  # it was logged, with its traceback
    assert said.holding(PLANTED) == []


@pytest.mark.parametrize("name", ["uvicorn.access", "django.server"])
def test_access_logs_hide_the_token_that_meta_puts_in_the_address(said: Said, name: str) -> None:
    guard_access_logs()
    line = f"/webhook?hub.mode=subscribe&hub.verify_token={VERIFY}&hub.challenge=7"
    logging.getLogger(name).info('"%s %s HTTP/%s" %d', "GET", line, "1.1", 200)
    assert "hub.verify_token=***&hub.challenge=7 HTTP/1.1" in said.texts[-1]
    assert said.holding(PLANTED) == []


def test_dumped_company_comes_back_with_its_secrets(
    shop: Shop, said: Said, tmp_path: Any, settings: Any
) -> None:
    file = tmp_path / "empresas.json"
    scope = Tenant.SINGLE_COMPANY_KEY
    command(said, "tenant_command", scope, "dumpdata", "tenants.tenant", f"--output={file}")
    assert [secret for secret in PLANTED if secret in file.read_text(encoding="utf-8")] == []
    Tenant.objects.filter(key="acme").update(meta_token="", app_secret="")
    command(said, "tenant_command", scope, "loaddata", str(file))
    acme = Tenant.objects.get(key="acme")
    assert (acme.meta_token, acme.app_secret, acme.verify_token) == (TOKEN, APP_SECRET, VERIFY)
