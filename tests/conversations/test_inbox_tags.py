"""How times, initials, ticks and reasons are said."""

import datetime as dt

import pytest
from django.utils import timezone

from conversations.models import Message
from conversations.templatetags import inbox


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ana López", "AL"),
        ("Jorge Iván Ospina", "JO"),
        ("camilo", "C"),
        ("+57 300", ""),
        ("🌻", ""),
    ],
)
def test_initials_are_of_words(name: str, letters: str) -> None:
    assert inbox.initials(name) == letters


def test_times_in_the_list_are_hour_ayer_or_date() -> None:
    now = timezone.localtime()
    assert inbox.chat_time(now) == f"{now:%H:%M}"
    assert inbox.chat_time(now - dt.timedelta(days=1)) == "ayer"
    assert inbox.chat_time(dt.datetime(2024, 5, 12, 15, tzinfo=dt.UTC)) == "12/05/24"


def test_days_of_a_thread_have_names() -> None:
    today = timezone.localdate()
    assert inbox.day_name(today) == "Hoy"
    assert inbox.day_name(today - dt.timedelta(days=1)) == "Ayer"
    assert inbox.day_name(dt.date(2020, 5, 12)) == "12 de mayo de 2020"


def test_what_is_left_of_the_window() -> None:
    now = timezone.now()
    assert inbox.time_left(now + dt.timedelta(hours=5, seconds=30)) == "5 h"
    assert inbox.time_left(now + dt.timedelta(minutes=40, seconds=30)) == "40 min"
    assert inbox.time_left(now - dt.timedelta(minutes=5)) == ""
    assert inbox.time_left(None) == ""


@pytest.mark.parametrize(
    "status", [s for s in Message.Status if s not in ("received", "answered", "kept")]
)
def test_each_status_of_ours_has_a_tick_with_words(status: str) -> None:
    tick = inbox.tick(Message(status=status))
    assert tick is not None
    assert tick.label


def test_a_message_of_theirs_has_no_tick() -> None:
    assert inbox.tick(Message(status=Message.Status.RECEIVED)) is None


def test_a_reason_without_a_sentence_is_still_readable() -> None:
    assert inbox.attention_text("sin_regla") == "El bot no supo qué responder"
    assert inbox.attention_text("algo_nuevo") == "Algo nuevo"


def test_an_icons_label_is_escaped() -> None:
    assert 'aria-label="&quot;&gt;"' in inbox.icon("bot", '">')
