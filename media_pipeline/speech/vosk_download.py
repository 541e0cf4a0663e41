"""Vosk's Spanish model: fetched or taken from a file, tried, and only then put in place."""

import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

import requests
from django.utils.translation import gettext as _

from media_pipeline.speech import vosk_models
from media_pipeline.speech.engines import EngineUnavailable

URL: Final = "https://alphacephei.com/vosk/models/{name}.zip"
SHA256: Final = {
    vosk_models.NAME: "09b239888f633ef2f0b4e09736e3d9936acfd810bc65d53fad45261762c6511f"
}
MOST_BYTES: Final = 2 * 1024**3  # of the archive
MOST_UNPACKED: Final = 6 * 1024**3
_TIMEOUT_SECONDS: Final = 60
_CHUNK: Final = 1024 * 1024


class BadModel(Exception):
    """Why no model was put in place, for the operator."""


def install(
    name: str = vosk_models.NAME,
    *,
    folder: Path | None = None,
    url: str = "",
    sha256: str = "",
    archive: Path | None = None,
    replace: bool = False,
) -> Path:
    """The model's folder, in `folder` (default data/vosk). Raises BadModel; what was there before
    stays then."""
    if not name or name != PurePosixPath(name).name or name.startswith("."):
        raise BadModel(_("El nombre del modelo no es válido."))
    target = (folder or vosk_models.default_folder()).resolve() / name
    if target.exists() and not replace:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".vosk-", dir=target.parent) as work:
        with _archive(archive, url or URL.format(name=name), Path(work)) as file:
            _require_digest(file, sha256 or ("" if archive or url else SHA256.get(name, "")))
            unpacked = _unpack(file, Path(work, "unpacked"))
        _require_model(unpacked)
        if target.exists():
            target.rename(Path(work, "before"))
        unpacked.rename(target)
    return target


def _require_model(folder: Path) -> None:
    """Raises BadModel unless Vosk can work with what lies there."""
    part = vosk_models.missing_part(folder)
    if part:
        raise BadModel(_("Al modelo le falta %(part)s.") % {"part": part})
    try:
        vosk_models.try_model(folder)
    except EngineUnavailable as error:
        raise BadModel(str(error)) from error


@contextmanager
def _archive(archive: Path | None, url: str, work: Path) -> Iterator[Path]:
    if archive is not None:
        if not archive.is_file():
            raise BadModel(_("No existe el archivo %(path)s.") % {"path": archive})
        yield archive
        return
    file = work / "model.zip"
    try:
        with requests.get(url, stream=True, timeout=_TIMEOUT_SECONDS) as answer:
            answer.raise_for_status()
            _save(answer.iter_content(_CHUNK), file)
    except requests.RequestException as error:
        raise BadModel(_("No se pudo bajar el modelo: %(why)s") % {"why": error}) from error
    yield file


def _save(chunks: Iterator[bytes], file: Path) -> None:
    size = 0
    with file.open("wb") as out:
        for chunk in chunks:
            size += len(chunk)
            if size > MOST_BYTES:
                raise BadModel(_("El archivo es demasiado grande."))
            out.write(chunk)


def _require_digest(file: Path, sha256: str) -> None:
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if sha256 and found != sha256.lower():
        raise BadModel(
            _("El archivo no es el esperado: su sha256 es %(found)s.") % {"found": found}
        )


def _unpack(file: Path, folder: Path) -> Path:
    """The one folder in the archive, or where its files are."""
    try:
        with zipfile.ZipFile(file) as zipped:
            entries = zipped.infolist()
            if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
                raise BadModel(_("El archivo es demasiado grande."))
            for entry in entries:
                _require_safe(entry)
                zipped.extract(entry, folder)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise BadModel(_("El archivo no es un ZIP entero.")) from error
    inside = [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    return inside[0] if len(inside) == 1 else folder


def _require_safe(entry: zipfile.ZipInfo) -> None:
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    is_link = (entry.external_attr >> 16) & 0o170000 == 0o120000
    if is_link or path.is_absolute() or ".." in path.parts or ":" in entry.filename:
        raise BadModel(_("El archivo trae una ruta peligrosa: %(name)s") % {"name": entry.filename})
