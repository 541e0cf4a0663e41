"""Nothing under static/uploads can be had as a static file, however it is asked for."""

import http.client
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from tests.meta import FakeMeta
from tests.servers import ROOT, START_SECONDS, Server, free_port, listens

FOLDER = ROOT / "static" / "uploads" / "_default" / "2026" / "01"
WAYS = (
    "/static/uploads/{path}",
    "/static/./uploads/{path}",
    "/static/css/../uploads/{path}",
    "/static/css/%2e%2e/uploads/{path}",
    "/static/css/..%2fuploads/{path}",
    "/static//uploads/{path}",
    "/static/uploads%2f{path}",
    "/static/js/../../static/uploads/{path}",
    "/uploads/{path}",
    "/media/{path}",
)


@pytest.fixture
def secret() -> Iterator[str]:
    """A file in the project's own upload folder; its path there."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"{uuid.uuid4().hex}.txt"
    file.write_text("secreto de un cliente")
    yield file.relative_to(ROOT / "static" / "uploads").as_posix()
    file.unlink()


def asked(port: int, path: str) -> tuple[int, bytes]:
    """As written: no client library tidies the path."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.putrequest("GET", path, skip_host=True)
    connection.putheader("Host", "localhost")
    connection.endheaders()
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


def assert_hidden(port: int, secret: str) -> None:
    assert asked(port, "/static/css/tokens.css")[0] == 200
    for way in WAYS:
        status, content = asked(port, way.format(path=secret))
        assert status != 200, way
        assert b"secreto" not in content, way


def test_no_variable_moves_uploads_and_no_finder_knows_them() -> None:
    assert not any(
        Path(folder).resolve() == ROOT / "static"
        or (ROOT / "static" / "uploads").is_relative_to(Path(folder).resolve())
        for _prefix, folder in django_settings.STATICFILES_DIRS
    )


def test_collectstatic_leaves_uploads_where_they_are(secret: str, tmp_path: Path) -> None:
    script = (
        "import django; from django.conf import settings; django.setup();"
        f"settings.STATIC_ROOT = {str(tmp_path)!r};"
        "from django.core.management import call_command;"
        "call_command('collectstatic', interactive=False, verbosity=0)"
    )
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "whapco.settings", "SECRET_KEY": "x"}
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=env, check=True)
    collected = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "tokens.css" for path in collected)
    assert not any("uploads" in path.parts for path in collected)
    assert not any(path.name == Path(secret).name for path in collected)


@pytest.mark.parametrize("debug", ["0", "1"])
def test_the_production_server_and_whitenoise_hide_uploads(
    meta: FakeMeta, secret: str, debug: str
) -> None:
    server = Server(meta, RUN_BACKGROUND="0", DEBUG=debug)
    try:
        server.start()
        assert_hidden(server.port, secret)
    finally:
        server.close()


@pytest.mark.parametrize("options", [[], ["--insecure"]])
def test_runserver_hides_uploads(meta: FakeMeta, secret: str, options: list[str]) -> None:
    server = Server(meta, RUN_BACKGROUND="0", DEBUG="1")
    port = free_port()
    command = [sys.executable, "manage.py", "runserver", "--noreload", str(port), *options]
    with server.log.open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=server.env, stdout=log, stderr=log)
    try:
        wait_until_it_listens(port, process)
        assert_hidden(port, secret)
    finally:
        process.terminate()
        process.wait(20)
        server.close()


def wait_until_it_listens(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while not listens(port):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
