"""What customers send: fetched at once, checked, tried again for days, seen by who may see it."""

import base64
import hashlib
import html
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from conversations import fetching
from conversations.models import Message
from conversations.whatsapp.errors import explain
from media_pipeline import quota, services
from media_pipeline.models import MediaFetch, MediaFile, StorageTrouble
from tests import media_files
from tests.journeys.shop import ANA, Shop, incoming
from tests.journeys.test_agents_door import Desk

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def _own_uploads(tmp_path: Path, settings: Any) -> None:
    settings.UPLOADS_DIR = tmp_path / "uploads"


@pytest.fixture
def sends(shop: Shop) -> Callable[..., Message]:
    """A client sends a file that Meta keeps; `declared` replaces what the webhook says of it."""
    shop.rules("menu_principal|iniciar|M")

    def send(
        content: bytes, kind: str = "image", mime: str = "image/jpeg", **declared: Any
    ) -> Message:
        kept = shop.meta.graph.media.keep(shop.number, mime, content)
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        said = {"id": kept.media_id, "mime_type": mime, "sha256": digest} | declared
        shop.sends(incoming(kind, said))
        return shop.received()[-1]

    return send


def file_of(shop: Shop, message: Message) -> MediaFile:
    with shop.inside():
        return MediaFile.objects.get(message=message.pk)


def content_of(shop: Shop, file: MediaFile) -> bytes:
    with shop.inside(), services.open_file(file) as content:
        return content.read()


def graph_calls(shop: Shop, part: str) -> list[Any]:
    return [call for call in shop.meta.graph.memory.calls if part in call.path]


def fetch_due(shop: Shop) -> None:
    """The time of what is put off has come."""
    with shop.inside():
        waiting = MediaFetch.objects.exclude(next_attempt_at=None)
        waiting.update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    shop.job(fetching.fetch_due)


def test_a_photo_is_here_as_soon_as_the_webhook_is_answered(
    shop: Shop, sends: Callable[..., Message]
) -> None:
    photo = media_files.jpeg(800, 600)
    message = sends(photo, caption="mi ventana")
    file = file_of(shop, message)
    assert content_of(shop, file) == photo
    assert (file.state, file.width, file.height) == ("ready", 800, 600)
    assert message.body == "mi ventana"
    with shop.inside():
        assert not MediaFetch.objects.exists()


@pytest.mark.parametrize(
    ("kind", "mime", "content"),
    [
        ("video", "video/mp4", media_files.video()),
        ("audio", "audio/ogg; codecs=opus", media_files.voice_note()),
        ("document", "application/pdf", media_files.pdf()),
        ("sticker", "image/webp", media_files.webp()),
    ],
)
def test_every_kind_of_file_is_fetched(
    shop: Shop, sends: Callable[..., Message], kind: str, mime: str, content: bytes
) -> None:
    assert content_of(shop, file_of(shop, sends(content, kind, mime))) == content


def test_the_bytes_decide_what_a_file_is_whatever_meta_was_told(
    shop: Shop, sends: Callable[..., Message]
) -> None:
    file = file_of(shop, sends(media_files.html(), "image", "image/jpeg"))
    assert (file.state, file.mime_type) == ("ready", "application/octet-stream")
    assert file.path.endswith(".bin")
    document = sends(
        media_files.svg(), "document", "image/svg+xml", filename="../../a\u202egpj.svg"
    )
    file = file_of(shop, document)
    assert (file.mime_type, file.original_name) == ("application/octet-stream", "agpj.svg")


def test_a_file_that_meta_cannot_give_yet_is_tried_again_and_the_chat_says_so(
    shop: Shop, sends: Callable[..., Message]
) -> None:
    good = shop.tenant.meta_token
    shop.tenant.meta_token = "otra"
    shop.tenant.save()
    message = sends(media_files.jpeg())
    file = file_of(shop, message)
    assert file.state == "waiting"
    assert file.trouble
    with shop.inside():
        fetch = MediaFetch.objects.get()
        assert fetch.attempts == 1
        assert fetch.next_attempt_at is not None
        assert timedelta(days=6) < fetch.give_up_at - timezone.now() <= timedelta(days=7)
    shop.tenant.meta_token = good
    shop.tenant.save()
    fetch_due(shop)
    file.refresh_from_db(using=shop.tenant.alias)
    assert (file.state, file.trouble) == ("ready", "")


def test_pauses_grow_and_after_seven_days_only_a_person_tries(
    shop: Shop, sends: Callable[..., Message]
) -> None:
    shop.tenant.meta_token = "otra"
    shop.tenant.save()
    message = sends(media_files.jpeg())
    pauses = []
    for _ in range(4):
        with shop.inside():
            due = MediaFetch.objects.get().next_attempt_at
        assert due is not None
        pauses.append((due - timezone.now()).total_seconds())
        fetch_due(shop)
    assert pauses == sorted(pauses)
    assert pauses[0] < 13 < pauses[-1]
    with shop.inside():
        MediaFetch.objects.update(give_up_at=timezone.now())
    fetch_due(shop)
    assert file_of(shop, message).state == "failed"
    before = len(shop.meta.graph.memory.calls)
    fetch_due(shop)
    assert len(shop.meta.graph.memory.calls) == before


def test_bytes_that_are_not_those_announced_are_not_kept(
    shop: Shop, sends: Callable[..., Message]
) -> None:
    other = base64.b64encode(hashlib.sha256(b"otra foto").digest()).decode()
    file = file_of(shop, sends(media_files.jpeg(), sha256=other))
    assert file.state == "waiting"
    with shop.inside():
        assert not services.has_content(file)
        assert [path for path in services.company_folder().rglob("*") if path.is_file()] == []


def test_a_checksum_in_hex_or_missing_is_no_obstacle(
    shop: Shop, sends: Callable[..., Message]
) -> None:
    photo = media_files.jpeg()
    for digest in (hashlib.sha256(photo).hexdigest(), "", "basura"):
        assert file_of(shop, sends(photo, sha256=digest)).state == "ready"


def test_the_token_goes_to_meta_alone(shop: Shop, sends: Callable[..., Message]) -> None:
    shop.meta.graph.file_url = lambda media_id: f"https://evil.example/{media_id}"  # type: ignore[method-assign]
    try:
        file = file_of(shop, sends(media_files.jpeg()))
    finally:
        del shop.meta.graph.file_url
    assert file.state == "failed"
    assert "Meta" in file.trouble


def test_an_empty_file_is_said_to_be_empty(shop: Shop, sends: Callable[..., Message]) -> None:
    file = file_of(shop, sends(b""))
    assert (file.state, file.trouble) == ("failed", "El archivo llegó vacío.")


def test_a_full_quota_keeps_the_message_and_the_file_comes_later(
    shop: Shop, sends: Callable[..., Message], settings: Any
) -> None:
    settings.UPLOADS_QUOTA_MB = 1
    message = sends(media_files.noise(800, 600))
    file = file_of(shop, message)
    assert message.kind == "image"
    assert file.state == "waiting"
    with shop.inside():
        assert list(StorageTrouble.objects.values_list("kind", flat=True)) == ["quota"]
        assert "1 MB" in quota.troubles()[0]
    settings.UPLOADS_QUOTA_MB = 100
    fetch_due(shop)
    assert file_of(shop, message).state == "ready"
    with shop.inside():
        assert quota.troubles() == []


def test_admins_read_that_there_is_no_room_and_agents_do_not(
    shop: Shop, sends: Callable[..., Message], settings: Any
) -> None:
    settings.UPLOADS_QUOTA_MB = 1
    sends(media_files.noise(800, 600))
    for name, keyword, reads in (("jefa", "admin", True), ("luis", "asesor", False)):
        page = Desk(shop, name, keyword).get("/").content.decode()
        assert ("llegó a su límite de espacio" in page) is reads


def test_what_a_crash_left_is_fetched_by_the_job(
    shop: Shop, sends: Callable[..., Message], settings: Any
) -> None:
    """Its lease has run out."""
    photo = media_files.jpeg()
    message = sends(photo)
    file = file_of(shop, message)
    with shop.inside():
        MediaFile.objects.filter(pk=file.pk).update(state="fetching", size=0)
        kept = shop.meta.graph.media.keep(shop.number, "image/jpeg", photo)
        MediaFetch.objects.create(
            file=file,
            phone_number_id=shop.number,
            media_id=kept.media_id,
            attempts=1,
            next_attempt_at=timezone.now() - timedelta(seconds=1),
            give_up_at=timezone.now() + timedelta(days=7),
        )
    shop.job(fetching.fetch_due)
    assert file_of(shop, message).state == "ready"


def test_an_agent_has_it_fetched_again(shop: Shop, sends: Callable[..., Message]) -> None:
    shop.tenant.meta_token = "otra"
    shop.tenant.save()
    message = sends(media_files.jpeg())
    desk = Desk(shop, "jefa", "admin")
    with shop.inside():
        MediaFetch.objects.update(next_attempt_at=None)
        MediaFile.objects.update(state="failed", trouble="Se perdió.")
    url = f"/chats/{message.conversation_id}/archivos/{message.pk}/descargar"
    page = desk.get(f"/chats/{message.conversation_id}/").content.decode()
    assert f'data-retry="{url}"' in page
    assert "No se pudo descargar: Se perdió." in page
    shop.tenant.meta_token = "T1"
    shop.tenant.save()
    answer = desk.post(url)
    assert answer.status_code == 200
    assert "file--image" in answer.content.decode()
    assert file_of(shop, message).state == "ready"


def test_a_file_that_meta_never_had_is_explained_and_cannot_be_fetched(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M")
    error = {"code": 131052, "title": "Media download error"}
    shop.sends(incoming("video", None, errors=[error]))
    message = shop.received()[-1]
    desk = Desk(shop, "jefa", "admin")
    page = desk.get(f"/chats/{message.conversation_id}/").content.decode()
    assert explain(131052) in html.unescape(page)
    answer = desk.post(f"/chats/{message.conversation_id}/archivos/{message.pk}/descargar")
    assert answer.status_code == 422
    assert "pide al cliente que lo envíe otra vez" in answer.content.decode()


def test_files_of_old_chats_and_of_the_owners_phone_come_too(shop: Shop) -> None:
    photo = media_files.jpeg()
    kept = shop.meta.graph.media.keep(shop.number, "image/jpeg", photo)
    echo = incoming("image", {"id": kept.media_id, "mime_type": "image/jpeg", "sha256": ""})
    echo |= {"from": "15550000111", "to": ANA}
    body = shop.envelope(field="smb_message_echoes", message_echoes=[echo])
    assert shop.post(body).status_code == 200
    (message,) = shop.messages(author="phone_app")
    assert content_of(shop, file_of(shop, message)) == photo


def test_a_webhook_that_comes_twice_fetches_once(shop: Shop, sends: Callable[..., Message]) -> None:
    kept = shop.meta.graph.media.keep(shop.number, "image/jpeg", media_files.jpeg())
    photo = incoming("image", {"id": kept.media_id, "mime_type": "image/jpeg", "sha256": ""})
    shop.sends(photo)
    shop.sends(photo)
    assert len(graph_calls(shop, kept.media_id)) == 1
    with shop.inside():
        assert MediaFile.objects.count() == 1


def test_many_files_in_one_webhook_all_come(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|M")
    photos = []
    for _ in range(12):
        kept = shop.meta.graph.media.keep(shop.number, "image/png", b"\x89PNG\r\n" + os.urandom(99))
        photos.append(incoming("image", {"id": kept.media_id, "mime_type": "image/png"}))
    shop.sends(*photos)
    with shop.inside():
        assert MediaFile.objects.filter(state="ready", message__isnull=False).count() == 12
