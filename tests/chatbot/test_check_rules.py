"""The page "Revisar", and what the commands say of the rules they touch."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from chatbot.checking import check_draft, findings_of_rule
from chatbot.models import Rule, RuleMedia
from chatbot.publishing import publish
from chatbot.rule_data import RuleData
from conversations.models import QuickReply
from media_pipeline.services import company_folder, store
from tenants.context import tenant_context
from tenants.models import Role
from tests.chatbot.people import admin_of, agent_of
from tests.lib.sheets import sheet
from tests.media_files import png

PAGE = "/admin/chatbot/rule/revisar/"


@pytest.fixture
def acme(companies: SimpleNamespace, settings: Any, tmp_path: Path) -> Any:
    """A company whose rule 1 leads nowhere."""
    settings.UPLOADS_DIR = tmp_path
    with tenant_context(companies.acme):
        Rule.objects.create(step="menu_principal", trigger="*", reply="Hola")
        Rule.objects.create(step="menu_principal", trigger="1", reply="Uno", next_step="perdido")
    return companies.acme


def codes() -> list[str]:
    return [finding.code for finding in check_draft()]


def test_the_facts_are_those_of_the_company(acme: Any) -> None:
    with tenant_context(acme):
        Rule.objects.update(next_step="", role_keyword="ventas")
        assert codes() == ["rol_desconocido"] * 2
        Role.objects.create(keyword="Ventas", name="Ventas")
        assert codes() == []
        file = store(png(), name="foto.png")
        RuleMedia.objects.create(rule=Rule.objects.first(), file=file, kind="image")
        assert codes() == []
        next(company_folder().rglob("*.png")).unlink()
        assert codes() == ["archivo_perdido"]


def test_a_step_that_only_agents_buttons_lead_to_is_reached(acme: Any) -> None:
    with tenant_context(acme):
        Rule.objects.update(next_step="")
        Rule.objects.create(step="encuesta", trigger="*", reply="Gracias")
        assert codes() == ["paso_aislado"]
        options = [{"id": "encuesta", "title": "Opinar"}]
        QuickReply.objects.create(
            name="Encuesta", message="¿Opinas?", kind="boton", options=options
        )
        assert codes() == []


def test_a_rule_is_judged_as_it_would_be_saved(acme: Any) -> None:
    with tenant_context(acme):
        stored = Rule.objects.get(trigger="1")
        mended = RuleData(stored.pk, "menu_principal", "1", reply="Uno")
        assert findings_of_rule(mended) == []
        new = RuleData(0, "menu_principal", "1", reply="Otra")
        (found,) = findings_of_rule(new)
        assert (found.code, found.rule_id) == ("tapada", None)
        assert Rule.objects.count() == 2


def test_the_page_leads_to_the_cell(acme: Any) -> None:
    page = admin_of(acme).get(PAGE)
    with tenant_context(acme):
        rule = Rule.objects.get(trigger="1")
    text = page.content.decode()
    assert f"/admin/chatbot/rule/{rule.pk}/change/#id_next_step" in text
    assert "Lleva al paso «perdido»" in text
    assert "Errores: 1" in text


def test_the_page_shows_one_step_and_says_when_all_is_well(acme: Any) -> None:
    admin = admin_of(acme)
    assert "perdido" in admin.get(PAGE, {"step": " Menu_Principal"}).content.decode()
    elsewhere = admin.get(PAGE, {"step": "otro"}).content.decode()
    assert "Todo en orden en «otro»" in elsewhere
    with tenant_context(acme):
        Rule.objects.update(next_step="")
    assert "Todo en orden." in admin.get(PAGE).content.decode()


def test_what_is_wrong_in_many_rules_fills_pages(acme: Any) -> None:
    with tenant_context(acme):
        lost = [
            Rule(step="menu_principal", trigger=f"p{n}", reply="X", next_step="no")
            for n in range(150)
        ]
        Rule.objects.bulk_create(lost)
    admin = admin_of(acme)
    first, second = (admin.get(PAGE, {"p": page}).content.decode() for page in (1, 2))
    assert (first.count("check__line--error"), second.count("check__line--error")) == (100, 51)
    assert "Errores (151)" in first


def test_the_page_is_for_admins_of_the_company(acme: Any, companies: SimpleNamespace) -> None:
    assert agent_of(acme).get(PAGE).status_code in (302, 403)
    assert Client().get(PAGE).status_code in (302, 404)
    stranger = admin_of(companies.beta, "otra").get(PAGE).content.decode()
    assert "perdido" not in stranger
    assert "no tiene ninguna regla" in stranger


def test_the_command_fails_on_errors_alone(acme: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="1 errores, 0 avisos") as failed:
        call_command("check_rules", "--tenant", "acme")
    assert failed.value.returncode == 1
    assert "ERROR · menu_principal · 1: Lleva al paso «perdido»" in capsys.readouterr().out
    with tenant_context(acme):
        Rule.objects.update(next_step="", role_keyword="nadie")
    call_command("check_rules", "--tenant", "acme")
    assert "0 errores, 2 avisos" in capsys.readouterr().out


def test_the_command_looks_at_what_answers_and_speaks_json(
    acme: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with tenant_context(acme):
        publish()
        Rule.objects.update(next_step="")
    call_command("check_rules", "--tenant", "acme")
    capsys.readouterr()
    with pytest.raises(CommandError):
        call_command("check_rules", "--tenant", "acme", "--live", "--json")
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["severity"], found["code"], found["field"], found["trigger"]) == (
        "error",
        "paso_inexistente",
        "next_step",
        "1",
    )


def test_an_import_says_what_the_rules_are_like_after_it(
    acme: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "reglas.xlsx"
    titles = ["step", "input_text", "respuesta", "siguiente_step"]
    path.write_bytes(sheet(titles, ["menu_principal", "2", "Dos", "tampoco"]))
    call_command("import_rules", str(path), "--tenant", "acme", "--dry-run")
    preview = capsys.readouterr().out
    assert "ERROR · menu_principal · 2: Lleva al paso «tampoco»" in preview
    call_command("import_rules", str(path), "--tenant", "acme")
    imported = capsys.readouterr().out
    assert "2 errores, 0 avisos" in imported
    assert "ERROR · menu_principal · 1: Lleva al paso «perdido»" in imported
