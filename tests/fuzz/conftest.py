"""Fuzz: the same examples in every run; FUZZ_EXAMPLES=2000 and more make other ones."""

import os
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, settings

from tenants.models import WhatsAppNumber
from tests.journeys.shop import Shop
from tests.journeys.test_payloads import ACME_NUMBERS, BETA_NUMBERS, WABAS
from tests.meta import FakeMeta

_EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
FEW = settings(
    max_examples=_EXAMPLES or 120,
    derandomize=not _EXAMPLES,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),  # one database for all examples, and big bodies
)


@pytest.fixture
def shop(companies: SimpleNamespace, meta: FakeMeta) -> Shop:
    """Acme, whose bot answers anything, beside beta; one Meta app serves both."""
    for tenant, numbers in ((companies.acme, ACME_NUMBERS), (companies.beta, BETA_NUMBERS)):
        tenant.app_secret = ""
        tenant.save()
        waba = next(waba for waba, key in WABAS.items() if key == tenant.key)
        for number in numbers:
            WhatsAppNumber.objects.create(tenant=tenant, phone_number_id=number, waba_id=waba)
            meta.graph.add_number(number, tenant.meta_token, waba_id=waba)
    shop = Shop(companies.acme, "111", meta, "secreto-global")
    shop.rules("menu_principal|iniciar|Menu", "menu_principal|*|Dime")
    return shop
