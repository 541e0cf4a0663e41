"""Files for tests, honest and hostile: made by the tests, with the real ffmpeg and Pillow."""

import io
import struct
import subprocess
import tempfile
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw

from media_pipeline.ffmpeg import binary

SCRIPT = b"<script>alert(document.domain)</script>"


def jpeg(width: int = 640, height: int = 480, *, turned: bool = False, quality: int = 90) -> bytes:
    """A photo with the camera's data; `turned`: it lies on its side, as phones store them."""
    image = Image.new("RGB", (width, height), "teal")
    ImageDraw.Draw(image).ellipse((width // 8, height // 8, width // 2, height // 2), fill="gold")
    exif = Image.Exif()
    exif[0x010F] = "CamaraSecreta"
    if turned:
        exif[0x0112] = 6
    return _saved(image, "JPEG", exif=exif, quality=quality)


def noise(width: int, height: int) -> bytes:
    """A PNG that nothing makes smaller."""
    image = Image.effect_noise((width, height), 120).convert("RGB")
    return _saved(image, "PNG", compress_level=0)


def png(width: int = 300, height: int = 200) -> bytes:
    return _saved(Image.new("RGBA", (width, height), (200, 30, 30, 128)), "PNG")


def webp(width: int = 512, height: int = 512) -> bytes:
    return _saved(Image.new("RGBA", (width, height), (0, 90, 200, 0)), "WEBP")


def gif() -> bytes:
    return _saved(Image.new("P", (90, 60), 3), "GIF")


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    written = io.BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


@lru_cache(maxsize=32)
def sound(ending: str, *codec: str, seconds: float = 2.0) -> bytes:
    """A tone, for instance `sound("webm", "-c:a", "libopus")`."""
    return _made(ending, (f"sine=frequency=440:duration={seconds}",), codec)


@lru_cache(maxsize=8)
def video(ending: str = "mp4", seconds: float = 1.0, size: str = "640x360") -> bytes:
    source = f"testsrc=size={size}:rate=10:duration={seconds}"
    codec = ("libx264", "yuv420p") if ending == "mp4" else ("libvpx", "yuv420p")
    return _made(ending, (source,), ("-c:v", codec[0], "-pix_fmt", codec[1]))


def voice_note(seconds: float = 2.0) -> bytes:
    """As WhatsApp sends it."""
    return sound("ogg", "-c:a", "libopus", "-b:a", "24k", "-ac", "1", seconds=seconds)


def _made(ending: str, sources: tuple[str, ...], codec: tuple[str, ...]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, f"made.{ending}")
        inputs = [part for source in sources for part in ("-f", "lavfi", "-i", source)]
        command = [binary(), "-loglevel", "error", *inputs, *codec, str(target)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return target.read_bytes()


def pdf(pages: int = 3) -> bytes:
    kids = " ".join(f"{number + 3} 0 R" for number in range(pages))
    objects = [
        "1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj",
        f"2 0 obj << /Type /Pages /Kids [{kids}] /Count {pages} >> endobj",
        *(f"{n + 3} 0 obj << /Type /Page /Parent 2 0 R >> endobj" for n in range(pages)),
    ]
    return ("%PDF-1.4\n" + "\n".join(objects) + "\n%%EOF\n").encode()


def docx() -> bytes:
    return zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"})


def zipped(files: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return written.getvalue()


def heic() -> bytes:
    return b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 200


# Hostile ------------------------------------------------------------------------------------


def bomb(side: int = 30_000) -> bytes:
    """A valid PNG of a hundred kilobytes that unpacks to `side` squared pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    rows = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def svg() -> bytes:
    return b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + SCRIPT + b"</svg>"


def html() -> bytes:
    return b"<!doctype html><html><body>" + SCRIPT + b"</body></html>"


def jpeg_and_html() -> bytes:
    """Both a photo and, to who believes so, a page."""
    return jpeg() + b"\n" + html()


def gif_and_script() -> bytes:
    return b"GIF89a/*" + gif()[8:] + b"*/=1;alert(1)"


def zip_and_jpeg() -> bytes:
    return jpeg() + zipped({"evil.html": html()})


def playlist(neighbour: Path) -> bytes:
    """An .ogg that asks ffmpeg to read a file beside it."""
    return f"ffconcat version 1.0\nfile '{neighbour}'\n".encode()


def hls(neighbour: Path) -> bytes:
    return f"#EXTM3U\n#EXTINF:10,\nfile://{neighbour}\n#EXT-X-ENDLIST\n".encode()
