"""What agents send: uploaded to us, looked into, uploaded to Meta once, taken by WhatsApp."""

import io
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from conversations.file_replies import send_media_as_agent
from conversations.models import Message
from conversations.uploads import uploaded_for_chat
from conversations.whatsapp.files import FileRefused
from media_pipeline import services
from media_pipeline.models import MediaFile, MediaUpload
from tenants.models import User
from tests import media_files
from tests.journeys.shop import ANA, BETO, Shop, outside
from tests.journeys.test_agents_door import Desk
from tests.tasks import run_later

OGG, WEBM = "audio/ogg", ("webm", "-c:a", "libopus")


@pytest.fixture(autouse=True)
def _own_uploads(tmp_path: Path, settings: Any) -> None:
    settings.UPLOADS_DIR = tmp_path / "uploads"


@pytest.fixture
def desk(shop: Shop) -> Desk:
    shop.rules("menu_principal|iniciar|M")
    shop.says("hola")
    return Desk(shop, "eva", "admin")


def upload(desk: Desk, content: bytes, name: str, by: str = ANA, **form: str) -> Any:
    file = SimpleUploadedFile(name, content)
    url = f"/chats/{desk.shop.chat(by).pk}/archivos"
    return outside(desk.client.post, url, {"file": file, **form})


def send(shop: Shop, file_id: int, by: str = ANA, **options: Any) -> Message:
    def run() -> Message:
        with shop.inside():
            agent = User.objects.get(username="eva")
            chat = shop.chat(by)
            file = uploaded_for_chat(chat, agent, file_id)
            assert file is not None
            return send_media_as_agent(chat, file, agent=agent, **options)

    message: Message = outside(run)
    return message


def uploads_at_meta(shop: Shop) -> list[Any]:
    return [f for f in shop.meta.graph.media.files.values() if f.phone_number_id == shop.number]


def test_a_photo_goes_from_the_browser_to_whatsapp(shop: Shop, desk: Desk) -> None:
    photo = media_files.jpeg(800, 600)
    said = upload(desk, photo, "Ventana.jpg").json()
    assert said == {
        "id": said["id"],
        "name": "Ventana.jpg",
        "kind": "image",
        "size": len(photo),
        "mime": "image/jpeg",
        "width": 800,
        "height": 600,
        "duration": None,
        "pages": None,
    }
    message = send(shop, said["id"], caption="Así quedó")
    assert set(shop.bodies[-1]["image"]) == {"id", "caption"}
    assert uploads_at_meta(shop)[-1].content == photo
    assert (message.kind, message.body, message.media_id) == ("image", "Así quedó", said["id"])
    chat = shop.chat()
    assert (chat.handler, chat.assigned_to_id) == ("agent", message.agent_id)
    page = desk.get(f"/chats/{chat.pk}/").content.decode()
    assert f"/chats/{chat.pk}/archivos/{message.pk}?miniatura" in page


@pytest.mark.parametrize(
    ("name", "content", "kind", "mime"),
    [
        ("v.mp4", media_files.video(), "video", "video/mp4"),
        ("a.m4a", media_files.sound("m4a", "-c:a", "aac"), "audio", "audio/mp4"),
        ("a.mp3", media_files.sound("mp3"), "audio", "audio/mpeg"),
        ("p.pdf", media_files.pdf(), "document", "application/pdf"),
        ("t.csv", "año,total\n2026,5\n".encode(), "document", "text/csv"),
        ("p.png", media_files.png(), "image", "image/png"),
    ],
)
def test_whatsapp_takes_every_kind_that_we_take(
    shop: Shop, desk: Desk, name: str, content: bytes, kind: str, mime: str
) -> None:
    said = upload(desk, content, name).json()
    assert (said["kind"], said["mime"]) == (kind, mime)
    message = send(shop, said["id"])
    assert shop.bodies[-1]["type"] == kind
    assert Message.Status(shop.last_sent().status) == "accepted"
    if kind == "document":
        assert shop.bodies[-1]["document"]["filename"] == name
    assert message.body == ""


@pytest.mark.parametrize("recorded", [WEBM, ("mp4", "-c:a", "libopus", "-strict", "-2")])
def test_a_browsers_recording_is_sent_as_a_voice_note(
    shop: Shop, desk: Desk, recorded: tuple[str, ...]
) -> None:
    said = upload(desk, media_files.sound(*recorded), "blob", voz="1").json()
    assert (said["kind"], said["mime"]) == ("audio", OGG)
    assert said["duration"] == pytest.approx(2.0, abs=0.1)
    send(shop, said["id"], voice=True, caption="no lleva")
    assert set(shop.bodies[-1]["audio"]) == {"id", "voice"}
    assert shop.bodies[-1]["audio"]["voice"] is True
    kept = uploads_at_meta(shop)[-1]
    assert kept.mime_type == OGG
    assert b"OpusHead" in kept.content[:512]


@pytest.mark.parametrize(
    ("name", "content", "form", "words"),
    [
        ("IMG_1.HEIC", media_files.heic(), {}, "HEIC"),
        ("a.svg", media_files.svg(), {}, "No se reconoce el archivo"),
        ("foto.jpg", media_files.html(), {}, "No se reconoce el archivo"),
        ("nada.pdf", b"", {}, "vacío"),
        ("v.mp4", media_files.video() + b"\0" * 17 * 1024 * 1024, {}, "hasta 16 MB en un video"),
        ("a.mp3", media_files.sound("mp3") + b"\0" * 17 * 1024 * 1024, {}, "16 MB en un audio"),
        ("a.exe", b"MZ" + b"\0" * 500, {}, "WhatsApp no acepta"),
        ("v.webm", media_files.video("webm"), {}, "WhatsApp no acepta"),
        ("blob", media_files.html(), {"voz": "1"}, "No se pudo leer la grabación"),
        ("blob", media_files.sound(*WEBM)[:60], {"voz": "1"}, "No se pudo leer la grabación"),
        ("bomba.png", media_files.bomb() + b"\0" * 6_000_000, {"scale": "1"}, "No se pudo leer la"),
        ("p.pdf", media_files.pdf(), {"como": "image"}, "es un documento"),
    ],
)
def test_what_whatsapp_would_not_take_is_refused_in_a_sentence(
    shop: Shop, desk: Desk, name: str, content: bytes, form: dict[str, str], words: str
) -> None:
    answer = upload(desk, content, name, **form)
    assert answer.status_code == 422
    assert words in answer.json()["error"]
    assert answer.json()["can_scale"] is False
    with shop.inside():
        assert not MediaFile.objects.exists()
        assert [path for path in services.company_folder().rglob("*") if path.is_file()] == []


def test_what_is_longer_than_anything_whatsapp_carries_is_cut_off_on_its_way(
    shop: Shop, desk: Desk
) -> None:
    answer = upload(desk, b"%PDF-1.4" + b"\0" * (101 * 1024 * 1024), "enorme.pdf")
    assert answer.status_code == 422
    assert "100 MB" in answer.json()["error"]


def test_no_file_at_all_is_said(shop: Shop, desk: Desk) -> None:
    url = f"/chats/{shop.chat().pk}/archivos"
    assert outside(desk.client.post, url, {}).status_code == 422
    answer = outside(desk.client.post, url, {"file": "texto"})
    assert answer.json()["error"] == "Elige un archivo."


def test_a_large_image_is_scaled_when_the_agent_agrees(shop: Shop, desk: Desk) -> None:
    large = media_files.noise(2400, 1600)
    refused = upload(desk, large, "plano.png")
    assert refused.status_code == 422
    assert refused.json()["can_scale"] is True
    assert "hasta 5 MB en una imagen" in refused.json()["error"]
    said = upload(desk, large, "plano.png", scale="1").json()
    assert (said["name"], said["mime"], said["kind"]) == ("plano.jpg", "image/jpeg", "image")
    assert said["size"] <= 5 * 1024 * 1024
    send(shop, said["id"])
    assert shop.bodies[-1]["type"] == "image"


def test_an_image_may_go_as_a_document_but_is_no_larger_for_it(shop: Shop, desk: Desk) -> None:
    """Meta limits the upload by what the file is."""
    said = upload(desk, media_files.png(), "plano.png", como="document").json()
    assert said["kind"] == "document"
    send(shop, said["id"], kind="document")
    assert shop.bodies[-1]["document"]["filename"] == "plano.png"
    refused = upload(desk, media_files.noise(2400, 1600), "plano.png", como="document")
    assert (refused.status_code, refused.json()["can_scale"]) == (422, True)
    large = media_files.noise(2400, 1600)
    said = upload(desk, large, "plano.png", como="document", scale="1").json()
    send(shop, said["id"], kind=said["kind"])
    assert shop.bodies[-1]["document"]["filename"] == "plano.jpg"


def test_images_that_whatsapp_shows_not_are_offered_as_jpg(shop: Shop, desk: Desk) -> None:
    refused = upload(desk, media_files.webp(), "a.webp")
    assert (refused.status_code, refused.json()["can_scale"]) == (422, True)
    assert upload(desk, media_files.webp(), "a.webp", scale="1").json()["mime"] == "image/jpeg"


def test_a_file_goes_up_once_and_is_named_again(shop: Shop, desk: Desk) -> None:
    shop.says("hola", by=BETO)
    said = upload(desk, media_files.jpeg(), "a.jpg").json()
    send(shop, said["id"])
    send(shop, said["id"])
    first, second = (body["image"]["id"] for body in shop.bodies[-2:])
    assert first == second
    assert len(uploads_at_meta(shop)) == 1
    with shop.inside():
        known = MediaUpload.objects.get()
        assert known.phone_number_id == shop.number
        assert timedelta(days=28) < known.expires_at - timezone.now() < timedelta(days=30)
        MediaUpload.objects.update(expires_at=timezone.now())
    send(shop, said["id"])
    assert len(uploads_at_meta(shop)) == 2


def test_what_meta_has_lost_before_its_time_goes_up_again(shop: Shop, desk: Desk) -> None:
    said = upload(desk, media_files.jpeg(), "a.jpg").json()
    send(shop, said["id"])
    shop.meta.graph.media.clear()
    send(shop, said["id"])
    assert shop.last_sent().status == "accepted"
    assert len(uploads_at_meta(shop)) == 1


def test_sending_again_by_hand_after_a_file_error_uploads_again(shop: Shop, desk: Desk) -> None:
    said = upload(desk, media_files.jpeg(), "a.jpg").json()
    shop.meta.fail_next(131053)
    send(shop, said["id"])
    shop.deliver_statuses()
    message = shop.last_sent()
    assert (message.status, message.error_code) == ("failed", 131053)
    url = f"/chats/{message.conversation_id}/mensajes/{message.pk}/reintentar"
    assert desk.post(url, key=str(message.send_key)).status_code == 200
    run_later()
    assert shop.last_sent().status == "accepted"
    assert len(uploads_at_meta(shop)) == 2


def test_the_same_form_twice_sends_the_file_once(shop: Shop, desk: Desk) -> None:
    said = upload(desk, media_files.jpeg(), "a.jpg").json()
    key = str(uuid.uuid4())
    first, second = send(shop, said["id"], key=key), send(shop, said["id"], key=key)
    assert first.pk == second.pk
    assert len(shop.bodies) == 2


def test_an_upload_belongs_to_its_agent_and_chat(shop: Shop, desk: Desk) -> None:
    shop.says("hola", by=BETO)
    said = upload(desk, media_files.jpeg(), "a.jpg").json()
    Desk(shop, "luis", "admin")
    with shop.inside():
        eva, luis = User.objects.get(username="eva"), User.objects.get(username="luis")
        assert uploaded_for_chat(shop.chat(), luis, said["id"]) is None
        assert uploaded_for_chat(shop.chat(BETO), eva, said["id"]) is None
        assert uploaded_for_chat(shop.chat(), eva, said["id"]) is not None


def test_a_chat_that_the_agent_may_not_see_takes_no_files(shop: Shop, desk: Desk) -> None:
    shop.role("ventas")
    luis = Desk(shop, "luis", "asesor")
    with shop.inside():
        shop.chat().roles.set([shop.role("ventas")])
    assert upload(luis, media_files.jpeg(), "a.jpg").status_code == 404
    with shop.inside():
        assert not MediaFile.objects.exists()


def test_what_was_sent_stays_and_what_was_not_goes(shop: Shop, desk: Desk) -> None:
    sent = upload(desk, media_files.jpeg(), "a.jpg").json()["id"]
    unsent = upload(desk, media_files.png(), "b.png").json()["id"]
    send(shop, sent)
    with shop.inside():
        waiting = MediaFile.objects.exclude(discard_at=None)
        assert [file.pk for file in waiting] == [unsent]
        waiting.update(discard_at=timezone.now() - timedelta(seconds=1))
    shop.job(services.discard_unsent)
    with shop.inside():
        assert [file.pk for file in MediaFile.objects.all()] == [sent]


def test_a_file_that_is_gone_is_said_before_it_is_queued(shop: Shop, desk: Desk) -> None:
    said = upload(desk, media_files.jpeg(), "a.jpg").json()
    with shop.inside():
        services.path_of(MediaFile.objects.get()).unlink()
    with pytest.raises(FileRefused, match="Súbelo de nuevo"):
        send(shop, said["id"])


def test_what_the_bot_sends_shows_in_the_chat(shop: Shop, desk: Desk) -> None:
    from chatbot import publishing
    from chatbot.models import RuleMedia

    rule = shop.rule("menu_principal|catalogo|Mira||image")
    with shop.inside():
        file = services.store(io.BytesIO(media_files.jpeg()), name="catalogo.jpg")
        RuleMedia.objects.create(rule=rule, kind="image", file=file)
        publishing.publish()
    shop.says("catalogo")
    message = shop.last_sent()
    assert (message.status, message.media_id) == ("accepted", file.pk)
    page = desk.get(f"/chats/{message.conversation_id}/").content.decode()
    assert f"/archivos/{message.pk}?miniatura" in page
