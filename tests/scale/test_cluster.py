"""More processes than one: nothing lost, doubled or swapped, whichever of them goes away."""

import time

import pytest

from tests.crash.line import UNFINISHED, at_once, message, people, repeated
from tests.crash.test_crash import assert_all_is_well, wait_for
from tests.scale.cluster import WORKER, until
from tests.scale.conftest import MakeCluster

TEXTS, CONTACTS, TALKERS = 10, 30, 6
TOTAL = TEXTS * CONTACTS
QUIET_SECONDS = 90


def test_a_worker_and_a_web_process_may_be_killed(make_cluster: MakeCluster) -> None:
    cluster, contacts = make_cluster(TEXTS), people(CONTACTS)
    line = cluster.line
    line.meta.delay_seconds = 0.03
    cluster.start()

    def trouble() -> None:
        with line.receipts():
            wait_for(line, 0.3 * TOTAL)
            cluster.kill("worker-1")
            wait_for(line, 0.5 * TOTAL)
            cluster.web[1].kill()
            cluster.run("worker-1", *WORKER)
            time.sleep(0.5)
            cluster.web[1].start()
            wait_for(line, TOTAL)
            line.wait_until_quiet(QUIET_SECONDS)

    at_once([lambda n=n: line.talk(contacts[n::TALKERS]) for n in range(TALKERS)] + [trouble])
    assert_all_is_well(line, contacts)
    assert repeated(line.accepted()) == {}


def test_while_the_broker_is_away_messages_are_taken_and_then_answered(
    make_cluster: MakeCluster,
) -> None:
    cluster, contacts = make_cluster(TEXTS), people(CONTACTS)
    line = cluster.line
    cluster.start()
    line.says("573009999999", 1)
    until(lambda: line.accepted())
    cluster.broker_door.shut()
    at_once([lambda n=n: line.talk(contacts[n::TALKERS]) for n in range(TALKERS)])
    assert line.acknowledged == TOTAL + 1
    assert line.server.rows(UNFINISHED)
    cluster.broker_door.open()
    line.wait_until_quiet(QUIET_SECONDS)
    line.says("573009999999", 2)
    line.wait_until_quiet(QUIET_SECONDS)
    heard = line.heard()
    assert heard.pop("573009999999") == ["r1", "r2"]
    assert heard == {contact: [f"r{n}" for n in range(1, TEXTS + 1)] for contact in contacts}
    assert repeated(line.accepted()) == {}


@pytest.mark.parametrize("broker", ["redis"], indirect=True)
def test_meta_hears_500_while_the_database_is_away_and_all_is_answered_after(
    make_cluster: MakeCluster,
) -> None:
    cluster, contacts = make_cluster(TEXTS), people(CONTACTS)
    line = cluster.line
    line.meta.delay_seconds = 0.03
    cluster.start()

    def trouble() -> None:
        with line.receipts():
            wait_for(line, 0.3 * TOTAL)
            cluster.database_door.shut()
            time.sleep(0.5)
            for _ in cluster.web:
                assert line.post_once(message("m1", "573009999999", "wamid.while.gone")) == 500
            time.sleep(1)
            cluster.database_door.open()
            wait_for(line, TOTAL)
            line.wait_until_quiet(QUIET_SECONDS)

    at_once([lambda n=n: line.talk(contacts[n::TALKERS]) for n in range(TALKERS)] + [trouble])
    assert_all_is_well(line, contacts)
    assert repeated(line.accepted()) == {}


@pytest.mark.parametrize("broker", ["rabbitmq"], indirect=True)
def test_a_worker_that_is_told_to_stop_finishes_what_is_begun(make_cluster: MakeCluster) -> None:
    cluster, contacts = make_cluster(2), people(20)
    line = cluster.line
    line.meta.delay_seconds = 0.5
    cluster.start()
    line.talk(contacts)
    until(lambda: line.accepted())
    assert [cluster.terminate(name) for name in ("worker-1", "worker-2")] == [0, 0]
    assert "sending" not in {status for status, _ in line.server.rows(UNFINISHED)}
    cluster.run("worker-1", *WORKER)
    line.wait_until_quiet(QUIET_SECONDS)
    assert_all_is_well(line, contacts)
    assert repeated(line.accepted()) == {}
