"""Words -> the JSON that POST /{version}/{phone_number_id}/messages accepts.

Each builder returns the body without its envelope, for instance
`{"type": "text", "text": {"body": "hola"}}`; `envelope` adds to whom it goes. Builders leave empty
parts out and trust the lengths they are given: whoever lets people write (rules, composer) checks
them against the limits below with `length`. Limits are those of Meta's "Messages" reference and of
its OpenAPI spec v23.0; where the two differ, the smaller.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from conversations.whatsapp.cleaning import clean_json

Words = dict[str, Any]
MediaKind = Literal["image", "video", "audio", "document", "sticker"]

TEXT_LIMIT: Final = 4096  # live error text: "Param text['body'] must be at most 4096 characters"
CAPTION_LIMIT: Final = 1024  # docs and spec, for image, video and document
INTERACTIVE_BODY_LIMIT: Final = 1024  # spec; the docs allow 4096 in lists only
HEADER_LIMIT: Final = 60  # docs and spec
FOOTER_LIMIT: Final = 60  # docs and spec
BUTTONS_LIMIT: Final = 3  # live error text: "Max allowed buttons: 3"
BUTTON_TITLE_LIMIT: Final = 20  # live error text: "Min length: 1, Max length: 20"
BUTTON_ID_LIMIT: Final = 256  # docs and spec
LIST_BUTTON_LIMIT: Final = 20  # docs and spec
SECTIONS_LIMIT: Final = 10  # docs and spec
SECTION_TITLE_LIMIT: Final = 24  # docs and spec; a title is required with more than one section
ROWS_LIMIT: Final = 10  # in all sections together; "Total row count exceed max allowed count: 10"
ROW_ID_LIMIT: Final = 200  # docs and spec
ROW_TITLE_LIMIT: Final = 24  # live error text: "Row title is too long. Max length is 24"
ROW_DESCRIPTION_LIMIT: Final = 72  # docs and spec
FLOW_CTA_LIMIT: Final = 20  # spec 30, docs "about 30, no emoji"; what every client accepts
FILENAME_LIMIT: Final = 240  # Meta documents none; seen in the field
LINK_LIMIT: Final = 2048  # ours
SEND_KEY_LIMIT: Final = 512  # spec, `biz_opaque_callback_data`
TEMPLATE_NAME_LIMIT: Final = 512  # spec, with the pattern ^[a-z0-9_]{1,512}$
TEMPLATE_TEXT_LIMIT: Final = 32768  # spec; the filled body must still be at most 1024

KINDS_WITH_CAPTION: Final = frozenset({"image", "video", "document"})  # others answer error 100

# Bytes accepted by POST /{phone}/media, per kind (docs, "Supported media types").
MEDIA_BYTES_LIMIT: Final[Mapping[str, int]] = {
    "audio": 16 * 1024 * 1024,
    "image": 5 * 1024 * 1024,
    "video": 16 * 1024 * 1024,
    "document": 100 * 1024 * 1024,
    "sticker": 500 * 1024,
}


@dataclass(frozen=True)
class Row:
    """One choice of a list menu. `id` comes back in the customer's tap."""

    id: str
    title: str
    description: str = ""


@dataclass(frozen=True)
class Section:
    """Rows under one title; the title may be empty only in a menu of one section."""

    title: str
    rows: tuple[Row, ...]


def length(text: str) -> int:
    """Characters as Meta may count them at worst: UTF-16 units, so an emoji is two or more."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split_text(body: str, limit: int = TEXT_LIMIT) -> list[str]:
    """`body` cut into parts of at most `limit`, at a paragraph, line or word where there is one."""
    parts = []
    rest = body
    while length(rest) > limit:
        cut = _cut_at(rest, limit)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    parts.append(rest)
    return [part for part in parts if part]


def _cut_at(text: str, limit: int) -> int:
    end = min(len(text), limit)
    while end > 1 and length(text[:end]) > limit:
        end -= (length(text[:end]) - limit + 1) // 2
    for border in ("\n\n", "\n", " "):
        at = text.rfind(border, end // 2, end)
        if at > 0:
            return at
    return end


def text(body: str, *, preview_url: bool = False) -> Words:
    """A plain text. `preview_url` shows a card of the first http(s) link in it."""
    content: Words = {"body": body}
    if preview_url:
        content["preview_url"] = True
    return {"type": "text", "text": content}


def buttons(
    body: str, choices: Iterable[tuple[str, str]], *, header: str = "", footer: str = ""
) -> Words:
    """One to three reply buttons, each an (id, title). Ids and titles must be unique."""
    replies = [{"type": "reply", "reply": {"id": id_, "title": title}} for id_, title in choices]
    return _interactive("button", body, {"buttons": replies}, header, footer)


def list_menu(
    body: str, button: str, sections: Sequence[Section], *, header: str = "", footer: str = ""
) -> Words:
    """A menu behind `button`: at most 10 rows over all sections, row ids unique."""
    action = {"button": button, "sections": [_section(section) for section in sections]}
    return _interactive("list", body, action, header, footer)


def flow(
    body: str,
    cta: str,
    *,
    flow_id: str = "",
    flow_name: str = "",
    screen: str = "",
    data: Mapping[str, Any] | None = None,
    header: str = "",
    footer: str = "",
) -> Words:
    """A form (WhatsApp Flow) behind the button `cta`, by id or by name.

    `screen` is where it opens, with `data` for that screen; without it Meta opens the first one.
    """
    reference = {"flow_id": flow_id} if flow_id else {"flow_name": flow_name}
    parameters: Words = {"flow_message_version": "3", **reference, "flow_cta": cta}
    if screen:
        parameters["flow_action"] = "navigate"
        parameters["flow_action_payload"] = {"screen": screen}
        if data:
            parameters["flow_action_payload"]["data"] = dict(data)
    action = {"name": "flow", "parameters": parameters}
    return _interactive("flow", body, action, header, footer)


def media(
    kind: MediaKind,
    *,
    link: str = "",
    media_id: str = "",
    file_id: int | None = None,
    caption: str = "",
    filename: str = "",
    voice: bool = False,
) -> Words:
    """A file, by exactly one of: public https `link`, Meta's `media_id`, our own `file_id`.

    With `file_id` the body holds `{"file": id}` until the file is uploaded and `with_media_id`
    replaces it. Captions of kinds that refuse one, and file names of non-documents, are left out.
    """
    if sum((bool(link), bool(media_id), file_id is not None)) != 1:
        raise ValueError("A media message needs exactly one of link, media_id and file_id.")
    content: Words = {"link": link} if link else {"id": media_id} if media_id else {"file": file_id}
    if caption and kind in KINDS_WITH_CAPTION:
        content["caption"] = caption
    if filename and kind == "document":
        content["filename"] = _safe_filename(filename)
    if voice and kind == "audio":
        content["voice"] = True
    return {"type": kind, kind: content}


def pending_file(words: Mapping[str, Any]) -> int | None:
    """The id of our file that must be uploaded before these words can be sent."""
    content = words.get(words["type"])
    file_id = content.get("file") if isinstance(content, dict) else None
    return file_id if isinstance(file_id, int) else None


def with_media_id(words: Mapping[str, Any], media_id: str) -> Words:
    """The same words with the placeholder of our file replaced by Meta's id of it."""
    kind = words["type"]
    content = {key: value for key, value in words[kind].items() if key != "file"}
    return {**words, kind: {"id": media_id, **content}}


def reaction(wamid: str, emoji: str) -> Words:
    """An emoji on a message at most 30 days old; an empty one takes ours away."""
    return {"type": "reaction", "reaction": {"message_id": wamid, "emoji": emoji}}


def template(name: str, language: str, components: Sequence[Mapping[str, Any]] = ()) -> Words:
    """An approved template: the only thing that may be sent outside the 24-hour window.

    `language` is accepted as `es_CO` or `es-CO`: the API uses the first, some webhooks the second.
    """
    content: Words = {"name": name, "language": {"code": language.replace("-", "_")}}
    if components:
        content["components"] = [dict(component) for component in components]
    return {"type": "template", "template": content}


def envelope(
    words: Mapping[str, Any],
    *,
    to: str = "",
    recipient: str = "",
    group: str = "",
    send_key: str = "",
    context_wamid: str = "",
) -> Words:
    """The full body of a send.

    `to` is a wa_id (digits), `recipient` a business-scoped user id, used where there is no wa_id,
    `group` a group's id, which goes alone.
    `send_key` comes back in every status of the message, as `biz_opaque_callback_data`.
    """
    if not (to or recipient or group):
        raise ValueError("A message needs a wa_id, a user id or a group.")
    body: Words = {"messaging_product": "whatsapp"}
    body["recipient_type"] = "group" if group else "individual"
    body |= {"to": group or to} if group or to else {"recipient": recipient}
    # Meta refuses a context on reactions; ids of voicemails (wacid.) and tests cannot be quoted.
    if context_wamid.startswith("wamid.") and words["type"] != "reaction":
        body["context"] = {"message_id": context_wamid}
    if send_key:
        body["biz_opaque_callback_data"] = send_key
    return body | clean_json(dict(words))  # type: ignore[no-any-return]


def read_receipt(wamid: str, *, typing: bool = False) -> Words:
    """Marks that message and all earlier ones of the chat as read.

    `typing` also shows "escribiendo…" for 25 seconds or until the answer.
    """
    body: Words = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
    if typing:
        body["typing_indicator"] = {"type": "text"}
    return body


def _interactive(kind: str, body: str, action: Words, header: str, footer: str) -> Words:
    content: Words = {"type": kind, "body": {"text": body}, "action": action}
    if header:
        content["header"] = {"type": "text", "text": header}
    if footer:
        content["footer"] = {"text": footer}
    return {"type": "interactive", "interactive": content}


def _section(section: Section) -> Words:
    rows = []
    for row in section.rows:
        item = {"id": row.id, "title": row.title}
        if row.description:
            item["description"] = row.description
        rows.append(item)
    return {"title": section.title, "rows": rows} if section.title else {"rows": rows}


def _safe_filename(name: str) -> str:
    """Without path parts or control characters; when too long, the extension survives."""
    flat = re.sub(r"[\x00-\x1f/\\]", "_", name)
    if len(flat) <= FILENAME_LIMIT:
        return flat
    stem, dot, extension = flat.rpartition(".")
    if not dot or len(extension) > 10:
        return flat[:FILENAME_LIMIT]
    return f"{stem[: FILENAME_LIMIT - len(extension) - 1]}.{extension}"
