"""The list and the page of rules: found, put in order, edited by two people at once."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chatbot import publishing, rule_index
from chatbot.drafts import editing, undo
from chatbot.models import Rule, RuleEdit, RuleMedia
from chatbot.rule_order import place
from tenants.context import tenant_context
from tenants.models import Role
from tests.chatbot.people import admin_of, agent_of, media_row, rule_form

RULES = "/admin/chatbot/rule/"
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
    b"\x1f\x15\xc4\x89"
)
LIST_OPTIONS = {
    "sections": [
        {"title": "S", "rows": [{"id": "x", "title": "Envío Ñandú", "step": "menu", "nota": 1}]}
    ]
}


@pytest.fixture
def browser(companies: SimpleNamespace, settings: Any, tmp_path: Any) -> Client:
    """The admin of acme, logged in."""
    settings.DATA_DIR = settings.UPLOADS_DIR = tmp_path
    return admin_of(companies.acme)


def write(**fields: Any) -> Rule:
    """A rule of the draft, by an edit of its own."""
    with editing(RuleEdit.Kind.SAVED, author="otra"):
        return Rule.objects.create(**{"step": "menu", "trigger": "1", "reply": "Uno", **fields})


def triggers(answer: Any) -> list[str]:
    return [rule.trigger for rule in answer.context["cl"].result_list]


def order(step: str) -> list[str]:
    rules = Rule.objects.filter(step=step).order_by("priority", "pk")
    return list(rules.values_list("trigger", flat=True))


# The list ---------------------------------------------------------------------------------------


def test_an_empty_list_says_what_to_do(browser: Client) -> None:
    said = browser.get(RULES).content.decode()
    assert "Crear la primera regla" in said
    assert f'href="{RULES}import/"' in said


def test_a_search_minds_no_accents(browser: Client, companies: SimpleNamespace) -> None:
    with tenant_context(companies.acme):
        write(trigger="a", reply="Cotización")
        write(trigger="b", kind="lista", options=LIST_OPTIONS)
        write(trigger="c")
    assert triggers(browser.get(f"{RULES}?q=cotizacion")) == ["a"]
    assert triggers(browser.get(f"{RULES}?q=ENVIO+nandu")) == ["b"]
    assert triggers(browser.get(f"{RULES}?q=nada")) == []
    with tenant_context(companies.acme):
        write(trigger="d", reply="otra cotización")
    assert triggers(browser.get(f"{RULES}?q=cotizacion")) == ["a", "d"]


def test_rules_are_filtered_by_what_is_left_to_do(
    browser: Client, companies: SimpleNamespace
) -> None:
    with tenant_context(companies.acme):
        Role.objects.create(keyword="ventas", name="Ventas")
        write(step="menu_principal", trigger="*")
        changed = write(step="menu_principal", trigger="cambiada", role_keyword="Ventas")
        publishing.publish()
        with editing(RuleEdit.Kind.SAVED, author="otra") as edit:
            edit.will_change([changed.pk])
            Rule.objects.filter(pk=changed.pk).update(reply="Otra")
        write(step="otro", trigger="rota", next_step="no_existe")
    assert triggers(browser.get(f"{RULES}?estado=sin_publicar")) == ["cambiada", "rota"]
    assert triggers(browser.get(f"{RULES}?estado=con_error")) == ["rota"]
    assert triggers(browser.get(f"{RULES}?step__exact=otro")) == ["rota"]
    assert triggers(browser.get(f"{RULES}?rol=ventas")) == ["cambiada"]
    assert triggers(browser.get(f"{RULES}?rol=-&kind__exact=texto")) == ["*", "rota"]
    page = browser.get(RULES).content.decode()
    assert page.count("Sin publicar</span>") == 2
    assert "Con error</summary>" in page


def queries_of(browser: Client, address: str) -> int:
    connections["t_acme"].queries_log.clear()  # a request empties it, and the count would be short
    with CaptureQueriesContext(connections["t_acme"]) as queries:
        assert browser.get(address).status_code == 200
    return len(queries)


def test_the_list_costs_the_same_with_many_rules(
    browser: Client, companies: SimpleNamespace
) -> None:
    counts = []
    for more in (3, 60):
        with tenant_context(companies.acme):
            for number in range(more):
                write(step=f"p{number % 7}", trigger=f"{more} {number}")
            publishing.publish()
        browser.get(RULES)  # fills what is kept until the next edit
        counts.append(queries_of(browser, RULES))
    assert 0 < min(counts) <= max(counts) <= 15  # two every half second: has anybody published?


def test_the_form_costs_the_same_with_many_rules(
    browser: Client, companies: SimpleNamespace
) -> None:
    counts = []
    for more in (3, 60):
        with tenant_context(companies.acme):
            for number in range(more):
                rule = write(step=f"p{number % 7}", trigger=f"{more} {number}")
        browser.get(f"{RULES}{rule.pk}/change/")  # as above
        counts.append(queries_of(browser, f"{RULES}{rule.pk}/change/"))
    assert 0 < min(counts) <= max(counts) <= 15


def test_very_many_rules_are_checked_after_the_page(
    browser: Client, companies: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule_index, "CHECKED_AT_ONCE", 0)
    with tenant_context(companies.acme):
        wrong = write(step="menu_principal", trigger="*", next_step="no_existe")
        fine = write(step="menu_principal", trigger="1")
    page = browser.get(RULES).content.decode()
    assert f'data-findings-at="{RULES}problemas/"' in page
    assert "Con error</summary>" not in page
    cells = browser.get(f"{RULES}problemas/?ids={wrong.pk},{fine.pk},x").json()
    assert list(cells) == [str(wrong.pk)]
    assert "no_existe" in cells[str(wrong.pk)]
    assert "Con error</summary>" in browser.get(RULES).content.decode()


# Order ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("priorities", "moved", "where", "expected"),
    [
        ((100, 100, 100), 2, "up", "acb"),
        ((100, 100, 100), 0, "down", "bac"),
        ((1, 2, 3), 2, "0", "cab"),
        ((5, 5, 5), 0, "after-2", "bca"),
        ((1, 1, 2), 0, "up", "abc"),
    ],
)
def test_a_rule_is_moved_within_its_step(
    acme: Any, priorities: tuple[int, ...], moved: int, where: str, expected: str
) -> None:
    pks = [
        write(trigger=name, priority=priority).pk
        for name, priority in zip("abc", priorities, strict=True)
    ]
    write(step="otro", trigger="z", priority=0)
    digits = where.removeprefix("after-")
    if digits.isdecimal():
        where = where.replace(digits, str(pks[int(digits)]))
    edits = RuleEdit.objects.count()
    place(pks[moved], where, "ana")
    assert "".join(order("menu")) == expected
    assert RuleEdit.objects.count() == edits + (expected != "abc")


def test_the_page_moves_a_rule(browser: Client, companies: SimpleNamespace) -> None:
    with tenant_context(companies.acme):
        first, second = write(trigger="a"), write(trigger="b")
    address = f"{RULES}mover/?step__exact=menu"
    plain = browser.post(address, {"move": f"{second.pk}:up"})
    assert plain["Location"] == f"{RULES}?step__exact=menu#rule-{second.pk}"
    script = browser.post(address, {"move": f"{second.pk}:down"}, HTTP_ACCEPT="application/json")
    assert list(script.json()["priorities"]) == [str(second.pk)]
    assert browser.get(address).status_code == 405
    assert browser.post(address, {"move": "x:up"}).status_code == 302
    with tenant_context(companies.acme):
        assert order("menu") == ["a", "b"]
        undo(RuleEdit.objects.latest("pk"), author="ana")
        assert order("menu") == ["b", "a"]
        assert first.pk < second.pk


# Several at once --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "fields", "name", "value"),
    [
        ("change_step", {"to_step": " Otro "}, "step", "otro"),
        ("change_role", {"to_role": "admin"}, "role_keyword", "admin"),
        ("change_priority", {"add": "-10"}, "priority", 90),
    ],
)
def test_several_rules_change_as_one_edit(
    browser: Client,
    companies: SimpleNamespace,
    action: str,
    fields: dict[str, str],
    name: str,
    value: object,
) -> None:
    with tenant_context(companies.acme):
        chosen = [write(trigger=trigger).pk for trigger in "ab"]
        write(trigger="c")
    data = {"action": action, "_selected_action": chosen, "index": "0", **fields}
    page = browser.post(RULES, data, follow=True).content.decode()
    assert "Deshacer" in page
    with tenant_context(companies.acme):
        assert Rule.objects.filter(**{name: value}).count() == 2
        edit = RuleEdit.objects.latest("pk")
        assert edit.changes.count() == 2
        assert f"/historial/{edit.pk}/deshacer/" in page
        undo(edit, author="ana")
        assert not Rule.objects.filter(**{name: value}).exists()


def test_an_action_asks_for_what_it_needs(browser: Client, companies: SimpleNamespace) -> None:
    with tenant_context(companies.acme):
        rule = write()
        edits = RuleEdit.objects.count()
    for action in ("change_step", "change_priority"):
        data = {"action": action, "_selected_action": [rule.pk], "index": "0"}
        assert "Escribe" in browser.post(RULES, data, follow=True).content.decode()
    with tenant_context(companies.acme):
        assert RuleEdit.objects.count() == edits


def test_rules_are_duplicated_and_deleted(browser: Client, companies: SimpleNamespace) -> None:
    with tenant_context(companies.acme):
        rule = write(options=[1], kind="texto")
        RuleMedia.objects.create(rule=rule, url="https://a.example/1.jpg", kind="image")
    opened = browser.post(f"{RULES}{rule.pk}/duplicar/")
    with tenant_context(companies.acme):
        copy = Rule.objects.latest("pk")
        assert opened["Location"] == f"{RULES}{copy.pk}/change/"
        assert (copy.trigger, copy.options, copy.medias.get().kind) == ("1", [1], "image")
        assert rule.medias.count() == 1
    both = {"_selected_action": [rule.pk, copy.pk], "index": "0"}
    browser.post(RULES, {"action": "duplicate", **both})
    asked = browser.post(RULES, {"action": "delete_selected", **both}).content.decode()
    assert "menu · 1" in asked
    browser.post(RULES, {"action": "delete_selected", "post": "yes", **both})
    with tenant_context(companies.acme):
        assert Rule.objects.count() == 2
        assert RuleEdit.objects.latest("pk").changes.count() == 2


# The page of one rule ---------------------------------------------------------------------------


def test_options_are_kept_as_they_are(browser: Client, companies: SimpleNamespace) -> None:
    with tenant_context(companies.acme):
        rule = write(kind="lista", options=LIST_OPTIONS)
    page = browser.get(f"{RULES}{rule.pk}/change/")
    form = page.context["adminform"].form
    assert "Envío Ñandú" in page.content.decode()
    written = {name: form[name].value() for name in ("step", "trigger", "kind", "options")}
    browser.post(f"{RULES}{rule.pk}/change/", rule_form(**written, reply="Otra"))
    with tenant_context(companies.acme):
        assert Rule.objects.get().options == LIST_OPTIONS
        assert Rule.objects.get().reply == "Otra"


@pytest.mark.parametrize("text", ["[" * 30_000, '{"a": NaN}', "{", '"\\ud800"'])
def test_broken_json_gets_a_sentence(browser: Client, text: str) -> None:
    answer = browser.post(f"{RULES}add/", rule_form(kind="boton", options=text))
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["options"]


def test_who_saves_second_is_told_and_chooses(browser: Client, companies: SimpleNamespace) -> None:
    with tenant_context(companies.acme):
        rule = write()
        write(trigger="2")
    address = f"{RULES}{rule.pk}/change/"
    loaded = browser.get(address).context["adminform"].form["loaded"].value()
    other = admin_of(companies.acme, "luisa")
    other.post(address, rule_form(reply="De Luisa", loaded=loaded))
    mine = rule_form(reply="Mía", loaded=loaded, **media_row(url="https://a.example/1.jpg"))
    told = browser.post(address, mine)
    conflict = told.context["conflict"]
    assert conflict.who == "luisa"
    assert [(one.label, one.theirs, one.mine) for one in conflict.fields] == [
        ("Respuesta", "De Luisa", "Mía"),
        ("Archivos", "", "https://a.example/1.jpg"),
    ]
    with tenant_context(companies.acme):
        assert Rule.objects.get(pk=rule.pk).reply == "De Luisa"
    saved = browser.post(address, {**mine, "_overwrite": conflict.revision})
    assert saved.status_code == 302
    with tenant_context(companies.acme):
        assert Rule.objects.get(pk=rule.pk).reply == "Mía"
        assert Rule.objects.get(pk=rule.pk).medias.count() == 1
    again = browser.post(address, {**mine, "reply": "Tarde", "_overwrite": conflict.revision})
    assert again.context["conflict"] is not None


def test_a_rule_deleted_meanwhile_can_be_made_again(
    browser: Client, companies: SimpleNamespace
) -> None:
    with tenant_context(companies.acme):
        rule = write()
        RuleMedia.objects.create(rule=rule, url="https://a.example/1.jpg")
    address = f"{RULES}{rule.pk}/change/"
    admin_of(companies.acme, "luisa").post(f"{RULES}{rule.pk}/delete/", {"post": "yes"})
    row = media_row(url="https://a.example/1.jpg", id="99")
    mine = rule_form(reply="Mía", loaded="1", **{**row, "medias-INITIAL_FORMS": "1"})
    told = browser.post(address, mine)
    assert "uisa borró esta regla" in told.content.decode()
    assert f'action="{RULES}add/"' in told.content.decode()
    assert "errornote" not in told.content.decode()
    with tenant_context(companies.acme):
        assert not Rule.objects.exists()
    browser.post(f"{RULES}add/", mine)
    with tenant_context(companies.acme):
        assert Rule.objects.get().medias.get().url == "https://a.example/1.jpg"


def test_an_error_of_the_checker_is_asked_about_once(
    browser: Client, companies: SimpleNamespace
) -> None:
    data = rule_form(step="menu_principal", trigger="*", next_step="no_existe")
    anyway = data.pop("_anyway")
    asked = browser.post(f"{RULES}add/", data)
    assert "Guardar de todos modos" in asked.content.decode()
    assert asked.context["unsure"]
    with tenant_context(companies.acme):
        assert not Rule.objects.exists()
    assert browser.post(f"{RULES}add/", {**data, "_anyway": anyway}).status_code == 302
    fine = {**data, "trigger": "2", "next_step": ""}
    assert browser.post(f"{RULES}add/", fine).status_code == 302


def test_an_uploaded_file_is_kept_while_the_rest_is_mended(
    browser: Client, companies: SimpleNamespace
) -> None:
    upload = SimpleUploadedFile("foto.jpg", PNG)  # its bytes tell what it is, not its name
    refused = browser.post(
        f"{RULES}add/", rule_form(kind="image", step="", **media_row(upload=upload))
    )
    page = refused.content.decode()
    (form,) = refused.context["inline_admin_formsets"][0].formset.forms
    file_id = form["file"].value()
    assert f"/archivos/{file_id}/" in page
    row = media_row(file=file_id, kind="image")
    assert browser.post(f"{RULES}add/", rule_form(kind="image", **row)).status_code == 302
    with tenant_context(companies.acme):
        media = RuleMedia.objects.get()
        assert (media.file.mime_type, media.file.original_name) == ("image/png", "foto.jpg")
    shown = browser.get(f"{RULES}archivos/{file_id}/")
    assert b"".join(shown.streaming_content) == PNG
    assert shown["Content-Security-Policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize(
    ("name", "content", "kind", "words"),
    [
        ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'>", "", "No se reconoce"),
        ("a.gif", b"GIF89a" + b"\0" * 30, "", "WhatsApp no acepta"),
        ("a.png", PNG, "audio", "una imagen"),
        ("a.png", PNG + b"\0" * 6_000_000, "image", "5 MB"),
    ],
)
def test_a_file_that_whatsapp_refuses_is_refused_here(
    browser: Client, name: str, content: bytes, kind: str, words: str
) -> None:
    row = media_row(upload=SimpleUploadedFile(name, content), kind=kind)
    answer = browser.post(f"{RULES}add/", rule_form(kind="image", **row))
    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_the_preview_shows_what_would_be_sent(browser: Client) -> None:
    data = rule_form(kind="lista", reply="*Hola*", options='{"sections": []}')
    assert "<strong>Hola</strong>" in browser.post(f"{RULES}vista-previa/", data).content.decode()
    broken = browser.post(f"{RULES}vista-previa/", {**data, "options": "{"}).content.decode()
    assert "el JSON no es válido" in broken
    chosen = media_row(upload="carta.pdf", kind="document")
    shown = browser.post(f"{RULES}vista-previa/", {**data, **chosen}).content.decode()
    assert "carta.pdf" in shown
    assert browser.post(f"{RULES}vista-previa/", {}).status_code == 200


def test_agents_and_other_companies_reach_nothing(
    browser: Client, companies: SimpleNamespace
) -> None:
    with tenant_context(companies.acme):
        rule = write()
    agent, stranger = agent_of(companies.acme), admin_of(companies.beta)
    for address in ("mover/", "vista-previa/", f"{rule.pk}/duplicar/"):
        assert agent.post(f"{RULES}{address}").status_code in (302, 403)
    assert stranger.post(f"{RULES}{rule.pk}/duplicar/").status_code == 404
    stranger.post(f"{RULES}mover/", {"move": f"{rule.pk}:up"})
    with tenant_context(companies.acme):
        assert Rule.objects.count() == 1
