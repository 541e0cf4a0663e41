"""How large an image is, how long a sound: so that pages keep room for what they have yet to load.

What cannot be measured stays unknown: a file is kept and shown all the same.
"""

import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image

from media_pipeline import ffmpeg

MOST_PIXELS: Final = 30_000_000
IMAGE_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")
IMAGE_TYPES: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
_TURNED: Final = frozenset({5, 6, 7, 8})  # Exif orientations that lie on their side
_ORIENTATION: Final = 0x0112
_PDF_BYTES: Final = 8 * 1024 * 1024  # read of a PDF to find its page count
_DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d\.\d+)")
_VIDEO = re.compile(r"Stream #\S+: Video: (?!mjpeg|png)[^\n]*?\b(\d{2,5})x(\d{2,5})\b")
_ROTATION = re.compile(r"rotation of (-?\d+)")
_PAGES = re.compile(rb"/Type\s*/Pages\b[^>]{0,200}?/Count\s+(\d{1,6})")
_PAGES_AFTER = re.compile(rb"/Count\s+(\d{1,6})[^>]{0,200}?/Type\s*/Pages\b")

Image.MAX_IMAGE_PIXELS = MOST_PIXELS


@dataclass(frozen=True)
class Measures:
    """Pixels as shown, that is, turned as the camera says; seconds; pages. None: unknown."""

    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None
    pages: int | None = None


def measure(path: Path, mime_type: str) -> Measures:
    """Never raises for what a file may hold."""
    if mime_type in IMAGE_TYPES:
        return _image(path)
    if mime_type.startswith(("audio/", "video/")):
        return _recording(path)
    if mime_type == "application/pdf":
        return Measures(pages=_pdf_pages(path))
    return Measures()


def _image(path: Path) -> Measures:
    """From the head of the file: nothing is unpacked."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a bomb is no danger to who does not unpack it
            with Image.open(path, formats=IMAGE_FORMATS) as image:
                width, height = image.size
                # Looking for that of a PNG would unpack it.
                is_turned = image.format == "JPEG" and (
                    image.getexif().get(_ORIENTATION) in _TURNED
                )
    except Exception:  # Pillow raises whatever its parsers stumble over
        return Measures()
    return Measures(height, width) if is_turned else Measures(width, height)


def _recording(path: Path) -> Measures:
    try:
        said = ffmpeg.describe(path)
    except (ffmpeg.FfmpegMissing, ffmpeg.Unreadable):
        return Measures()
    video, length, turn = _VIDEO.search(said), _DURATION.search(said), _ROTATION.search(said)
    width, height = (int(video[1]), int(video[2])) if video else (None, None)
    if turn and abs(int(turn[1])) % 180 == 90:
        width, height = height, width
    return Measures(width, height, _seconds(length) if length else None)


def _seconds(found: re.Match[str]) -> float:
    return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])


def _pdf_pages(path: Path) -> int | None:
    """The root of the page tree has the largest count. Unknown where the tree is compressed."""
    with path.open("rb") as file:
        content = file.read(_PDF_BYTES)
    counts = [int(count) for form in (_PAGES, _PAGES_AFTER) for count in form.findall(content)]
    return max(counts, default=0) or None
