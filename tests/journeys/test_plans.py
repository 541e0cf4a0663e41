"""Every statement finds its rows by an index, however long the history is."""

import os
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.journeys.busy_day import paths, prepare
from tests.journeys.query_plans import Seen, Watch, empty_quickly, report
from tests.journeys.test_payloads import Business, business  # noqa: F401

USUAL = 10_000
MESSAGES = int(os.environ.get("PLANS_MESSAGES", USUAL))  # bench/explain.py asks for more
CONTACTS = min(MESSAGES // 2, 20_000)
MOST_ROWS = 1500  # that a statement may read
# What a statement contains, and why it may read all of a table.
ALLOWED = {
    r"FROM .axes_accessattempt.* WHERE .axes_accessattempt.\..attempt_time": (
        "django-axes has no index on it; what is older than half an hour is gone each hour"
    ),
    r"SELECT COUNT\(\*\) AS .__count. FROM .conversations_contactchange": (
        "an admin's list of half a year, counted for its pages"
    ),
    r"SELECT COUNT\(\*\) AS .__count. FROM .tenants_undeliveredevent": (
        "how many are left, once, when a superadmin has handed a thousand over"
    ),
    r"SELECT COUNT\(CASE WHEN .* AS .mios.": (
        "the tabs' counts: the chats that nobody has resolved, along an index"
    ),
    r"AS ._mine.*LIMIT 31$": (
        "a filter that few chats pass: along the index of all of them, two look-ups each"
    ),
    r"AS .media__original_name. .*IN \(…\)|.kind. IN \(…\)\) ORDER BY .*_message.\..id. ASC": (
        "a batch of new messages for the search, by key: see search_index.AT_ONCE"
    ),
    r"FROM .conversations_message. WHERE \(.conversations_message.\..id. >= %s AND .* < %s\)$": (
        "once a day, a stretch of the keys: see search_index.mend"
    ),
    r"conversations_search": (
        "a few thousand of the newest messages, by key: see search.READ and search_index.AT_ONCE"
    ),
    r"FROM .conversations_message. .*\..id. > %s.* LIMIT 500$": (
        "what came after a bubble, along the key: long only from the first of a very long chat"
    ),
    r"UPDATE .conversations_contact. SET .opted_out_at.* IN .* IS NOT NULL": (
        "SQLite scans the contacts, where MariaDB does not, when one wants no marketing"
    ),
}


@pytest.fixture
def watch(business: Business, tmp_path: Any, settings: Any) -> Iterator[Watch]:  # noqa: F811
    settings.UPLOADS_DIR = tmp_path
    prepare(business, MESSAGES, CONTACTS, others=3000)
    watch = Watch()
    with watch.watching():
        for watch.path, run in paths(business):
            run()
    yield watch
    if MESSAGES > USUAL:
        sys.stdout.write(f"\n\n{report(watch.seen.values())}\n")
        empty_quickly()


def test_no_statement_reads_a_growing_table_from_end_to_end(watch: Watch) -> None:
    assert len(watch.seen) > 100
    guilty = [s for s in watch.seen.values() if _is_guilty(s) and not _reason(s)]
    assert not guilty, "\n\n".join(f"{s.shown}\n    {s.plan}" for s in guilty)


def _is_guilty(seen: Seen) -> bool:
    return bool(seen.unindexed) or seen.rows > MOST_ROWS


def _reason(seen: Seen) -> str:
    return next((why for part, why in ALLOWED.items() if re.search(part, seen.sql)), "")
