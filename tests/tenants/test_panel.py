"""The superadmins' panel: who may see it, what it shows, and what it never shows."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenants import registry
from tenants.context import CONTROL_ALIAS
from tenants.creation_models import CompanyCreation
from tenants.models import Role, Tenant, WhatsAppNumber, control_location
from tenants.schema import code_schema_version
from tests.tenants.conftest import enter, make_user
from tests.tenants.panel import LIST, change_page, fields_of, page, superadmin_client

Free = Callable[[str], str]
TOKEN = "EAAG-token-largo-7788"


@pytest.fixture
def panel(companies: SimpleNamespace) -> Client:
    return superadmin_client()


def save(panel: Client, company: Tenant, **changes: Any) -> Any:
    address = change_page(company)
    return panel.post(address, fields_of(panel.get(address)) | changes)


def said(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


# Who may --------------------------------------------------------------------------------------


def addresses(company: Tenant) -> list[str]:
    creation = CompanyCreation.objects.create(
        key="x", beat_at="2026-01-01T00:00Z", description={"init_schema": True}
    )
    of_one = [f"{LIST}{company.pk}/{part}/" for part in ("change", "delete", "history")]
    of_one += [f"{LIST}{company.pk}/{part}/" for part in ("suspender", "probar", "usuarios")]
    of_creation = [f"{LIST}creacion/{creation.pk}/{part}" for part in ("", "reintentar/")]
    return ["/admin/tenants/", LIST, f"{LIST}add/", *of_one, *of_creation]


def test_strangers_are_sent_to_the_login(client: Client, companies: SimpleNamespace) -> None:
    for address in addresses(companies.acme):
        for response in (client.get(address), client.post(address)):
            assert response.status_code == 302, address
            assert "/login" in response["Location"]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AGENT, Role.SUPERADMIN])
def test_people_of_a_company_are_refused(
    client: Client, companies: SimpleNamespace, role: str
) -> None:
    """`superadmin` written into a company's own database is worth nothing."""
    make_user(companies.acme, "ana", role)
    enter(client, "acme")
    refused(client, companies.acme)


def test_the_admin_of_the_company_in_the_control_database_is_refused(
    client: Client, companies: SimpleNamespace
) -> None:
    casa = Tenant.objects.create(key="casa", **control_location())
    make_user(casa, "ana", Role.ADMIN)
    enter(client, "casa")
    refused(client, companies.acme)


def refused(client: Client, company: Tenant) -> None:
    for address in addresses(company):
        assert client.get(address).status_code == 403, address
        assert client.post(address).status_code == 403, address
    index = client.get("/admin/")
    assert LIST not in index.content.decode()


def test_a_superadmin_finds_the_list(panel: Client) -> None:
    assert LIST in page(panel, "/admin/")
    response = panel.get("/admin/tenants/")
    assert (response.status_code, response["Location"]) == (302, LIST)


def test_a_superadmin_asking_as_another_company_is_a_stranger_there(panel: Client) -> None:
    response = panel.get(f"{LIST}?tenant=acme")
    assert response.status_code == 302
    assert "/login" in response["Location"]


def test_nobody_deletes_a_company(panel: Client, companies: SimpleNamespace) -> None:
    assert panel.post(f"{LIST}{companies.acme.pk}/delete/", {"post": "yes"}).status_code == 403
    data = {"action": "delete_selected", "_selected_action": companies.acme.pk, "post": "yes"}
    panel.post(LIST, data)
    assert Tenant.objects.count() == 2
    assert f"{LIST}{companies.acme.pk}/delete/" not in page(panel, change_page(companies.acme))


# The list -------------------------------------------------------------------------------------


def test_the_list_says_how_each_company_is(panel: Client, companies: SimpleNamespace) -> None:
    Tenant.objects.filter(key="acme").update(
        active=False, last_webhook_at="2026-03-04T17:05Z", paid_until="2026-02-01"
    )
    Tenant.objects.filter(key="beta").update(schema_version="")
    html = page(panel, LIST)
    assert "suspendida" in html
    assert "esquema atrasado" in html
    assert "4 de marzo de 2026" in html
    assert "1 de febrero de 2026" in html
    assert "222" in html
    Tenant.objects.filter(key="acme").update(active=True)
    assert "vencida" in page(panel, LIST)


@pytest.mark.parametrize("words", ["acm", "Acme", "111"])
def test_search_finds_by_key_name_and_number(panel: Client, words: str) -> None:
    html = page(panel, f"{LIST}?q={words}")
    assert ">acme<" in html
    assert ">beta<" not in html


@pytest.mark.parametrize(
    ("state", "found"),
    [("activa", {"casa"}), ("suspendida", {"acme"}), ("vencida", set()), ("atrasada", {"beta"})],
)
def test_companies_are_listed_by_state(
    companies: SimpleNamespace, state: str, found: set[str]
) -> None:
    Tenant.objects.create(key="casa", **control_location())  # its stamp is nobody's business
    panel = superadmin_client()
    Tenant.objects.filter(key="acme").update(active=False)
    Tenant.objects.filter(key="beta").update(schema_version="00001-abc")
    html = page(panel, f"{LIST}?estado={state}")
    assert {key for key in ("acme", "beta", "casa") if f">{key}<" in html} == found


def test_the_list_costs_the_same_whatever_the_number_of_companies(panel: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connections["default"]) as captured:
            connections["default"].queries_log.clear()
            captured.initial_queries = 0
            page(panel, LIST)
            return len(connections["default"].queries_log)

    few = cost()
    rows = [
        Tenant(key=f"e{at}", db_name=f"e{at}", schema_version=code_schema_version())
        for at in range(120)
    ]
    Tenant.objects.bulk_create(rows)
    WhatsAppNumber.objects.bulk_create(
        WhatsAppNumber(tenant=tenant, phone_number_id=f"n{tenant.key}")
        for tenant in Tenant.objects.filter(key__startswith="e")
    )
    many = cost()
    assert few > 3
    assert many == few
    assert many <= 12
    assert page(panel, LIST).count('class="field-key"') == 50


# Secrets --------------------------------------------------------------------------------------


def test_secrets_are_never_in_the_page(panel: Client, companies: SimpleNamespace) -> None:
    Tenant.objects.filter(key="acme").update(verify_token="corto")
    save(panel, companies.acme, meta_token=TOKEN)
    html = page(panel, change_page(companies.acme))
    for secret in (TOKEN, "secreto-acme", "corto", TOKEN[:6]):
        assert secret not in html
    assert "Guardado · termina en …7788." in html
    assert "termina en …orto" not in html
    assert TOKEN not in page(panel, LIST)
    assert TOKEN not in page(panel, f"{LIST}{companies.acme.pk}/history/")


def test_a_form_that_comes_back_has_forgotten_what_was_secret(
    panel: Client, companies: SimpleNamespace
) -> None:
    typed = '{"env": {"META_TOKEN": "EN-EL-JSON", "INITIAL_STEP": "inicio"}}'
    response = save(panel, companies.acme, paid_until="ayer", meta_token=TOKEN, metadata=typed)
    html = response.content.decode()
    assert response.context["errors"]
    assert TOKEN not in html
    assert "EN-EL-JSON" not in html
    assert "inicio" in html
    broken = save(panel, companies.acme, metadata=typed.replace('"inicio"', "")).content.decode()
    assert "No es JSON válido. Revisa la línea 1" in broken
    assert "EN-EL-JSON" not in broken
    assert "INITIAL_STEP" in broken


def test_empty_credentials_leave_what_is_stored(panel: Client, companies: SimpleNamespace) -> None:
    assert save(panel, companies.acme, name="Acme S.A.").status_code == 302
    acme = Tenant.objects.get(key="acme")
    assert (acme.name, acme.meta_token, acme.app_secret) == ("Acme S.A.", "T1", "secreto-acme")


def test_one_credential_is_erased_and_the_others_stay(
    panel: Client, companies: SimpleNamespace
) -> None:
    assert save(panel, companies.acme, clear_verify_token="on").status_code == 302
    acme = Tenant.objects.get(key="acme")
    assert (acme.verify_token, acme.app_secret) == ("", "secreto-acme")
    html = page(panel, change_page(acme))
    assert "clear_verify_token" not in html
    assert "clear_app_secret" in html


def test_erasing_and_writing_at_once_is_a_question(
    panel: Client, companies: SimpleNamespace
) -> None:
    response = save(panel, companies.acme, clear_app_secret="on", app_secret="otro")
    assert "no las dos cosas" in response.content.decode()
    assert Tenant.objects.get(key="acme").app_secret == "secreto-acme"


def test_secrets_in_the_metadata_move_to_their_fields(
    panel: Client, companies: SimpleNamespace
) -> None:
    save(panel, companies.acme, metadata='{"env": {"META_TOKEN": "T7", "INITIAL_STEP": "uno"}}')
    acme = Tenant.objects.get(key="acme")
    assert acme.meta_token == "T7"
    assert acme.metadata == {"env": {"INITIAL_STEP": "uno"}}
    save(panel, companies.acme, metadata="")
    acme = Tenant.objects.get(key="acme")
    assert (acme.meta_token, acme.metadata) == ("T7", {"env": {}})


# Editing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[1]", "deben ser un objeto JSON"),
        ('{"env": []}', "deben ser un objeto JSON"),
        ('{"env": {"SESSION_TIMEOUT": "x"}}', "número entero de segundos"),
        ('{"env": {"INITIAL_STEP": NaN}}', "no se pueden guardar"),
        ('{"a": "\\ud800"}', "no se pueden guardar"),
        ("[" * 50_000, "no se pueden guardar"),
        ('{"a":' * 40 + "1" + "}" * 40, "no se pueden guardar"),
        ("x" * 60_000, "demasiado largos"),
        ("{'env': 1}", "línea 1, columna 2"),
    ],
)
def test_metadata_that_cannot_be_used_get_a_sentence(
    panel: Client, companies: SimpleNamespace, text: str, sentence: str
) -> None:
    assert sentence in save(panel, companies.acme, metadata=text).content.decode()
    assert Tenant.objects.get(key="acme").metadata == {}


def test_key_and_database_are_for_ever(panel: Client, companies: SimpleNamespace) -> None:
    before = Tenant.objects.get(key="acme").location
    changes = {"key": "otra", "db_name": "otra", "db_host": "otro", "db_port": "1"}
    assert save(panel, companies.acme, **changes).status_code == 302
    assert Tenant.objects.get(pk=companies.acme.pk).location == before
    assert not Tenant.objects.filter(key="otra").exists()


def test_paid_until_is_given_and_taken_away(panel: Client, companies: SimpleNamespace) -> None:
    save(panel, companies.acme, paid_until="31/12/2030")
    assert str(Tenant.objects.get(key="acme").paid_until) == "2030-12-31"
    save(panel, companies.acme, paid_until="")
    assert Tenant.objects.get(key="acme").paid_until is None


def number_fields(*numbers: tuple[str, str, str]) -> dict[str, str]:
    data = {"numbers-TOTAL_FORMS": str(len(numbers))}
    for at, (pk, number, phone) in enumerate(numbers):
        data[f"numbers-{at}-id"] = pk
        data[f"numbers-{at}-phone_number_id"] = number
        data[f"numbers-{at}-display_phone_number"] = phone
    return data


def test_a_company_has_several_numbers(panel: Client, companies: SimpleNamespace) -> None:
    own = str(companies.acme.numbers.get().pk)
    numbers = number_fields((own, "111", "+57 1"), ("", " 112 ", "+57 2"))
    assert save(panel, companies.acme, **numbers).status_code == 302
    assert registry.by_phone_number_id("112") == companies.acme
    row = WhatsAppNumber.objects.get(phone_number_id="111")
    assert (row.display_phone_number, row.waba_id) == ("+57 1", "9111")
    assert save(panel, companies.acme, **{"numbers-0-DELETE": "on"}).status_code == 302
    assert [row.phone_number_id for row in companies.acme.numbers.all()] == ["112"]


def test_a_number_of_another_company_is_refused_by_its_key(
    panel: Client, companies: SimpleNamespace
) -> None:
    own = str(companies.acme.numbers.get().pk)
    numbers = number_fields((own, "111", ""), ("", "222", ""))
    html = save(panel, companies.acme, **numbers).content.decode()
    assert "El número 222 pertenece a la empresa &#x27;beta&#x27;." in html
    html = save(panel, companies.acme, metadata='{"env": {"PHONE_NUMBER_ID": "222"}}')
    assert "pertenece a la empresa" in html.content.decode()
    assert WhatsAppNumber.objects.get(phone_number_id="222").tenant.key == "beta"


def test_a_number_that_the_metadata_name_is_removed_from_both(
    panel: Client, companies: SimpleNamespace
) -> None:
    named = '{"env": {"PHONE_NUMBER_ID": "111"}}'
    save(panel, companies.acme, metadata=named)
    response = save(panel, companies.acme, **{"numbers-0-DELETE": "on"})
    assert "quítalo también de allí" in response.content.decode()
    assert companies.acme.numbers.count() == 1
    save(panel, companies.acme, metadata="", **{"numbers-0-DELETE": "on"})
    assert companies.acme.numbers.count() == 0


def test_what_to_write_in_meta_is_shown(
    panel: Client, companies: SimpleNamespace, settings: Any
) -> None:
    settings.PUBLIC_BASE_URL = "https://wa.ejemplo.co"
    html = page(panel, change_page(companies.acme))
    assert "https://wa.ejemplo.co/webhook?tenant=acme" in html
    assert "token de verificación de esta empresa" in html
    Tenant.objects.filter(key="acme").update(verify_token="")
    assert "token de la instalación (VERIFY_TOKEN)" in page(panel, change_page(companies.acme))
    settings.VERIFY_TOKEN = ""
    assert "Falta: guarda aquí un token" in page(panel, change_page(companies.acme))


def test_an_edit_leaves_the_stamps_that_others_write(
    panel: Client, companies: SimpleNamespace
) -> None:
    Tenant.objects.filter(key="acme").update(last_webhook_at="2026-03-04T17:05Z")
    save(panel, companies.acme, name="Otra")
    acme = Tenant.objects.get(key="acme")
    assert acme.last_webhook_at is not None
    assert acme.schema_version == code_schema_version()


# Suspending -----------------------------------------------------------------------------------


def test_suspending_says_what_happens_first_and_can_be_taken_back(
    panel: Client, companies: SimpleNamespace
) -> None:
    address = f"{LIST}{companies.acme.pk}/suspender/"
    html = page(panel, address)
    assert "se guardan" in html
    assert "no pueden entrar" in html
    assert Tenant.objects.get(key="acme").active
    panel.post(address, {"active": "0"})
    panel.post(address, {"active": "0"})  # a double click does not turn it on again
    assert not Tenant.objects.get(key="acme").active
    assert registry.by_key("acme") is None
    assert registry.by_phone_number_id("111") == companies.acme
    assert "vuelven a entrar" in page(panel, address)
    panel.post(address, {"active": "1"})
    assert Tenant.objects.get(key="acme").active


# The database ---------------------------------------------------------------------------------


def test_the_database_answers_when_asked(panel: Client, companies: SimpleNamespace) -> None:
    address = f"{LIST}{companies.acme.pk}/probar/"
    assert "El esquema está al día." in said(panel.post(address, follow=True))
    Tenant.objects.filter(key="acme").update(schema_version="")
    assert "no está marcada como lista" in said(panel.post(address, follow=True))


def test_a_database_that_is_not_there_is_not_made_by_asking(
    panel: Client, companies: SimpleNamespace, free_name: Free
) -> None:
    name = free_name("falta")
    location = {**Tenant.objects.get(key="acme").location, "db_name": name}
    falta = Tenant.objects.create(key="falta", **location)
    for _attempt in range(2):
        answer = said(panel.post(f"{LIST}{falta.pk}/probar/", follow=True))
        assert "no existe" in answer
        assert "marca «Crear/actualizar esquema aislado»" in answer


def test_the_page_of_a_company_in_the_control_database_opens(databases: None) -> None:
    casa = Tenant.objects.create(key="casa", **control_location())
    panel = superadmin_client()
    assert casa.alias == CONTROL_ALIAS
    html = page(panel, change_page(casa))
    assert "db_password" not in html
    assert save(panel, casa, name="Casa").status_code == 302
    answer = said(panel.post(f"{LIST}{casa.pk}/probar/", follow=True))
    assert "El esquema está al día." in answer


def test_secrets_under_a_lost_key_do_not_break_the_panel(
    panel: Client, companies: SimpleNamespace, settings: Any
) -> None:
    settings.FIELD_KEYS = ["Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyMTI="]
    assert ">acme<" in page(panel, LIST)
    response = panel.get(change_page(companies.acme), follow=True)
    assert "no se abren con FIELD_KEYS" in said(response)
