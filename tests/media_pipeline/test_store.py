"""A file is kept whole or not at all, under a name of ours, and measured."""

import hashlib
import io
import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from media_pipeline import quota, services, storage
from media_pipeline.models import MediaFile, StorageTrouble
from media_pipeline.names import plain_name
from media_pipeline.sniff import Sniffed
from tenants.context import tenant_context
from tenants.models import Tenant
from tests import media_files


def files_on_disk() -> list[Path]:
    return [path for path in services.company_folder().rglob("*") if path.is_file()]


def test_a_photo_is_kept_and_measured_as_it_is_shown(acme: Tenant) -> None:
    content = media_files.jpeg(640, 480, turned=True)
    file = services.store(content, name="Mi foto.jpg")
    assert services.path_of(file).read_bytes() == content
    assert (file.mime_type, file.size) == ("image/jpeg", len(content))
    assert file.sha256 == hashlib.sha256(content).hexdigest()
    assert (file.width, file.height) == (480, 640)
    assert file.original_name == "Mi foto.jpg"
    assert services.path_of(file).parent.parent.parent == services.company_folder()
    assert services.company_folder().name == "acme"
    assert not services.path_of(file).stat().st_mode & 0o007


@pytest.mark.parametrize(
    ("name", "content", "mime_type", "measured"),
    [
        ("v.mp4", media_files.video(), "video/mp4", {"width": 640, "height": 360}),
        ("n.ogg", media_files.voice_note(), "audio/ogg", {"duration_seconds": 2.0}),
        ("p.pdf", media_files.pdf(7), "application/pdf", {"pages": 7}),
        ("x.webp", media_files.webp(), "image/webp", {"width": 512, "height": 512}),
        ("t.txt", "Año, día y café".encode(), "text/plain", {"width": None, "pages": None}),
        ("d.docx", media_files.docx(), "application/vnd.openxmlformats-officedocument."
         "wordprocessingml.document", {"pages": None}),
    ],
)  # fmt: skip
def test_what_is_known_of_a_file_is_kept_with_it(
    acme: Tenant, name: str, content: bytes, mime_type: str, measured: dict[str, Any]
) -> None:
    file = services.store(io.BytesIO(content), name=name)
    assert file.mime_type == mime_type
    found = {field: getattr(file, field) for field in measured}
    assert found == pytest.approx(measured, abs=0.1)


def test_too_long_a_stream_is_cut_off_and_leaves_nothing(acme: Tenant) -> None:
    read: list[int] = []

    def endless() -> Iterator[bytes]:
        while True:
            read.append(1)
            yield b"x" * 65536

    with pytest.raises(services.FileTooBig):
        services.store(endless(), limit=1024 * 1024)
    assert len(read) <= 17
    assert files_on_disk() == []
    assert not MediaFile.objects.exists()


def test_the_limit_may_depend_on_what_the_file_is(acme: Tenant) -> None:
    def limit(found: Sniffed | None) -> int:
        return 10 if found and found.mime_type == "image/png" else 10_000_000

    services.store(media_files.pdf(), limit=limit)
    with pytest.raises(services.FileTooBig):
        services.store(media_files.png(), limit=limit)


def test_nothing_is_no_file(acme: Tenant) -> None:
    with pytest.raises(services.EmptyFile):
        services.store(b"")
    assert files_on_disk() == []


def test_a_stream_that_breaks_leaves_nothing(acme: Tenant) -> None:
    def broken() -> Iterator[bytes]:
        yield b"%PDF-1.4" + b"x" * 9000
        raise ConnectionError

    with pytest.raises(ConnectionError):
        services.store(broken())
    assert files_on_disk() == []


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\win.ini", "win.ini"),
        ("foto\u202egpj.exe", "fotogpj.exe"),
        ("a\r\nContent-Type: text/html\r\n\r\nb.pdf", "htmlb.pdf"),
        ("nul\0l.pdf", "null.pdf"),
        ("....", ""),
        ("", ""),
        ("\u2066raro\u2069.txt", "raro.txt"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("lone\ud800.pdf", "lone.pdf"),
        ("Cotización “final” ñ 👍.pdf", "Cotización “final” ñ 👍.pdf"),
    ],
)
def test_a_name_is_data_and_harmless(written: str, kept: str) -> None:
    assert plain_name(written) == kept


def test_a_hostile_name_decides_no_path(acme: Tenant) -> None:
    file = services.store(media_files.png(), name="../../../tmp/evil.sh\0.png")
    path = services.path_of(file)
    assert path.resolve().is_relative_to(services.company_folder().resolve())
    assert path.suffix == ".png"
    assert "evil" not in str(path)


def test_a_company_keeps_no_more_than_its_quota(acme: Tenant, settings: Any) -> None:
    settings.UPLOADS_QUOTA_MB = 1
    services.store(b"%PDF" + os.urandom(700_000))
    with pytest.raises(services.OverQuota):
        services.store(b"%PDF" + os.urandom(700_000))
    assert len(files_on_disk()) == 1
    services.store(b"%PDF" + os.urandom(100_000))


def test_a_companys_own_quota_beats_the_installations(acme: Tenant, settings: Any) -> None:
    settings.UPLOADS_QUOTA_MB = 1
    acme.metadata = {"env": {"UPLOADS_QUOTA_MB": "2"}}
    vars(acme).pop("config", None)
    assert services.store(b"%PDF" + os.urandom(1_500_000)).size == 1_500_004


@pytest.fixture
def small_disk(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """A real file system of 256 KB."""
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True
    )
    if done.returncode:
        pytest.skip("mounting a small disk takes root")
    settings.UPLOADS_DIR = folder
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_told_and_leaves_nothing_half_written(
    acme: Tenant, small_disk: Path
) -> None:
    services.store(b"%PDF" + os.urandom(100_000))
    with pytest.raises(services.DiskFull):
        services.store(b"%PDF" + os.urandom(400_000))
    assert len(files_on_disk()) == 1
    assert MediaFile.objects.count() == 1


def test_troubles_end_when_a_file_finds_room(acme: Tenant) -> None:
    quota.note_trouble(StorageTrouble.Kind.DISK)
    quota.note_trouble(StorageTrouble.Kind.DISK)
    quota.note_trouble(StorageTrouble.Kind.QUOTA)
    assert len(quota.troubles()) == 2
    services.store(media_files.png())
    assert quota.troubles() == []


def test_uploads_that_nobody_sent_are_thrown_away_with_what_was_made_of_them(
    acme: Tenant,
) -> None:
    unsent = services.store(media_files.jpeg(), uploaded_for="chat 1 user 1")
    sent = services.store(media_files.png(), uploaded_for="chat 1 user 1")
    services.thumbnail(unsent)
    services.keep(sent)
    assert services.discard_unsent() == 0
    MediaFile.objects.exclude(discard_at=None).update(discard_at=timezone.now() - timedelta(1))
    assert services.discard_unsent() == 1
    assert files_on_disk() == [services.path_of(sent)]
    assert list(MediaFile.objects.all()) == [sent]


def test_companies_do_not_share_folders(companies: Any) -> None:
    with tenant_context(companies.acme):
        file = services.store(media_files.png())
    with tenant_context(companies.beta):
        assert not storage.exists(str(file.path))
