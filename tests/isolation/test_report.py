"""manage.py isolation_report, over the whole product and over one with holes: every address, both
engines, in a process and databases of its own."""

import os
import re
import subprocess
import sys
import uuid
from html import unescape
from pathlib import Path

import pytest

from tests.servers import ROOT, mariadb_rows, on_mariadb

_KEPT = ("PATH", "HOME", "LANG", "DB_HOST", "DB_PORT", "DB_USER", "DB_PASSWORD")
SHOWS_B_TO_ITS_ADMIN = (  # what the walk would be worth nothing without
    "/",
    "/chats/lista",
    "/chats/<conversation_id>/",
    "/chats/<conversation_id>/mensajes",
    "/admin/chatbot/rule/",
    "/admin/chatbot/rule/<object_id>/change/",
    "/admin/chatbot/rule/historial/",
    "/admin/conversations/quickreply/<object_id>/change/",
    "/admin/autocomplete/",
    "/admin/tenants/user/",
    "/admin/tenants/role/<object_id>/change/",
)


def report(output: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command as an operator would; its databases are named after DB_NAME."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", "isolation_report", "--output", str(output)],
        cwd=ROOT,
        env={
            **kept,
            "DJANGO_SETTINGS_MODULE": "whapco.settings",
            "WHAPCO_ENV_FILE": os.devnull,
            "SECRET_KEY": "only-for-tests",
            "GRAPH_API_URL": "http://127.0.0.1:9/simulador/graph",  # the simulator's pages too
            **env,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def name_of_control(tmp_path: Path) -> str:
    """Of a control database that does not exist: the command never opens it."""
    is_file = not on_mariadb()
    return str(tmp_path / "real.sqlite3") if is_file else f"whapco_test_{uuid.uuid4().hex[:8]}"


def left_behind(name: str) -> list[str]:
    if not on_mariadb():
        return [path.name for path in Path(name).parent.glob("*.sqlite3*")]
    return [row[0] for row in mariadb_rows(f"SHOW DATABASES LIKE '{name}%'")]


def shown_of_b(page: str) -> dict[str, int]:
    """By address, how many texts of B its own administrator saw."""
    rows = re.findall(r"<code>(/[^<]*)</code>(.*?)</tr>", page, re.DOTALL)
    numbers = {
        unescape(route): re.findall(r'<td class="number">(\d+)</td>', rest) for route, rest in rows
    }
    return {route: int(found[-1]) for route, found in numbers.items() if found}


def test_no_address_of_the_product_shows_or_changes_another_company(tmp_path: Path) -> None:
    page, name = tmp_path / "informe.html", name_of_control(tmp_path)
    done = report(page, DB_NAME=name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Ninguna mostró ni cambió nada de la otra empresa." in done.stdout
    assert done.stderr == ""
    assert left_behind(name) == []
    html = page.read_text()
    assert "Ninguna petición vio ni cambió datos de la otra empresa" in html
    shown = shown_of_b(html)
    assert [route for route in SHOWS_B_TO_ITS_ADMIN if not shown[route]] == []
    assert {"/eventos (ASGI)", "/webhook (ASGI)", "/simulador/"} <= set(shown)


def test_a_product_with_holes_ends_with_1_and_its_page_begins_with_them(tmp_path: Path) -> None:
    page, uploads, name = tmp_path / "informe.html", tmp_path / "uploads", name_of_control(tmp_path)
    done = report(
        page,
        DB_NAME=name,
        DJANGO_SETTINGS_MODULE="tests.isolation.leaky_settings",
        LEAKY_UPLOADS=str(uploads),
    )
    assert done.returncode == 1
    first = "Fuga: la respuesta muestra datos de B. GET /formas/pagina/ · Asesor de A"
    assert done.stderr.startswith(first)
    html = unescape(page.read_text())
    assert "El aislamiento falló en" in html
    assert html.index("Fuga: ") < html.index("Cambio: ") < html.index("Abierta: ")
    assert html.index("Error: ") < html.index("Cómo se probó")
    assert re.findall(r"<(?:script|link|img|iframe)|\bsrc=|\bhref=|url\(|@import", html) == []
    assert left_behind(name) == []
    assert list(uploads.iterdir()) == []


def test_a_folder_that_does_not_exist_is_said_before_the_work(tmp_path: Path) -> None:
    done = report(tmp_path / "nada" / "informe.html", DB_NAME=name_of_control(tmp_path))
    assert done.returncode == 1
    assert "No existe la carpeta" in done.stderr


@pytest.mark.skipif(not on_mariadb(), reason="SQLite asks nobody for a password")
def test_a_server_that_does_not_let_us_in_is_said(tmp_path: Path) -> None:
    env = {"DB_NAME": name_of_control(tmp_path), "DB_USER": "nadie", "DB_PASSWORD": "mala"}
    done = report(tmp_path / "informe.html", **env)
    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: ")
    assert "Traceback" not in done.stderr
