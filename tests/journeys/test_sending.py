"""Sending: what Meta refuses, delays, or never answers."""

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from chatbot import publishing
from chatbot.models import RuleMedia
from conversations import numbers, services
from conversations.models import Conversation, Message, NumberState
from media_pipeline import services as files
from tenants.models import Tenant, User
from tests.journeys.shop import ANA, BETO, Shop
from tests.journeys.threads import at_once
from tests.tasks import later, run_later

CHAIN = ("menu_principal|iniciar|M|a,b", "a|*|AAA", "b|*|BBB")


def again(shop: Shop) -> None:
    """The time of what waits has come, also for a number that was asked to slow down."""
    shop.wait_over()
    with shop.inside():
        resting = NumberState.objects.filter(resume_at__isnull=False)
        resting.update(resume_at=timezone.now() - timedelta(seconds=1))
    numbers.forget()  # a second later, other processes see it too
    run_later()


def statuses(shop: Shop) -> list[str]:
    return [message.status for message in shop.sent()]


@pytest.mark.parametrize("trouble", [131056, 130429, 80007, 4, 131000, 131016, 1, 2])
def test_what_passes_is_tried_again_and_order_is_kept(shop: Shop, trouble: int) -> None:
    shop.rules(*CHAIN)
    shop.meta.fail_next(trouble)
    shop.says("hola")
    assert shop.out == []  # nothing overtakes the first
    first = shop.sent()[0]
    assert (first.status, first.error_code) == ("queued", trouble)
    assert first.next_attempt_at is not None
    assert first.next_attempt_at > timezone.now()
    assert len(later) == 1
    again(shop)
    assert shop.out == ["M", "AAA", "BBB"]
    assert statuses(shop) == ["accepted"] * 3
    assert shop.sent()[0].error_text == ""


def test_nothing_is_tried_before_its_time(shop: Shop) -> None:
    shop.rules(*CHAIN)
    shop.meta.fail_next(131056)
    shop.says("hola")
    run_later()
    shop.sweep()
    shop.says("otra")
    assert shop.out == []
    assert shop.sent()[0].attempts == 1


def test_waits_grow_with_every_attempt(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.meta.fail_next(131056, times=4)
    shop.says("hola")
    waits = []
    for _ in range(3):
        due = shop.last_sent().next_attempt_at
        assert due is not None
        waits.append((due - timezone.now()).total_seconds())
        again(shop)
    assert 0.5 < waits[0] < 2
    assert 3 < waits[1] < 6
    assert 14 < waits[2] < 21


def test_what_never_passes_is_given_up_visibly_and_lets_the_next_go(shop: Shop) -> None:
    shop.rules(*CHAIN)
    shop.meta.fail_next(131000, times=3)
    shop.says("hola")
    for _ in range(4):
        again(shop)
    assert statuses(shop) == ["failed", "accepted", "accepted"]
    failed = shop.sent()[0]
    assert failed.error_code == 131000
    assert failed.error_text != ""
    assert failed.attempts == 3
    assert shop.out == ["AAA", "BBB"]
    assert shop.attention() == "envio_fallido"


@pytest.mark.parametrize("code", [131030, 131021, 100, 131009, 131031, 133010])
def test_what_cannot_succeed_is_not_tried_again(shop: Shop, code: int) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.meta.fail_next(code)
    shop.says("hola")
    again(shop)
    shop.sweep()
    assert shop.out == []
    message = shop.last_sent()
    assert (message.status, message.attempts, message.next_attempt_at) == ("failed", 1, None)
    assert message.error_text != ""


def test_one_clients_trouble_is_not_anothers(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.meta.fail_next(131056, to=ANA)
    shop.says("hola")
    shop.says("hola", by=BETO)
    assert shop.out_to(BETO) == ["M"]
    assert shop.out_to(ANA) == []


def test_a_throttled_number_rests_for_all_its_clients(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.meta.fail_next(130429)
    shop.says("hola")
    shop.says("hola", by=BETO)
    assert shop.out == []
    again(shop)
    assert sorted(body["to"] for body in shop.bodies) == [ANA, BETO]


@pytest.mark.parametrize("trouble", ["drop", "lost", "500"])
def test_an_unanswered_send_waits_a_minute_for_its_receipt(shop: Shop, trouble: str) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.meta.fail_next(trouble)
    shop.says("hola")
    message = shop.last_sent()
    assert (message.status, message.wamid) == ("sending", None)
    assert message.next_attempt_at is not None
    assert 50 < (message.next_attempt_at - timezone.now()).total_seconds() <= 60
    before = len(shop.meta.graph.memory.calls)
    run_later()
    shop.sweep()
    assert len(shop.meta.graph.memory.calls) == before


def test_a_receipt_settles_an_unanswered_send_and_the_rest_goes_on(shop: Shop) -> None:
    shop.rules(*CHAIN)
    shop.meta.fail_next("drop")
    shop.says("hola")
    assert shop.out == ["M"]  # the rest waits: it must not overtake what may be lost
    shop.deliver_statuses()
    assert shop.out == ["M", "AAA", "BBB"]
    shop.deliver_statuses()
    assert statuses(shop) == ["delivered"] * 3
    assert all(message.resent_at is None for message in shop.sent())


def test_what_stays_in_doubt_is_resent_once_and_marked(shop: Shop) -> None:
    shop.rules(*CHAIN)
    shop.meta.fail_next("lost")
    shop.says("hola")
    assert shop.out == []
    again(shop)
    shop.sweep()
    assert shop.out == ["M", "AAA", "BBB"]
    first, second, third = shop.sent()
    assert first.resent_at is not None
    assert (second.resent_at, third.resent_at) == (None, None)
    assert statuses(shop) == ["accepted"] * 3


def test_a_second_doubt_is_given_up_and_left_to_a_person(shop: Shop) -> None:
    shop.rules(*CHAIN)
    shop.meta.fail_next("lost", times=2)
    shop.says("hola")
    for _ in range(3):
        shop.wait_over()
        shop.sweep()
    assert shop.out == ["AAA", "BBB"]
    assert statuses(shop) == ["failed", "accepted", "accepted"]
    assert "confirmó" in shop.sent()[0].error_text
    assert shop.attention() == "envio_fallido"


def test_a_late_receipt_of_the_first_try_counts_after_a_resend(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.meta.fail_next("drop")
    shop.says("hola")
    shop.wait_over()
    shop.sweep()
    assert shop.out == ["M", "M"]  # Meta has no idempotency: this is why it is marked
    assert shop.last_sent().resent_at is not None
    shop.deliver_statuses()
    assert statuses(shop) == ["delivered"]


def test_a_row_left_sending_by_a_crash_is_resent_after_a_minute(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M", "menu_principal|1|Uno")
    shop.says("hola")
    with shop.inside():
        Message.objects.filter(direction="out").update(
            status="sending",
            wamid=None,
            next_attempt_at=timezone.now() + timedelta(seconds=60),
        )
        Conversation.objects.update(
            lease_owner="dead", lease_until=timezone.now() - timedelta(seconds=1)
        )
    shop.says("1")
    assert shop.out == ["M"]
    shop.wait_over()
    shop.sweep()
    assert shop.out == ["M", "M", "Uno"]
    assert shop.sent()[0].resent_at is not None


def test_a_row_left_queued_by_a_crash_is_sent_by_the_sweep(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.says("hola")
    with shop.inside():
        Message.objects.filter(direction="out").update(status="queued", wamid=None)
    assert shop.heard_after(shop.sweep) == ["M"]


def test_a_chat_that_a_dead_worker_held_is_taken_over_when_its_lease_ends(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M", "menu_principal|1|Uno")
    shop.says("hola")
    now = timezone.now()
    with shop.inside():
        Conversation.objects.update(lease_owner="dead", lease_until=now + timedelta(seconds=30))
    assert shop.heard_after(lambda: shop.says("1")) == []
    assert shop.heard_after(shop.sweep) == []
    with shop.inside():
        Conversation.objects.update(lease_until=now - timedelta(seconds=1))
    assert shop.heard_after(shop.sweep) == ["Uno"]


def new_token(shop: Shop, token: str) -> None:
    shop.meta.graph.tokens.grant(token, shop.number)
    shop.tenant.meta_token = token
    shop.tenant.save()
    shop.tenant = Tenant.objects.get(pk=shop.tenant.pk)


@pytest.mark.parametrize("code", [190, 0, 10, 200])
def test_a_refused_token_pauses_the_number_and_a_new_one_goes_on(shop: Shop, code: int) -> None:
    shop.rules(*CHAIN)
    shop.meta.fail_next(code)
    shop.says("hola")
    shop.says("hola", by=BETO)
    assert shop.out == []
    assert set(statuses(shop)) == {"queued"}
    with shop.inside():
        (state,) = NumberState.objects.all()
    assert (state.phone_number_id, state.error_code) == (shop.number, code)
    assert state.reason != ""
    calls = len(shop.meta.graph.memory.calls)
    again(shop)
    shop.sweep()
    assert len(shop.meta.graph.memory.calls) == calls
    new_token(shop, "T1-new")
    again(shop)
    assert shop.out_to(ANA) == ["M", "AAA", "BBB"]
    assert shop.out_to(BETO) == ["M", "AAA", "BBB"]
    assert {token for _, token, _ in shop.meta.sends} == {"T1-new"}


def test_a_message_in_doubt_waits_quietly_while_its_number_is_paused(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.meta.fail_next("lost")
    shop.says("hola")
    shop.meta.fail_next(190)
    shop.says("hola", by=BETO)
    shop.wait_over()
    shop.sweep()
    assert shop.out == []
    assert [message.status for message in shop.sent()] in (
        ["sending", "queued"],
        ["queued", "queued"],
    )


def test_the_paused_number_of_one_company_is_not_anothers(shop: Shop, other_shop: Shop) -> None:
    for one in (shop, other_shop):
        one.rules("menu_principal|iniciar|M")
    shop.meta.fail_next(190)
    shop.says("hola")
    other_shop.says("hola")
    assert other_shop.out == ["M"]


def test_tokens_are_never_stored_nor_shown(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.meta.fail_next(190)
    shop.says("hola")
    with shop.inside():
        found = [*Message.objects.values_list(), *NumberState.objects.values_list()]
    assert "T1" not in str(found)


def test_the_bots_answer_outside_the_window_is_kept_as_failed_and_not_tried(shop: Shop) -> None:
    """A message that Meta delivered more than a day late."""
    shop.rules("menu_principal|iniciar|M")
    late = str(int((timezone.now() - timedelta(hours=25)).timestamp()))
    shop.says("hola", timestamp=late)
    assert shop.meta.graph.memory.calls == type(shop.meta.graph.memory.calls)()
    message = shop.last_sent()
    assert (message.status, message.error_code, message.attempts) == ("failed", 131047, 0)
    assert "24 horas" in message.error_text
    assert shop.attention() == "envio_fallido"


def test_what_waited_beyond_the_window_is_not_tried(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.meta.fail_next(131056)
    shop.says("hola")
    calls = len(shop.meta.graph.memory.calls)
    shop.silence(hours=25)
    again(shop)
    assert len(shop.meta.graph.memory.calls) == calls
    assert shop.last_sent().status == "failed"


def test_a_failed_receipt_of_a_closed_window_is_shown(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.meta.fail_next(131047)
    shop.says("hola")
    assert shop.last_sent().status == "accepted"
    shop.deliver_statuses()
    message = shop.last_sent()
    assert (message.status, message.error_code) == ("failed", 131047)
    assert shop.attention() == "envio_fallido"


def refuse_later(shop: Shop, message: Message, code: int) -> None:
    """Meta took the message and then could not carry it out."""
    shop.status(str(message.wamid), "failed", errors=[{"code": code, "title": "x"}])


@pytest.mark.parametrize("code", [131056, 130429, 131000, 131016])
def test_what_passes_is_sent_again_also_when_meta_refuses_it_later(shop: Shop, code: int) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.says("hola")
    first = shop.last_sent()
    refuse_later(shop, first, code)
    waiting = shop.last_sent()
    assert (waiting.status, waiting.error_code, waiting.wamid) == ("queued", code, None)
    assert waiting.next_attempt_at is not None
    assert waiting.next_attempt_at > timezone.now()
    refuse_later(shop, first, code)  # Meta repeats itself
    shop.status(str(first.wamid), "sent", biz_opaque_callback_data=str(first.send_key))
    again(shop)
    assert shop.out == ["M", "M"]
    last = shop.last_sent()
    assert (last.status, last.attempts, last.error_text) == ("accepted", 2, "")
    assert last.send_key != first.send_key
    assert shop.attention() == ""


def test_a_refusal_and_a_receipt_in_one_webhook_send_once_more(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.says("hola")
    wamid = shop.last_sent().wamid
    receipt = {"id": wamid, "timestamp": "1", "recipient_id": ANA}
    failed = receipt | {"status": "failed", "errors": [{"code": 131056, "title": "x"}]}
    shop.post(shop.envelope(statuses=[failed, receipt | {"status": "sent"}, failed]))
    assert shop.last_sent().status == "queued"
    again(shop)
    assert shop.out == ["M", "M"]


def test_what_meta_refuses_later_every_time_is_given_up(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.says("hola")
    for _ in range(5):
        assert shop.attention() == ""
        refuse_later(shop, shop.last_sent(), 131056)
        again(shop)
    assert len(shop.out) == 5
    assert (shop.last_sent().status, shop.attention()) == ("failed", "envio_fallido")


def test_another_apps_message_is_not_sent_again(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.says("hola")
    with shop.inside():
        Message.objects.filter(pk=shop.last_sent().pk).update(send_key=None)
    refuse_later(shop, shop.last_sent(), 131056)
    assert shop.last_sent().status == "failed"


def reply(shop: Shop, text: str, key: str = "") -> Message:
    chat = shop.chat()
    with shop.inside():
        agent = User.objects.get(username="eva")
        return services.reply_as_agent(chat, text, agent=agent, key=key)


def test_an_agent_cannot_write_outside_the_window(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.agent("eva", "admin")
    shop.says("hola")
    shop.silence(hours=25)
    with pytest.raises(services.WindowClosed):
        reply(shop, "¿Sigues ahí?")
    assert shop.out == ["M"]
    assert len(shop.sent()) == 1
    assert shop.chat().handler == "bot"


def test_the_same_form_twice_is_sent_once(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.agent("eva", "admin")
    shop.says("hola")
    key = str(uuid.uuid4())
    first, second = reply(shop, "Hola", key), reply(shop, "Hola", key)
    assert first.pk == second.pk
    assert shop.out == ["M", "Hola"]


def test_the_same_form_twice_at_the_same_time_is_sent_once(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.agent("eva", "admin")
    shop.says("hola")
    key = str(uuid.uuid4())
    at_once(*[lambda: reply(shop, "Hola", key)] * 4)
    assert shop.out == ["M", "Hola"]


def test_equal_texts_of_two_forms_are_both_sent(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.agent("eva", "admin")
    shop.says("hola")
    for _ in range(2):
        reply(shop, "Hola", str(uuid.uuid4()))
    assert shop.out == ["M", "Hola", "Hola"]


def test_an_agents_answer_that_fails_is_shown_and_the_next_goes_out(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.agent("eva", "admin")
    shop.says("hola")
    shop.meta.fail_next(131030)
    reply(shop, "Uno")
    reply(shop, "Dos")
    assert statuses(shop) == ["accepted", "failed", "accepted"]
    assert shop.out == ["M", "Dos"]


def test_an_agents_answer_waits_behind_what_waits(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.agent("eva", "admin")
    shop.meta.fail_next(131056)
    shop.says("hola")
    reply(shop, "Soy Eva")
    assert shop.out == []
    again(shop)
    assert shop.out == ["M", "Soy Eva"]


def test_every_send_carries_our_key_and_knows_who_sent_it(shop: Shop) -> None:
    shop.rules(*CHAIN)
    shop.agent("eva", "admin")
    shop.says("hola")
    reply(shop, "Soy Eva")
    keys = [body["biz_opaque_callback_data"] for body in shop.bodies]
    assert keys == [str(message.send_key) for message in shop.sent()]
    authors = [(message.author, message.step) for message in shop.sent()]
    assert authors == [
        ("bot", "menu_principal"),
        ("bot", "a"),
        ("bot", "b"),
        ("agent", ""),
    ]
    assert all(message.rule_id for message in shop.sent()[:3])


def test_a_file_of_our_own_is_uploaded_and_sent_by_id(
    shop: Shop, tmp_path: Path, settings: Any
) -> None:
    settings.UPLOADS_DIR = tmp_path
    shop.rules("menu_principal|iniciar|M")
    rule = shop.rule("menu_principal|foto|Mira||image")
    with shop.inside():
        png = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
        file = files.store(png, name="a.png")
        RuleMedia.objects.create(rule=rule, kind="image", file=file)
        publishing.publish()
    shop.says("hola")
    shop.says("foto")
    assert shop.out == ["M", "Mira"]
    assert set(shop.bodies[-1]["image"]) == {"id", "caption"}


def test_a_file_that_is_gone_fails_visibly_and_blocks_nobody(
    shop: Shop, tmp_path: Path, settings: Any
) -> None:
    settings.UPLOADS_DIR = tmp_path
    shop.rules("menu_principal|iniciar|M", "menu_principal|1|Uno")
    rule = shop.rule("menu_principal|foto|Mira||image")
    with shop.inside():
        file = files.store(b"\x89PNG\r\n\x1a\n", name="a.png")
        RuleMedia.objects.create(rule=rule, kind="image", file=file)
        publishing.publish()
        (files.company_folder() / file.path).unlink()
    shop.says("hola")
    shop.says("foto")
    assert shop.last_sent().status == "failed"
    assert shop.last_sent().error_text != ""
    assert shop.heard_after(lambda: shop.says("1")) == ["Uno"]


def test_the_pair_limit_of_ours_spaces_messages_and_keeps_order(shop: Shop, settings: Any) -> None:
    settings.SEND_PAIR_BURST = 2
    shop.rules(*CHAIN)
    shop.says("hola")
    assert shop.out == ["M", "AAA"]
    third = shop.last_sent()
    assert third.status == "queued"
    assert third.next_attempt_at is not None
    assert 4 < (third.next_attempt_at - timezone.now()).total_seconds() <= 6
    assert len(later) == 1
