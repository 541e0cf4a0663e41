"""The demo company: complete, loadable again, and a bot that keeps its word."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chatbot.demo import FIXTURES, NotDemo, load_demo
from chatbot.engine import GiveToRole, HandOver
from chatbot.importing import import_rules
from chatbot.models import BotSession, Rule
from chatbot.options import option_targets, parse_options
from chatbot.rule_data import RuleData
from chatbot.rule_rows import RowReader
from chatbot.rule_sheet import RULE_COLUMNS
from chatbot.rulebook import Rulebook
from conversations.models import Conversation, Message, QuickReply
from media_pipeline.services import open_file
from tenants.context import tenant_context
from tenants.models import Role, Tenant, User
from tests.chatbot.phone import Phone
from whapco.lib.spreadsheets import Column, open_table, read_table
from whapco.lib.text import split_steps
from whapco.lib.upsert import read_records


@pytest.fixture
def demo_settings(settings: Any, tmp_path: Path) -> None:
    settings.DEMO = True
    settings.DEFAULT_TENANT = "demo"
    settings.DEFAULT_TENANT_NAME = "Vidrios y Aluminios El Roble"
    settings.PHONE_NUMBER_ID = "100000000000001"
    settings.UPLOADS_DIR = tmp_path


@pytest.fixture
def demo(databases: None, demo_settings: None) -> Tenant:
    return load_demo()


@pytest.fixture
def in_demo(demo: Tenant) -> Iterator[Tenant]:
    with tenant_context(demo):
        yield demo


@pytest.fixture
def phone() -> Phone:
    """A contact of the bot that reglas.xlsx makes; no database."""
    table = open_table(FIXTURES / "reglas.xlsx", RULE_COLUMNS)
    reading = read_records(table, RowReader({}, {}, frozenset({"ventas", "soporte"})).read)
    values: Iterator[Any] = (record.values for record in reading.records)
    rules = [RuleData(id=number, **one) for number, one in enumerate(values, 1)]
    return Phone(Rulebook.build(rules, roles=frozenset({"ventas", "soporte"})))


@pytest.fixture(scope="module")
def make_demo() -> ModuleType:
    import importlib.util

    spec = importlib.util.spec_from_file_location("make_demo", FIXTURES / "make_demo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows_of(name: str, titles: tuple[str, ...]) -> list[list[str]]:
    table = read_table((FIXTURES / name).read_bytes(), [Column(title) for title in titles])
    return [list(row.cells.values()) for row in table.rows]


def test_the_sheets_are_what_the_script_writes(make_demo: ModuleType) -> None:
    assert rows_of("reglas.xlsx", make_demo.RULE_TITLES) == make_demo.RULES
    assert rows_of("botones.xlsx", make_demo.BUTTON_TITLES) == make_demo.BUTTONS


def test_the_default_company_becomes_the_demo(in_demo: Tenant) -> None:
    assert (in_demo.key, in_demo.alias) == ("demo", "default")
    assert in_demo.config.phone_number_id == "100000000000001"
    assert Role.objects.filter(keyword__in=["ventas", "soporte"]).count() == 2
    assert QuickReply.objects.filter(message__contains="{{nombre}}").exists()


def test_the_printed_users_enter_without_changing_their_password(in_demo: Tenant) -> None:
    passwords = {"admin": "Admin1234", "asesor": "Demo1234", "soporte": "Demo1234"}
    for username, password in passwords.items():
        user = User.objects.get(username=username)
        assert user.check_password(password)
        assert not user.must_change_password
    agent = User.objects.get(username="asesor")
    assert agent.role_keywords == {"asesor", "ventas"}
    assert not agent.is_staff


def test_a_changed_admin_password_comes_back(in_demo: Tenant) -> None:
    admin = User.objects.get(username="admin")
    admin.set_password("otra-Clave-9")
    admin.must_change_password = True
    admin.save()
    load_demo()
    admin.refresh_from_db()
    assert admin.check_password("Admin1234")
    assert not admin.must_change_password


def test_loading_again_adds_nothing_and_keeps_what_was_edited(in_demo: Tenant) -> None:
    greeting = Rule.objects.get(trigger="iniciar")
    greeting.reply = "¡Quiubo!"
    greeting.save()
    models = (Rule, QuickReply, Conversation, Message, User, Role)
    before = [model.objects.count() for model in models]
    load_demo()
    assert [model.objects.count() for model in models] == before
    greeting.refresh_from_db()
    assert greeting.reply == "¡Quiubo!"


def test_the_inbox_has_chats_of_every_sort(in_demo: Tenant) -> None:
    assert 6 <= Conversation.objects.count() <= 10
    kinds = set(Message.objects.values_list("kind", flat=True))
    assert {"text", "interactive", "image", "location", "reaction"} <= kinds
    statuses = set(Message.objects.filter(direction="out").values_list("status", flat=True))
    assert statuses == {"read", "delivered", "failed"}
    failed = Message.objects.get(status="failed")
    assert failed.error_code == 131026
    assert failed.error_text
    assert Conversation.objects.filter(unread_count__gt=0, handler="agent").exists()
    assert not BotSession.objects.filter(is_open=True, conversation__handler="bot").exists()
    picture = Message.objects.get(kind="image").media
    assert picture is not None
    with open_file(picture) as file:
        assert file.read(8) == b"\x89PNG\r\n\x1a\n"


def test_no_chat_is_dated_in_the_future_or_out_of_order(in_demo: Tenant) -> None:
    for chat in Conversation.objects.all():
        times = list(chat.messages.order_by("pk").values_list("at", flat=True))
        assert times == sorted(times)
        assert times[-1] <= chat.messages.order_by("-pk")[0].created_at
        assert chat.last_message_at <= times[-1]


def test_the_sheets_import_without_a_single_note(in_demo: Tenant) -> None:
    result = import_rules(FIXTURES / "reglas.xlsx", dry_run=True)
    assert (result.errors, result.warnings, result.changed, result.new) == ((), (), (), ())


def test_every_step_named_exists(in_demo: Tenant) -> None:
    steps = set(Rule.objects.values_list("step", flat=True))
    for rule in Rule.objects.all():
        named = set(split_steps(rule.next_step))
        named |= set(option_targets(parse_options(rule.kind, rule.options)).values())
        assert named <= steps, rule


def test_no_row_of_the_sheets_leads_outside(in_demo: Tenant) -> None:
    everything = json.dumps(list(Rule.objects.values()), ensure_ascii=False, default=str)
    assert "http" not in everything


def test_the_first_word_gets_greeting_and_menu(phone: Phone) -> None:
    greeting, menu = phone.say("hola")
    assert "El Roble" in greeting
    assert "asesor" in menu
    assert phone.step == "menu"


def test_nonsense_is_asked_again_and_offered_a_person(phone: Phone) -> None:
    phone.say("hola")
    (again,) = phone.say("asdfgh")
    assert "*asesor*" in again


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("¿a qué horas abren mañana?", "🕗"),
        ("¿Dónde están ubicados? ¿dirección?", "Bucaramanga"),
        ("hacen domicilio a Girón", "Girón"),
        ("¿reciben Nequi?", "Nequi"),
        ("qué hacen ustedes", "Ventanas"),
    ],
)
def test_questions_are_answered_with_other_words_around(
    phone: Phone, question: str, words: str
) -> None:
    phone.say("hola")
    assert words in phone.say(question)[0]


def test_quotes(phone: Phone) -> None:
    phone.say("hola")
    assert "cotizar" in phone.say("cuánto vale una barra")[-1].lower()
    phone.say("barra")
    assert phone.say("100")[0] == "Valor estimado: 170,000 $ Pesos."
    assert phone.step == "cotizado"


def test_a_frame_is_quoted_by_width_and_height(phone: Phone) -> None:
    phone.say("hola")
    phone.say("precio")
    phone.say("marco")
    assert phone.say("no sé") == ["Por favor ingresa la medida correcta."]
    assert "408,000 $ Pesos" in phone.say("120 x 80")[0]


@pytest.mark.parametrize("before", [[], ["precio"], ["precio", "barra"], ["precio", "marco"]])
def test_whoever_asks_for_a_person_gets_one_anywhere(phone: Phone, before: list[str]) -> None:
    for words in ["hola", *before]:
        phone.say(words)
    phone.say("prefiero hablar con un asesor")
    assert HandOver() in phone.actions
    assert GiveToRole("ventas") in phone.actions


def test_a_complaint_goes_to_support(phone: Phone) -> None:
    phone.say("hola")
    phone.say("se me dañó, es por garantía")
    assert GiveToRole("soporte") in phone.actions


def test_the_command_prints_how_to_enter(
    databases: None, demo_settings: None, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("demo")
    printed = capsys.readouterr().out
    for words in ("/simulador/", "/admin/", "admin / Admin1234", "asesor / Demo1234", "El Roble"):
        assert words in printed


def test_a_real_installation_refuses_the_demo(companies: SimpleNamespace, settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(NotDemo):
        load_demo()
    with pytest.raises(CommandError, match="DEMO=1"):
        call_command("demo")
    with tenant_context(companies.control):
        assert not User.objects.exists()
