"""Admins run the people of their company; `superadmin` is out of their sight and reach."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from chatbot.models import Rule
from conversations.models import Contact, Conversation
from tenants.context import tenant_context
from tenants.errors import TenantError
from tenants.models import Role, Tenant, User
from tenants.people import save_person
from tenants.seeding import give_roles
from tests.tenants.conftest import PASSWORD, enter, make_user, who

USERS, ROLES = "/admin/tenants/user/", "/admin/tenants/role/"
TEMPORARY = "Barco-verde-58"
OWN = "Otra-clave-larga-3"
Open = Callable[..., Client]


@pytest.fixture
def logged_in(companies: SimpleNamespace) -> Open:
    """A browser of the user, made with these roles."""

    def open_as(tenant: Tenant, username: str, *keywords: str) -> Client:
        make_user(tenant, username, *keywords)
        client = Client()
        company = "" if tenant is companies.control else tenant.key
        assert enter(client, company, username).status_code == 302
        return client

    return open_as


@pytest.fixture
def ana(companies: SimpleNamespace, logged_in: Open) -> Client:
    """The only admin of acme."""
    with tenant_context(companies.acme):
        for keyword, name in ((Role.AGENT, "Asesor"), ("ventas", "Ventas")):
            Role.objects.create(keyword=keyword, name=name)
    return logged_in(companies.acme, "ana", Role.ADMIN)


def form(username: str, *roles: str, **changes: object) -> dict[str, object]:
    """What the browser posts; a value None is a box without tick."""
    values: dict[str, object] = {
        "username": username,
        "first_name": "",
        "last_name": "",
        "email": "",
        "is_active": "on",
        "role_keywords": list(roles),
        "password1": "",
        "password2": "",
    }
    return {key: value for key, value in (values | changes).items() if value is not None}


def new_password(password: str) -> dict[str, object]:
    return {"password1": password, "password2": password}


def page_of(user: User) -> str:
    return f"{USERS}{user.pk}/change/"


def person(tenant: Tenant, username: str) -> User:
    with tenant_context(tenant):
        return User.objects.get(username=username)


def keywords(tenant: Tenant, username: str) -> set[str]:
    return set(person(tenant, username).role_keywords)


def text_of(response: Any) -> str:
    return str(response.content.decode())


# An admin and his people ------------------------------------------------------------------------


def test_an_admin_makes_an_agent_who_chooses_his_own_password(
    ana: Client, companies: SimpleNamespace
) -> None:
    sent = form("luis", "asesor", "ventas", email="luis@acme.co", **new_password(TEMPORARY))
    assert ana.post(f"{USERS}add/", sent).status_code == 302
    luis = person(companies.acme, "luis")
    assert luis.role_keywords == {"asesor", "ventas"}
    assert (luis.email, luis.is_staff, luis.must_change_password) == ("luis@acme.co", False, True)
    browser = Client()
    enter(browser, "acme", "luis", TEMPORARY)
    assert browser.get("/")["Location"] == "/cambiar-clave?next=%2F"
    chosen = {"old_password": TEMPORARY, "new_password1": OWN, "new_password2": OWN}
    assert browser.post("/cambiar-clave?next=/", chosen)["Location"] == "/"
    assert browser.get("/").status_code == 200


def test_the_list_shows_the_people_of_this_company_with_their_roles(
    ana: Client, companies: SimpleNamespace
) -> None:
    make_user(companies.acme, "luis", "ventas")
    make_user(companies.beta, "bea", Role.ADMIN)
    page = text_of(ana.get(USERS))
    assert "luis" in page
    assert "Ventas" in page
    assert "bea" not in page
    assert "luis" in text_of(ana.get(f"{USERS}?rol=ventas"))
    assert ">luis<" not in text_of(ana.get(f"{USERS}?rol=asesor"))


def test_ticked_is_given_and_unticked_is_taken(ana: Client, companies: SimpleNamespace) -> None:
    luis = make_user(companies.acme, "luis", "ventas", "asesor")
    changed = form("luis", "asesor", "admin", first_name="Luis")
    assert ana.post(page_of(luis), changed).status_code == 302
    assert keywords(companies.acme, "luis") == {"asesor", "admin"}
    luis = person(companies.acme, "luis")
    assert (luis.is_staff, luis.first_name, luis.check_password(PASSWORD)) == (True, "Luis", True)
    ana.post(page_of(luis), form("luis"))
    assert keywords(companies.acme, "luis") == set()
    assert not person(companies.acme, "luis").is_staff


@pytest.mark.parametrize(
    ("password", "again", "sentence"),
    [
        ("corta1", "corta1", "demasiado corta"),
        ("password", "password", "demasiado común"),
        ("8472019365", "8472019365", "completamente numérica"),
        ("luis.perez", "luis.perez", "demasiado similar a"),
        (TEMPORARY, OWN, "no coinciden"),
        (TEMPORARY, "", "también aquí"),
        ("", TEMPORARY, "también aquí"),
    ],
)
def test_passwords_keep_the_rules(
    ana: Client, companies: SimpleNamespace, password: str, again: str, sentence: str
) -> None:
    luis = make_user(companies.acme, "luis.perez", "asesor")
    both = {"password1": password, "password2": again}
    answer = ana.post(page_of(luis), form("luis.perez", "asesor", **both))
    assert answer.status_code == 200
    assert sentence in text_of(answer)
    assert person(companies.acme, "luis.perez").check_password(PASSWORD)


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("corta1", "demasiado corta"),
        ("password", "demasiado común"),
        ("8472019365", "completamente numérica"),
        ("eva-maria", "demasiado similar a"),
        (PASSWORD, "distinta de la actual"),
    ],
)
def test_the_forced_change_keeps_the_same_rules(
    companies: SimpleNamespace, client: Client, password: str, sentence: str
) -> None:
    eva = make_user(companies.acme, "eva-maria")
    User.objects.using("t_acme").update(must_change_password=True)
    enter(client, "acme", "eva-maria")
    posted = {"old_password": PASSWORD, "new_password1": password, "new_password2": password}
    answer = client.post("/cambiar-clave", posted)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert client.get("/")["Location"].startswith("/cambiar-clave")
    assert person(companies.acme, eva.username).must_change_password


def test_a_new_person_needs_a_password(ana: Client, companies: SimpleNamespace) -> None:
    assert "obligatorio" in text_of(ana.post(f"{USERS}add/", form("luis", "asesor")))
    assert not User.objects.using("t_acme").filter(username="luis").exists()


def test_one_name_is_one_person(ana: Client, companies: SimpleNamespace) -> None:
    answer = ana.post(f"{USERS}add/", form("ANA", "asesor", **new_password(TEMPORARY)))
    assert "Ya hay alguien con ese usuario" in text_of(answer)


def test_an_admin_may_ask_for_a_new_password_without_setting_one(
    ana: Client, companies: SimpleNamespace
) -> None:
    luis = make_user(companies.acme, "luis", "asesor")
    ana.post(page_of(luis), form("luis", "asesor", must_change_password="on"))
    assert enter(client := Client(), "acme", "luis").status_code == 302
    assert client.get("/")["Location"].startswith("/cambiar-clave")


def test_an_admins_own_new_password_keeps_him_in(ana: Client, companies: SimpleNamespace) -> None:
    own = person(companies.acme, "ana")
    ana.post(page_of(own), form("ana", "admin", **new_password(OWN)))
    assert who(ana) == "ana"
    assert person(companies.acme, "ana").check_password(OWN)
    assert not person(companies.acme, "ana").must_change_password


def test_nobody_is_deleted(ana: Client, companies: SimpleNamespace) -> None:
    luis = make_user(companies.acme, "luis", "asesor")
    assert ana.post(f"{USERS}{luis.pk}/delete/", {"post": "yes"}).status_code == 403
    picked = {"action": "delete_selected", "_selected_action": [luis.pk], "post": "yes"}
    ana.post(USERS, picked)
    assert person(companies.acme, "luis")


def test_an_admin_of_one_company_finds_nobody_of_another(
    ana: Client, companies: SimpleNamespace
) -> None:
    for number in range(3):  # so that the id exists there alone
        bea = make_user(companies.beta, f"bea{number}", Role.ADMIN)
    answer = ana.post(page_of(bea), form("robada", "admin", **new_password(TEMPORARY)))
    assert answer.status_code == 302
    assert person(companies.beta, "bea2").check_password(PASSWORD)
    assert not User.objects.using("t_acme").filter(username="robada").exists()


# Who may not ------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [USERS, f"{USERS}add/", ROLES, f"{ROLES}add/", "/admin/"])
def test_an_agent_gets_a_kind_refusal(
    logged_in: Open, companies: SimpleNamespace, address: str
) -> None:
    luis = logged_in(companies.acme, "luis", Role.AGENT)
    answer = luis.get(address, follow=True)
    assert answer.status_code == 403
    assert "Pide a un administrador de tu empresa" in text_of(answer)


def test_an_agent_changes_nothing_by_a_forged_post(
    logged_in: Open, companies: SimpleNamespace
) -> None:
    luis = logged_in(companies.acme, "luis", Role.AGENT)
    own = person(companies.acme, "luis")
    luis.post(page_of(own), form("luis", "admin"))
    luis.post(f"{USERS}add/", form("nuevo", "admin", **new_password(TEMPORARY)))
    assert keywords(companies.acme, "luis") == {Role.AGENT}
    assert User.objects.using("t_acme").count() == 1


def test_a_superadmin_role_in_a_companys_database_grants_nothing(
    logged_in: Open, companies: SimpleNamespace
) -> None:
    odd = logged_in(companies.acme, "odd", Role.SUPERADMIN)
    user = person(companies.acme, "odd")
    granted = (user.is_staff, user.sees_all_chats, user.is_installation_superadmin)
    assert granted == (False, False, False)
    assert odd.get("/admin/", follow=True).status_code == 403


# Nobody shuts himself, or everybody, out --------------------------------------------------------


@pytest.mark.parametrize(
    ("roles", "active", "sentence"),
    [((), "on", "No puedes quitarte el rol"), (("admin",), None, "No puedes desactivarte")],
)
def test_an_admin_cannot_shut_himself_out(
    ana: Client,
    companies: SimpleNamespace,
    roles: tuple[str, ...],
    active: str | None,
    sentence: str,
) -> None:
    make_user(companies.acme, "eva", Role.ADMIN)
    own = person(companies.acme, "ana")
    answer = ana.post(page_of(own), form("ana", *roles, is_active=active))
    assert sentence in text_of(answer)
    assert person(companies.acme, "ana").is_active
    assert keywords(companies.acme, "ana") == {Role.ADMIN}


@pytest.mark.parametrize(("roles", "active"), [((), True), (("admin",), False)])
def test_the_last_active_admin_stays(
    companies: SimpleNamespace, roles: tuple[str, ...], active: bool
) -> None:
    """Also when it is no admin's page that asks, and though another admin sleeps."""
    last = make_user(companies.acme, "ana", Role.ADMIN)
    asleep = make_user(companies.acme, "eva", Role.ADMIN)
    boss = make_user(companies.control, "jefa", Role.SUPERADMIN)
    with tenant_context(companies.acme):
        save_person(set_active(asleep, False), ["admin"], by=boss, in_panel=True)
        with pytest.raises(TenantError, match="única persona activa con el rol 'admin'"):
            save_person(set_active(last, active), roles, by=boss, in_panel=True)
        assert User.objects.get(pk=last.pk).is_active
        save_person(set_active(asleep, True), ["admin"], by=boss, in_panel=True)
        save_person(set_active(last, active), roles, by=boss, in_panel=True)


def set_active(user: User, active: bool) -> User:
    user.is_active = active
    return user


# superadmin -------------------------------------------------------------------------------------


@pytest.fixture
def control_admin(companies: SimpleNamespace, logged_in: Open) -> Client:
    """An admin of the company that shares the control database; `jefa` is superadmin there."""
    make_user(companies.control, "jefa", Role.SUPERADMIN, Role.ADMIN)
    return logged_in(companies.control, "carla", Role.ADMIN)


def test_company_pages_never_show_the_superadmin_role(
    control_admin: Client, companies: SimpleNamespace
) -> None:
    jefa = person(companies.control, "jefa")
    with tenant_context(companies.control):
        role = Role.objects.get(keyword=Role.SUPERADMIN)
    for address in (
        USERS,
        f"{USERS}add/",
        page_of(jefa),
        page_of(person(companies.control, "carla")),
        ROLES,
    ):
        answer = control_admin.get(address)
        assert answer.status_code == 200
        assert "superadmin" not in text_of(answer)
    for address in (f"{ROLES}{role.pk}/change/", f"{ROLES}{role.pk}/delete/"):
        assert control_admin.get(address)["Location"] == "/admin/"
    for lookup in (f"roles__id__exact={role.pk}", "roles__keyword=superadmin", "password__gt=a"):
        assert control_admin.get(f"{USERS}?{lookup}").status_code == 400


def test_a_forged_superadmin_tick_is_refused(
    control_admin: Client, companies: SimpleNamespace
) -> None:
    carla = person(companies.control, "carla")
    answer = control_admin.post(page_of(carla), form("carla", "admin", "superadmin"))
    assert answer.status_code == 200
    assert "Escoja una opción válida" in text_of(answer)
    sent = form("nueva", "superadmin", **new_password(TEMPORARY))
    control_admin.post(f"{USERS}add/", sent)
    assert keywords(companies.control, "carla") == {Role.ADMIN}
    with tenant_context(companies.control):
        assert not User.objects.filter(username="nueva").exists()


@pytest.mark.parametrize("asker", ["admin", "superadmin"])
def test_a_superadmin_is_out_of_reach_of_company_pages(
    control_admin: Client, companies: SimpleNamespace, asker: str
) -> None:
    """Even another superadmin changes him in the panel only."""
    browser = control_admin
    if asker == "superadmin":
        make_user(companies.control, "otra", Role.SUPERADMIN)
        enter(browser, "", "otra")
    jefa = person(companies.control, "jefa")
    posted = form("jefa", "admin", is_active=None, **new_password(TEMPORARY))
    assert browser.post(page_of(jefa), posted).status_code == 403
    jefa = person(companies.control, "jefa")
    assert jefa.is_active
    assert jefa.check_password(PASSWORD)
    assert jefa.role_keywords == {Role.ADMIN, Role.SUPERADMIN}


def test_the_service_refuses_it_too(companies: SimpleNamespace) -> None:
    jefa = make_user(companies.control, "jefa", Role.SUPERADMIN, Role.ADMIN)
    carla = make_user(companies.control, "carla", Role.ADMIN)
    with tenant_context(companies.control):
        with pytest.raises(TenantError, match="solo lo cambia otro"):
            save_person(jefa, ["admin"], by=carla)
        for by in (carla, jefa):
            with pytest.raises(TenantError, match="Solo un superadministrador"):
                save_person(carla, ["admin", "superadmin"], by=by)


# What is taken is gone at once -------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"password1": TEMPORARY, "password2": TEMPORARY},
        {"is_active": None},
        {"must_change_password": "on"},
    ],
)
def test_an_open_session_ends_with_the_access(
    ana: Client, logged_in: Open, companies: SimpleNamespace, change: dict[str, object]
) -> None:
    luis = logged_in(companies.acme, "luis", Role.AGENT)
    assert luis.get("/chats/lista").status_code == 200
    ana.post(page_of(person(companies.acme, "luis")), form("luis", "asesor", **change))
    assert luis.get("/chats/lista").status_code == 302
    assert luis.post("/chats/1/leido").status_code == 302


def test_a_lost_role_counts_in_the_session_that_is_open(
    ana: Client, logged_in: Open, companies: SimpleNamespace
) -> None:
    with tenant_context(companies.acme):
        contact = Contact.objects.create(wa_id="573001112233", profile_name="María")
        chat = Conversation.objects.create(contact=contact, phone_number_id="111")
        chat.roles.add(Role.objects.get(keyword="ventas"))
    eva = logged_in(companies.acme, "eva", Role.ADMIN)
    luis = logged_in(companies.acme, "luis", "ventas")
    assert eva.get(USERS).status_code == 200
    assert luis.get(f"/chats/{chat.pk}/").status_code == 200
    for name in ("eva", "luis"):
        ana.post(page_of(person(companies.acme, name)), form(name, "asesor"))
    assert eva.get(USERS, follow=True).status_code == 403
    assert eva.get(f"/chats/{chat.pk}/").status_code == 404
    assert luis.get(f"/chats/{chat.pk}/").status_code == 404


# Roles ------------------------------------------------------------------------------------------


def test_an_admin_makes_and_renames_a_role(ana: Client, companies: SimpleNamespace) -> None:
    ana.post(f"{ROLES}add/", {"name": "Tiquetes", "keyword": "tiquetes"})
    role = Role.objects.using("t_acme").get(keyword="tiquetes")
    ana.post(f"{ROLES}{role.pk}/change/", {"name": "Boletas", "keyword": "otra"})
    role.refresh_from_db(using="t_acme")
    assert (role.name, role.keyword) == ("Boletas", "tiquetes")


@pytest.mark.parametrize(
    ("keyword", "sentence"),
    [
        ("superadmin", "lo da solo un superadministrador"),
        ("Ventas", "Usa minúsculas"),
        ("dos palabras", "Usa minúsculas"),
        ("año", "Usa minúsculas"),
        ("ventas", "Ya existe"),
        ("", "obligatorio"),
    ],
)
def test_a_bad_keyword_is_refused(
    ana: Client, companies: SimpleNamespace, keyword: str, sentence: str
) -> None:
    before = Role.objects.using("t_acme").count()
    answer = ana.post(f"{ROLES}add/", {"name": "Nuevo", "keyword": keyword})
    assert sentence in text_of(answer)
    assert Role.objects.using("t_acme").count() == before


@pytest.mark.parametrize("keyword", ["admin", "asesor"])
def test_the_roles_of_the_product_stay(
    ana: Client, companies: SimpleNamespace, keyword: str
) -> None:
    role = Role.objects.using("t_acme").get(keyword=keyword)
    assert ana.post(f"{ROLES}{role.pk}/delete/", {"post": "yes"}).status_code == 403
    picked = {"action": "delete_selected", "_selected_action": [role.pk], "post": "yes"}
    ana.post(ROLES, picked)
    assert Role.objects.using("t_acme").filter(keyword=keyword).exists()


def test_a_role_that_rules_name_stays(ana: Client, companies: SimpleNamespace) -> None:
    role = Role.objects.using("t_acme").get(keyword="ventas")
    with tenant_context(companies.acme):
        Rule.objects.create(step="menu", trigger="1", reply="Uno", role_keyword="Ventas")
    address = f"{ROLES}{role.pk}/delete/"
    assert "1 regla le da chats a este rol" in text_of(ana.get(address))
    ana.post(address, {"post": "yes"})
    assert Role.objects.using("t_acme").filter(keyword="ventas").exists()


@pytest.mark.parametrize("everybody", [True, False])
def test_deleting_a_role_says_what_becomes_of_people_and_chats(
    ana: Client, companies: SimpleNamespace, settings: Any, everybody: bool
) -> None:
    settings.AGENTS_SEE_UNASSIGNED = everybody
    make_user(companies.acme, "luis", "ventas")
    role = Role.objects.using("t_acme").get(keyword="ventas")
    with tenant_context(companies.acme):
        contact = Contact.objects.create(wa_id="573001112233")
        Conversation.objects.create(contact=contact, phone_number_id="111").roles.add(role)
    address = f"{ROLES}{role.pk}/delete/"
    page = text_of(ana.get(address))
    for words in ("Pierden el rol: luis", "1 chat pierde este rol"):
        assert words in page
    assert ("todos los asesores" if everybody else "solo administradores") in page
    assert ana.post(address, {"post": "yes"}).status_code == 302
    assert keywords(companies.acme, "luis") == set()


def test_strangers_go_to_the_login(companies: SimpleNamespace) -> None:
    answer = Client().get(USERS, headers={"X-Tenant-ID": "acme"}, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/login?next=")
    assert isinstance(answer.context["user"], AnonymousUser)


def test_give_roles_keeps_the_flag_equal_to_the_sentence(companies: SimpleNamespace) -> None:
    user = make_user(companies.acme, "luis")
    with tenant_context(companies.acme):
        for keywords_, flag in (([Role.ADMIN], True), ([Role.AGENT], False), ([], False)):
            give_roles(user, keywords_)
            assert (user.is_staff, user.is_superuser, user.sees_all_chats) == (flag,) * 3
