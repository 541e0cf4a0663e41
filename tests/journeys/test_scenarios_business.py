"""Acceptance scenarios 26 to 29: quotes, kinds of messages, two companies, Excel."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chatbot.models import Rule
from conversations.models import Contact, Conversation, Message
from tenants.context import tenant_context
from tests.journeys.shop import Shop, incoming, text_message
from tests.lib.sheets import sheet
from whapco.simulator.phone import AD

APOLOGY = "Por favor ingresa la medida correcta."


def quotes(shop: Shop, formula: str, reply: str) -> None:
    shop.rules(
        "menu_principal|iniciar|Menu",
        "menu_principal|barra|¿Qué medida?|barra_medida",
        "esperando_confirmacion|si|Confirmado",
    )
    shop.rule(f"barra_medida|*|{reply}|esperando_confirmacion|texto", formula=formula)
    shop.says("hola")


def test_s26_a_quote_waits_for_its_measure(shop: Shop) -> None:
    quotes(shop, "medida*1700", "Valor estimado: {total:,} $ Pesos.")
    assert shop.heard_after(lambda: shop.says("barra")) == ["¿Qué medida?"]
    assert shop.heard_after(lambda: shop.says("100")) == ["Valor estimado: 170,000 $ Pesos."]
    assert shop.step() == "esperando_confirmacion"


def test_s26_a_bad_measure_is_asked_again(shop: Shop) -> None:
    quotes(shop, "medida*1700", "Valor estimado: {total:,} $ Pesos.")
    shop.says("barra")
    assert shop.heard_after(lambda: shop.says("abc")) == [APOLOGY]
    assert shop.step() == "barra_medida"
    assert shop.heard_after(lambda: shop.says("12 y 14")) == [APOLOGY]
    assert shop.heard_after(lambda: shop.says("2,5")) == ["Valor estimado: 4,250 $ Pesos."]


def test_s26_two_measures_make_a_quote(shop: Shop) -> None:
    quotes(shop, "(p1+p2+40)*1700", "{total:,}")
    shop.says("barra")
    assert shop.heard_after(lambda: shop.says("120 x 80")) == ["408,000"]


def test_s26_a_formula_that_is_no_arithmetic_is_refused_by_the_import(
    shop: Shop, tmp_path: Path
) -> None:
    evil = "__import__('os').system('x')"
    path = book(tmp_path, ["m", "*", "{total}", "", "texto", evil])
    with pytest.raises(CommandError):
        import_rules(path)
    assert rules_of(shop) == []


def test_s26_a_formula_that_is_no_arithmetic_never_runs(shop: Shop) -> None:
    quotes(shop, "__import__('os').system('x')", "{total}")
    shop.says("barra")
    shop.says("100")
    assert shop.attention() != ""
    assert "{total}" not in shop.out


def test_s27_who_comes_from_an_ad_is_welcomed_and_the_ad_is_kept(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Menu")
    shop.says("¡Hola! Quiero más información", referral=AD)
    (row,) = shop.received()
    assert row.payload["referral"]["headline"] == AD["headline"]
    assert row.body == "¡Hola! Quiero más información"
    assert shop.out == ["Menu"]


KINDS: dict[str, Any] = {
    "document": {"id": "1", "mime_type": "application/pdf", "filename": "a.pdf", "caption": "Ve"},
    "location": {"latitude": 0, "longitude": 0},
    "sticker": {"id": "2", "mime_type": "image/webp", "animated": False},
    "contacts": [{"name": {"formatted_name": "Luis"}, "phones": [{"phone": "300"}]}],
    "reaction": {"message_id": "wamid.nada", "emoji": "👍"},
    "order": {"catalog_id": "1", "product_items": []},
    "unsupported": None,
    "holograma": {"x": [1, {"y": None}]},
}


@pytest.mark.parametrize("kind", KINDS)
def test_s27_a_message_of_any_kind_is_stored_and_harms_nothing(shop: Shop, kind: str) -> None:
    shop.rules("menu_principal|iniciar|Menu", "menu_principal|1|Uno")
    shop.says("hola")
    shop.sends(incoming(kind, KINDS[kind]))
    row = shop.received()[-1]
    assert row.kind == kind
    assert row.payload.get(kind) == KINDS[kind]
    assert row.answered_at is not None
    assert shop.heard_after(lambda: shop.says("1")) == ["Uno"]


@pytest.mark.parametrize(
    ("kind", "trigger"),
    [
        ("document", "@documento"),
        ("location", "@ubicacion"),
        ("sticker", "@sticker"),
        ("contacts", "@contacto"),
    ],
)
def test_s27_rules_can_answer_to_a_kind(shop: Shop, kind: str, trigger: str) -> None:
    shop.rules("menu_principal|iniciar|Menu", f"menu_principal|{trigger}|Recibido")
    shop.says("hola")
    content = KINDS[kind]
    if kind == "document":
        content = {name: value for name, value in content.items() if name != "caption"}
    assert shop.heard_after(lambda: shop.sends(incoming(kind, content))) == ["Recibido"]


def test_s27_a_caption_counts_as_text(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Menu", "menu_principal|precio|P1")
    shop.says("hola")
    photo = incoming("image", {"id": "1", "mime_type": "image/jpeg", "caption": "¿Precio?"})
    assert shop.heard_after(lambda: shop.sends(photo)) == ["P1"]


def test_s27_a_reaction_moves_nothing_and_is_no_news(shop: Shop) -> None:
    shop.rules("menu_principal|*|Menu")
    shop.says("hola")
    unread, latest = shop.chat().unread_count, shop.chat().last_message_at
    target = shop.last_sent().wamid
    reaction = incoming("reaction", {"message_id": target, "emoji": "❤️"})
    assert shop.heard_after(lambda: shop.sends(reaction)) == []
    assert shop.received()[-1].context_wamid == target
    assert (shop.chat().unread_count, shop.chat().last_message_at) == (unread, latest)


def test_s28_two_companies_answer_one_client_each_with_its_own(
    shop: Shop, other_shop: Shop
) -> None:
    shop.rules("menu_principal|iniciar|Soy Acme")
    other_shop.rules("menu_principal|iniciar|Soy Beta")
    shop.says("hola")
    other_shop.says("hola")
    sends = [(number, token, body["text"]["body"]) for number, token, body in shop.meta.sends]
    assert sends == [("111", "T1", "Soy Acme"), ("222", "T2", "Soy Beta")]
    assert [row.body for row in shop.messages()] == ["hola", "Soy Acme"]
    assert [row.body for row in other_shop.messages()] == ["hola", "Soy Beta"]


def test_s28_the_control_database_has_no_chats(
    shop: Shop, other_shop: Shop, companies: Any
) -> None:
    shop.rules("menu_principal|iniciar|Soy Acme")
    shop.says("hola")
    other_shop.says("hola")
    with tenant_context(companies.control):
        for model in (Contact, Conversation, Message, Rule):
            assert not model.objects.exists()


def test_s28_one_companys_secret_opens_nothing_of_another(shop: Shop, other_shop: Shop) -> None:
    body = other_shop.envelope(contacts=[], messages=[text_message("hola")])
    assert shop.post(body).status_code == 403
    assert other_shop.messages() == []


def test_s28_the_header_of_one_with_the_number_of_another_is_refused(
    shop: Shop, other_shop: Shop
) -> None:
    body = other_shop.envelope(contacts=[], messages=[text_message("hola")])
    for secret in ("secreto-acme", "secreto-beta"):
        answer = shop.post(body, secret, **{"X-Tenant-ID": "acme"})
        assert answer.status_code == 403
    assert shop.messages() == other_shop.messages() == []


TITLES = ["Step", "INPUT_TEXT", "Respuesta", "siguiente_step", "tipo", "calculo", "opciones"]
GOOD = (["menu_principal", "iniciar", "Menu"], ["menu_principal", 1, "Uno"])


def book(folder: Path, *rows: list[Any]) -> Path:
    path = folder / "reglas.xlsx"
    path.write_bytes(sheet(TITLES, *rows))
    return path


def import_rules(path: Path, **options: Any) -> str:
    out = io.StringIO()
    call_command("import_rules", str(path), tenant="acme", stdout=out, stderr=out, **options)
    return out.getvalue()


def rules_of(shop: Shop) -> list[tuple[str, str, str]]:
    with shop.inside():
        return list(Rule.objects.order_by("pk").values_list("step", "trigger", "reply"))


def test_s29_a_sheet_with_errors_saves_nothing_and_says_where(shop: Shop, tmp_path: Path) -> None:
    path = book(
        tmp_path,
        *GOOD,
        ["menu_principal", "2", ""],
        ["menu_principal", "3", "Tres", "", "boton", "", "[{"],
    )
    out = io.StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("import_rules", str(path), tenant="acme", dry_run=True, stdout=out, stderr=out)
    told = out.getvalue() + str(refused.value)
    assert "Fila 4" in told
    assert "Fila 5" in told
    assert "2" in told  # new ones
    with pytest.raises(CommandError):
        import_rules(path)
    assert rules_of(shop) == []


def test_s29_mended_it_is_saved_and_a_second_import_changes_nothing(
    shop: Shop, tmp_path: Path
) -> None:
    path = book(tmp_path, *GOOD)
    import_rules(path, dry_run=True)
    assert rules_of(shop) == []
    import_rules(path)
    wanted = [("menu_principal", "iniciar", "Menu"), ("menu_principal", "1", "Uno")]
    assert rules_of(shop) == wanted
    with shop.inside():
        ids = list(Rule.objects.order_by("pk").values_list("pk", flat=True))
    import_rules(path)
    with shop.inside():
        assert list(Rule.objects.order_by("pk").values_list("pk", flat=True)) == ids
    assert rules_of(shop) == wanted


def test_s29_imported_rules_answer_the_next_message(shop: Shop, tmp_path: Path) -> None:
    shop.rules("menu_principal|iniciar|Menu viejo")
    shop.says("hola")
    import_rules(book(tmp_path, *GOOD))
    assert shop.heard_after(lambda: shop.says("1")) == ["Uno"]
