"""When each periodic job ran, when it runs again, and what went wrong: for superadmins."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from tenants.context import current_tenant
from tenants.job_admin import TITLES, next_run_at, state_of
from tenants.models import JobLease, Role
from tenants.scheduler import Job, run_due
from tests.tenants.conftest import enter, make_user
from tests.tenants.panel import page, superadmin_client
from whapco.schedule import JOBS

ADDRESS = "/admin/tenants/joblease/"


def test_every_job_has_its_name_in_words() -> None:
    assert {job.name for job in JOBS} == set(TITLES)


def test_the_page_tells_last_and_next_run_and_the_last_error(companies: SimpleNamespace) -> None:
    def fragile() -> None:
        if current_tenant().key == "acme":
            raise ValueError("secreto")

    run_due([Job("sweep", 600, fragile), Job("wake_bots", 60, lambda: None)])
    lease = JobLease.objects.get(name="sweep")
    assert lease.last_run_at is not None
    assert next_run_at(lease) == lease.last_run_at + timedelta(seconds=600)
    words = page(superadmin_client(), ADDRESS)
    for text in (TITLES["sweep"], TITLES["wake_bots"], "con errores", "al día", lease.owner):
        assert str(text) in words
    assert "acme: ValueError" in words
    assert "secreto" not in words
    for moment in (lease.last_run_at, next_run_at(lease)):
        assert moment is not None
        assert f"{timezone.localtime(moment):%d/%m/%Y %H:%M:%S}" in words


def test_a_run_without_errors_forgets_the_last_one(companies: SimpleNamespace) -> None:
    JobLease.objects.create(name="sweep", last_error="acme: ValueError")
    run_due([Job("sweep", 600, lambda: None)])
    assert JobLease.objects.get(name="sweep").last_error == ""


def test_many_errors_are_told_by_the_first_few(companies: SimpleNamespace) -> None:
    def broken() -> None:
        raise KeyError

    run_due([Job("sweep", 600, broken)])
    assert JobLease.objects.get(name="sweep").last_error.count("KeyError") == 3


@pytest.mark.parametrize(
    ("ago", "holds", "error", "kind"),
    [
        (10, False, "", "on"),
        (10, False, "x", "warn"),
        (500, True, "x", "on"),
        (500, False, "", "bad"),
    ],
)
def test_the_state_says_what_matters_most(ago: int, holds: bool, error: str, kind: str) -> None:
    now = timezone.now()
    until = now + timedelta(seconds=5) if holds else None
    last = now - timedelta(seconds=ago)
    lease = JobLease(
        name="sweep", every_seconds=60, last_run_at=last, until=until, last_error=error
    )
    assert state_of(lease)[0] == kind


def test_a_company_admin_gets_403_and_nobody_changes_anything(companies: SimpleNamespace) -> None:
    client = superadmin_client()
    JobLease.objects.create(name="sweep")
    for path in ("add/", "sweep/change/", "sweep/delete/", "sweep/history/"):
        assert client.post(f"{ADDRESS}{path}", {"post": "yes"}).status_code == 404
    client.post(ADDRESS, {"action": "delete_selected", "_selected_action": "sweep", "post": "yes"})
    assert JobLease.objects.filter(name="sweep").exists()
    make_user(companies.acme, "ana", Role.ADMIN)
    enter(client, "acme", "ana")
    assert client.get(ADDRESS).status_code == 403
