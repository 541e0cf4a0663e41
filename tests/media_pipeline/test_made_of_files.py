"""Thumbnails and renditions: made once, of what can be read, and harmless of what cannot."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from media_pipeline import audio, ffmpeg, services, thumbnails
from media_pipeline.measures import Measures, measure
from tenants.models import Tenant
from tests import media_files


def test_a_thumbnail_is_small_upright_and_without_the_cameras_data(acme: Tenant) -> None:
    file = services.store(media_files.jpeg(2000, 1000, turned=True))
    path = services.thumbnail(file)
    assert path is not None
    with Image.open(path) as image:
        assert (image.format, image.size) == ("JPEG", (160, 320))
        assert not image.getexif()
    assert b"CamaraSecreta" not in path.read_bytes()


@pytest.mark.parametrize(
    "content", [media_files.png(), media_files.webp(), media_files.gif(), media_files.video()]
)
def test_a_thumbnail_of_whatever_shows_a_picture(acme: Tenant, content: bytes) -> None:
    path = services.thumbnail(services.store(content))
    assert path is not None
    assert max(measure(path, "image/jpeg").width or 0, 0) in range(1, 321)


def test_a_thumbnail_is_made_once(acme: Tenant) -> None:
    file = services.store(media_files.jpeg())
    first = services.thumbnail(file)
    assert first is not None
    made = first.stat().st_mtime_ns
    assert services.thumbnail(file) == first
    assert first.stat().st_mtime_ns == made


@pytest.mark.parametrize(
    "content",
    [
        media_files.bomb(),
        media_files.jpeg()[:600],
        b"\x89PNG\r\n\x1a\n" + b"\0" * 500,
        media_files.video()[:900],
    ],
    ids=["bomb", "truncated photo", "hollow png", "truncated video"],
)
def test_what_cannot_be_shown_has_no_thumbnail_and_is_tried_once(
    acme: Tenant, content: bytes
) -> None:
    file = services.store(content)
    assert services.has_content(file)
    assert services.thumbnail(file) is None
    (marker,) = services.path_of(file).parent.glob("*.thumb.jpg")
    made = marker.stat().st_mtime_ns
    assert services.thumbnail(file) is None
    assert marker.stat().st_mtime_ns == made


def test_documents_have_no_thumbnail(acme: Tenant) -> None:
    assert services.thumbnail(services.store(media_files.pdf())) is None
    assert services.mp3(services.store(media_files.pdf())) is None


@pytest.mark.parametrize(
    ("ending", "codec"),
    [
        ("webm", ("-c:a", "libopus")),
        ("mp4", ("-c:a", "libopus", "-strict", "-2")),
        ("m4a", ("-c:a", "aac")),
        ("wav", ()),
    ],
)
def test_a_recording_becomes_what_whatsapp_plays_as_a_voice_note(
    tmp_path: Path, ending: str, codec: tuple[str, ...]
) -> None:
    source, target = tmp_path / "in", tmp_path / "out.ogg"
    source.write_bytes(media_files.sound(ending, *codec))
    audio.to_voice_note(source, target)
    content = target.read_bytes()
    assert content.startswith(b"OggS")
    assert content[28:36] == b"OpusHead"
    assert content[37] == 1  # channels
    assert measure(target, "audio/ogg").duration_seconds == pytest.approx(2.0, abs=0.1)


def test_a_long_voice_note_stays_small_enough_for_the_play_icon(tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out.ogg"
    source.write_bytes(media_files.sound("webm", "-c:a", "libopus", seconds=200))
    audio.to_voice_note(source, target)
    assert target.stat().st_size <= audio.PLAY_ICON_BYTES


def test_a_voice_note_has_an_mp3_for_browsers_that_play_no_ogg(acme: Tenant) -> None:
    path = services.mp3(services.store(media_files.voice_note()))
    assert path is not None
    assert measure(path, "audio/mpeg").duration_seconds == pytest.approx(2.0, abs=0.2)


def test_engines_get_16_khz_mono_of_no_more_than_they_asked_for(tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out.wav"
    source.write_bytes(media_files.voice_note(seconds=5))
    audio.to_wav(source, target, most_seconds=3)
    assert target.stat().st_size == pytest.approx(3 * 16000 * 2, rel=0.02)


def test_a_sound_that_is_a_playlist_reads_no_neighbour(tmp_path: Path) -> None:
    neighbour = tmp_path / "secreto.wav"
    neighbour.write_bytes(media_files.sound("wav"))
    for name, content in {
        "a.ogg": media_files.playlist(neighbour),
        "b.ogg": media_files.hls(neighbour),
        "c.m3u8": media_files.hls(neighbour),
    }.items():
        source = tmp_path / name
        source.write_bytes(content)
        with pytest.raises(ffmpeg.Unreadable):
            audio.to_wav(source, tmp_path / "out.wav", most_seconds=60)
        assert not (tmp_path / "out.wav").exists()
        assert ffmpeg.describe(source) == ""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"OggS" + b"\xff" * 4000,
        media_files.svg(),
        media_files.html(),
        media_files.jpeg(),
        media_files.voice_note()[:40],
    ],
    ids=["nothing", "noise", "svg", "html", "photo", "cut"],
)
def test_what_is_no_sound_is_refused(tmp_path: Path, content: bytes) -> None:
    source, target = tmp_path / "in", tmp_path / "out.ogg"
    source.write_bytes(content)
    with pytest.raises(ffmpeg.Unreadable):
        audio.to_voice_note(source, target)
    assert not target.exists()


def test_without_ffmpeg_files_are_kept_unmeasured_and_tried_again_later(
    acme: Tenant, settings: Any
) -> None:
    settings.FFMPEG_BINARY = "/nowhere/ffmpeg"
    file = services.store(media_files.video())
    assert file.duration_seconds is None
    assert services.thumbnail(file) is None
    settings.FFMPEG_BINARY = ""
    assert services.thumbnail(file) is not None


def test_a_scaled_photo_fits_and_keeps_its_shape(tmp_path: Path) -> None:
    source = tmp_path / "in.png"
    source.write_bytes(media_files.noise(2400, 1600))
    assert source.stat().st_size > 5 * 1024 * 1024
    small = thumbnails.scale_to(source, 5 * 1024 * 1024)
    assert len(small) <= 5 * 1024 * 1024
    target = tmp_path / "out.jpg"
    target.write_bytes(small)
    measured = measure(target, "image/jpeg")
    assert measured.width
    assert measured.height
    assert measured.width / measured.height == pytest.approx(1.5, abs=0.01)


def test_a_bomb_is_neither_measured_nor_scaled(tmp_path: Path) -> None:
    source = tmp_path / "bomb.png"
    source.write_bytes(media_files.bomb())
    assert measure(source, "image/png") == Measures()
    with pytest.raises(ffmpeg.Unreadable):
        thumbnails.scale_to(source, 5 * 1024 * 1024)
