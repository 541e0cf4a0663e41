"""The database server goes away in the middle, and comes back."""

import contextlib
import os
import time
from collections.abc import Iterator

import pytest

from tests.crash.conftest import MakeLine
from tests.crash.door import Door
from tests.crash.line import at_once, message, people, repeated
from tests.crash.test_crash import QUIET_SECONDS, assert_all_is_well, wait_for
from tests.servers import mariadb_rows, on_mariadb

pytestmark = pytest.mark.skipif(not on_mariadb(), reason="SQLite has no server that could go")


def cut_connections(database: str) -> None:
    """What the server does to idle or unwanted clients."""
    found = mariadb_rows(f"SELECT id FROM information_schema.processlist WHERE db = '{database}'")
    for (connection_id,) in found:
        with contextlib.suppress(Exception):  # it may have gone by itself
            mariadb_rows(f"KILL {connection_id}")


@pytest.fixture
def door() -> Iterator[Door]:
    made = Door(int(os.environ.get("DB_PORT") or 3306))
    yield made
    made.shut()


def test_meta_hears_500_while_the_database_is_gone_and_nothing_is_lost(
    make_line: MakeLine, door: Door
) -> None:
    line, contacts = make_line(20, DB_HOST="127.0.0.1", DB_PORT=str(door.port)), people(20)
    line.meta.delay_seconds = 0.03
    line.server.start()

    def trouble() -> None:
        with line.receipts():
            wait_for(line, 130)
            door.shut()
            time.sleep(0.5)
            began = time.monotonic()
            assert line.post_once(message("m1", "573009999999", "wamid.while.gone")) == 500
            assert time.monotonic() - began < 5
            time.sleep(2)
            door.open()
            wait_for(line, 400)
            line.wait_until_quiet(QUIET_SECONDS)

    at_once([lambda n=n: line.talk(contacts[n::5]) for n in range(5)] + [trouble])
    assert_all_is_well(line, contacts)
    assert repeated(line.accepted()) == {}


def test_connections_that_the_server_cuts_cost_nothing(make_line: MakeLine) -> None:
    line, contacts = make_line(20), people(20)
    line.meta.delay_seconds = 0.03
    line.server.start()

    def trouble() -> None:
        with line.receipts():
            for share in (100, 200, 300):
                wait_for(line, share)
                cut_connections(line.server.database)
            wait_for(line, 400)
            line.wait_until_quiet(QUIET_SECONDS)

    at_once([lambda n=n: line.talk(contacts[n::5]) for n in range(5)] + [trouble])
    assert_all_is_well(line, contacts)
