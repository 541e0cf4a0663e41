"""Each job in one process at a time, and never long without any."""

import threading
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from tenants import scheduler
from tenants.context import current_tenant
from tenants.models import JobLease
from tenants.scheduler import Job, run_due


@pytest.fixture
def ran() -> list[str]:
    return []


@pytest.fixture
def job(companies: SimpleNamespace, ran: list[str]) -> Job:
    return Job("count", 10, lambda: ran.append(current_tenant().key))


def lease(**columns: object) -> JobLease:
    JobLease.objects.filter(name="count").update(**columns)
    return JobLease.objects.get(name="count")


def a_while_ago(seconds: float) -> object:
    return timezone.now() - timedelta(seconds=seconds)


def test_a_job_runs_for_every_company(job: Job, ran: list[str]) -> None:
    run_due([job])
    assert sorted(ran) == ["_default", "acme", "beta"]
    assert lease().until is None


def test_a_job_waits_for_its_time(job: Job, ran: list[str]) -> None:
    run_due([job])
    run_due([job])
    assert len(ran) == 3
    lease(last_run_at=a_while_ago(11))
    run_due([job])
    assert len(ran) == 6


def test_a_job_that_another_process_runs_is_left_alone(job: Job, ran: list[str]) -> None:
    run_due([job])
    lease(last_run_at=a_while_ago(60), owner="another", until=a_while_ago(-5))
    run_due([job])
    assert len(ran) == 3


def test_a_killed_process_holds_a_job_for_seconds_only(job: Job, ran: list[str]) -> None:
    assert scheduler._claim(job)  # and then it is gone
    held = lease().until
    assert held is not None
    assert held - timezone.now() <= timedelta(seconds=10)
    lease(last_run_at=a_while_ago(20), until=a_while_ago(1))
    run_due([job])
    assert len(ran) == 3


def test_a_job_that_runs_long_is_not_started_twice(
    companies: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "HOLD_SECONDS", 0.3)
    started: list[str] = []

    def slow() -> None:
        started.append(current_tenant().key)
        time.sleep(0.4)

    job = Job("count", 0, slow)
    first = threading.Thread(target=in_thread, args=(job,))
    first.start()
    while not started:
        time.sleep(0.01)
    time.sleep(0.6)
    run_due([job])  # as another process would
    first.join()
    assert sorted(started) == ["_default", "acme", "beta"]


def test_one_companys_failure_is_not_the_others(companies: SimpleNamespace, ran: list[str]) -> None:
    def fragile() -> None:
        if current_tenant().key == "acme":
            raise ValueError("broken")
        ran.append(current_tenant().key)

    run_due([Job("count", 10, fragile)])
    assert sorted(ran) == ["_default", "beta"]
    assert lease().until is None


def in_thread(job: Job) -> None:
    from tenants.connections import close_all

    try:
        run_due([job])
    finally:
        close_all()
