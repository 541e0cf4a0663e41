"""The registry knows when each company was last heard of, at no cost per message."""

from django.db import connections
from django.test.utils import CaptureQueriesContext

from tenants.models import Tenant
from tests.journeys.shop import Shop


def test_a_webhook_is_noted_for_its_company_once_a_minute(shop: Shop) -> None:
    shop.says("hola")
    first = Tenant.objects.get(key=shop.tenant.key).last_webhook_at
    assert first is not None
    with CaptureQueriesContext(connections["default"]) as queries:
        shop.says("hola otra vez")
    assert not [query for query in queries if "last_webhook_at" in query["sql"][:60]]
    assert Tenant.objects.get(key=shop.tenant.key).last_webhook_at == first


def test_what_is_refused_is_not_noted(shop: Shop) -> None:
    shop.post_raw(b"{}", {"X-Hub-Signature-256": "sha256=0"})
    assert Tenant.objects.get(key=shop.tenant.key).last_webhook_at is None
