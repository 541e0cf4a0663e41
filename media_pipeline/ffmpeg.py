"""ffmpeg as a child process that may read one file, for a while, and nothing else.

With ffmpeg's defaults a sound file may be a playlist that reads its neighbours: formats, codecs and
protocols are listed, and the child gets little time, memory, disk and environment.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from django.conf import settings

TIMEOUT_SECONDS: Final = 30
MOST_SECONDS: Final = 4 * 3600  # of a recording; what comes after is left out
_CPU_SECONDS: Final = 20
_MEMORY_BYTES: Final = 1024**3
_OUTPUT_BYTES: Final = 64 * 1024**2
_FORMATS: Final = "ogg,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,aac,amr,wav,flac,caf"
_SOUNDS: Final = (
    "opus,libopus,vorbis,libvorbis,mp3,mp3float,aac,amrnb,amrwb,libopencore_amrnb,"
    "libopencore_amrwb,pcm_s16le,pcm_u8,pcm_f32le,flac"
)
_PICTURES: Final = "h264,hevc,h263,mpeg4,vp8,libvpx,vp9,libvpx-vp9,av1,libdav1d,libaom-av1,mjpeg"
_READING: Final = (
    *("-hide_banner", "-nostdin", "-y", "-threads", "1", "-protocol_whitelist", "file"),
    *("-format_whitelist", _FORMATS, "-codec_whitelist", f"{_SOUNDS},{_PICTURES}"),
    *("-max_streams", "8", "-probesize", "1M", "-analyzeduration", "5M"),
)
_slots = threading.BoundedSemaphore(2)  # pages and webhooks want the processor too


class FfmpegMissing(Exception):
    """There is no ffmpeg here: install it, or the package imageio-ffmpeg."""


class Unreadable(Exception):
    """ffmpeg made nothing of the file: broken, of another kind, too much, or hostile. The same
    bytes will not do better."""


def binary() -> str:
    """FFMPEG_BINARY, the one in PATH, or the one inside imageio-ffmpeg. Raises FfmpegMissing."""
    return _find(str(settings.FFMPEG_BINARY))


@lru_cache(maxsize=4)
def _find(wanted: str) -> str:
    found = shutil.which(wanted or "ffmpeg")
    if found is None and not wanted:
        try:
            from imageio_ffmpeg import get_ffmpeg_exe

            found = get_ffmpeg_exe()
        except (ImportError, RuntimeError):
            found = None
    if found is None:
        raise FfmpegMissing(wanted or "ffmpeg")
    return found


def convert(source: Path, target: Path, options: Sequence[str], *, most_seconds: float) -> None:
    """Make `target` out of at most that much of `source`. Raises Unreadable, FfmpegMissing."""
    limit = ("-t", f"{most_seconds:.3f}")
    target.unlink(missing_ok=True)
    command = [*_READING, "-loglevel", "error", *limit, "-i", f"file:{source.resolve()}"]
    code, said = _run([*command, *options, *limit, f"file:{target.resolve()}"])
    if code != 0 or not target.is_file() or not target.stat().st_size:
        target.unlink(missing_ok=True)
        raise Unreadable(said[-500:])


def describe(source: Path) -> str:
    """What ffmpeg says of the file's streams, for people; empty for what it cannot read. Raises
    FfmpegMissing, Unreadable (it took too long)."""
    _code, said = _run([*_READING, "-loglevel", "info", "-i", f"file:{source.resolve()}"])
    return said[said.find("Input #0") :] if "Input #0" in said else ""


def _run(arguments: Sequence[str]) -> tuple[int, str]:
    """Exit code, and what it wrote to its standard error."""
    with _slots:
        child = subprocess.Popen(  # noqa: S603  (a list, no shell; paths are absolute `file:`)
            [binary(), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C"},
        )
        _restrain(child.pid)
        try:
            _out, said = child.communicate(timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            _end(child)
            raise Unreadable("timeout") from None
    return child.returncode, said.decode("utf-8", "replace")


def _restrain(pid: int) -> None:
    """On Linux only, and after it has begun: `preexec_fn` is not safe beside threads."""
    if sys.platform != "linux":
        return
    import resource

    limits = {
        resource.RLIMIT_CPU: _CPU_SECONDS,
        resource.RLIMIT_AS: _MEMORY_BYTES,
        resource.RLIMIT_FSIZE: _OUTPUT_BYTES,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_CORE: 0,
    }
    try:
        for limit, value in limits.items():
            resource.prlimit(pid, limit, (value, value))
        os.setpriority(os.PRIO_PROCESS, pid, 10)
    except (ProcessLookupError, PermissionError):
        return  # it has ended already


def _end(child: "subprocess.Popen[Any]") -> None:
    if sys.platform == "win32":
        child.kill()
    else:
        os.killpg(child.pid, signal.SIGKILL)
    child.communicate()
