"""Messages as the phone shows them: one flat shape for all types, texts unescaped."""

from typing import Any

from whapco.simulator.state import Bubble, Chat
from whapco.simulator.templates import fill

Json = dict[str, Any]

_MEDIA = ("image", "audio", "video", "document", "sticker")


def bubble_json(chat: Chat, bubble: Bubble) -> Json:
    """`text`, `media`, `buttons` ... as far as the message has them; `quote` is the quoted one."""
    shown: Json = {
        "id": bubble.wamid,
        "seq": bubble.seq,
        "side": bubble.side,
        "kind": bubble.kind,
        "at": bubble.at,
        "status": bubble.status,
        "error": bubble.error,
        "chosen": bubble.chosen,
        "reactions": [emoji for emoji in bubble.reactions.values() if emoji],
    }
    if bubble.context:
        shown["quote"] = _quote(chat, bubble.context)
    return shown | _content(bubble)


def summary(bubble: Bubble) -> str:
    """One line for the list of chats and for quotes."""
    shown = _content(bubble)
    return str(shown.get("text") or shown.get("media", {}).get("filename") or f"[{bubble.kind}]")


def _quote(chat: Chat, wamid: str) -> Json:
    quoted = chat.bubbles.get(wamid)
    if quoted is None:
        return {"side": "", "text": ""}
    return {"side": quoted.side, "text": summary(quoted)[:200]}


def _content(bubble: Bubble) -> Json:
    content = bubble.content
    if bubble.template is not None:
        return _template(bubble.template)
    if bubble.kind == "text":
        return {"text": content["body"]}
    if bubble.kind in _MEDIA:
        return {"text": content.get("caption", ""), "media": _media(bubble.kind, content)}
    if bubble.kind == "interactive":
        return _interactive(content)
    if bubble.kind == "button":
        return {"text": content["text"]}
    if bubble.kind == "location":
        place = ", ".join(str(content[key]) for key in ("name", "address") if content.get(key))
        return {"place": f"{content['latitude']}, {content['longitude']}", "text": place}
    if bubble.kind == "contacts":
        return {"people": [_person(contact) for contact in content]}
    return {}


def _media(kind: str, content: Json) -> Json:
    return {
        "kind": kind,
        "id": content.get("id", ""),
        "link": content.get("link", ""),
        "filename": content.get("filename", ""),
        "voice": bool(content.get("voice")),
    }


def _person(contact: Json) -> str:
    phones = ", ".join(phone.get("phone", "") for phone in contact.get("phones", []))
    return f"{contact.get('name', {}).get('formatted_name', '')} {phones}".strip()


def _interactive(content: Json) -> Json:
    kind = content["type"]
    if kind in ("button_reply", "list_reply"):
        return {"text": content[kind]["title"], "small": content[kind].get("description", "")}
    if kind == "nfm_reply":
        return {"text": content[kind]["body"], "small": content[kind]["response_json"]}
    shown: Json = {
        "text": content.get("body", {}).get("text", ""),
        "footer": content.get("footer", {}).get("text", ""),
    }
    header = content.get("header", {})
    if header.get("type") == "text":
        shown["header"] = header["text"]
    elif header:
        shown["media"] = _media(header["type"], header[header["type"]])
    return shown | _action(kind, content.get("action", {}))


def _action(kind: str, action: Json) -> Json:
    parameters = action.get("parameters", {})
    if kind == "button":
        return {"buttons": [dict(button["reply"]) for button in action["buttons"]]}
    if kind == "list":
        return {"list": {"button": action["button"], "sections": action["sections"]}}
    if kind == "cta_url":
        return {"url": {"title": parameters["display_text"], "href": parameters["url"]}}
    if kind == "flow":
        return {"flow": {"title": parameters["flow_cta"]}}
    if kind == "location_request_message":
        return {"wants": "location"}
    return {"small": f"[{kind}]"}


def _template(template: Json) -> Json:
    components = template["sent"].get("components", [])
    sent = {component["type"].lower(): component.get("parameters", []) for component in components}
    shown: Json = {"text": f"[{template['name']}]", "buttons": []}
    for component in template["components"]:
        text = fill(component.get("text", ""), sent.get(component["type"].lower(), []))
        if component["type"] == "HEADER":
            shown |= _template_header(component, text, sent.get("header", []))
        elif component["type"] in ("BODY", "FOOTER"):
            shown["text" if component["type"] == "BODY" else "footer"] = text
        elif component["type"] == "BUTTONS":
            shown["buttons"] = [
                {"id": str(index), "title": button["text"], "href": button.get("url", "")}
                for index, button in enumerate(component["buttons"])
            ]
    return shown


def _template_header(component: Json, text: str, parameters: list[Json]) -> Json:
    if component.get("format", "TEXT") == "TEXT":
        return {"header": text}
    kind = parameters[0]["type"] if parameters else "image"
    return {"media": _media(kind, parameters[0].get(kind, {}) if parameters else {})}
