"""A rule that one process changes is answered with by another within a second."""

import time

from tests.crash.conftest import MakeLine

CHANGE = """
from chatbot import publishing
from chatbot.models import Rule
from tenants import registry
from tenants.context import atomic, tenant_context

with tenant_context(registry.control_scope()), atomic():
    Rule.objects.update(reply="cambiada")
    publishing.publish()
"""


def test_a_change_in_another_process_answers_within_a_second(make_line: MakeLine) -> None:
    line = make_line(1)
    line.server.start()
    line.says("573001112233", 1)
    line.wait_until_quiet(20)
    line.server.run(CHANGE)
    time.sleep(1)  # the promise
    line.says("573001112244", 1)
    line.wait_until_quiet(20)
    assert line.heard()["573001112233"] == ["r1"]
    assert line.heard()["573001112244"] == ["cambiada"]
