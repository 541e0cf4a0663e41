"""Acceptance scenarios 12 to 18: menus, taps, files, roles."""

from typing import Any

import pytest

from tests.journeys.shop import BETO, Json, Shop, incoming

DOCUMENTED_LIST = {
    "header": "Menú principal",
    "button": "Ver opciones",
    "footer": "Selecciona una opción",
    "sections": [
        {
            "title": "Rápido",
            "rows": [
                {
                    "id": "express",
                    "title": "Express",
                    "description": "1 día",
                    "step": "cotizacion",
                }
            ],
        }
    ],
}
BUTTONS = [
    {"type": "reply", "reply": {"id": "si", "title": "Sí"}, "step": "ok_step"},
    {"type": "reply", "reply": {"id": "no", "title": "No"}, "next_step": "no_step"},
]


def list_of(*rows: Json) -> Json:
    return {"sections": [{"title": "Rápido", "rows": list(rows)}]}


def last_wamid(shop: Shop) -> str:
    return shop.last_sent().wamid or ""


def test_s12_the_documented_list_arrives_as_it_is_without_steps(shop: Shop) -> None:
    shop.rule("menu_principal|iniciar|Elige||lista", options=DOCUMENTED_LIST)
    shop.rules("cotizacion|*|Cotizando")
    shop.says("hola")
    assert shop.bodies[0]["interactive"] == {
        "type": "list",
        "header": {"type": "text", "text": "Menú principal"},
        "body": {"text": "Elige"},
        "footer": {"text": "Selecciona una opción"},
        "action": {
            "button": "Ver opciones",
            "sections": [
                {
                    "title": "Rápido",
                    "rows": [{"id": "express", "title": "Express", "description": "1 día"}],
                }
            ],
        },
    }
    shop.taps("express", "Express", last_wamid(shop), kind="list_reply")
    assert shop.out == ["Elige", "Cotizando"]
    assert shop.step() == "cotizacion"
    assert shop.received()[-1].body == "Express"


@pytest.mark.parametrize("options", [{"sections": []}, [], {}])
def test_s12_a_list_without_sections_is_plain_text(shop: Shop, options: Any) -> None:
    shop.rule("menu_principal|iniciar|Elige||lista", options=options)
    shop.says("hola")
    assert [body["type"] for body in shop.bodies] == ["text"]
    assert shop.out == ["Elige"]


def test_s12_a_bare_array_of_sections_gets_the_usual_words(shop: Shop) -> None:
    sections = list_of({"id": "a", "title": "A"})["sections"]
    shop.rule("menu_principal|iniciar|Elige||lista", options=sections)
    shop.says("hola")
    sent = shop.bodies[0]["interactive"]
    assert sent["header"]["text"] == "Menú"
    assert sent["footer"]["text"] == "Selecciona una opción"
    assert sent["action"]["button"] == "Ver opciones"


def test_s13_a_row_without_step_leads_to_the_step_of_its_name(shop: Shop) -> None:
    rows = list_of({"id": "lento", "title": "Lento"}, {"id": "fantasma", "title": "Fantasma"})
    shop.rule("menu_principal|iniciar|Elige||lista", options=rows)
    shop.rules("lento|*|paso lento")
    shop.says("hola")
    shop.taps("lento", "Lento", last_wamid(shop), kind="list_reply")
    assert shop.out == ["Elige", "paso lento"]
    assert shop.step() == "lento"


def test_s13_an_id_of_no_step_counts_as_its_title_and_moves_nobody(shop: Shop) -> None:
    rows = list_of({"id": "fantasma", "title": "Fantasma", "step": "no_existe"})
    shop.rule("menu_principal|iniciar|Elige||lista", options=rows)
    shop.rules("menu_principal|fantasma!|Buu")
    shop.says("hola")
    menu = last_wamid(shop)
    shop.taps("fantasma", "Fantasma", menu, kind="list_reply")
    assert shop.step() == "menu_principal"
    assert shop.out == ["Elige", "Buu"]


def test_s13_an_id_that_nobody_knows_moves_nobody(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Menu", "otro|x|X")
    shop.says("hola")
    assert shop.heard_after(lambda: shop.taps("nada", "Nada de nada")) == []
    assert shop.step() == "menu_principal"
    assert shop.attention() == "sin_regla"


def test_s14_buttons_arrive_without_steps_and_lead_to_theirs(shop: Shop) -> None:
    shop.rule("menu_principal|iniciar|¿Seguro?||boton", options=BUTTONS)
    shop.rules("ok_step|*|OK!", "no_step|*|Bueno")
    shop.says("hola")
    sent = shop.bodies[0]["interactive"]
    assert sent["type"] == "button"
    assert sent["action"]["buttons"] == [
        {"type": "reply", "reply": {"id": "si", "title": "Sí"}},
        {"type": "reply", "reply": {"id": "no", "title": "No"}},
    ]
    menu = last_wamid(shop)
    assert shop.heard_after(lambda: shop.taps("si", "Sí", menu)) == ["OK!"]
    assert shop.heard_after(lambda: shop.taps("no", "No", menu)) == ["Bueno"]  # an old menu


@pytest.mark.parametrize(
    "options",
    [
        [{"id": "si", "title": "Sí", "step": "ok_step"}],
        {"header": "H", "footer": "F", "buttons": [{"id": "si", "title": "Sí", "step": "ok_step"}]},
    ],
)
def test_s14_every_way_to_write_buttons_works(shop: Shop, options: Any) -> None:
    shop.rule("menu_principal|iniciar|¿Seguro?||boton", options=options)
    shop.rules("ok_step|*|OK!")
    shop.says("hola")
    shop.taps("si", "Sí", last_wamid(shop))
    assert shop.out == ["¿Seguro?", "OK!"]


def test_s14_a_menu_of_weeks_ago_still_works_in_a_new_session(shop: Shop) -> None:
    shop.rule("menu_principal|iniciar|¿Seguro?||boton", options=BUTTONS)
    shop.rules("ok_step|*|OK!")
    shop.says("hola")
    menu = last_wamid(shop)
    shop.silence(hours=50)
    assert shop.heard_after(lambda: shop.taps("si", "Sí", menu)) == ["OK!"]


def test_s15_a_tap_finds_a_rule_of_another_step(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Menu", "otro|opt_b|B en otro|x2", "x2|*|X2")
    shop.says("hola")
    assert shop.heard_after(lambda: shop.taps("opt_b", "B")) == ["B en otro", "X2"]
    assert shop.step() == "x2"


def test_s16_an_unknown_id_counts_as_its_title(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Menu", "menu_principal|hablar con asesor|Ya te atienden")
    shop.says("hola")
    told = shop.heard_after(lambda: shop.taps("zz9", "Hablar con asesor"))
    assert told == ["Ya te atienden"]


def test_s16_a_template_button_counts_like_any_other(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Menu", "menu_principal|hablar con asesor|Ya te atienden")
    shop.says("hola")
    button = incoming("button", {"payload": "zz9", "text": "Hablar con asesor"})
    assert shop.heard_after(lambda: shop.sends(button)) == ["Ya te atienden"]


def test_s17_the_first_file_carries_the_reply_and_the_rest_nothing(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Menu")
    shop.rule(
        "menu_principal|foto|Mira||image",
        medias=(("image", "https://example.com/a.jpg"), ("image", "https://example.com/b.jpg")),
    )
    shop.says("hola")
    shop.says("foto")
    assert [body["image"] for body in shop.bodies[1:]] == [
        {"link": "https://example.com/a.jpg", "caption": "Mira"},
        {"link": "https://example.com/b.jpg"},
    ]


def test_s17_audio_has_its_text_in_a_message_before_it(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Menu")
    shop.rule("menu_principal|oye|Escucha||audio", medias=(("audio", "https://example.com/a.ogg"),))
    shop.says("hola")
    shop.says("oye")
    assert [body["type"] for body in shop.bodies[1:]] == ["text", "audio"]
    assert shop.out[1] == "Escucha"


def test_s17_a_rule_of_files_without_files_sends_its_text(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Menu", "menu_principal|foto|Mira||image")
    shop.says("hola")
    assert shop.heard_after(lambda: shop.says("foto")) == ["Mira"]
    assert shop.bodies[-1]["type"] == "text"


def roles_of(shop: Shop) -> set[str]:
    chat = shop.chat()
    with shop.inside():
        return set(chat.roles.values_list("keyword", flat=True))


def seen_by(shop: Shop, username: str) -> bool:
    from conversations.models import Conversation
    from tenants.models import User

    chat = shop.chat()
    with shop.inside():
        user = User.objects.get(username=username)
        return Conversation.objects.visible_to(user).filter(pk=chat.pk).exists()


def test_s18_the_last_role_alone_has_the_chat(shop: Shop) -> None:
    shop.role("tiquetes")
    shop.role("cotizar")
    shop.agent("tito", "tiquetes")
    shop.agent("coti", "cotizar")
    shop.rules("menu_principal|iniciar|Menu")
    shop.rule("menu_principal|tiq|Tiquetes", role_keyword="tiquetes")
    shop.rule("menu_principal|asesor|Un asesor", role_keyword="cotizar")
    shop.says("hola")
    shop.says("tiq")
    assert roles_of(shop) == {"tiquetes"}
    assert (seen_by(shop, "tito"), seen_by(shop, "coti")) == (True, False)
    shop.says("asesor")
    assert roles_of(shop) == {"cotizar"}
    assert (seen_by(shop, "tito"), seen_by(shop, "coti")) == (False, True)


def test_s18_an_unknown_role_changes_nothing_and_the_reply_goes_out(shop: Shop) -> None:
    shop.role("tiquetes")
    shop.rules("menu_principal|iniciar|Menu")
    shop.rule("menu_principal|tiq|Tiquetes", role_keyword="tiquetes")
    shop.rule("menu_principal|mal|Bueno", role_keyword="no_existe")
    shop.says("hola")
    shop.says("tiq")
    assert shop.heard_after(lambda: shop.says("mal")) == ["Bueno"]
    assert roles_of(shop) == {"tiquetes"}


def test_a_rule_that_hands_over_silences_the_bot(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Menu", "menu_principal|1|Uno")
    shop.rule("menu_principal|asesor|Ya viene", hands_over=True)
    shop.says("hola", by=BETO)
    shop.says("asesor", by=BETO)
    shop.says("1", by=BETO)
    assert shop.out == ["Menu", "Ya viene"]
    assert shop.chat(BETO).handler == "agent"


def test_a_filled_form_moves_to_the_rules_next_step(shop: Shop) -> None:
    form = {"flow_id": "123456", "flow_cta": "Llenar", "screen": "DATOS"}
    shop.rule("menu_principal|iniciar|Tus datos|gracias|flow", options=form)
    shop.rules("gracias|*|Gracias")
    shop.says("hola")
    assert shop.out == ["Tus datos"]
    reply = {"name": "flow", "body": "Sent", "response_json": '{"nombre": "Ana"}'}
    context = {"context": {"id": last_wamid(shop), "from": "15550000111"}}
    filled = incoming("interactive", {"type": "nfm_reply", "nfm_reply": reply}, **context)
    assert shop.heard_after(lambda: shop.sends(filled)) == ["Gracias"]
    assert shop.step() == "gracias"
    assert shop.received()[-1].payload["interactive"]["nfm_reply"]["fields"] == {"nombre": "Ana"}
