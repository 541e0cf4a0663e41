"""import_rules and import_buttons from the command line."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from chatbot.models import BotSession, Rule
from chatbot.publishing import pending, publish, published_rules
from conversations.models import QuickReply
from tenants.context import tenant_context
from tests.chatbot.test_publish_pages import drop, stand, write
from tests.lib.sheets import sheet

TITLES = ["step", "input_text", "respuesta", "opciones"]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "reglas.xlsx"
    path.write_bytes(sheet(TITLES, ["menu", "1", "Uno"], ["menu", "2", "Dos"]))
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "malas.xlsx"
    rows = (["menu", "1", "Uno"], ["menu", "2", None], ["menu", "3", "Tres", "{"])
    path.write_bytes(sheet(TITLES, *rows))
    return path


def test_rules_go_to_the_company_named(
    companies: SimpleNamespace, good: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("import_rules", str(good), "--tenant", "acme")
    assert "2 nuevas" in capsys.readouterr().out
    with tenant_context(companies.acme):
        assert Rule.objects.count() == 2
    with tenant_context(companies.beta):
        assert not Rule.objects.exists()


def test_without_a_company_they_go_to_the_default_one(
    companies: SimpleNamespace, good: Path
) -> None:
    call_command("import_rules", str(good))
    with tenant_context(companies.control):
        assert Rule.objects.count() == 2


def test_default_tenant_names_the_default_company(
    companies: SimpleNamespace, good: Path, settings: object
) -> None:
    settings.DEFAULT_TENANT = "beta"  # type: ignore[attr-defined]
    call_command("import_rules", str(good))
    with tenant_context(companies.beta):
        assert Rule.objects.count() == 2


def test_a_dry_run_saves_nothing(
    companies: SimpleNamespace, good: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("import_rules", str(good), "--tenant=acme", "--dry-run")
    assert "2 nuevas" in capsys.readouterr().out
    with tenant_context(companies.acme):
        assert not Rule.objects.exists()


def test_row_errors_are_printed_with_their_number_and_end_in_exit_code_1(
    companies: SimpleNamespace, bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError) as failed:
        call_command("import_rules", str(bad), "--tenant", "acme")
    assert failed.value.returncode == 1
    printed = capsys.readouterr()
    assert "1 nuevas, 0 cambiadas, 0 iguales, 2 errores" in printed.out
    assert "Fila 3, columna «respuesta»" in printed.err
    assert "Fila 4, columna «opciones»" in printed.err
    with tenant_context(companies.acme):
        assert not Rule.objects.exists()


def test_changes_are_printed_cell_by_cell(
    companies: SimpleNamespace, good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("import_rules", str(good), "--tenant", "acme")
    other = tmp_path / "otras.xlsx"
    other.write_bytes(sheet(TITLES, ["menu", "1", "UNO"], ["menu", "2", "Dos"]))
    capsys.readouterr()
    call_command("import_rules", str(other), "--tenant", "acme")
    printed = capsys.readouterr().out
    assert "0 nuevas, 1 cambiadas, 1 iguales" in printed
    assert "respuesta: 'Uno' -> 'UNO'" in printed


def test_unknown_companies_and_files_get_a_sentence(
    companies: SimpleNamespace, good: Path, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match="No se encontró la empresa 'nadie'"):
        call_command("import_rules", str(good), "--tenant", "nadie")
    with pytest.raises(CommandError, match="No se pudo leer"):
        call_command("import_rules", str(tmp_path / "falta.xlsx"))
    (tmp_path / "nota.xlsx").write_text("hola")
    with pytest.raises(CommandError, match="no es un Excel"):
        call_command("import_buttons", str(tmp_path / "nota.xlsx"))


def test_buttons(companies: SimpleNamespace, tmp_path: Path) -> None:
    path = tmp_path / "botones.xlsx"
    path.write_bytes(sheet(["nombre", "mensaje"], ["Saludo", "Hola"]))
    call_command("import_buttons", str(path), "--tenant", "acme")
    with tenant_context(companies.acme):
        assert QuickReply.objects.get().message == "Hola"


def test_a_draft_is_not_published(companies: SimpleNamespace, good: Path) -> None:
    call_command("import_rules", str(good), "--tenant=acme", "--draft")
    with tenant_context(companies.acme):
        assert pending().size == 2
        assert published_rules() == ()


def test_what_waited_in_the_draft_is_published_along_and_told(
    companies: SimpleNamespace, good: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with tenant_context(companies.acme):
        Rule.objects.create(step="otro", trigger="1", reply="Esperaba")
    call_command("import_rules", str(good), "--tenant", "acme")
    assert "También se publicaron 1 cambios" in capsys.readouterr().out
    with tenant_context(companies.acme):
        assert len(published_rules()) == 3
        assert pending().size == 0


def test_the_draft_or_what_answers_is_exported_and_reads_back(
    companies: SimpleNamespace, good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("import_rules", str(good), "--tenant", "acme")
    with tenant_context(companies.acme):
        Rule.objects.filter(trigger="2").update(reply="=Borrador")
    draft, live = tmp_path / "borrador.xlsx", tmp_path / "vivo.xlsx"
    call_command("export_rules", str(draft), "--tenant", "acme")
    call_command("export_rules", str(live), "--tenant", "acme", "--live")
    assert "2 reglas en" in capsys.readouterr().out
    call_command("import_rules", str(draft), "--tenant", "acme", "--dry-run")
    assert "0 nuevas, 0 cambiadas, 2 iguales" in capsys.readouterr().out
    call_command("import_rules", str(live), "--tenant", "acme", "--dry-run")
    assert "'=Borrador' -> 'Dos'" in capsys.readouterr().out


def test_an_export_replaces_a_file_only_when_told(
    companies: SimpleNamespace, good: Path, tmp_path: Path
) -> None:
    before = good.read_bytes()
    with pytest.raises(CommandError, match="ya existe") as refused:
        call_command("export_rules", str(good), "--tenant", "acme")
    assert (refused.value.returncode, good.read_bytes()) == (1, before)
    call_command("export_rules", str(good), "--tenant", "acme", "--force")
    assert good.read_bytes() != before
    with pytest.raises(CommandError, match="No se pudo escribir"):
        call_command("export_rules", str(tmp_path / "no" / "hay.xlsx"), "--tenant", "acme")


@pytest.mark.parametrize(
    ("options", "is_open"),
    [((), True), (("--stranded", "inicio"), False)],
    ids=["default", "start"],
)
def test_chats_whose_step_went_with_the_draft_are_moved_and_counted(
    companies: SimpleNamespace,
    good: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    is_open: bool,
) -> None:
    with tenant_context(companies.acme):
        write("menu_principal", "*", "Hola")
        gone = write("medida", "*", "x", next_step="menu_principal")
        publish()
        chat = stand("medida")
        drop(gone)
    call_command("import_rules", str(good), "--tenant", "acme", *options)
    assert "Se movió 1 chat." in capsys.readouterr().out
    with tenant_context(companies.acme):
        session = BotSession.objects.get(pk=chat.pk)
        assert (session.step, session.is_open) == ("menu_principal", is_open)
