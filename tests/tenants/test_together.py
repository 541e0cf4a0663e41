"""Calls that share a commit: each gets its own result or its own error, and always one of both."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError

from tenants.context import current_tenant
from tenants.models import Tenant
from tenants.together import GroupCommit

Group = Callable[..., list[Any]]


@pytest.fixture
def group(companies: SimpleNamespace) -> Group:
    """`group(operation, items, tenant)`: submitted while the only thread is busy."""
    commit = GroupCommit()
    commit.start(1)

    def call(operation: Any, items: list[Any], tenant: Tenant = companies.acme) -> list[Any]:
        free = threading.Event()
        commit.submit(lambda waits: [free.wait(5) for _ in waits], None, tenant)
        futures = [commit.submit(operation, item, tenant) for item in items]
        free.set()
        return [settled(future) for future in futures]

    return call


def settled(future: "Future[Any]") -> Any:
    """The result, or the error; a call that nobody answers fails the test."""
    error = future.exception(timeout=5)
    return future.result() if error is None else error


def test_calls_that_wait_are_made_together_in_their_company(group: Group) -> None:
    rounds: list[tuple[str, list[int]]] = []

    def double(items: list[int]) -> list[int]:
        rounds.append((current_tenant().key, items))
        return [2 * item for item in items]

    assert group(double, [1, 2, 3]) == [2, 4, 6]
    assert rounds == [("acme", [1, 2, 3])]


def test_a_bad_item_fails_alone(group: Group) -> None:
    def invert(items: list[int]) -> list[float]:
        return [1 / item for item in items]

    first, bad, last = group(invert, [1, 0, 2])
    assert (first, last) == (1.0, 0.5)
    assert isinstance(bad, ZeroDivisionError)


@pytest.mark.parametrize(
    "trouble", [OperationalError(1213, "Deadlock found"), IntegrityError(1062, "Duplicate entry")]
)
def test_a_deadlock_or_a_race_for_a_unique_value_is_tried_once_more(
    group: Group, trouble: Exception
) -> None:
    troubles = [trouble]

    def fragile(items: list[int]) -> list[int]:
        if troubles:
            raise troubles.pop()
        return items

    assert group(fragile, [1, 2]) == [1, 2]


def test_a_database_that_is_gone_is_asked_once_for_all(group: Group) -> None:
    rounds: list[int] = []

    def gone(items: list[int]) -> list[int]:
        rounds.append(len(items))
        raise OperationalError(2003, "Can't connect to server")

    answers = group(gone, list(range(20)))
    assert all(isinstance(answer, OperationalError) for answer in answers)
    assert rounds == [20]


def test_an_operation_that_answers_too_little_does_not_leave_its_callers_waiting(
    group: Group,
) -> None:
    answers = group(lambda items: items[:-1], [1, 2])
    assert all(isinstance(answer, ValueError) for answer in answers)
    assert group(lambda items: items, [3]) == [3]  # the thread lives


def test_without_threads_a_call_is_made_at_once_by_whoever_makes_it(
    companies: SimpleNamespace,
) -> None:
    commit = GroupCommit()
    future = commit.submit(lambda items: [current_tenant().key for _ in items], 1, companies.beta)
    assert future.done()
    assert future.result() == "beta"
    failed = commit.submit(lambda items: [1 / item for item in items], 0, companies.beta)
    assert isinstance(settled(failed), ZeroDivisionError)


def test_a_company_is_served_by_the_thread_that_has_it_open(companies: SimpleNamespace) -> None:
    commit = GroupCommit()
    commit.start(4)

    def who(items: list[int]) -> list[str]:
        return [threading.current_thread().name] * len(items)

    def visit(tenant: Any) -> str:
        return commit.call(who, 1, tenant=tenant)

    homes = {visit(companies.acme): visit(companies.beta)}
    assert homes == {visit(companies.acme): visit(companies.beta) for _ in range(50)}


def test_a_busy_thread_holds_up_no_company_that_it_served(companies: SimpleNamespace) -> None:
    """Both are home at one thread; while it is held by one, another thread serves the other."""
    commit = GroupCommit()
    commit.start(1)
    for tenant in (companies.acme, companies.beta):
        commit.call(lambda items: items, 1, tenant=tenant)
    threading.Thread(target=commit._work, args=(1,), daemon=True).start()
    held = threading.Event()
    waiting = commit.submit(lambda items: [held.wait(30) for _ in items], 1, companies.acme)
    assert settled(commit.submit(lambda items: items, 2, companies.beta)) == 2
    held.set()
    assert settled(waiting)
