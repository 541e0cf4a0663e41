"""What no rule understood: counted with the answer, grouped, and taught as a synonym."""

from datetime import timedelta

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chatbot import phrases
from chatbot.models import UnmatchedPhrase
from tests.journeys.conftest import other_shop, shop  # noqa: F401  (fixtures)
from tests.journeys.shop import ANA, BETO, Shop, incoming, text_message

# ruff: noqa: F811


@pytest.fixture
def menu(shop: Shop) -> Shop:
    """Its clients stand at the menu, which has no `*`."""
    shop.rules("menu_principal|iniciar|Hola", "menu_principal|horario|De 8 a 6")
    shop.says("hola", by=ANA)
    shop.says("hola", by=BETO)
    return shop


def counted(shop: Shop) -> list[tuple[str, str, int]]:
    with shop.inside():
        rows = UnmatchedPhrase.objects.order_by("-times", "phrase")
        return list(rows.values_list("step", "phrase", "times"))


def test_equal_phrases_are_counted_together(menu: Shop) -> None:
    menu.says("¿A qué HORA abren?", by=ANA)
    menu.says("a que hora abren", by=BETO)
    menu.says("domicilio", by=BETO)
    assert counted(menu) == [
        ("menu_principal", "a que hora abren", 2),
        ("menu_principal", "domicilio", 1),
    ]
    with menu.inside():
        assert UnmatchedPhrase.objects.latest("times").example == "¿A qué HORA abren?"


def test_one_decision_about_several_messages_counts_each(menu: Shop) -> None:
    menu.sends(*(text_message("domicilio", by) for by in (ANA, ANA, BETO)))
    assert counted(menu) == [("menu_principal", "domicilio", 3)]


def test_what_is_understood_tapped_or_without_words_is_not_counted(menu: Shop) -> None:
    menu.says("horario")
    menu.taps("nada", "Nada")
    menu.sends(incoming("image", {"id": "1", "mime_type": "image/png", "caption": "mira"}))
    menu.says("👍👍")
    assert counted(menu) == []


def test_a_long_phrase_is_cut(menu: Shop) -> None:
    menu.says("no " * 1000)
    (step, phrase, times) = counted(menu)[0]
    assert (len(phrase), times) == (149, 1)


def test_another_company_counts_its_own(menu: Shop, other_shop: Shop) -> None:
    menu.says("domicilio")
    assert counted(other_shop) == []


def test_it_costs_one_statement_and_only_then(menu: Shop) -> None:
    def written(text: str) -> int:
        connections[menu.tenant.alias].queries_log.clear()  # each request empties it anyway
        with CaptureQueriesContext(connections[menu.tenant.alias]) as queries:
            menu.says(text)
        return sum("unmatchedphrase" in query["sql"] for query in queries.captured_queries)

    assert written("horario") == 0
    assert written("domicilio") == 1
    assert written("domicilio") == 1


def test_the_rarest_of_the_oldest_are_forgotten(
    menu: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phrases, "KEPT", 2)
    now = timezone.now()
    with menu.inside():
        for days, (text, times) in enumerate([("a", 1), ("b", 1), ("c", 9), ("d", 1)]):
            at = now - timedelta(days=days)
            UnmatchedPhrase.objects.create(step="m", phrase=text, times=times, last_at=at)
        old = now - phrases.KEPT_FOR - timedelta(days=1)
        UnmatchedPhrase.objects.create(step="m", phrase="vieja", times=99, last_at=old)
        phrases.forget_rare()
        assert sorted(UnmatchedPhrase.objects.values_list("phrase", flat=True)) == ["a", "c"]
