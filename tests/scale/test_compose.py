"""deploy/linux/compose.yaml is one that a compose client understands. Images are not built here."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.servers import ROOT

SERVICES = {"web", "worker", "beat", "mariadb", "redis"}
CLIENTS = (["docker", "compose"], ["docker-compose"])


def client() -> list[str]:
    for command in CLIENTS:
        if shutil.which(command[0]):
            probe = subprocess.run([*command, "version"], capture_output=True)
            if probe.returncode == 0:
                return command
    pytest.skip("no compose client here: scripts/brokers.sh installs Debian's")


@pytest.mark.scale
def test_the_profile_for_many_processes_has_them_all(tmp_path: Path) -> None:
    folder = tmp_path / "deploy" / "linux"
    shutil.copytree(ROOT / "deploy" / "linux", folder)
    settings = tmp_path / ".env"
    settings.write_text(
        "SECRET_KEY=x\nDB_PASSWORD=secreta\nCELERY_BROKER_URL=redis://redis:6379/0\n"
    )
    command = [*client(), "--env-file", str(settings), "-f", str(folder / "compose.yaml")]
    command += ["--profile", "scale", "config"]
    assert set(output(*command, "--services").split()) >= SERVICES
    shown = output(*command)
    assert shown.count("CELERY_BROKER_URL: redis://redis:6379/0") == 3
    assert shown.count("DB_HOST: mariadb") == 3


def output(*command: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name[:3] != "DB_"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout
