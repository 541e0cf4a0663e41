"""The doors that belong to no app."""

from django.test import Client

from tenants.models import Tenant


def test_the_event_stream_says_no_content_under_wsgi_so_that_pages_poll(acme: Tenant) -> None:
    assert Client().get("/eventos").status_code == 204


def test_the_admin_sends_strangers_to_the_login_that_asks_for_the_company(acme: Tenant) -> None:
    response = Client().get(
        "/admin/login/?next=/admin/chatbot/rule/", headers={"x-tenant-id": "acme"}
    )
    assert response.status_code == 302
    assert response["Location"] == "/login?next=%2Fadmin%2Fchatbot%2Frule%2F"
