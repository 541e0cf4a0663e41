"""Small pictures of images and videos, and images made to fit. Always new files: nothing of the
camera's data (place, device) and nothing hidden in the old file comes along."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

from media_pipeline import ffmpeg
from media_pipeline.ffmpeg import Unreadable
from media_pipeline.measures import IMAGE_FORMATS, MOST_PIXELS

SIDE: Final = 320  # pixels
_QUALITY: Final = 80
_SCALED_SIDES: Final = (4096, 2560, 1600)  # Meta scales to less than the first by itself

Image.MAX_IMAGE_PIXELS = MOST_PIXELS


def make_thumbnail(source: Path, target: Path, mime_type: str) -> None:
    """A JPEG of at most SIDE x SIDE. Raises Unreadable, FfmpegMissing (for a video)."""
    if mime_type.startswith("video/"):
        _frame(source, target)
        return
    with _opened(source) as image:
        image.draft("RGB", (SIDE * 2, SIDE * 2))  # a JPEG is unpacked small
        small = ImageOps.exif_transpose(image)
        small.thumbnail((SIDE, SIDE))
        _flat(small).save(target, "JPEG", quality=_QUALITY)


def scale_to(source: Path, most_bytes: int) -> bytes:
    """The image as a JPEG of at most that many bytes. Raises Unreadable."""
    with _opened(source) as image:
        image.draft("RGB", (_SCALED_SIDES[0], _SCALED_SIDES[0]))
        upright = _flat(ImageOps.exif_transpose(image))
        for side in _SCALED_SIDES:
            upright.thumbnail((side, side), Image.Resampling.LANCZOS)
            written = io.BytesIO()
            upright.save(written, "JPEG", quality=85)
            if written.tell() <= most_bytes:
                return written.getvalue()
    raise Unreadable("too large")


@contextmanager
def _opened(source: Path) -> Iterator[Image.Image]:
    """Whatever a parser stumbles over is Unreadable, and so is what unpacks to far more than any
    camera takes."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source, formats=IMAGE_FORMATS) as image:
                yield image
    except Unreadable:
        raise
    except Exception as error:  # Pillow raises whatever its parsers stumble over
        raise Unreadable(str(error)) from error


def _flat(image: Image.Image) -> Image.Image:
    """On white: a JPEG has no transparency."""
    if image.mode == "RGB":
        return image
    with_alpha = image.convert("RGBA")
    paper = Image.new("RGB", image.size, "white")
    paper.paste(with_alpha, mask=with_alpha.getchannel("A"))
    return paper


def _frame(source: Path, target: Path) -> None:
    box = f"scale='min({SIDE},iw)':'min({SIDE},ih)':force_original_aspect_ratio=decrease"
    one = ("-frames:v", "1", "-c:v", "mjpeg", "-q:v", "5", "-f", "image2", "-update", "1")
    only = ("-map", "0:v:0", "-an", "-sn", "-dn", "-map_metadata", "-1")
    ffmpeg.convert(source, target, (*only, "-vf", box, *one), most_seconds=5)
