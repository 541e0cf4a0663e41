"""Periodic jobs leave quiet companies in peace, and come back when something may have happened."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chatbot import tasks
from chatbot.models import BotSession
from conversations.models import Contact, Conversation, Message
from tenants import scheduler
from tenants.context import current_tenant
from tenants.models import Tenant
from tenants.rests import Rests, _Rest
from tenants.scheduler import Job, run_job


class Looks:
    """A job that notes where it looks, and finds `something` in these companies."""

    def __init__(self) -> None:
        self.at: list[str] = []
        self.something: set[str] = set()
        self.job = Job("looks", 10, self.look, rests_seconds=300)

    def look(self) -> bool:
        self.at.append(current_tenant().key)
        return current_tenant().key in self.something

    def run(self) -> list[str]:
        self.at = []
        run_job(self.job)
        return sorted(set(self.at) - {Tenant.SINGLE_COMPANY_KEY})


@pytest.fixture
def looks(companies: SimpleNamespace) -> Looks:
    return Looks()


def wait(seconds: float) -> None:
    """As if that long had passed."""
    for known in scheduler._rests.values():
        for key, rest in known._rests.items():
            known._rests[key] = _Rest(rest.until - seconds, rest.if_awake_until - seconds)


def heard(key: str, **ago: float) -> None:
    Tenant.objects.filter(key=key).update(last_webhook_at=timezone.now() - timedelta(**ago))


def test_a_company_with_nothing_to_watch_is_left_in_peace(looks: Looks) -> None:
    looks.something = {"beta"}
    assert looks.run() == ["acme", "beta"]
    assert looks.run() == ["beta"]
    looks.something = set()
    assert looks.run() == ["beta"]
    assert looks.run() == []


def test_a_webhook_wakes_it_for_minutes(looks: Looks) -> None:
    looks.run()
    wait(61)
    heard("acme", minutes=4)
    assert looks.run() == ["acme"]
    assert looks.run() == []  # a busy company is looked at each minute, if nothing waits
    wait(61)
    assert looks.run() == ["acme"]
    wait(61)
    heard("acme", minutes=6)
    assert "acme" not in looks.run()


def test_rest_ends_by_itself(looks: Looks) -> None:
    looks.run()
    wait(301)
    assert looks.run() == ["acme", "beta"]


def test_a_new_process_looks_at_all(looks: Looks) -> None:
    """What a crash left behind is found by the next start."""
    looks.run()
    scheduler.forget()
    assert looks.run() == ["acme", "beta"]


def test_a_company_that_was_behind_is_looked_at_once_it_is_not(looks: Looks) -> None:
    looks.run()
    wait(61)
    stamp = Tenant.objects.get(key="acme").schema_version
    heard("acme", minutes=1)
    Tenant.objects.filter(key="acme").update(schema_version="00001-viejo")
    assert looks.run() == []
    heard("acme", hours=1)
    assert looks.run() == []
    Tenant.objects.filter(key="acme").update(schema_version=stamp)
    assert looks.run() == ["acme"]


def test_a_database_that_does_not_answer_is_not_asked_each_time(
    companies: SimpleNamespace,
) -> None:
    asked: list[str] = []

    def gone() -> bool:
        asked.append(current_tenant().key)
        raise OperationalError(2002, "unable to open")

    job = Job("gone", 10, gone, rests_seconds=300)
    heard("acme", seconds=1)
    run_job(job)
    run_job(job)
    assert asked.count("acme") == 1
    wait(61)
    run_job(job)
    assert asked.count("acme") == 2


def test_whom_meta_wrote_to_last_comes_first(looks: Looks) -> None:
    heard("beta", hours=1)
    run_job(looks.job)
    assert looks.at[0] == "beta"
    heard("acme", minutes=1)
    scheduler.forget()
    looks.at = []
    run_job(looks.job)
    assert looks.at[0] == "acme"


def test_jobs_without_rest_look_everywhere(companies: SimpleNamespace) -> None:
    asked: list[str] = []
    job = Job("daily", 10, lambda: asked.append(current_tenant().key))
    run_job(job)
    run_job(job)
    assert sorted(asked) == ["_default", "_default", "acme", "acme", "beta", "beta"]


def test_quiet_companies_cost_a_run_two_queries_in_all(looks: Looks) -> None:
    looks.run()
    with CaptureQueriesContext(connections[DEFAULT_DB_ALIAS]) as queries:
        run_job(looks.job)
    assert len(queries) <= 3  # names, rows of those that do not rest, the control scope


def test_rests_do_not_end_all_at_once() -> None:
    resting = Rests()
    for number in range(50):
        resting.begin(f"c{number}", 300)
    ends = {round(rest.until) for rest in resting._rests.values()}
    assert len(ends) > 10


@pytest.fixture
def chat(acme: Tenant) -> Conversation:
    contact = Contact.objects.create(wa_id="573001112233")
    return Conversation.objects.create(contact=contact, phone_number_id="111")


@pytest.mark.parametrize(
    ("status", "awake"), [("queued", True), ("sending", True), ("sent", False), ("failed", False)]
)
def test_what_waits_for_its_time_keeps_its_company_awake(
    chat: Conversation, status: str, awake: bool
) -> None:
    later = timezone.now() + timedelta(hours=1)
    add_message(chat, "out", status, next_attempt_at=later)
    assert tasks.sweep() is awake


def test_what_a_worker_is_at_keeps_its_company_awake(chat: Conversation) -> None:
    """It may die over it."""
    later = timezone.now() + timedelta(minutes=1)
    Conversation.objects.update(lease_owner="another", lease_until=later)
    add_message(chat, "in", "received")
    assert tasks.sweep() is True


def test_open_sessions_keep_their_company_awake_until_they_close(
    chat: Conversation, settings: Any
) -> None:
    settings.SESSION_TIMEOUT_SECONDS = 1800
    assert tasks.close_idle_sessions() is False
    session = BotSession.objects.create(
        conversation=chat, step="m", contact_spoke_at=timezone.now()
    )
    assert tasks.close_idle_sessions() is True
    BotSession.objects.filter(pk=session.pk).update(is_open=False)
    assert tasks.close_idle_sessions() is False


def test_agents_keep_their_company_awake_where_they_may_be_too_slow(
    chat: Conversation, settings: Any
) -> None:
    settings.AGENT_TIMEOUT_SECONDS = 600
    assert tasks.wake_bots() is False
    Conversation.objects.update(handler=Conversation.Handler.AGENT, agent_spoke_at=timezone.now())
    assert tasks.wake_bots() is True


def test_where_the_time_never_comes_there_is_nothing_to_watch(
    chat: Conversation, settings: Any
) -> None:
    settings.SESSION_TIMEOUT_SECONDS = settings.AGENT_TIMEOUT_SECONDS = 0
    BotSession.objects.create(conversation=chat, step="m", contact_spoke_at=timezone.now())
    assert tasks.close_idle_sessions() is False
    Conversation.objects.update(handler=Conversation.Handler.AGENT, agent_spoke_at=timezone.now())
    assert tasks.wake_bots() is False


def add_message(chat: Conversation, direction: str, status: str, **more: Any) -> None:
    Message.objects.create(
        conversation=chat,
        direction=direction,
        status=status,
        kind="text",
        at=timezone.now(),
        **more,
    )
