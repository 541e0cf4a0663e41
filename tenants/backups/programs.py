"""mariadb-dump and mariadb (or MySQL's), found like operators have them, and called safely.

The password goes through a 0600 file: arguments are seen by everybody on the machine.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _

from tenants.backups.errors import BackupError

_DUMPERS = ("mariadb-dump", "mysqldump")
_CLIENTS = ("mariadb", "mysql")
_FOLDERS = (
    "/usr/bin",
    "/usr/local/bin",
    "/usr/local/mysql/bin",
    "/opt/homebrew/bin",
    "/opt/lampp/bin",
    r"C:\Program Files\MariaDB*\bin",
    r"C:\Program Files\MySQL\MySQL Server*\bin",
    r"C:\xampp\mysql\bin",
    r"C:\laragon\bin\mysql\*\bin",
)
_WHAT_TO_DUMP = (
    "--single-transaction",
    "--quick",
    "--routines",
    "--triggers",
    "--hex-blob",
    "--no-tablespaces",
    "--default-character-set=utf8mb4",
)
# MySQL's own dumper asks servers for what older ones and MariaDB have not got.
_MYSQL_ONLY = ("--column-statistics=0", "--set-gtid-purged=OFF")
_CHUNK = 1 << 20
_TOLD = 500  # characters of a program's complaint that are passed on


def dump(database: Mapping[str, Any], output: IO[bytes]) -> None:
    """Write the database of a DATABASES entry to `output`. Raises BackupError."""
    dumper = _find(_DUMPERS, settings.MYSQLDUMP_PATH)
    with _login(database) as login:
        command = [dumper, login, *_WHAT_TO_DUMP, *_extra(dumper), str(database["NAME"])]
        _run(command, stdout=output)


def load(database: Mapping[str, Any], source: IO[bytes]) -> None:
    """Run a dump in the database of a DATABASES entry, which must exist. Raises BackupError."""
    beside = Path(settings.MYSQLDUMP_PATH).parent if settings.MYSQLDUMP_PATH else None
    client = _find(_CLIENTS, "", beside)
    with _login(database) as login:
        command = [client, login, "--binary-mode", "--default-character-set=utf8mb4"]
        _run([*command, str(database["NAME"])], stdin=source)


def _find(names: tuple[str, ...], chosen: str, beside: Path | None = None) -> str:
    if chosen:
        if shutil.which(chosen):
            return chosen
        raise BackupError(_("MYSQLDUMP_PATH no es un programa: %(path)s") % {"path": chosen})
    folders = [str(beside)] if beside else []
    for name in names:
        if found := shutil.which(name, path=os.pathsep.join(folders) or None) or shutil.which(name):
            return found
    for pattern in _FOLDERS:
        for name in names:
            for path in _matching(pattern, name):
                return str(path)
    raise BackupError(
        _(
            "No se encontró %(names)s. Instala el cliente de MariaDB o pon su ruta en "
            "MYSQLDUMP_PATH."
        )
        % {"names": _(" ni ").join(names)}
    )


def _matching(pattern: str, name: str) -> Iterator[Path]:
    """Existing programs in the folders that a pattern with `*` names."""
    root = Path(pattern).anchor or "/"
    try:
        folders = Path(root).glob(str(Path(pattern).relative_to(root)))
        found = [path for folder in folders for path in (folder / name, folder / f"{name}.exe")]
    except (ValueError, NotImplementedError, OSError):  # a Windows folder on Linux
        return
    yield from (path for path in sorted(found, reverse=True) if path.is_file())


@cache
def _extra(dumper: str) -> tuple[str, ...]:
    told = subprocess.run([dumper, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    return () if "mariadb" in told.stdout.lower() else _MYSQL_ONLY


@contextmanager
def _login(database: Mapping[str, Any]) -> Iterator[str]:
    """The option that names a file with the way in; the file lives as long as the block."""
    with tempfile.TemporaryDirectory(prefix="whapco-") as folder:  # 0700
        path = Path(folder) / "client.cnf"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("[client]\n")
            for name, value in _options(database):
                file.write(f"{name}={_quoted(value)}\n")
        yield f"--defaults-extra-file={path}"


def _options(database: Mapping[str, Any]) -> list[tuple[str, str]]:
    host, port = str(database["HOST"] or "127.0.0.1"), str(database["PORT"] or 3306)
    way = [("socket", host)] if host.startswith("/") else [("host", host), ("port", port)]
    if not host.startswith("/"):
        way.append(("protocol", "tcp"))  # the client would take «localhost» for a socket
    return [*way, ("user", str(database["USER"])), ("password", str(database["PASSWORD"]))]


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _run(
    command: list[str], *, stdin: IO[bytes] | None = None, stdout: IO[bytes] | None = None
) -> None:
    """Feeds `stdin` to the program or drains it to `stdout`: files of any kind, gzip's too."""
    with tempfile.TemporaryFile() as complaints:
        program = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE if stdout else subprocess.DEVNULL,
            stderr=complaints,
        )
        with program:
            if stdout and program.stdout:
                shutil.copyfileobj(program.stdout, stdout, _CHUNK)
            if stdin and program.stdin:
                _feed(stdin, program.stdin)
        if program.returncode == 0:
            return
        complaints.seek(0)
        said = " ".join(complaints.read().decode(errors="replace").split())[-_TOLD:]
    raise BackupError(
        _("%(program)s terminó con error: %(said)s")
        % {"program": Path(command[0]).name, "said": said or program.returncode}
    )


def _feed(source: IO[bytes], sink: IO[bytes]) -> None:
    """A program that gives up early says why itself."""
    with suppress(BrokenPipeError):
        shutil.copyfileobj(source, sink, _CHUNK)
        sink.close()
