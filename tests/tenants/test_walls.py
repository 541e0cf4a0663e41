"""Between two companies: whatever a request carries, it is somebody in one company at most."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from tenants import registry
from tenants.context import tenant_context
from tenants.middleware import TenantUserMiddleware
from tenants.models import Role, Tenant, User
from tenants.services import update_tenant
from tenants.sessions import Cookie, SessionStore, holder_of_session, open_cookie
from tests.tenants.conftest import PASSWORD, cookie_text, enter, make_user, who


@pytest.fixture
def two_anas(companies: SimpleNamespace) -> SimpleNamespace:
    """Users with the same id, name and password in both companies: the hardest neighbours."""
    make_user(companies.acme, "ana", Role.ADMIN)
    make_user(companies.beta, "ana", Role.ADMIN)
    return companies


def test_login_opens_the_typed_company_and_no_other(
    client: Client, two_anas: SimpleNamespace
) -> None:
    assert enter(client, "acme").status_code == 302
    assert who(client) == "ana"
    assert who(client, "?tenant=acme") == "ana"
    assert who(client, **{"X-Tenant-ID": "acme"}) == "ana"
    assert who(client, "?tenant=beta") is None
    assert who(client, **{"X-Tenant-ID": "beta"}) is None


def test_session_rows_live_in_the_companys_database(
    client: Client, two_anas: SimpleNamespace
) -> None:
    enter(client, "acme")
    counts = {alias: Session.objects.using(alias).count() for alias in ("t_acme", "t_beta")}
    assert counts == {"t_acme": 1, "t_beta": 0}
    assert Session.objects.using("default").count() == 0


def test_header_and_query_that_disagree_are_refused(
    client: Client, two_anas: SimpleNamespace
) -> None:
    enter(client, "acme")
    response = client.get("/cambiar-clave?tenant=acme", headers={"X-Tenant-ID": "beta"})
    assert response.status_code == 403


@pytest.mark.parametrize(
    ("query", "headers"), [("?tenant=nadie", {}), ("", {"X-Tenant-ID": "nadie"})]
)
def test_unknown_company_is_named_in_the_answer(
    client: Client, companies: SimpleNamespace, query: str, headers: dict[str, str]
) -> None:
    response = client.get(f"/login{query}", headers=headers)
    assert response.status_code == 404
    assert "No se encontró la empresa &#x27;nadie&#x27;." in response.content.decode()


def test_a_strangers_visit_leaves_the_cookie_untouched(
    client: Client, two_anas: SimpleNamespace
) -> None:
    enter(client, "acme")
    before = cookie_text(client)
    for path in ("/cambiar-clave?tenant=beta", "/login?tenant=beta"):
        response = client.get(path)
        assert django_settings.SESSION_COOKIE_NAME not in response.cookies
    response = enter(client, "beta", password="equivocada")
    assert response.status_code == 422
    assert cookie_text(client) == before
    assert who(client) == "ana"


def test_login_elsewhere_moves_the_cookie(client: Client, two_anas: SimpleNamespace) -> None:
    enter(client, "acme")
    enter(client, "beta")
    cookie = open_cookie(cookie_text(client))
    assert cookie is not None
    assert cookie.tenant_key == "beta"
    assert who(client) == "ana"
    assert who(client, "?tenant=acme") is None
    assert Session.objects.using("t_acme").count() == 0  # the session left behind is over


def test_stranger_may_log_in_by_header(client: Client, two_anas: SimpleNamespace) -> None:
    enter(client, "acme")
    assert enter(client, "", headers={"X-Tenant-ID": "beta"}).status_code == 302
    assert who(client, **{"X-Tenant-ID": "beta"}) == "ana"
    assert who(client, **{"X-Tenant-ID": "acme"}) is None


@pytest.mark.parametrize("swap", ["beta", "", "_default", "nadie"])
def test_cookie_rewritten_to_another_company_is_nobody(
    client: Client, two_anas: SimpleNamespace, swap: str
) -> None:
    enter(client, "acme")
    client.cookies[django_settings.SESSION_COOKIE_NAME] = cookie_text(client).replace("acme", swap)
    assert who(client) is None


@pytest.mark.parametrize("text", ["x", "acme:" + "a" * 32, "a:b:c:d", ":", "é", "a" * 5000, "\0"])
def test_forged_cookie_is_nobody(client: Client, two_anas: SimpleNamespace, text: str) -> None:
    client.cookies[django_settings.SESSION_COOKIE_NAME] = text
    assert who(client, "?tenant=acme") is None


def test_own_signature_over_anothers_session_key_opens_nothing(
    client: Client, two_anas: SimpleNamespace
) -> None:
    enter(client, "acme")
    cookie = open_cookie(cookie_text(client))
    assert cookie is not None
    client.cookies[django_settings.SESSION_COOKIE_NAME] = str(Cookie("beta", cookie.session_key))
    assert who(client) is None


def test_session_row_restored_into_another_company_opens_nothing(
    client: Client, two_anas: SimpleNamespace
) -> None:
    enter(client, "acme")
    cookie = open_cookie(cookie_text(client))
    assert cookie is not None
    row = Session.objects.using("t_acme").get()
    row.save(using="t_beta", force_insert=True)
    User.objects.using("t_beta").update(
        password=User.objects.using("t_acme").values_list("password", flat=True)[0]
    )
    client.cookies[django_settings.SESSION_COOKIE_NAME] = str(Cookie("beta", cookie.session_key))
    assert who(client) is None


def test_user_of_another_database_is_nobody(two_anas: SimpleNamespace) -> None:
    seen: list[Any] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request.user)
        return HttpResponse()

    request = RequestFactory().get("/")
    request.user = User.objects.using("t_beta").get()
    with tenant_context(two_anas.acme):
        TenantUserMiddleware(view)(request)
    assert not seen[0].is_authenticated


def test_suspended_company_lets_nobody_in(client: Client, two_anas: SimpleNamespace) -> None:
    enter(client, "acme")
    update_tenant(two_anas.acme, active=False)
    assert who(client) is None
    assert enter(client, "acme").status_code == 422
    assert client.get("/login?tenant=acme").status_code == 404


def test_suspended_company_in_the_control_database_keeps_its_superadmins(
    client: Client, databases: None, settings: Any
) -> None:
    settings.DEFAULT_TENANT = "casa"
    control = Tenant.single_company()
    Tenant(key="casa", **control.location, active=False).save()
    registry.forget()
    make_user(control, "jefa", Role.SUPERADMIN)
    make_user(control, "ana", Role.ADMIN)
    assert enter(client, "", "ana").status_code == 422
    assert enter(client, "", "jefa").status_code == 302
    assert who(client) == "jefa"


def test_login_without_company_is_for_the_control_database(
    client: Client, two_anas: SimpleNamespace
) -> None:
    assert enter(client, "").status_code == 422
    make_user(two_anas.control, "jefa", Role.SUPERADMIN)
    assert enter(client, "", "jefa").status_code == 302
    assert who(client) == "jefa"
    assert who(client, "?tenant=acme") is None


def test_wrong_company_in_the_form_is_said(client: Client, companies: SimpleNamespace) -> None:
    response = enter(client, "nadie")
    assert response.status_code == 422
    assert "No se encontró la empresa" in response.content.decode()


def test_typed_company_may_carry_capitals_and_spaces(
    client: Client, two_anas: SimpleNamespace
) -> None:
    assert enter(client, " ACME ").status_code == 302


def test_logout_ends_the_session(client: Client, two_anas: SimpleNamespace) -> None:
    enter(client, "acme")
    kept = cookie_text(client)
    assert client.get("/logout").status_code == 405
    assert client.post("/logout").status_code == 302
    client.cookies[django_settings.SESSION_COOKIE_NAME] = kept
    assert who(client) is None


@pytest.mark.parametrize("address", ["https://malo.example/", "//malo.example", "javascript:x"])
def test_login_never_sends_to_another_site(
    client: Client, two_anas: SimpleNamespace, address: str
) -> None:
    response = client.post(
        "/login", {"company": "acme", "username": "ana", "password": PASSWORD, "next": address}
    )
    assert response["Location"] == "/"


def test_a_login_elsewhere_ends_the_session_that_the_browser_loses(
    client: Client, two_anas: SimpleNamespace
) -> None:
    enter(client, "acme")
    kept = cookie_text(client)
    form = {"company": "beta", "username": "ana", "password": PASSWORD}
    assert client.post("/login?tenant=beta", form).status_code == 302
    assert who(client) == "ana"
    client.cookies[django_settings.SESSION_COOKIE_NAME] = kept
    assert who(client) is None


def test_a_company_that_is_away_keeps_nobody_out_of_another(
    client: Client, two_anas: SimpleNamespace, kept_aliases: None
) -> None:
    enter(client, "acme")
    Tenant.objects.filter(key="acme").update(db_host="127.0.0.1", db_port=1, db_name="no/hay/tal")
    form = {"company": "beta", "username": "ana", "password": PASSWORD}
    assert client.post("/login?tenant=beta", form).status_code == 302
    assert who(client) == "ana"


@pytest.mark.parametrize("address", ["//[", "http://[::1", "/?tenant=%00", "\0"])
def test_login_page_stands_addresses_that_are_none(
    client: Client, two_anas: SimpleNamespace, address: str
) -> None:
    assert client.get("/login", {"next": address}).status_code == 200


def test_login_goes_where_the_visitor_wanted(client: Client, two_anas: SimpleNamespace) -> None:
    response = client.post(
        "/login?next=/chats/3", {"company": "acme", "username": "ana", "password": PASSWORD}
    )
    assert response["Location"] == "/chats/3"


def test_first_login_asks_for_a_new_password(client: Client, two_anas: SimpleNamespace) -> None:
    User.objects.using("t_acme").update(must_change_password=True)
    enter(client, "acme")
    response = client.get("/admin/")
    assert response["Location"] == "/cambiar-clave?next=%2Fadmin%2F"
    same = {"old_password": PASSWORD, "new_password1": PASSWORD, "new_password2": PASSWORD}
    assert client.post("/cambiar-clave", same).status_code == 422
    new = {**same, "new_password1": "otra-Clave-5150", "new_password2": "otra-Clave-5150"}
    assert client.post("/cambiar-clave?next=/admin/", new)["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200  # still logged in


def test_the_demo_asks_for_no_new_password(
    client: Client, two_anas: SimpleNamespace, settings: Any
) -> None:
    settings.DEMO = True
    User.objects.using("t_acme").update(must_change_password=True)
    enter(client, "acme")
    assert client.get("/admin/").status_code == 200


def test_event_stream_knows_whose_session_it_is(client: Client, two_anas: SimpleNamespace) -> None:
    enter(client, "acme")
    text = cookie_text(client)
    cookie = open_cookie(text)
    assert cookie is not None
    holder = holder_of_session(text)
    assert holder is not None
    assert (holder[0].key, holder[1].username) == ("acme", "ana")
    assert holder_of_session(str(Cookie("beta", cookie.session_key))) is None
    assert holder_of_session("x") is None
    for change in ({"must_change_password": True}, {"is_active": False}):
        User.objects.using("t_acme").update(**change)
        assert holder_of_session(text) is None
        User.objects.using("t_acme").update(is_active=True, must_change_password=False)
    assert holder_of_session(text) is not None


def test_session_is_saved_where_it_was_opened(two_anas: SimpleNamespace) -> None:
    session = SessionStore(tenant=two_anas.acme)
    session[SESSION_KEY] = "1"
    with tenant_context(two_anas.beta):
        session.save()
    assert Session.objects.using("t_acme").count() == 1
    assert Session.objects.using("t_beta").count() == 0


def test_a_message_left_unread_in_one_company_is_not_shown_in_another(
    client: Client, two_anas: SimpleNamespace
) -> None:
    enter(client, "acme")
    nothing_selected = {"action": "delete_selected", "index": "0"}
    response = client.post("/admin/chatbot/rule/", nothing_selected)
    assert response.status_code in (200, 302)
    assert "messages" not in response.cookies
    enter(client, "beta")
    assert "messagelist" not in client.get("/admin/chatbot/rule/").content.decode()
    enter(client, "acme")
    client.post("/admin/chatbot/rule/", nothing_selected)
    assert "messagelist" in client.get("/admin/chatbot/rule/").content.decode()
