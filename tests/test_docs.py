"""What the documents say is what the code does."""

import ast
import re
import sys
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from itertools import pairwise
from pathlib import Path

import django
import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("whapco", "tenants", "media_pipeline", "conversations", "chatbot")
READMES = ("README.md", "README.es.md")
REQUIREMENTS = sorted(path.name for path in ROOT.glob("requirements*.txt"))
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))
PIN = re.compile(r"^([A-Za-z0-9._-]+)==[A-Za-z0-9.]+(; [a-z_]+ [=!<]= ?\S+|; [a-z_]+ < \S+)?$")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def settings_read_by_the_code() -> set[str]:
    sources = (path.read_text() for app in APPS for path in (ROOT / app).rglob("*.py"))
    return {
        name
        for source in sources
        for name in re.findall(r"\benv(?:\.\w+)?\(\s*(?:#.*\n\s*)?\"([A-Z_]+)\"", source)
    }


def settings_explained() -> list[str]:
    return re.findall(r"(?m)^#?([A-Z][A-Z_]*)=", read(".env.example"))


def commands() -> set[str]:
    """whapco's own; those of Django's that it adapts are Django's to explain."""
    own = {path.stem for app in APPS for path in (ROOT / app).rglob("management/commands/*.py")}
    django_own = Path(django.__file__).parent.rglob("management/commands/*.py")
    return own - {path.stem for path in django_own} - {"__init__"}


def code_blocks(text: str) -> list[str]:
    return re.findall(r"(?ms)^```.*?^```", text)


def heading_levels(text: str) -> list[int]:
    prose = re.sub(r"(?ms)^```.*?^```", "", text)
    return [len(marks) for marks in re.findall(r"(?m)^(#+) ", prose)]


def normalised(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def top_level_imports() -> set[str]:
    """The other people's packages that the product imports, for types alone included."""
    names: set[str] = set()
    for path in (path for app in APPS for path in (ROOT / app).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.split(".")[0])
    return names - set(APPS) - set(sys.stdlib_module_names)


def without_comments(blocks: Iterable[str]) -> list[str]:
    return [re.sub(r"(?m)\s*#.*$", "", block) for block in blocks]


def test_every_setting_is_explained_once() -> None:
    explained = settings_explained()
    assert set(explained) == settings_read_by_the_code()
    assert len(explained) == len(set(explained))


def test_readmes_have_the_same_headings_commands_and_settings() -> None:
    english, spanish = (read(name) for name in READMES)
    assert heading_levels(english) == heading_levels(spanish)
    assert without_comments(code_blocks(english)) == without_comments(code_blocks(spanish))
    assert re.findall(r"`[A-Z_]{4,}`", english) == re.findall(r"`[A-Z_]{4,}`", spanish)


@pytest.mark.parametrize("readme", READMES)
def test_readme_names_every_command_and_no_other(readme: str) -> None:
    named = set(re.findall(r"(?m)^\| `([a-z_]+)", read(readme)))
    assert named == commands()


@pytest.mark.parametrize("readme", READMES)
def test_links_of_the_readme_lead_somewhere(readme: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", read(readme))
    missing = [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert missing == []


@pytest.mark.parametrize("path", ADRS, ids=lambda path: path.stem)
def test_adr_is_short_and_complete(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.split()) <= 300
    assert re.findall(r"(?m)^## (.+)$", text) == ["Context", "Decision", "Consequences"]


def test_adrs_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in ADRS]
    assert numbers[0] == 1
    assert all(after == before + 1 for before, after in pairwise(numbers))


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_requirements_are_pinned_exactly(name: str) -> None:
    lines = [re.sub(r"\s+#.*", "", line) for line in read(name).splitlines()]
    wanted = [line for line in lines if line and not line.startswith(("#", "-r requirements"))]
    assert [line for line in wanted if not PIN.match(line)] == []


def test_the_product_imports_only_what_running_installs() -> None:
    """Not what happens to be there because the tools of the tests brought it along."""
    pins = re.findall(
        r"(?m)^([\w.-]+)==", read("requirements-sqlite.txt") + read("requirements.txt")
    )
    installed = {normalised(name) for name in pins}
    bringers = packages_distributions()
    missing = {
        name
        for name in top_level_imports()
        if not installed & {normalised(distribution) for distribution in bringers[name]}
    }
    assert missing == set()


def test_a_package_is_pinned_in_one_file_only() -> None:
    together = [name for name in REQUIREMENTS if name != "requirements-bench.txt"]
    pins = [line for name in together for line in read(name).splitlines() if "==" in line]
    plain = [re.split("==", line)[0].lower() for line in pins if ";" not in line]
    assert len(plain) == len(set(plain))
