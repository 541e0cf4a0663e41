"""Open chats whose step a publication takes away."""

import threading
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from chatbot import drafts, publishing, rulebooks, services, stranded
from chatbot.models import BotSession, Rule, RulebookRelease, RuleEdit
from chatbot.moves import Move
from chatbot.rule_data import RuleData
from conversations.models import Contact, Conversation
from tenants.context import atomic, tenant_context
from tests.journeys.shop import BETO, Shop
from tests.journeys.threads import at_once

GONE = "medida"


@pytest.fixture
def waiting(shop: Shop) -> Shop:
    """A client stands in step `medida`, which the draft no longer has."""
    shop.rules(
        "menu_principal|iniciar|Bienvenido",
        "menu_principal|1|¿Qué medida?|medida",
        "medida|20|Veinte",
        "talla|20|Talla veinte",
    )
    shop.says("1")
    assert shop.step() == GONE
    with shop.inside():
        drop(GONE)
    return shop


def drop(step: str) -> None:
    with drafts.editing(RuleEdit.Kind.DELETED, author="ana") as edit:
        ids = [rule.pk for rule in Rule.objects.all() if rule.step == step]
        edit.will_change(ids)
        Rule.objects.filter(pk__in=ids).delete()


def publish(shop: Shop, *moves: tuple[str, Move]) -> publishing.Published:
    with shop.inside():
        seen = publishing.draft_number()
        return publishing.publish_seen(seen, author="ana", moves=dict(moves))


def test_publishing_waits_until_somebody_says_where_its_chats_go(waiting: Shop) -> None:
    with waiting.inside():
        assert stranded.stranded_chats() == {GONE: 1}
    with pytest.raises(publishing.ChatsStranded) as refused:
        publish(waiting)
    assert refused.value.chats == {GONE: 1}
    with pytest.raises(publishing.ChatsStranded):  # a step that no rule has is no choice
        publish(waiting, (GONE, Move("paso", "nadie")))
    with waiting.inside():
        assert publishing.pending().size == 1


def test_they_go_on_in_another_step(waiting: Shop) -> None:
    assert publish(waiting, (GONE, Move("paso", "talla"))).moved_chats == 1
    assert waiting.step() == "talla"
    assert waiting.heard_after(lambda: waiting.says("20")) == ["Talla veinte"]


def test_they_start_anew(waiting: Shop) -> None:
    publish(waiting, (GONE, Move("inicio")))
    assert waiting.step() == "menu_principal"
    assert waiting.heard_after(lambda: waiting.says("20")) == ["Bienvenido"]


def test_a_person_answers_them(waiting: Shop) -> None:
    publish(waiting, (GONE, Move("asesor")))
    chat = waiting.chat()
    assert chat.handler == Conversation.Handler.AGENT
    assert chat.attention == "paso_retirado"
    assert waiting.heard_after(lambda: waiting.says("20")) == []
    with waiting.inside():
        services.resume_bot(chat)
    assert waiting.heard_after(lambda: waiting.says("20")) == ["Bienvenido"]


def test_closed_sessions_and_chats_elsewhere_stay(waiting: Shop) -> None:
    waiting.says("hola", by=BETO)
    with waiting.inside():
        BotSession.objects.filter(conversation=waiting.chat()).update(is_open=False)
    assert publish(waiting).moved_chats == 0
    assert (waiting.step(), waiting.step(BETO)) == (GONE, "menu_principal")


def test_steps_that_differ_in_an_accent_are_two(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Hola|menú", "menú|x|X", "menu|1|Uno")
    shop.says("hola")
    with shop.inside():
        drop("menu")
        assert stranded.open_chats() == {"menú": 1}
        assert stranded.stranded_chats() == {}
        assert stranded.move_chats({"menu": Move("inicio")}) == 0
    assert shop.step() == "menú"


@pytest.mark.parametrize(
    ("move", "heard"),
    [
        (Move("paso", "talla"), ["Talla veinte"]),
        (Move("inicio"), ["Bienvenido"]),
        (Move("asesor"), []),
    ],
    ids=str,
)
def test_a_bot_that_was_still_deciding_leaves_nobody_behind(
    waiting: Shop, move: Move, heard: list[str]
) -> None:
    """Another process may answer by the older rules for half a second, and put chats there."""
    publish(waiting, (GONE, move))
    late(waiting)
    with waiting.inside():
        publishing.publish(author="luis")  # and the next release knows it still
    assert waiting.heard_after(lambda: waiting.says("20")) == heard
    assert waiting.step() != GONE
    is_ours = waiting.chat().handler == Conversation.Handler.AGENT
    assert is_ours == (move.kind == "asesor")


def late(shop: Shop) -> None:
    """As a worker leaves it that decided before the publication and stored after it."""
    with shop.inside():
        chat = Conversation.objects.filter(pk=shop.chat().pk)
        chat.update(handler=Conversation.Handler.BOT, attention="")
        BotSession.objects.filter(conversation=shop.chat()).update(step=GONE, is_open=True)
        rulebooks.forget()


def test_who_was_sent_to_a_step_that_goes_later_is_sent_on(waiting: Shop) -> None:
    publish(waiting, (GONE, Move("paso", "talla")))
    with waiting.inside():
        drop("talla")
    publish(waiting, ("talla", Move("inicio")))
    late(waiting)
    assert waiting.heard_after(lambda: waiting.says("20")) == ["Bienvenido"]


def test_a_step_that_comes_back_keeps_its_chats(waiting: Shop) -> None:
    publish(waiting, (GONE, Move("inicio")))
    with waiting.inside():
        publishing.restore(RulebookRelease.objects.latest("number").number - 1, author="ana")
    late(waiting)
    assert waiting.heard_after(lambda: waiting.says("20")) == ["Veinte"]


def test_what_was_not_seen_is_not_published(waiting: Shop) -> None:
    with waiting.inside():
        seen = publishing.draft_number()
        drop("talla")
        with pytest.raises(publishing.DraftMoved):
            publishing.publish_seen(seen, author="ana", moves={GONE: Move("inicio")})
        with pytest.raises(publishing.DraftMoved):
            publishing.restore_seen(1, seen, author="ana")
        assert publishing.pending().size == 2
        assert Rule.objects.filter(step="talla").count() == 0


def test_of_two_who_publish_at_once_one_looks_again(waiting: Shop) -> None:
    with waiting.inside():
        seen = publishing.draft_number()
        before = RulebookRelease.objects.count()
    outcomes: list[str] = []

    def one() -> None:
        with tenant_context(waiting.tenant):
            try:
                publishing.publish_seen(seen, author="ana", moves={GONE: Move("inicio")})
                outcomes.append("published")
            except publishing.DraftMoved:
                outcomes.append("moved")

    at_once(one, one)
    assert sorted(outcomes) == ["moved", "published"]
    with waiting.inside():
        assert RulebookRelease.objects.count() == before + 1


def test_an_edit_that_goes_on_is_published_whole_or_not_at_all(shop: Shop) -> None:
    """A long import, and somebody publishes meanwhile."""
    half, done = threading.Event(), threading.Event()

    def importing() -> None:
        with tenant_context(shop.tenant), drafts.editing(RuleEdit.Kind.IMPORTED, author="ana"):
            Rule.objects.create(step="menu", trigger="1", reply="Uno")
            half.set()
            done.wait(0.5)
            Rule.objects.create(step="menu", trigger="2", reply="Dos")

    def publish() -> None:
        half.wait(5)
        with tenant_context(shop.tenant):
            publishing.publish(author="luis")
        done.set()

    at_once(importing, publish)
    with shop.inside():
        assert len(publishing.published_rules()) == 2


def test_thousands_move_with_a_statement_each_five_hundred(
    shop: Shop, django_assert_max_num_queries: Any
) -> None:
    with shop.inside():
        fill(1200)
        connection = connections[shop.tenant.alias]
        with atomic(), django_assert_max_num_queries(9, connection=connection):
            assert stranded.move_chats({GONE: Move("inicio")}) == 1200
        assert set(BotSession.objects.values_list("step", "is_open")) == {("menu_principal", False)}


def fill(chats: int) -> None:
    contacts = Contact.objects.bulk_create([Contact(wa_id=f"57{n}") for n in range(chats)])
    made = Conversation.objects.bulk_create(
        [Conversation(contact=contact, phone_number_id="111") for contact in contacts]
    )
    BotSession.objects.bulk_create(
        [BotSession(conversation=c, step=GONE, contact_spoke_at=timezone.now()) for c in made]
    )


def test_where_chats_may_go_on_is_advised() -> None:
    def book(*rules: dict[str, Any]) -> list[RuleData]:
        return [RuleData(id=n, trigger="*", **rule) for n, rule in enumerate(rules, 1)]

    before = book(
        {"step": "medida", "next_step": "a, precio"}, {"step": "menu"}, {"step": "precio"}
    )
    after = book({"step": "tamaño"}, {"step": "medidas"}, {"step": "precio"})
    assert stranded.suggestions("medida", before, after) == ["tamaño", "precio", "medidas"]
