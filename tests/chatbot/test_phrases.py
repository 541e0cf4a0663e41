"""What no rule understood: counted with the answer, grouped, and taught as a synonym."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chatbot import phrases, publishing, synonyms
from chatbot.models import Rule, UnmatchedPhrase
from tenants.models import User
from tests.journeys.conftest import other_shop, shop  # noqa: F401  (fixtures)
from tests.journeys.shop import ANA, BETO, Shop, incoming, text_message

# ruff: noqa: F811

PAGE = "/admin/chatbot/rule/frases/"


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


@pytest.fixture
def jefa(menu: Shop) -> Client:
    """The admin of the company, logged in."""
    menu.agent("jefa", "admin")
    with menu.inside():
        User.objects.filter(username="jefa").update(is_staff=True, is_superuser=True)
    client = Client()
    client.post("/login?tenant=acme", {"username": "jefa", "password": "Clave-1234"})
    return client


def phrase_id(shop: Shop, phrase: str) -> int:
    with shop.inside():
        return UnmatchedPhrase.objects.get(phrase=phrase).pk


def teach(client: Client, pk: int, rule: Rule, words: str, match: str = "") -> Any:
    data = {"action": "add", "rule": rule.pk, "words": words, "match": match}
    return client.post(f"{PAGE}{pk}/", data, follow=True)


def the_rule(shop: Shop) -> Rule:
    with shop.inside():
        return Rule.objects.get(reply="De 8 a 6")


def test_a_synonym_goes_to_the_draft_and_answers_once_published(menu: Shop, jefa: Client) -> None:
    menu.says("¿A qué hora abren?")
    pk, rule = phrase_id(menu, "a que hora abren"), the_rule(menu)
    page = jefa.get(f"{PAGE}{pk}/", {"rule": str(rule.pk), "words": "a qué hora abren"})
    assert "1 mensaje de los que no se entendieron" in page.content.decode()
    listed = teach(jefa, pk, rule, "a qué hora abren").content.decode()
    assert the_rule(menu).trigger == "horario, a qué hora abren"
    assert "Deshacer" in listed
    assert "¿A qué hora abren?" not in listed
    assert "¿A qué hora abren?" in jefa.get(PAGE, {"ver": "resueltas"}).content.decode()
    menu.says("a que hora abren")
    assert menu.out[-1] != "De 8 a 6"
    with menu.inside():
        publishing.publish()
    menu.says("a que hora abren")
    assert menu.out[-1] == "De 8 a 6"


def test_a_synonym_is_undone(menu: Shop, jefa: Client) -> None:
    menu.says("domicilio")
    rule = the_rule(menu)
    listed = teach(jefa, phrase_id(menu, "domicilio"), rule, "domicilio", "contiene")
    edit = listed.context["edit"]
    assert (the_rule(menu).match, edit.title) == ("contiene", "Sinónimo «domicilio»")
    jefa.post(f"/admin/chatbot/rule/historial/{edit.pk}/deshacer/")
    assert (the_rule(menu).trigger, the_rule(menu).match) == ("horario", "exacta")
    assert "domicilio" in jefa.get(PAGE).content.decode()


def test_both_ways_to_compare_are_counted_before_choosing(menu: Shop, jefa: Client) -> None:
    for text in ("abren", "abren", "hoy abren", "abren los lunes", "otra"):
        menu.says(text)
    page = jefa.get(
        f"{PAGE}{phrase_id(menu, 'abren')}/", {"rule": str(the_rule(menu).pk), "words": "abren"}
    )
    ways = {way["match"]: way["messages"] for way in page.context["preview"]}
    assert ways == {"exacta": 2, "contiene": 4}


@pytest.mark.parametrize("words", ["👍", "*", "x" * 151, " , "])
def test_words_that_no_rule_could_compare_are_refused(menu: Shop, jefa: Client, words: str) -> None:
    menu.says("domicilio")
    teach(jefa, phrase_id(menu, "domicilio"), the_rule(menu), words)
    assert the_rule(menu).trigger == "horario"


def test_phrases_are_ignored_found_and_had_back(menu: Shop, jefa: Client) -> None:
    menu.says("¿Envían a Bogotá?")
    menu.says("otra")
    pk = phrase_id(menu, "envian a bogota")
    found = jefa.get(PAGE, {"q": "BOGOTA"}).context["page"].object_list
    assert [one.pk for one in found] == [pk]
    jefa.post(f"{PAGE}{pk}/", {"action": "dismiss"})
    assert [one.phrase for one in jefa.get(PAGE).context["page"]] == ["otra"]
    menu.says("envian a bogota")
    assert [one.times for one in jefa.get(PAGE, {"ver": "ignoradas"}).context["page"]] == [2]
    jefa.post(f"{PAGE}{pk}/", {"action": "restore"})
    assert len(jefa.get(PAGE).context["page"]) == 2


def test_agents_and_other_companies_see_none_of_it(
    menu: Shop, other_shop: Shop, client: Client
) -> None:
    menu.says("domicilio")
    menu.agent("luis", "ventas")
    client.post("/login?tenant=acme", {"username": "luis", "password": "Clave-1234"})
    for page in ("frases/", "repaso/?n=5", "escenarios/"):
        assert client.get(f"/admin/chatbot/rule/{page}").status_code in (302, 403)
    boss = Client()
    other_shop.agent("ella", "admin")
    with other_shop.inside():
        User.objects.filter(username="ella").update(is_staff=True, is_superuser=True)
    boss.post("/login?tenant=beta", {"username": "ella", "password": "Clave-1234"})
    assert "domicilio" not in boss.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("trigger", "after"),
    [
        ("horario", "horario, abren"),
        ("horario\nhoras", "horario\nhoras\nabren"),
        ("horario;horas", "horario;horas; abren"),
        ("ABREN", "ABREN"),
    ],
)
def test_words_are_added_in_the_style_of_the_trigger(trigger: str, after: str) -> None:
    assert synonyms.joined(trigger, "abren") == after
