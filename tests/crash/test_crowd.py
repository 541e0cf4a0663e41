"""Many posts at the same moment, through the real door."""

import itertools
import threading

from tests.crash.conftest import MakeLine
from tests.crash.line import at_once, message, people


def test_the_same_message_posted_by_fifty_at_once_is_answered_once(make_line: MakeLine) -> None:
    line = make_line(1)
    line.server.start()
    body = message("m1", "573001112233", "wamid.once")
    statuses: list[int] = []
    at_once([lambda: statuses.append(line.post_once(body))] * 50)
    line.wait_until_quiet(20)
    assert statuses == [200] * 50
    assert line.stored() == {"573001112233": ["m1"]}
    assert [sent["text"]["body"] for sent in line.accepted()] == ["r1"]


def test_new_contacts_that_all_write_at_once_get_one_chat_each(make_line: MakeLine) -> None:
    line, contacts = make_line(3), people(15)
    line.server.start()
    statuses: list[int] = []

    def say(contact: str, number: int) -> None:
        body = message(f"m{number}", contact, f"wamid.{contact}.{number}")
        statuses.append(line.post_once(body))

    at_once([lambda c=c, n=n: say(c, n) for c in contacts for n in (1, 2, 3)])
    line.wait_until_quiet(20)
    assert statuses == [200] * 45
    stored = line.stored()
    assert {contact: sorted(said) for contact, said in stored.items()} == dict.fromkeys(
        contacts, ["m1", "m2", "m3"]
    )
    assert line.heard() == {c: [f"r{text[1:]}" for text in said] for c, said in stored.items()}


def test_two_hundred_messages_of_one_contact_are_answered_in_the_order_of_their_rows(
    make_line: MakeLine,
) -> None:
    line, contact = make_line(200), "573001112233"
    line.server.start()
    numbers, lock = itertools.count(1), threading.Lock()

    def client() -> None:
        while True:
            with lock:
                number = next(numbers)
            if number > 200:
                return
            line.says(contact, number)

    at_once([client] * 16)
    line.wait_until_quiet(30)
    stored = line.stored()[contact]
    assert sorted(stored) == sorted(f"m{n}" for n in range(1, 201))
    assert [body["text"]["body"] for body in line.accepted()] == [f"r{m[1:]}" for m in stored]
