"""The doors that belong to no app."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from tenants.models import Tenant
from tests.tenants.conftest import cookie_text, enter, kept_aliases, make_user
from whapco.events import stream

__all__ = ["kept_aliases"]  # a fixture


def test_the_event_stream_says_no_content_under_wsgi_so_that_pages_poll(acme: Tenant) -> None:
    assert Client().get("/eventos").status_code == 204


def test_the_admin_sends_strangers_to_the_login_that_asks_for_the_company(acme: Tenant) -> None:
    response = Client().get(
        "/admin/login/?next=/admin/chatbot/rule/", headers={"x-tenant-id": "acme"}
    )
    assert response.status_code == 302
    assert response["Location"] == "/login?next=%2Fadmin%2Fchatbot%2Frule%2F"


def hints_asked_with(cookie: str) -> list[dict[str, Any]]:
    """What the server sends to a page that leaves at once."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    headers = [(b"cookie", f"whapco_session={cookie}".encode())]
    asyncio.run(stream({"query_string": b"", "headers": headers}, receive, send))
    return sent


@pytest.mark.parametrize(
    "trouble",
    [
        {"schema_version": "00001-x"},
        {"db_host": "127.0.0.1", "db_port": 1, "db_name": "no/hay/tal"},
    ],
    ids=["behind", "away"],
)
def test_open_pages_come_back_to_a_company_that_is_not_ready(
    client: Client, companies: SimpleNamespace, kept_aliases: None, trouble: dict[str, Any]
) -> None:
    """A browser never asks an event stream again that has answered with an error."""
    make_user(companies.acme)
    enter(client, "acme")
    Tenant.objects.filter(key="acme").update(**trouble)
    start, retry, end = hints_asked_with(cookie_text(client))
    assert (start["status"], retry["body"]) == (200, b"retry: 2000\n\n")
    assert not end.get("more_body")
    assert hints_asked_with("acme:x:y")[0]["status"] == 403
