"""Superadmins run the people and roles of any company, from the control database."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from tenants import registry
from tenants.context import tenant_context
from tenants.models import Role, Tenant, User
from tenants.seeding import give_roles
from tests.tenants.conftest import PASSWORD, enter, make_user, who
from tests.tenants.test_roles import OWN, TEMPORARY, form, keywords, new_password, person, text_of


def page(company: Tenant, rest: str = "") -> str:
    return f"/admin/tenants/tenant/{company.pk or 'control'}/usuarios/{rest}"


@pytest.fixture
def jefa(companies: SimpleNamespace, client: Client) -> Client:
    """A superadmin at the panel."""
    make_user(companies.control, "jefa", Role.SUPERADMIN)
    for company in (companies.acme, companies.beta, companies.control):
        with tenant_context(company):
            Role.objects.get_or_create(keyword=Role.ADMIN, defaults={"name": "Administración"})
            Role.objects.get_or_create(keyword=Role.AGENT, defaults={"name": "Asesor"})
    assert enter(client, "", "jefa").status_code == 302
    return client


def test_a_superadmin_makes_a_companys_admin_who_chooses_his_own_password(
    jefa: Client, companies: SimpleNamespace
) -> None:
    sent = form("ana", "admin", "asesor", **new_password(TEMPORARY))
    assert jefa.post(page(companies.acme, "nuevo/"), sent)["Location"] == page(companies.acme)
    assert "Se guardó a «ana»" in text_of(jefa.get(page(companies.acme)))
    ana = person(companies.acme, "ana")
    assert (ana.role_keywords, ana.is_staff) == ({"admin", "asesor"}, True)
    assert not User.objects.using("t_beta").exists()
    browser = Client()
    enter(browser, "acme", "ana", TEMPORARY)
    assert browser.get("/admin/")["Location"] == "/cambiar-clave?next=%2Fadmin%2F"


def test_ticked_is_given_and_unticked_is_taken(jefa: Client, companies: SimpleNamespace) -> None:
    make_user(companies.acme, "ana", Role.ADMIN)
    luis = make_user(companies.acme, "luis", Role.AGENT)
    shown = text_of(jefa.get(page(companies.acme, f"{luis.pk}/")))
    assert shown.count("checked") == 2  # asesor, and that he may enter
    jefa.post(page(companies.acme, f"{luis.pk}/"), form("luis", "admin", email="l@acme.co"))
    assert keywords(companies.acme, "luis") == {"admin"}
    assert person(companies.acme, "luis").email == "l@acme.co"
    jefa.post(page(companies.acme, f"{luis.pk}/"), form("luis"))
    assert keywords(companies.acme, "luis") == set()


def test_a_reset_password_ends_the_open_session_and_is_temporary(
    jefa: Client, companies: SimpleNamespace
) -> None:
    """Also of the user who has the superadmin's own id, in another database."""
    with tenant_context(companies.acme):
        own_id = person(companies.control, "jefa").pk
        ana = User.objects.create_user("ana", password=PASSWORD, pk=own_id)
        give_roles(ana, [Role.ADMIN])
    browser = Client()
    enter(browser, "acme", "ana")
    jefa.post(page(companies.acme, f"{ana.pk}/"), form("ana", "admin", **new_password(TEMPORARY)))
    assert who(browser) is None
    ana = person(companies.acme, "ana")
    assert ana.check_password(TEMPORARY)
    assert ana.must_change_password
    assert who(jefa) == "jefa"


def test_passwords_keep_the_rules(jefa: Client, companies: SimpleNamespace) -> None:
    answer = jefa.post(page(companies.acme, "nuevo/"), form("ana", "admin", **new_password("1234")))
    assert answer.status_code == 422
    assert "demasiado corta" in text_of(answer)
    assert not User.objects.using("t_acme").exists()


def test_the_last_admin_of_a_company_stays(jefa: Client, companies: SimpleNamespace) -> None:
    ana = make_user(companies.acme, "ana", Role.ADMIN)
    answer = jefa.post(page(companies.acme, f"{ana.pk}/"), form("ana", "asesor"))
    assert answer.status_code == 422
    assert "única persona activa con el rol" in text_of(answer)
    assert keywords(companies.acme, "ana") == {"admin"}


def test_roles_are_made_and_renamed(jefa: Client, companies: SimpleNamespace) -> None:
    add = page(companies.acme, "roles/nuevo/")
    jefa.post(add, {"name": "Ventas", "keyword": "ventas"})
    role = Role.objects.using("t_acme").get(keyword="ventas")
    jefa.post(page(companies.acme, f"roles/{role.pk}/"), {"name": "Tienda", "keyword": "x"})
    role.refresh_from_db(using="t_acme")
    assert (role.name, role.keyword) == ("Tienda", "ventas")
    assert "Tienda" in text_of(jefa.get(page(companies.acme)))
    answer = jefa.post(add, {"name": "Yo", "keyword": "superadmin"})
    assert "lo da solo un superadministrador" in text_of(answer)
    assert not Role.objects.using("t_beta").filter(keyword="ventas").exists()


def test_what_was_done_is_in_the_companys_history(jefa: Client, companies: SimpleNamespace) -> None:
    jefa.post(page(companies.acme, "nuevo/"), form("ana", "admin", **new_password(TEMPORARY)))
    entry = LogEntry.objects.using("default").get()
    assert (entry.object_id, entry.change_message) == (str(companies.acme.pk), "Se guardó a «ana».")
    assert not LogEntry.objects.using("t_acme").exists()


# superadmin -------------------------------------------------------------------------------------


def test_superadmin_is_given_and_taken_here_for_the_control_database(
    jefa: Client, companies: SimpleNamespace
) -> None:
    eva = make_user(companies.control, "eva", Role.ADMIN)
    address = page(companies.control, f"{eva.pk}/")
    assert "superadmin" in text_of(jefa.get(address))
    jefa.post(address, form("eva", "superadmin"))
    assert keywords(companies.control, "eva") == {Role.ADMIN}  # the only admin: nothing changed
    jefa.post(address, form("eva", "admin", "superadmin"))
    assert person(companies.control, "eva").is_installation_superadmin
    jefa.post(address, form("eva", "admin"))
    assert not person(companies.control, "eva").is_installation_superadmin


def test_superadmin_is_not_for_other_companies(jefa: Client, companies: SimpleNamespace) -> None:
    ana = make_user(companies.acme, "ana", Role.ADMIN, Role.SUPERADMIN)  # a row of long ago
    for address in (page(companies.acme), page(companies.acme, f"{ana.pk}/")):
        shown = text_of(jefa.get(address)).split('id="content-main"')[1]
        assert "superadmin" not in shown
    sent = form("eva", "superadmin", **new_password(TEMPORARY))
    answer = jefa.post(page(companies.acme, "nuevo/"), sent)
    assert "Escoja una opción válida" in text_of(answer)
    jefa.post(page(companies.acme, f"{ana.pk}/"), form("ana", "admin"))
    assert keywords(companies.acme, "ana") == {Role.ADMIN}


@pytest.mark.parametrize(
    ("roles", "active"), [((), "on"), (("superadmin",), None)], ids=["role", "entrance"]
)
def test_a_superadmin_cannot_shut_himself_out(
    jefa: Client, companies: SimpleNamespace, roles: tuple[str, ...], active: str | None
) -> None:
    make_user(companies.control, "otra", Role.SUPERADMIN)
    own = person(companies.control, "jefa")
    address = page(companies.control, f"{own.pk}/")
    assert jefa.post(address, form("jefa", *roles, is_active=active)).status_code == 422
    assert jefa.get(address).status_code == 200


def test_a_superadmins_own_new_password_is_his_own(
    jefa: Client, companies: SimpleNamespace
) -> None:
    own = person(companies.control, "jefa")
    sent = form("jefa", "superadmin", **new_password(OWN))
    jefa.post(page(companies.control, f"{own.pk}/"), sent)
    assert who(jefa) == "jefa"
    assert not person(companies.control, "jefa").must_change_password


# Who may not, and what cannot be entered ----------------------------------------------------------


def test_only_superadmins_enter(companies: SimpleNamespace) -> None:
    make_user(companies.control, "carla", Role.ADMIN)
    ana = make_user(companies.acme, "ana", Role.ADMIN, Role.SUPERADMIN)
    make_user(companies.acme, "luis", Role.AGENT)
    addresses = [
        page(companies.acme, rest)
        for rest in ("", "nuevo/", f"{ana.pk}/", "roles/nuevo/", "roles/1/")
    ]
    for company, username in (("", "carla"), ("acme", "ana"), ("acme", "luis")):
        browser = Client()
        enter(browser, company, username)
        for address in addresses:
            assert browser.get(address, follow=True).status_code == 403
            sent = form("robada", "admin", **new_password(TEMPORARY))
            assert browser.post(address, sent, follow=True).status_code == 403
    assert not User.objects.using("t_acme").filter(username="robada").exists()
    stranger = Client().get(addresses[0], follow=True)
    assert stranger.redirect_chain[-1][0].startswith("/login?next=")


@pytest.mark.parametrize("company_id", ["0", "99999", "nadie", "9" * 40])
def test_an_unknown_company_is_not_found(jefa: Client, company_id: str) -> None:
    assert jefa.get(f"/admin/tenants/tenant/{company_id}/usuarios/").status_code == 404


def test_people_of_another_company_are_not_found(jefa: Client, companies: SimpleNamespace) -> None:
    for number in range(3):
        bea = make_user(companies.beta, f"bea{number}", Role.ADMIN)
    answer = jefa.post(page(companies.acme, f"{bea.pk}/"), form("robada", "admin"))
    assert answer.status_code == 404
    assert person(companies.beta, "bea2").check_password(PASSWORD)


@pytest.mark.parametrize(
    ("stamp", "sentence"), [("", "aún no está lista"), ("00001-aaaaaaaaaaaa", "mantenimiento")]
)
def test_a_company_that_waits_for_its_schema_says_so(
    jefa: Client, companies: SimpleNamespace, stamp: str, sentence: str
) -> None:
    Tenant.objects.filter(key="acme").update(schema_version=stamp)
    answer = jefa.get(page(companies.acme))
    assert answer.status_code == 503
    assert sentence in text_of(answer)


def test_a_database_that_is_gone_is_said(
    jefa: Client, companies: SimpleNamespace, kept_aliases: None
) -> None:
    Tenant.objects.filter(key="acme").update(db_host="127.0.0.1", db_port=1, db_name="no/hay/tal")
    for answer in (
        jefa.get(page(companies.acme)),
        jefa.post(page(companies.acme, "nuevo/"), form("ana", **new_password(TEMPORARY))),
    ):
        assert answer.status_code == 503
        assert "no responde" in text_of(answer)


def test_a_deactivated_company_can_be_prepared(jefa: Client, companies: SimpleNamespace) -> None:
    Tenant.objects.filter(key="acme").update(active=False)
    registry.forget()
    sent: Any = form("ana", "admin", **new_password(TEMPORARY))
    assert jefa.post(page(companies.acme, "nuevo/"), sent).status_code == 302
    assert keywords(companies.acme, "ana") == {"admin"}
