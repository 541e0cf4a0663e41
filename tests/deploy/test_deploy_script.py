"""deploy.sh with stand-ins for git, docker and curl that write down what they were asked."""

import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GIT = """
case "$*" in
"rev-parse HEAD") echo aaaa1111 ;;
"rev-parse --short HEAD") echo bbbb2222 ;;
"status --porcelain --untracked-files=no") printf '%s' "$DIRTY" ;;
esac
"""
PLAIN = 'case "$*" in *"$FAILS"*) [ -n "$FAILS" ] && exit 1 ;; esac\nexit 0\n'


@dataclass
class Server:
    folder: Path

    def deploy(self, *options: str, **env: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self.folder / "con espacios/deploy/linux/deploy.sh", *options],
            env={
                "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
                "CALLS": str(self.folder / "calls"),
                "DEPLOY_HEALTH_SECONDS": "1",
                "DIRTY": "",
                "FAILS": "",
                "SICK": "",
                **env,
            },
            capture_output=True,
            text=True,
            timeout=60,
        )

    @property
    def calls(self) -> list[str]:
        project = str(self.folder / "con espacios")
        lines = (self.folder / "calls").read_text().replace(project, "").splitlines()
        compose = "docker compose --env-file /.env -f /deploy/linux/compose.yaml"
        return [line.replace(compose, "compose") for line in lines]

    def order(self, *words: str) -> list[int]:
        return [next(n for n, call in enumerate(self.calls) if word in call) for word in words]


@pytest.fixture
def server(tmp_path: Path) -> Server:
    project = tmp_path / "con espacios"
    (project / "deploy/linux").mkdir(parents=True)
    (project / "data").mkdir()
    (project / ".env").touch()
    shutil.copy(ROOT / "deploy/linux/deploy.sh", project / "deploy/linux")
    programs = {"git": GIT, "docker": PLAIN, "curl": '[ -z "$SICK" ] || exit 22\n', "sleep": ""}
    (tmp_path / "bin").mkdir()
    for name, body in programs.items():
        path = tmp_path / "bin" / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> "$CALLS"\n{body}')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return Server(tmp_path)


def test_it_backs_up_before_it_touches_anything(server: Server) -> None:
    done = server.deploy()
    assert done.returncode == 0, done.stderr
    order = server.order(
        "backup_databases", "git fetch", "compose build", "migrate_tenants", "compose up", "curl"
    )
    assert order == sorted(order)
    assert (server.folder / "con espacios/data/version-anterior").read_text() == "aaaa1111\n"


def test_a_backup_that_fails_stops_it(server: Server) -> None:
    done = server.deploy(FAILS="backup_databases")
    assert done.returncode == 1
    assert "el respaldo falló: no se cambió nada" in done.stderr
    assert not any("fetch" in call or "build" in call or " up " in call for call in server.calls)


@pytest.mark.parametrize(
    "step", ["build --quiet", "migrate_tenants", "up --detach --remove-orphans"]
)
def test_a_step_that_fails_brings_the_former_version_back(server: Server, step: str) -> None:
    done = server.deploy(FAILS=step)
    assert done.returncode == 1
    assert "corre la versión anterior" in done.stderr
    assert "git checkout --quiet --detach aaaa1111" in server.calls
    assert "docker image tag whapco:previous whapco:latest" in server.calls
    assert "compose up --detach --no-build" in server.calls


def test_a_new_version_that_is_not_well_is_taken_back(server: Server) -> None:
    done = server.deploy(SICK="1")
    assert done.returncode == 1
    assert "tampoco responde" in done.stderr
    assert "compose up --detach --no-build" in server.calls


def test_a_chosen_version_is_checked_out(server: Server) -> None:
    assert server.deploy("--ref", "v1.2.0").returncode == 0
    assert "git checkout --quiet v1.2.0" in server.calls


@pytest.mark.parametrize(
    ("env", "words"), [({"DIRTY": " M x.py"}, "cambios sin guardar"), ({}, "falta")]
)
def test_what_is_not_in_order_is_said_before_anything_is_done(
    server: Server, env: dict[str, str], words: str
) -> None:
    if not env:
        (server.folder / "con espacios/.env").unlink()
    done = server.deploy(**env)
    assert done.returncode == 1
    assert words in done.stderr
    assert not (server.folder / "calls").exists() or not any(
        "docker" in call for call in server.calls
    )


def test_nothing_is_ever_pruned() -> None:
    for path in (ROOT / "deploy").rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert "prune" not in text
            assert "down -v" not in text
            assert "volume rm" not in text


def test_shellcheck_finds_nothing() -> None:
    scripts = [*ROOT.glob("scripts/*.sh"), *ROOT.glob("deploy/**/*.sh")]
    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [
            Path(sys.executable).parent / "shellcheck",
            "--external-sources",
            "--source-path=SCRIPTDIR",
            *scripts,
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=env,
    )
    assert done.stdout == ""
