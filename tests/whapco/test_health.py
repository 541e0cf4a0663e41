"""What a proxy, a container or a deployment may ask of a process."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tenants.models import JobLease, Tenant
from whapco import health


@pytest.fixture(autouse=True)
def _fresh() -> None:
    health.forget()


def ready() -> tuple[int, dict[str, Any]]:
    health.forget()
    answer = Client().get("/health/ready")
    return answer.status_code, answer.json()


def test_a_process_that_answers_is_alive() -> None:
    answer = Client().get("/health/live")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_ready_names_each_part(companies: SimpleNamespace) -> None:
    status, found = ready()
    assert status == 200
    assert found == {
        "ready": True,
        "database": "ok",
        "schema": "ok",
        "disk": "ok",
        "scheduler": "never",
        "backup": "old",
    }
    JobLease.objects.create(name="sweep", last_run_at=timezone.now())
    Tenant.objects.update(last_backup_at=timezone.now())
    assert ready()[1] | {} == found | {"scheduler": "ok", "backup": "ok"}
    JobLease.objects.update(last_run_at=timezone.now() - timedelta(minutes=5))
    assert ready()[1]["scheduler"] == "late"


def test_a_full_disk_takes_the_process_out(
    companies: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "LEAST_FREE_BYTES", 10**18)
    status, found = ready()
    assert status == 503
    assert found["disk"] == "full"


def test_whoever_asks_in_a_loop_is_answered_from_memory(
    companies: SimpleNamespace, django_assert_num_queries: Any
) -> None:
    Client().get("/health/ready")
    with django_assert_num_queries(0):
        Client().get("/health/ready")


def test_it_works_with_any_company_in_the_request(companies: SimpleNamespace) -> None:
    for query in ("?tenant=nadie", "?tenant=acme"):
        assert Client().get(f"/health/ready{query}").status_code == 200
    assert Client().post("/health/ready").status_code == 405
