"""A file is what its bytes say, whatever it is called."""

import pytest

from media_pipeline.sniff import Sniffed, sniff


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a.pdf", Sniffed("image/jpeg", "jpg")),
        (b"OggS" + b"\0" * 24 + b"OpusHead", "a.mp3", Sniffed("audio/ogg", "ogg")),
        (b"OggS" + b"\0" * 24 + b"vorbis", "a.ogg", Sniffed("audio/vorbis", "ogg")),
        (b"\0\0\0\x18ftyp3gp4", "a.mp4", Sniffed("video/3gpp", "3gp")),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "a.doc", Sniffed("application/msword", "doc")),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "a.msi", None),
        (b"PK\x03\x04", "a.apk", Sniffed("application/zip", "zip")),
        ("Año,total".encode()[:2], "a.csv", Sniffed("text/csv", "csv")),
        (b"hola\0", "a.txt", None),
        (b"\xef\xbb\xbf <!DOCTYPE html>", "a.txt", None),
        (b"<svg onload=alert(1)>", "a.png", None),
        (b"caf\xe9 con leche", "a.txt", None),
        (b"", "a.txt", None),
    ],
)
def test_a_file_is_what_its_bytes_say(head: bytes, name: str, expected: Sniffed | None) -> None:
    assert sniff(head, name) == expected
