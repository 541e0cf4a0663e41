"""The measures of the house, over every module of the product."""

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("whapco", "tenants", "media_pipeline", "conversations", "chatbot", "scripts")
MODULES = sorted(
    path.relative_to(ROOT)
    for package in PRODUCT
    for path in (ROOT / package).rglob("*.py")
    if "migrations" not in path.parts
)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
CONTEXT = Path("tenants/context.py")  # the one place that wraps Django's transactions
TRANSACTION_CALLS = {"atomic", "on_commit"}


def parse(module: Path) -> ast.Module:
    return ast.parse((ROOT / module).read_text(encoding="utf-8"))


def lines_of(function: ast.stmt) -> int:
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1


def is_bare_transaction(node: ast.AST) -> bool:
    """`transaction.atomic` in any shape: called, decorating, or imported."""
    if isinstance(node, ast.ImportFrom):
        names = {alias.name for alias in node.names}
        return node.module == "django.db.transaction" and bool(names & TRANSACTION_CALLS)
    return (
        isinstance(node, ast.Attribute)
        and node.attr in TRANSACTION_CALLS
        and isinstance(node.value, ast.Name)
        and node.value.id == "transaction"
    )


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_module_stays_under_300_lines(module: Path) -> None:
    assert len((ROOT / module).read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_functions_stay_under_30_lines(module: Path) -> None:
    functions = (node for node in ast.walk(parse(module)) if isinstance(node, FUNCTIONS))
    assert [node.name for node in functions if lines_of(node) > 30] == []


@pytest.mark.parametrize("module", [path for path in MODULES if path != CONTEXT], ids=str)
def test_transactions_name_their_company(module: Path) -> None:
    bare = [node for node in ast.walk(parse(module)) if is_bare_transaction(node)]
    assert [node.lineno for node in bare] == []


def test_the_measures_see_the_whole_product() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    beside = ("tests/", "bench/", "fixtures/")
    outside = [name for name in listed if not name.startswith((*PRODUCT, *beside))]
    assert outside == ["manage.py"]
