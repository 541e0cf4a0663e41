"""Nothing is lost, doubled or swapped when processes are killed in the middle of their work."""

import os
import random
import signal
import time

from tests.crash.conftest import MakeLine
from tests.crash.line import UNFINISHED, Line, at_once, people, repeated

CONTACTS = int(os.environ.get("CRASH_CONTACTS", "50"))
TEXTS = int(os.environ.get("CRASH_TEXTS", "40"))
CONNECTIONS = 10
QUIET_SECONDS = 120  # a lease lasts 20 s, a doubt 60 s, a sweep comes every 10 s

BACKLOG = """
import os, sys
from conversations.models import Conversation, Message
from conversations.recording import record
from conversations.services import new_outgoing
from conversations.whatsapp import inbound, outbound
from tenants import registry, scheduler
from tenants.context import tenant_context
from tests.crash.line import message, people
with tenant_context(registry.control_scope()):
    for contact in people(20):
        for n in range(1, 5):
            record([inbound.parse(message(f"m{n}", contact, f"wamid.{contact}.{n}")).items])
    for chat in Conversation.objects.select_related("contact"):
        words = outbound.text("r0")
        new_outgoing(chat, words, body="r0", author=Message.Author.SYSTEM).save()
# This process ends in the middle of a sweep, as if it had been killed.
scheduler.run_due([scheduler.Job("sweep", 10, lambda: os._exit(0))])
"""


def assert_all_is_well(line: Line, contacts: list[str]) -> None:
    """Every message stored once and answered once, in order: here and at Meta."""
    numbers = range(1, line.texts + 1)
    assert line.stored() == {contact: [f"m{n}" for n in numbers] for contact in contacts}
    assert line.heard() == {contact: [f"r{n}" for n in numbers] for contact in contacts}
    sends = line.sends()
    assert len(sends) == len(contacts) * line.texts
    assert {status for status, _ in sends.values()} <= {"accepted", "sent"}
    # Only a send in doubt is ever repeated, once, and its row says so.
    twice = repeated(line.accepted())
    assert set(twice.values()) <= {2}
    assert all(sends[key][1] is not None for key in twice)


def wait_for(line: Line, acknowledged: float) -> None:
    """Until that many messages were acknowledged, and a random moment longer."""
    while line.acknowledged < acknowledged:
        time.sleep(0.01)
    time.sleep(random.uniform(0, 0.3))


def kill_and_restart(line: Line, acknowledged: float) -> None:
    wait_for(line, acknowledged)
    line.server.kill()
    time.sleep(random.uniform(0, 0.5))
    line.server.start()


def test_a_server_killed_again_and_again_answers_all_once_and_in_order(
    make_line: MakeLine,
) -> None:
    line, contacts, total = make_line(TEXTS), people(CONTACTS), CONTACTS * TEXTS
    line.meta.delay_seconds = 0.03
    line.server.start()
    accepted_before = 0

    def trouble() -> None:
        nonlocal accepted_before
        kill_and_restart(line, 0.1 * total)
        kill_and_restart(line, 0.3 * total)
        wait_for(line, 0.45 * total)
        accepted_before = len(line.accepted())
        with line.receipts():  # they settle what is in doubt from now on
            for share in (0.55, 0.7, 0.85):
                kill_and_restart(line, share * total)
            wait_for(line, total)
            line.wait_until_quiet(QUIET_SECONDS)

    talkers = [contacts[n::CONNECTIONS] for n in range(CONNECTIONS)]
    at_once([lambda who=who: line.talk(who) for who in talkers] + [trouble])
    assert_all_is_well(line, contacts)
    assert repeated(line.accepted()[accepted_before:]) == {}


def test_of_two_serving_processes_one_may_be_killed(make_line: MakeLine) -> None:
    line, contacts = make_line(20, "--workers", "2"), people(30)
    line.meta.delay_seconds = 0.03
    line.server.start()

    def trouble() -> None:
        with line.receipts():
            for share in (0.3, 0.6):
                wait_for(line, share * 600)
                os.kill(random.choice(line.server.workers()), signal.SIGKILL)
            wait_for(line, 600)
            line.wait_until_quiet(QUIET_SECONDS)

    talkers = [contacts[n::CONNECTIONS] for n in range(CONNECTIONS)]
    at_once([lambda who=who: line.talk(who) for who in talkers] + [trouble])
    assert_all_is_well(line, contacts)
    assert repeated(line.accepted()) == {}


def test_a_deployment_in_the_middle_leaves_nothing_in_doubt(make_line: MakeLine) -> None:
    line, contacts = make_line(20), people(20)
    line.meta.delay_seconds = 0.1
    line.server.start()
    statuses: list[set[str]] = []

    def trouble() -> None:
        for share in (0.3, 0.6):
            wait_for(line, share * 400)
            line.server.stop()
            statuses.append({status for status, _ in line.server.rows(UNFINISHED)})
            line.server.start()
        wait_for(line, 400)
        line.wait_until_quiet(15)

    talkers = [contacts[n::5] for n in range(5)]
    at_once([lambda who=who: line.talk(who) for who in talkers] + [trouble])
    assert all("sending" not in left for left in statuses)
    assert_all_is_well(line, contacts)
    assert repeated(line.accepted()) == {}


def test_a_start_answers_within_seconds_what_was_left_behind(make_line: MakeLine) -> None:
    line, contacts = make_line(4), people(20)
    line.server.run(BACKLOG)
    line.server.start()
    assert line.wait_until_quiet(20) < 15
    assert line.stored() == {contact: ["m1", "m2", "m3", "m4"] for contact in contacts}
    assert line.heard() == {contact: ["r0", "r1", "r2", "r3", "r4"] for contact in contacts}
