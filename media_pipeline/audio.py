"""Sounds as others need them: for WhatsApp, for engines, for browsers that play no Ogg."""

from pathlib import Path
from typing import Final

from media_pipeline import ffmpeg
from media_pipeline.measures import measure

PLAY_ICON_BYTES: Final = 512 * 1024  # longer voice notes show no waveform (cloud-api 3)
_LOWEST_BITRATE: Final = 8_000
_USUAL_BITRATE: Final = 32_000
_NOTHING_BUT_SOUND: Final = (
    *("-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1"),
    *("-ac", "1"),
)


def to_wav(source: Path, target: Path, *, most_seconds: float) -> None:
    """16 kHz mono, 16 bit, as speech engines hear. Raises Unreadable, FfmpegMissing."""
    form = ("-ar", "16000", "-c:a", "pcm_s16le", "-bitexact", "-f", "wav")
    ffmpeg.convert(source, target, (*_NOTHING_BUT_SOUND, *form), most_seconds=most_seconds)


def to_voice_note(source: Path, target: Path) -> None:
    """Ogg/Opus, mono, as WhatsApp plays voice notes; under 512 KB where the length allows it.
    Raises Unreadable, FfmpegMissing."""
    _opus(source, target, _USUAL_BITRATE)
    size = target.stat().st_size
    if size > PLAY_ICON_BYTES:
        seconds = measure(target, "audio/ogg").duration_seconds or 0
        fitting = int(PLAY_ICON_BYTES * 8 * 0.9 / seconds) if seconds else _USUAL_BITRATE
        _opus(source, target, max(_LOWEST_BITRATE, min(fitting, _USUAL_BITRATE)))


def to_mp3(source: Path, target: Path) -> None:
    """For Safari before 18.4, which plays no Ogg. Raises Unreadable, FfmpegMissing."""
    form = ("-c:a", "libmp3lame", "-b:a", "64k", "-f", "mp3")
    options = (*_NOTHING_BUT_SOUND, *form)
    ffmpeg.convert(source, target, options, most_seconds=ffmpeg.MOST_SECONDS)


def _opus(source: Path, target: Path, bitrate: int) -> None:
    codec = ("-ar", "48000", "-c:a", "libopus", "-b:a", str(bitrate), "-vbr", "on")
    form = ("-application", "voip", "-frame_duration", "20", "-f", "ogg")
    options = (*_NOTHING_BUT_SOUND, *codec, *form)
    ffmpeg.convert(source, target, options, most_seconds=ffmpeg.MOST_SECONDS)
