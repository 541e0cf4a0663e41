"""What travels around the pages: headers, cookies, tokens against forgery, and how long a login
lasts."""

import re
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib import admin
from django.contrib.sessions.models import Session
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, path, reverse
from django.utils import timezone

from tenants.context import tenant_context
from tenants.models import Role, Tenant
from tenants.sessions import holder_of_session
from tests.tenants.conftest import cookie_text, enter, make_user, who
from whapco import urls

HTTPS = {"HTTP_X_FORWARDED_PROTO": "https"}
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>"
    r"|<style|\sstyle=\"|\son[a-z]+=\"|javascript:"
)
WITHOUT_TOKEN = ("webhook", "simulador/graph/")  # Meta's server, and what plays it
HOUR = timedelta(hours=1)


@pytest.fixture
def boss(client: Client, companies: SimpleNamespace) -> Client:
    """Logged in as admin of acme."""
    make_user(companies.acme, "jefa", Role.ADMIN)
    enter(client, "acme", "jefa")
    return client


@pytest.fixture
def on_https(settings: Any) -> None:
    """What the settings make of an https PUBLIC_BASE_URL (test_deploy_checks.py reads them)."""
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True


# Headers --------------------------------------------------------------------------------------


def assert_guarded(response: Any) -> None:
    assert "default-src 'none'; script-src 'self';" in response["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "geolocation=()" in response["Permissions-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]


def admin_pages() -> Iterator[str]:
    yield "/admin/"
    for model, pages in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        wanted = {f"{name}_changelist", f"{name}_add", f"{name}_import"}
        found = {url.name for url in pages.get_urls()} & wanted
        yield from (reverse(f"admin:{one}") for one in sorted(found))


@pytest.mark.parametrize("address", ["/", "/cambiar-clave", *admin_pages()])
def test_pages_are_guarded_and_hold_nothing_inline(boss: Client, address: str) -> None:
    response = boss.get(address)
    assert response.status_code in (200, 403)
    assert_guarded(response)
    assert INLINE.findall(response.content.decode()) == []


def test_page_of_one_object_in_the_admin_holds_nothing_inline(
    boss: Client, companies: SimpleNamespace
) -> None:
    from chatbot.models import Rule

    with tenant_context(companies.acme):
        rule = Rule.objects.create(step="a", trigger="b", reply="c")
    for what in ("change", "delete", "history"):
        response = boss.get(reverse(f"admin:chatbot_rule_{what}", args=[rule.pk]), follow=True)
        assert response.status_code == 200
        assert_guarded(response)
        assert INLINE.findall(response.content.decode()) == []


def test_export_needs_no_page_of_its_own(boss: Client) -> None:
    """Its page had a handler that the policy forbids; there was nothing to choose on it."""
    response = boss.get("/admin/chatbot/rule/export/")
    assert (response.status_code, response["Content-Type"].split("/")[0]) == (200, "application")
    assert response["Content-Disposition"].startswith("attachment")


def fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("Algo que nadie esperaba")


urlpatterns = [path("falla", fail), *urls.urlpatterns]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/no-hay", 404),
        ("/login?tenant=nadie", 404),
        ("/falla", 500),
        ("/login?tenant=acme&tenant=beta", 403),
    ],
)
def test_error_pages_are_guarded(
    companies: SimpleNamespace, address: str, status: int, settings: Any
) -> None:
    settings.ROOT_URLCONF = __name__
    response = Client(raise_request_exception=False).get(address)
    assert response.status_code == status
    assert_guarded(response)
    assert INLINE.findall(response.content.decode()) == []
    assert "Algo que nadie" not in response.content.decode()


def test_refused_form_is_guarded(companies: SimpleNamespace) -> None:
    response = enter(Client(enforce_csrf_checks=True), "acme")
    assert response.status_code == 403
    assert_guarded(response)


# HTTPS ----------------------------------------------------------------------------------------


def test_plain_http_stays_where_there_is_no_https(client: Client, companies: Any) -> None:
    response = client.get("/login")
    assert response.status_code == 200
    assert "Strict-Transport-Security" not in response


def test_with_https_pages_go_there_and_stay(
    client: Client, companies: SimpleNamespace, on_https: None
) -> None:
    moved = client.get("/login?tenant=acme")
    assert moved.status_code == 301
    assert moved["Location"] == "https://testserver/login?tenant=acme"
    page = client.get("/login", **HTTPS)
    assert page["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize("address", ["/webhook", "/webhook/"])
def test_webhook_is_never_redirected(companies: Any, on_https: None, address: str) -> None:
    query = "?hub.mode=subscribe&hub.challenge=7&hub.verify_token=verificar-global"
    assert Client().get(address + query).content == b"7"
    answer = Client().post(address, data=b"{}", content_type="application/json")
    assert answer.status_code == 403  # unsigned, but answered here


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_cookies_are_kept_close(
    client: Client, companies: SimpleNamespace, scheme: str, request: pytest.FixtureRequest
) -> None:
    if scheme == "https":
        request.getfixturevalue("on_https")
    make_user(companies.acme)
    enter(client, "acme", **(HTTPS if scheme == "https" else {}))
    session = client.cookies[django_settings.SESSION_COOKIE_NAME]
    token = client.cookies[django_settings.CSRF_COOKIE_NAME]
    assert session["httponly"]
    for cookie in (session, token):
        assert bool(cookie["secure"]) == (scheme == "https")
        assert cookie["samesite"] == "Lax"


# Forgery --------------------------------------------------------------------------------------


def addresses(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    """Every address of the project, with something in place of its arguments."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield filled(route)


def filled(route: str) -> str:
    route = re.sub(r"<(?:int|str|slug|path|uuid):\w+>|<\w+>", "1", route)
    route = re.sub(r"\(\?P<\w+>[^)]*\)", "1", route)
    return re.sub(r"[\^$]|\\Z|\.\*", "", route)


def test_every_address_but_metas_refuses_a_form_without_token(companies: SimpleNamespace) -> None:
    """As a superadmin, whom no permission would stop first, and as nobody."""
    make_user(companies.control, "jefa", Role.ADMIN, Role.SUPERADMIN)
    boss, nobody = Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)
    page = boss.get("/login")
    token = page.cookies["csrftoken"].value
    assert enter(boss, "", "jefa", headers={"X-CSRFToken": token}).status_code == 302
    asked = [address for address in addresses() if not address.startswith(WITHOUT_TOKEN)]
    for address in asked:
        for client in (boss, nobody):
            response = client.post(f"/{address}", {"a": "b"})
            used = [template.name for template in response.templates]
            assert (response.status_code, used[:1]) == (403, ["403_csrf.html"]), address
    assert len(asked) > 40


def test_only_meta_is_let_off_the_token() -> None:
    let_off = {
        str(pattern.pattern)
        for pattern in every_pattern(get_resolver().url_patterns)
        if getattr(pattern.callback, "csrf_exempt", False)
    }
    assert let_off == {"webhook", "webhook/", "graph/<path:path>"}


def every_pattern(patterns: Any) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from every_pattern(pattern.url_patterns)
        else:
            yield pattern


def test_logout_is_by_post_only(boss: Client) -> None:
    assert boss.get("/logout").status_code == 405
    assert boss.get("/admin/logout/").status_code == 405
    assert who(boss) == "jefa"


# Sessions -------------------------------------------------------------------------------------


def sessions(tenant: Tenant) -> list[Session]:
    with tenant_context(tenant):
        return list(Session.objects.all())


def test_login_and_logout_change_the_key(client: Client, companies: SimpleNamespace) -> None:
    """Also a login over a login: whoever knew the old key knows nothing now."""
    make_user(companies.acme)
    keys = []
    for _ in range(2):
        enter(client, "acme")
        keys.append(cookie_text(client))
    client.post("/logout")
    assert sessions(companies.acme) == []
    enter(client, "acme")
    keys.append(cookie_text(client))
    assert len(set(keys)) == 3
    assert len(sessions(companies.acme)) == 1
    for old in keys[:2]:
        thief = Client()
        thief.cookies[django_settings.SESSION_COOKIE_NAME] = old
        assert who(thief, "?tenant=acme") is None


def test_login_changes_the_token_against_forgery(
    client: Client, companies: SimpleNamespace
) -> None:
    make_user(companies.acme)
    client.get("/login")
    before = client.cookies["csrftoken"].value
    enter(client, "acme")
    assert client.cookies["csrftoken"].value != before


def idle(tenant: Tenant, gone: timedelta) -> None:
    """The user's last sign of life was that long ago."""
    with tenant_context(tenant):
        (session,) = Session.objects.all()
        data = session.get_decoded()
        data["renewed_at"] -= gone.total_seconds()
        store = session.get_session_store_class()()
        session.session_data = store.encode(data)
        session.expire_date -= gone
        session.save()


def test_session_ends_after_half_a_day_of_doing_nothing(
    client: Client, companies: SimpleNamespace
) -> None:
    make_user(companies.acme)
    enter(client, "acme")
    assert int(client.cookies["whapco_session"]["max-age"]) == 12 * 3600
    idle(companies.acme, 12 * HOUR)
    cookie = cookie_text(client)
    assert holder_of_session(cookie) is None  # what the event stream asks every minute
    assert who(client, "?tenant=acme") is None


def test_who_works_stays_and_is_not_written_down_at_every_click(
    client: Client, companies: SimpleNamespace
) -> None:
    make_user(companies.acme)
    enter(client, "acme")
    idle(companies.acme, 11 * HOUR)
    assert who(client) == "ana"
    (session,) = sessions(companies.acme)
    assert session.expire_date - timezone.now() > 11 * HOUR
    assert holder_of_session(cookie_text(client)) is not None
    with CaptureQueriesContext(connections["t_acme"]) as queries:
        assert who(client) == "ana"
    assert [query for query in queries if not query["sql"].startswith("SELECT")] == []


def test_open_page_by_itself_is_no_sign_of_life(client: Client, companies: SimpleNamespace) -> None:
    make_user(companies.acme)
    enter(client, "acme")
    idle(companies.acme, 11 * HOUR)
    before = sessions(companies.acme)[0].expire_date
    assert client.get("/chats/lista", headers={"X-Background": "1"}).status_code == 200
    assert sessions(companies.acme)[0].expire_date == before
    assert client.get("/chats/lista").status_code == 200
    assert sessions(companies.acme)[0].expire_date > before


def test_page_says_what_it_does_by_itself() -> None:
    for name in ("list", "thread"):
        text = (django_settings.BASE_DIR / f"static/js/{name}.js").read_text(encoding="utf-8")
        assert "BY_ITSELF" in text
