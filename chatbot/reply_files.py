"""The files of a rule -> media messages."""

import re
from collections.abc import Mapping
from urllib.parse import unquote

from chatbot.rule_data import MediaRef, RuleData
from conversations.whatsapp import outbound
from conversations.whatsapp.outbound import MediaKind
from whapco.lib.text import normalize_text

_LINK = re.compile(r"https?://[^\s/?#]+([/?#]\S*)?", re.IGNORECASE)
_KINDS: Mapping[str, MediaKind] = {
    "image": "image",
    "imagen": "image",
    "foto": "image",
    "video": "video",
    "audio": "audio",
    "voz": "audio",
    "document": "document",
    "documento": "document",
    "application": "document",
    "text": "document",
    "pdf": "document",
    "sticker": "sticker",
}
_KINDS_BY_EXTENSION: Mapping[str, MediaKind] = {
    **dict.fromkeys(("jpg", "jpeg", "png"), "image"),
    **dict.fromkeys(("mp4", "3gp"), "video"),
    **dict.fromkeys(("mp3", "ogg", "aac", "amr", "m4a", "opus"), "audio"),
    "webp": "sticker",
}


def file_words(rule: RuleData, text: str) -> tuple[str, list[outbound.Words]]:
    """The caption that fits on the first file (else empty: send `text` before), and the files.

    An address that is not http(s) cannot be sent and is left out.
    """
    files = [(media_kind(media, rule.kind), media) for media in rule.medias if is_sendable(media)]
    takes_text = bool(files) and files[0][0] in outbound.KINDS_WITH_CAPTION
    caption = text if takes_text and outbound.length(text) <= outbound.CAPTION_LIMIT else ""
    captions = [caption, *[""] * len(files)]
    words = [
        _media(kind, media, caption)
        for (kind, media), caption in zip(files, captions, strict=False)
    ]
    return caption, words


def media_kind(media: MediaRef, rule_kind: str) -> MediaKind:
    """What WhatsApp is told the file is: by its own kind, the rule's, or its extension."""
    own = _KINDS.get(normalize_text(media.kind.split("/")[0]))
    extension = _filename(media).rpartition(".")[2].lower()
    return own or _KINDS.get(rule_kind) or _KINDS_BY_EXTENSION.get(extension) or "document"


def _media(kind: MediaKind, media: MediaRef, caption: str) -> outbound.Words:
    if media.file_id is not None:
        return outbound.media(kind, file_id=media.file_id, caption=caption)
    return outbound.media(kind, link=_link(media), caption=caption, filename=_filename(media))


def is_sendable(media: MediaRef) -> bool:
    """Whether it is a file of ours or an address that Meta may fetch."""
    if media.file_id is not None:
        return True
    link = _link(media)
    return len(link) <= outbound.LINK_LIMIT and _LINK.fullmatch(link) is not None


def _link(media: MediaRef) -> str:
    scheme, colon, rest = media.url.strip().partition("://")
    return f"{scheme.lower()}{colon}{rest.replace(' ', '%20')}"


def _filename(media: MediaRef) -> str:
    """The last part of the address, when it looks like a file's name."""
    path = re.split(r"[?#]", media.url.strip().partition("://")[2])[0]
    name = unquote(path.rpartition("/")[2]) if "/" in path else ""
    return name if "." in name.strip(".") else ""
