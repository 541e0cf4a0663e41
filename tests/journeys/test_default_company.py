"""Installations of one company, and whose a number is that nobody registered."""

from typing import Any

import pytest

from tenants.models import Tenant, UndeliveredEvent, WhatsAppNumber
from tests.journeys.shop import Shop, text_message
from tests.meta import FakeMeta


@pytest.fixture
def alone(databases: None, meta: FakeMeta, settings: Any) -> Shop:
    """No registry: the one company lives in the control database, by its environment."""
    settings.META_TOKEN = "T1"
    settings.META_APP_SECRET = "secreto-solo"
    shop = Shop(Tenant.single_company(), "111", meta, "secreto-solo")
    shop.rules("menu_principal|iniciar|Menu")
    return shop


def from_number(shop: Shop, number: str) -> Any:
    return shop.post(shop.envelope(number=number, messages=[text_message("hola")]))


def test_the_only_company_answers_without_registry(alone: Shop) -> None:
    alone.says("hola")
    assert alone.out == ["Menu"]


def test_the_only_companys_number_may_be_configured(alone: Shop, settings: Any) -> None:
    settings.PHONE_NUMBER_ID = "111"
    alone.says("hola")
    assert alone.out == ["Menu"]
    assert from_number(alone, "999").status_code == 200
    assert len(alone.received()) == 1
    assert UndeliveredEvent.objects.get().phone_number_id == "999"


def test_once_companies_are_registered_unknown_numbers_are_nobodys(
    shop: Shop, companies: Any
) -> None:
    body = shop.envelope(number="999", messages=[text_message("hola")])
    assert shop.post(body, "secreto-global").status_code == 200
    assert UndeliveredEvent.objects.count() == 1
    Tenant.objects.create(key="nueva", db_name="nueva")  # one without number changes nothing
    assert shop.post(body, "secreto-global").status_code == 200
    assert UndeliveredEvent.objects.count() == 2


def test_a_default_company_without_number_takes_what_nobody_has(shop: Shop, settings: Any) -> None:
    settings.DEFAULT_TENANT = "acme"
    WhatsAppNumber.objects.filter(tenant=shop.tenant).delete()
    assert from_number(shop, "999").status_code == 200
    assert len(shop.received()) == 1


def test_a_default_company_with_a_number_takes_no_other(shop: Shop, settings: Any) -> None:
    settings.DEFAULT_TENANT = "acme"
    body = shop.envelope(number="999", messages=[text_message("hola")])
    assert shop.post(body, "secreto-global").status_code == 200
    assert shop.received() == []
    assert UndeliveredEvent.objects.count() == 1


def test_a_default_company_never_takes_the_number_of_another(
    shop: Shop, other_shop: Shop, settings: Any
) -> None:
    settings.DEFAULT_TENANT = "acme"
    other_shop.says("hola")
    assert shop.received() == []
    assert len(other_shop.received()) == 1
