"""Guessing is stopped in one company at a time, and a lock says the way out."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from axes.models import AccessAttempt, AccessLog
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client, RequestFactory
from django.utils import timezone

from tenants.context import tenant_context
from tenants.logins import client_address, forget_old_logins, unlock
from tenants.models import Role, Tenant
from tests.meta import FakeMeta
from tests.servers import Server
from tests.tenants.conftest import PASSWORD, enter, make_user, who

WRONG = "No-es-esta-9"
WAY_OUT = "Espera 15 minutos o pide a un administrador de tu empresa"


@pytest.fixture
def people(companies: SimpleNamespace) -> SimpleNamespace:
    """An ana in each database, all with the same password."""
    for tenant in vars(companies).values():
        make_user(tenant, "ana", Role.ADMIN)
    return companies


def guess(client: Client, company: str, times: int = 5, username: str = "ana", **more: Any) -> Any:
    """Wrong passwords; the last answer."""
    for _ in range(times):
        response = enter(client, company, username, WRONG, **more)
    return response


def attempts(tenant: Tenant) -> list[AccessAttempt]:
    with tenant_context(tenant):
        return list(AccessAttempt.objects.all())


def test_five_guesses_lock_and_the_page_says_the_way_out(
    client: Client, people: SimpleNamespace
) -> None:
    refused = guess(client, "acme", 4)
    assert refused.status_code == 422
    assert WAY_OUT not in refused.content.decode()
    locked = guess(client, "acme", 1)
    assert locked.status_code == 429
    assert WAY_OUT in locked.content.decode()
    right = enter(client, "acme")
    assert (right.status_code, who(client, "?tenant=acme")) == (429, None)


def test_attempts_in_one_company_never_lock_another(
    client: Client, people: SimpleNamespace
) -> None:
    assert guess(client, "acme").status_code == 429
    assert attempts(people.beta) == attempts(people.control) == []
    assert enter(client, "beta").status_code == 302
    assert enter(Client(), "").status_code == 302


def test_attempt_counts_in_the_company_of_the_form(client: Client, people: SimpleNamespace) -> None:
    """Asked in beta, or with beta's session, for acme."""
    enter(client, "beta")
    data = {"company": "acme", "username": "ana", "password": WRONG}
    for _ in range(5):
        response = client.post("/login?tenant=beta", data)
    assert response.status_code == 429
    assert [row.failures_since_start for row in attempts(people.acme)] == [5]
    assert attempts(people.beta) == attempts(people.control) == []


def test_attempt_without_company_counts_in_the_control_database(
    client: Client, people: SimpleNamespace
) -> None:
    assert guess(client, "").status_code == 429
    assert [row.failures_since_start for row in attempts(people.control)] == [5]
    assert enter(client, "acme").status_code == 302


def test_owner_is_not_shut_out_from_another_address(
    client: Client, people: SimpleNamespace
) -> None:
    assert guess(client, "acme", REMOTE_ADDR="203.0.113.9").status_code == 429
    assert enter(client, "acme").status_code == 302


def test_colleague_behind_the_same_address_is_not_shut_out(
    client: Client, people: SimpleNamespace
) -> None:
    make_user(people.acme, "beto")
    assert guess(client, "acme").status_code == 429
    assert enter(client, "acme", "beto").status_code == 302


def test_another_browser_or_other_capitals_give_no_more_guesses(
    client: Client, people: SimpleNamespace
) -> None:
    for number in range(4):
        guess(client, "acme", 1, HTTP_USER_AGENT=f"curl/{number}")
    assert guess(client, "acme", 1, HTTP_USER_AGENT="otro").status_code == 429
    if enter(client, "beta", "ANA").status_code == 302:  # MySQL finds ana under that name
        assert enter(Client(), "acme", "ANA").status_code == 429


def test_unknown_user_is_answered_like_a_known_one(client: Client, people: SimpleNamespace) -> None:
    known, unknown = (guess(client, "acme", 1, name) for name in ("ana", "nadie"))
    assert known.status_code == unknown.status_code == 422
    assert known.context["form"].errors == unknown.context["form"].errors
    known, unknown = (guess(client, "acme", 4, name) for name in ("ana", "nadie"))
    assert known.status_code == unknown.status_code == 429
    assert known.context["form"].errors == unknown.context["form"].errors


def test_lock_ends_after_the_time_said_however_often_one_tries(
    client: Client, people: SimpleNamespace
) -> None:
    guess(client, "acme")
    with tenant_context(people.acme):
        past = timezone.now() - timedelta(minutes=14)
        AccessAttempt.objects.update(attempt_time=past)
        assert guess(client, "acme", 3).status_code == 429
        assert AccessAttempt.objects.get().attempt_time == past
        AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=15))
    assert enter(client, "acme").status_code == 302


def test_right_password_forgets_the_wrong_ones(client: Client, people: SimpleNamespace) -> None:
    guess(client, "acme", 4)
    assert enter(client, "acme").status_code == 302
    assert attempts(people.acme) == []
    assert guess(Client(), "acme", 4).status_code == 422


def test_limit_of_zero_locks_nobody(client: Client, people: SimpleNamespace, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT, settings.AXES_LOCK_OUT_AT_FAILURE = 0, False
    assert guess(client, "acme", 8).status_code == 422
    assert enter(client, "acme").status_code == 302


def test_nothing_typed_is_kept_but_the_name(client: Client, people: SimpleNamespace) -> None:
    data = {"company": "acme", "username": "ana", "password": WRONG, "next": "/chats/7/"}
    client.post("/login?next=/chats/8/&tenant=acme", data)
    client.post("/login?next=/chats/8/&tenant=acme", data)
    (row,) = attempts(people.acme)
    assert (row.username, row.ip_address, row.path_info) == ("ana", "127.0.0.1", "/login")
    kept = str(vars(row))
    assert not [text for text in (WRONG, "/chats/7/", "/chats/8/", "acme=") if text in kept]
    with tenant_context(people.acme):
        assert not AccessLog.objects.exists()


def test_administrator_unlocks_by_command_in_one_company(
    client: Client, people: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    guess(client, "acme")
    guess(client, "beta")
    call_command("tenant_command", "acme", "axes_reset_username", "ana")
    assert enter(client, "acme").status_code == 302
    assert enter(client, "beta").status_code == 429
    call_command("tenant_command", "beta", "axes_reset")
    assert enter(client, "beta").status_code == 302


def test_control_scope_is_unlocked_by_command_too(
    client: Client, people: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    guess(client, "")
    call_command("tenant_command", Tenant.SINGLE_COMPANY_KEY, "axes_reset")
    assert enter(client, "").status_code == 302


def test_unlocking_names_leaves_the_others(client: Client, people: SimpleNamespace) -> None:
    guess(client, "acme")
    guess(client, "acme", 2, "beto")
    with tenant_context(people.acme):
        assert unlock(["ana"]) == 5
    assert [row.username for row in attempts(people.acme)] == ["beto"]


def test_admin_unlocks_in_the_list_of_people(client: Client, people: SimpleNamespace) -> None:
    beto = make_user(people.acme, "beto")
    guess(client, "acme", username="beto")
    guess(client, "beta", username="beto")
    boss = Client()
    enter(boss, "acme")
    asked = {"action": "unlock_logins", "_selected_action": [beto.pk]}
    answer = boss.post("/admin/tenants/user/", asked, follow=True)
    assert "Ya pueden volver a intentarlo: beto." in answer.content.decode()
    assert enter(client, "acme", "beto").status_code == 302
    assert [row.username for row in attempts(people.beta)] == ["beto"]


@pytest.mark.parametrize(("asker", "unlocked"), [(Role.ADMIN, False), (Role.SUPERADMIN, True)])
def test_only_a_superadmin_unlocks_another(
    client: Client, people: SimpleNamespace, asker: str, unlocked: bool
) -> None:
    """An admin of the company in the control database would guess at his password for ever."""
    boss = make_user(people.control, "jefa", Role.SUPERADMIN)
    make_user(people.control, "carla", asker)
    guess(client, "", username="jefa")
    browser = Client()
    enter(browser, "", "carla")
    asked = {"action": "unlock_logins", "_selected_action": [boss.pk]}
    answer = browser.post("/admin/tenants/user/", asked, follow=True).content.decode()
    assert ("solo lo desbloquea otro" in answer) is not unlocked
    assert (enter(client, "", "jefa").status_code == 302) is unlocked


def test_job_drops_what_no_longer_counts(client: Client, people: SimpleNamespace) -> None:
    guess(client, "acme", 1, "vieja")
    enter(client, "acme")
    with tenant_context(people.acme):
        AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    guess(Client(), "beta", 1)
    guess(Client(), "acme", 1, "nueva")
    with tenant_context(people.acme):
        AccessAttempt.objects.filter(username="vieja").update(
            attempt_time=timezone.now() - timedelta(minutes=16)
        )
        Session.objects.create(
            session_key="v" * 32, expire_date=timezone.now() - timedelta(seconds=1)
        )
        before = Session.objects.count()
        forget_old_logins()
        assert Session.objects.count() == before - 1
    assert [row.username for row in attempts(people.acme)] == ["nueva"]
    assert len(attempts(people.beta)) == 1
    assert who(client, "?tenant=acme") == "ana"


# Trusted proxies, X-Forwarded-For, the address that connects, whose attempt it is.
ADDRESSES = (
    (0, "", "198.51.100.7", "198.51.100.7"),
    (0, "203.0.113.9", "198.51.100.7", "198.51.100.7"),
    (1, "203.0.113.9", "10.0.0.1", "203.0.113.9"),
    (1, "1.2.3.4, 203.0.113.9", "10.0.0.1", "203.0.113.9"),  # the first one is the client's word
    (2, "1.2.3.4, 203.0.113.9,10.0.0.2", "10.0.0.1", "203.0.113.9"),
    (2, "203.0.113.9", "10.0.0.1", "10.0.0.1"),  # it did not come through both
    (1, "", "10.0.0.1", "10.0.0.1"),
    (1, "unknown", "10.0.0.1", "10.0.0.1"),
    (1, "<script>", "10.0.0.1", "10.0.0.1"),
    (0, "", "2001:db8:1:2:aaaa::1", "2001:db8:1:2::"),
    (0, "", "2001:db8:1:2:bbbb::9", "2001:db8:1:2::"),
    (0, "", "::ffff:198.51.100.7", "198.51.100.7"),
    (0, "", "", None),  # a Unix socket
)


@pytest.mark.parametrize(("proxies", "forwarded", "nearest", "expected"), ADDRESSES)
def test_address_behind_proxies(
    proxies: int, forwarded: str, nearest: str, expected: str | None, settings: Any
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory().get("/login", headers=headers, REMOTE_ADDR=nearest)
    assert client_address(request) == expected


def test_forged_header_gives_no_more_guesses(client: Client, people: SimpleNamespace) -> None:
    for number in range(4):
        guess(client, "acme", 1, headers={"X-Forwarded-For": f"203.0.113.{number}"})
    last = guess(client, "acme", 1, headers={"X-Forwarded-For": "203.0.113.99"})
    assert last.status_code == 429


def test_real_server_believes_no_forged_header(meta: FakeMeta) -> None:
    """uvicorn would, from its own machine, where a proxy usually is."""
    server = Server(meta)
    try:
        server.start()
        page = requests.get(f"{server.url}/login", timeout=30)
        token = page.cookies["csrftoken"]
        data = {"username": "admin", "password": WRONG, "csrfmiddlewaretoken": token}
        answers = [
            requests.post(
                f"{server.url}/login",
                data=data,
                cookies={"csrftoken": token},
                headers={"X-Forwarded-For": f"203.0.113.{number}"},
                timeout=30,
            )
            for number in range(5)
        ]
        assert [answer.status_code for answer in answers] == [422, 422, 422, 422, 429]
    finally:
        server.close()


def test_password_of_the_fixture_is_right(client: Client, people: SimpleNamespace) -> None:
    """Without this a test that expects a refusal would prove nothing."""
    assert enter(client, "acme", "ana", PASSWORD).status_code == 302
